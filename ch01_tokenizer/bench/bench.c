// How fast the tokenizer is: `make bench`. Texts and vocabularies come from `make data`;
// vocabularies that the tests fetched will do too.
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ch01_tokenizer/encode_steps.h"
#include "ch01_tokenizer/model_file.h"
#include "ch01_tokenizer/pieces.h"
#include "ch01_tokenizer/utf8.h"
#include "common/numeric/bench_table.h"
#include "common/numeric/threads.h"
#include "common/numeric/timing.h"
#include "common/program/file.h"

enum { REPEATS = 5, TRAININGS = 3, VOCABULARY = 8192 };
static const char *const texts[] = {"english", "chinese", "source"};
enum { TEXTS = sizeof texts / sizeof *texts };

static bool read_text(Bytes *text, const char *name) {
    char path[256];
    snprintf(path, sizeof path, "data/%s.txt", name);
    return file_read(text, path, NULL);
}

// ---- training: in a child, so that its peak memory is its own

// What the child leaves for its parent.
typedef struct {
    double split, merge;  // seconds
    size_t size, distinct;
    long kilobytes;
} Trained;

static void train_once(const char *name, Trained *out) {
    Bytes text;
    if (!read_text(&text, name)) return;
    const size_t size = text.size;
    double begin = thread_seconds();
    Pattern *pattern = pattern_new("gpt2", NULL);
    Pieces pieces = {0};
    pieces_add(&pieces, pattern, NULL, 0, text.data, text.size, NULL);
    bytes_free(&text);
    double split = thread_seconds();
    Words words = pieces_to_words(&pieces);
    size_t distinct = pieces.size;
    pieces_free(&pieces);
    Tokenizer t;
    tokenizer_train(&t, &words, VOCABULARY, NULL, 0, "gpt2", NULL);
    double end = thread_seconds();
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    *out = (Trained){split - begin, end - split, size, distinct, usage.ru_maxrss};
}

// The last of three children that each train once; size 0 where there is no text.
static Trained train_row(const char *name, double copy) {
    Trained *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    Runs runs = {0};
    *shared = (Trained){0};
    for (int i = 0; i < TRAININGS; i++) {
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            threads_set(1);
            train_once(name, shared);
            _exit(0);
        }
        waitpid(child, NULL, 0);
        runs_add(&runs, shared->split + shared->merge);
    }
    Trained t = *shared;
    munmap(shared, sizeof *shared);
    char work[64];
    snprintf(work, sizeof work, "BPE, %d tokens, %s", VOCABULARY, name);
    if (t.size)
        bench_row(&(BenchRow){work, 1, (double)t.size / 1e6, "MB/s", &runs, "copy",
                              copy, NULL, NULL});
    return t;
}

static void print_training(const char *name, const Trained *t) {
    if (t->size)
        printf(
            "%-8s %6.1f MB %9zu distinct pieces; split and count %5.3f s, merge "
            "%5.3f s, in all %5.3f s; memory %4.1f x the text\n",
            name, (double)t->size / 1e6, t->distinct, t->split, t->merge,
            t->split + t->merge, (double)t->kilobytes * 1024 / (double)t->size);
}

// ---- encoding

static double split_rate(const Tokenizer *t, const Bytes *text) {
    double best = 1e9;
    for (int i = 0; i < REPEATS; i++) {
        Splitter s = splitter_new(t->pattern);
        splitter_start(&s, text->data, utf8_valid_prefix(text->data, text->size));
        size_t ends[SPLIT_WINDOW];
        double begin = thread_seconds();
        for (size_t at = 0; at < s.text.size;)
            at = ends[splitter_ends(&s, at, ends, NULL) - 1];
        double took = thread_seconds() - begin;
        best = took < best ? took : best;
        splitter_free(&s);
    }
    return (double)text->size / best / 1e6;
}

static Runs encode_runs(const Tokenizer *t, const Bytes *text, int threads,
                        size_t *count) {
    double (*seconds)(void) = threads == 1 ? thread_seconds : now_seconds;
    Runs runs = {0};
    threads_set(threads);
    for (int i = 0; i < REPEATS; i++) {
        Ids ids = {0};
        double begin = seconds();
        tokenizer_encode(t, text->data, text->size, false, &ids, NULL);
        runs_add(&runs, seconds() - begin);
        *count = ids.size;
        free(ids.at);
    }
    return runs;
}

