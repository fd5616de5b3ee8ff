#include "ch05_sft_rlhf/bleu.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"

// How often the run of n words at `run` occurs in a text.
static int occurrences(const int *run, int n, const int *text, int count) {
    int found = 0;
    for (int i = 0; i + n <= count; i++)
        found += memcmp(run, text + i, (size_t)n * sizeof *run) == 0;
    return found;
}

void bleu_add(Bleu *b, const int *candidate, int count, const int *reference,
              int reference_count) {
    for (int n = 1; n <= BLEU_RUNS; n++)
        for (int i = 0; i + n <= count; i++) {
            // the k-th time that a run occurs it counts if the reference has k of it
            int k = occurrences(candidate + i, n, candidate, i + n);
            b->matched[n - 1] +=
                k <= occurrences(candidate + i, n, reference, reference_count);
            b->runs[n - 1]++;
        }
    b->candidate += count, b->reference += reference_count;
}

double bleu_of(const Bleu *b, int most) {
    assert(1 <= most && most <= BLEU_RUNS);
    double sum = 0;
    for (int n = 0; n < most; n++) {
        if (b->matched[n] == 0) return 0;
        sum += log(b->matched[n] / b->runs[n]) / most;
    }
    return exp(fmin(0, 1 - b->reference / b->candidate) + sum);
}

// ---- words

// Ids of the words of a text, by a table of those seen: to[], how many.
typedef struct {
    const char **at;
    size_t *size;
    int count;
} Words;

static int word_id(Words *w, const char *word, size_t size) {
    for (int i = 0; i < w->count; i++)
        if (w->size[i] == size && memcmp(w->at[i], word, size) == 0) return i;
    w->at[w->count] = word, w->size[w->count] = size;
    return w->count++;
}

static int words_of(int *to, Words *w, const char *text) {
    int n = 0;
    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        size_t size = strcspn(text, " ");
        to[n++] = word_id(w, text, size), text += size;
    }
    return n;
}

void bleu_add_text(Bleu *b, const char *candidate, const char *reference) {
    size_t room = strlen(candidate) + strlen(reference) + 1;
    Words w = {allocate(room, sizeof *w.at), allocate(room, sizeof *w.size), 0};
    int *a = allocate(room, sizeof *a), *r = allocate(room, sizeof *r);
    int count = words_of(a, &w, candidate),
        reference_count = words_of(r, &w, reference);
    bleu_add(b, a, count, r, reference_count);
    free(a), free(r), free(w.at), free(w.size);
}
