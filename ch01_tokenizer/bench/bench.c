// How fast the tokenizer is: `make bench`. Texts and vocabularies come from `make data`;
// vocabularies that the tests fetched will do too.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ch01_tokenizer/model_file.h"
#include "ch01_tokenizer/pieces.h"
#include "ch01_tokenizer/utf8.h"
#include "common/numeric/machine.h"
#include "common/numeric/threads.h"
#include "common/numeric/timing.h"
#include "common/program/file.h"

enum { REPEATS = 5, VOCABULARY = 8192 };

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
    double begin = now_seconds();
    Pattern *pattern = pattern_new("gpt2", NULL);
    Pieces pieces = {0};
    pieces_add(&pieces, pattern, NULL, 0, text.data, text.size, NULL);
    bytes_free(&text);
    double split = now_seconds();
    Words words = pieces_to_words(&pieces);
    size_t distinct = pieces.size;
    pieces_free(&pieces);
    Tokenizer t;
    tokenizer_train(&t, &words, VOCABULARY, NULL, 0, "gpt2", NULL);
    double end = now_seconds();
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
        double begin = now_seconds();
        for (size_t at = 0; at < s.size;) at = splitter_next(&s, at, NULL);
        double took = now_seconds() - begin;
        best = took < best ? took : best;
        splitter_free(&s);
    }
    return (double)text->size / best / 1e6;
}

static double encode_rate(const Tokenizer *t, const Bytes *text, int threads,
                          size_t *count) {
    double best = 1e9;
    threads_set(threads);
    for (int i = 0; i < REPEATS; i++) {
        Ids ids = {0};
        double begin = now_seconds();
        tokenizer_encode(t, text->data, text->size, false, &ids, NULL);
        double took = now_seconds() - begin;
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

static bool encode_rows(const char *vocabulary) {
    Tokenizer t;
    double begin = now_seconds();
    if (!read_vocabulary(&t, vocabulary)) return false;
    printf("load   %-22s %6.3f s\n", vocabulary, now_seconds() - begin);
    static const char *const texts[] = {"english", "chinese", "source"};
    for (int i = 0; i < 3; i++) {
        Bytes text;
        size_t count = 0;
        if (!read_text(&text, texts[i])) continue;
        double split = split_rate(&t, &text), one = encode_rate(&t, &text, 1, &count);
        double all = encode_rate(&t, &text, threads_processors(), &count);
        printf(
            "encode %-22s %-8s %5.2f bytes a token   split alone %6.1f   1 core %6.1f  "
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
    return 0;
}