// Of `make data`, or of the tests; false where there is none.
static bool read_vocabulary(Tokenizer *t, const char *name) {
    static const char *const folders[] = {"data", "build/vocabularies"};
    for (int f = 0; f < 2; f++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s", folders[f], name);
        if (model_read(t, path, NULL, NULL, 0, NULL)) return true;
    }
    return false;
}

// ---- the steps of the lecture, and quicktok where somebody has built it

static double step_rate(const Tokenizer *t, const Pattern *engine, EncodeStepKind step,
                        const Bytes *text) {
    double best = 1e9;
    for (int i = 0; i < REPEATS; i++) {
        Ids ids = {0};
        double begin = thread_seconds();
        encode_step(t, engine, step, text->data, text->size, &ids);
        double took = thread_seconds() - begin;
        best = took < best ? took : best;
        free(ids.at);
    }
    return (double)text->size / best / 1e6;
}

static void step_rows(const char *vocabulary) {
    Tokenizer t;
    if (!read_vocabulary(&t, vocabulary)) return;
    const char *expression = pattern_expression(t.expression);
    Pattern *engine = pattern_new(expression ? expression : t.expression, NULL);
    threads_set(1);
    printf("\nafter each step, %s, 1 core, MB/s; a copy in memory: %.0f\n", vocabulary,
           1e3 * copy_bandwidth_gbs());
    printf("%-18s", "");
    for (int i = 0; i < TEXTS; i++) printf(" %9s", texts[i]);
    printf("\n");
    for (int step = 0; step < ENCODE_STEPS; step++) {
        printf("%-18s", encode_steps[step].name);
        for (int i = 0; i < TEXTS; i++) {
            Bytes text;
            if (!read_text(&text, texts[i])) continue;
            printf(" %9.1f", step_rate(&t, engine, (EncodeStepKind)step, &text));
            bytes_free(&text);
        }
        printf("\n");
    }
    pattern_free(engine);
    tokenizer_free(&t);
}

// Its C interface. QUICKTOK names the folder it was built in: build/libquicktok.so, data/.
static struct {
    void *(*load)(const char *data, const char *encoding, char *problem, size_t size);
    int (*encode)(const void *t, const char *text, size_t n, uint32_t **ids,
                  size_t *size);
    void (*free_ids)(uint32_t *ids);
    char data[512];
} quicktok;

static bool find_quicktok(void) {
    const char *folder = getenv("QUICKTOK");
    char path[512];
    if (!folder) return false;
    snprintf(path, sizeof path, "%s/build/libquicktok.so", folder);
    snprintf(quicktok.data, sizeof quicktok.data, "%s/data", folder);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) return false;
    *(void **)&quicktok.load = dlsym(library, "qt_load_dir");
    *(void **)&quicktok.encode = dlsym(library, "qt_encode");
    *(void **)&quicktok.free_ids = dlsym(library, "qt_ids_free");
    return quicktok.load && quicktok.encode && quicktok.free_ids;
}

// One call each, in turn; whether they gave the same ids.
static bool take_turns(const Tokenizer *t, const void *theirs, const char *text,
                       size_t n, Runs *our_runs, Runs *their_runs) {
    Ids ids = {0};
    uint32_t *others = NULL;
    size_t size = 0;
    double begin = thread_seconds();
    tokenizer_encode(t, text, n, false, &ids, NULL);
    double middle = thread_seconds();
    quicktok.encode(theirs, text, n, &others, &size);
    runs_add(their_runs, thread_seconds() - middle), runs_add(our_runs, middle - begin);
    bool same = size == ids.size && memcmp(others, ids.at, size * sizeof *others) == 0;
    quicktok.free_ids(others), free(ids.at);
    return same;
}

enum { COLD = 1000000 };  // bytes that a tokenizer is met with first

