// How fast the tokenizer is: `make bench`. Texts and vocabularies come from `make data`;
// vocabularies that the tests fetched will do too.
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ch01_tokenizer/encode_steps.h"
#include "ch01_tokenizer/model_file.h"
#include "ch01_tokenizer/pieces.h"
#include "ch01_tokenizer/utf8.h"
#include "common/numeric/machine.h"
#include "common/numeric/threads.h"
#include "common/numeric/timing.h"
#include "common/program/file.h"

enum { REPEATS = 5, VOCABULARY = 8192 };
static const char *const texts[] = {"english", "chinese", "source"};
enum { TEXTS = sizeof texts / sizeof *texts };

static bool read_text(Bytes *text, const char *name) {
    char path[256];
    snprintf(path, sizeof path, "data/%s.txt", name);
    return file_read(text, path, NULL);
}

// ---- training: in a child, so that its peak memory is its own

static void train_once(const char *name) {
    Bytes text;
    if (!read_text(&text, name)) exit(1);
    size_t size = text.size;
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
    printf(
        "train  %-8s %6.1f MB %9zu pieces   split and count %5.3f s   merge %5.3f s   "
        "in all %5.3f s   memory %4.1f x the text\n",
        name, (double)size / 1e6, distinct, split - begin, end - split, end - begin,
        (double)usage.ru_maxrss * 1024 / (double)size);
    fflush(stdout);
}

static void train_row(const char *name) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        threads_set(1);
        train_once(name);
        _exit(0);
    }
    waitpid(child, NULL, 0);
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

static double encode_rate(const Tokenizer *t, const Bytes *text, int threads,
                          size_t *count) {
    double best = 1e9, (*seconds)(void) = threads == 1 ? thread_seconds : now_seconds;
    threads_set(threads);
    for (int i = 0; i < REPEATS; i++) {
        Ids ids = {0};
        double begin = seconds();
        tokenizer_encode(t, text->data, text->size, false, &ids, NULL);
        double took = seconds() - begin;
        best = took < best ? took : best;
        *count = ids.size;
        free(ids.at);
    }
    return (double)text->size / best / 1e6;
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

// Seconds of one call each, in turn; whether they gave the same ids.
static bool take_turns(const Tokenizer *t, const void *theirs, const char *text,
                       size_t n, double *our_time, double *their_time) {
    Ids ids = {0};
    uint32_t *others = NULL;
    size_t size = 0;
    double begin = thread_seconds();
    tokenizer_encode(t, text, n, false, &ids, NULL);
    double middle = thread_seconds();
    quicktok.encode(theirs, text, n, &others, &size);
    *their_time = thread_seconds() - middle, *our_time = middle - begin;
    bool same = size == ids.size && memcmp(others, ids.at, size * sizeof *others) == 0;
    quicktok.free_ids(others), free(ids.at);
    return same;
}

enum { COLD = 1000000 };  // bytes that a tokenizer is met with first

static void quicktok_row(const char *vocabulary, const char *encoding,
                         const char *name) {
    Bytes text;
    Tokenizer t;
    char problem[256];
    void *theirs = quicktok.load(quicktok.data, encoding, problem, sizeof problem);
    if (!theirs || !read_text(&text, name)) return;
    if (!read_vocabulary(&t, vocabulary)) return;
    size_t cold = text.size < COLD ? text.size : COLD;
    while (cold < text.size && ((unsigned char)text.data[cold] & 0xC0) == 0x80) cold++;
    double ours, other, our_cold, their_cold, best = 1e9, their_best = 1e9;
    bool same = take_turns(&t, theirs, text.data, cold, &our_cold, &their_cold);
    for (int i = 0; i < REPEATS; i++) {
        same &= take_turns(&t, theirs, text.data, text.size, &ours, &other);
        best = ours < best ? ours : best;
        their_best = other < their_best ? other : their_best;
    }
    double mb = (double)text.size / 1e6, cold_mb = (double)cold / 1e6;
    printf("%-12s %-8s %9.1f %9.1f %6.2f   %9.1f %9.1f %6.2f   %s\n", encoding, name,
           mb / best, mb / their_best, their_best / best, cold_mb / our_cold,
           cold_mb / their_cold, their_cold / our_cold, same ? "same" : "OTHER");
    bytes_free(&text);
    tokenizer_free(&t);
}

static void quicktok_rows(void) {
    if (!find_quicktok()) {
        printf("\nbeside quicktok: QUICKTOK=FOLDER, where it was built\n");
        return;
    }
    threads_set(1);
    printf("\nbeside quicktok, 1 core, MB/s  %9s %9s %6s   %9s %9s %6s   ids\n", "ours",
           "theirs", "ratio", "1st MB", "theirs", "ratio");
    for (int i = 0; i < TEXTS; i++)
        quicktok_row("cl100k_base.tiktoken", "cl100k_base", texts[i]);
    for (int i = 0; i < TEXTS; i++)
        quicktok_row("o200k_base.tiktoken", "o200k_base", texts[i]);
}

// ---- every vocabulary

static bool encode_rows(const char *vocabulary) {
    Tokenizer t;
    double begin = now_seconds();
    if (!read_vocabulary(&t, vocabulary)) return false;
    printf("load   %-22s %6.3f s\n", vocabulary, now_seconds() - begin);
    for (int i = 0; i < TEXTS; i++) {
        Bytes text;
        size_t count = 0;
        if (!read_text(&text, texts[i])) continue;
        double split = split_rate(&t, &text), one = encode_rate(&t, &text, 1, &count);
        double all = encode_rate(&t, &text, threads_processors(), &count);
        printf(
            "encode %-22s %-8s %5.2f bytes per token   split alone %6.1f   1 core "
            "%6.1f  "
            " %d cores %6.1f MB/s\n",
            vocabulary, texts[i], (double)text.size / (double)count, split, one,
            threads_processors(), all);
        bytes_free(&text);
    }
    tokenizer_free(&t);
    return true;
}

int main(void) {
    program_name_set("bench-ch01");
    Bytes text;
    if (!read_text(&text, "english")) {
        printf("ch01: no texts to measure on: run `make data` first\n");
        return 0;
    }
    bytes_free(&text);
    machine_print();
    train_row("english"), train_row("chinese"), train_row("source");
    static const char *const vocabularies[] = {"vocab.bpe", "r50k_base.tiktoken",
                                               "cl100k_base.tiktoken",
                                               "o200k_base.tiktoken"};
    int found = 0;
    for (int v = 0; v < 4; v++) found += encode_rows(vocabularies[v]);
    if (found == 0) printf("encode: no vocabularies: run `make data` first\n");
    step_rows("cl100k_base.tiktoken");
    quicktok_rows();
    return 0;
}