static void quicktok_row(const char *vocabulary, const char *encoding,
                         const char *name) {
    Bytes text;
    Tokenizer t;
    char problem[256], work[64];
    void *theirs = quicktok.load(quicktok.data, encoding, problem, sizeof problem);
    if (!theirs || !read_text(&text, name)) return;
    if (!read_vocabulary(&t, vocabulary)) return;
    size_t cold = text.size < COLD ? text.size : COLD;
    while (cold < text.size && ((unsigned char)text.data[cold] & 0xC0) == 0x80) cold++;
    Runs first = {0}, their_first = {0}, ours = {0}, others = {0};
    bool same = take_turns(&t, theirs, text.data, cold, &first, &their_first);
    for (int i = 0; i < REPEATS; i++)
        same &= take_turns(&t, theirs, text.data, text.size, &ours, &others);
    snprintf(work, sizeof work, "%s, %s, first MB", encoding, name);
    bench_row(&(BenchRow){work, 1, (double)cold / 1e6, "MB/s", &first, NULL, 0,
                          "quicktok", &their_first});
    snprintf(work, sizeof work, "%s, %s, in turns", encoding, name);
    bench_row(&(BenchRow){work, 1, (double)text.size / 1e6, "MB/s", &ours, NULL, 0,
                          "quicktok", &others});
    if (!same) printf("%s, %s: other ids than quicktok's\n", encoding, name);
    bytes_free(&text);
    tokenizer_free(&t);
}

static void quicktok_rows(void) {
    threads_set(1);
    for (int i = 0; i < TEXTS; i++)
        quicktok_row("cl100k_base.tiktoken", "cl100k_base", texts[i]);
    for (int i = 0; i < TEXTS; i++)
        quicktok_row("o200k_base.tiktoken", "o200k_base", texts[i]);
}

// ---- every vocabulary

static void encode_row(const Tokenizer *t, const char *vocabulary, const char *name,
                       const Bytes *text, int threads, double copy) {
    size_t count;
    char work[64];
    Runs runs = encode_runs(t, text, threads, &count);
    snprintf(work, sizeof work, "%s, %s", vocabulary, name);
    bench_row(&(BenchRow){work, threads, (double)text->size / 1e6, "MB/s", &runs,
                          "copy", copy, NULL, NULL});
}

static bool encode_rows(const char *vocabulary, double copy) {
    Tokenizer t;
    const int cores = threads_processors();
    if (!read_vocabulary(&t, vocabulary)) return false;
    for (int i = 0; i < TEXTS; i++) {
        Bytes text;
        if (!read_text(&text, texts[i])) continue;
        encode_row(&t, vocabulary, texts[i], &text, 1, copy);
        if (cores > 1) encode_row(&t, vocabulary, texts[i], &text, cores, copy);
        bytes_free(&text);
    }
    tokenizer_free(&t);
    return true;
}

// Seconds to load it; how many bytes a token has, and how fast the text is split alone.
static void print_vocabulary(const char *vocabulary) {
    Tokenizer t;
    double begin = now_seconds();
    if (!read_vocabulary(&t, vocabulary)) return;
    printf("%-22s loaded in %6.3f s;", vocabulary, now_seconds() - begin);
    threads_set(1);
    for (int i = 0; i < TEXTS; i++) {
        Bytes text;
        if (!read_text(&text, texts[i])) continue;
        Ids ids = {0};
        tokenizer_encode(&t, text.data, text.size, false, &ids, NULL);
        printf(" %s %.2f bytes per token, split alone %.1f MB/s;", texts[i],
               (double)text.size / (double)ids.size, split_rate(&t, &text));
        free(ids.at), bytes_free(&text);
    }
    printf("\n");
    tokenizer_free(&t);
}

static const char *const vocabularies[] = {
    "vocab.bpe", "r50k_base.tiktoken", "cl100k_base.tiktoken", "o200k_base.tiktoken"};
enum { VOCABULARIES = sizeof vocabularies / sizeof *vocabularies };

int main(int argc, char **argv) {
    const bool details = bench_begin(argc, argv), peer = find_quicktok();
    Bytes text;
    if (!read_text(&text, "english")) {
        printf("ch01: no texts to measure on: run `make data` first\n");
        return 0;
    }
    bytes_free(&text);
    const double copy = 1e3 * copy_bandwidth_gbs();
    Trained trained[TEXTS];
    for (int i = 0; i < TEXTS; i++) trained[i] = train_row(texts[i], copy);
    int found = 0;
    for (int v = 0; v < VOCABULARIES; v++) found += encode_rows(vocabularies[v], copy);
    if (found == 0) printf("ch01: no vocabularies: run `make data` first\n");
    if (peer) quicktok_rows();
    if (!details) return 0;
    printf("\n");
    for (int i = 0; i < TEXTS; i++) print_training(texts[i], &trained[i]);
    for (int v = 0; v < VOCABULARIES; v++) print_vocabulary(vocabularies[v]);
    step_rows("cl100k_base.tiktoken");
    if (!peer) printf("\nbeside quicktok: QUICKTOK=FOLDER, where it was built\n");
    return 0;
}
