#include "ch04_pretrain/quality.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/shingles.h"
#include "common/numeric/hash.h"
#include "common/numeric/small.h"

enum { BYTES = 256, ORDER = 5, FOLDS = 5 };

// ---- perplexity

// The caller frees them.
static int *bytes_of(const Document *d) {
    int *bytes = allocate(d->size, sizeof *bytes);
    for (size_t i = 0; i < d->size; i++) bytes[i] = (unsigned char)d->at[i];
    return bytes;
}

// A byte model of these documents.
static Ngram quality_bytes(const Documents *d) {
    Ngram g = ngram_new(ORDER, BYTES);
    for (size_t i = 0; i < d->count; i++) {
        int *bytes = bytes_of(&d->list[i]);
        ngram_add(&g, bytes, d->list[i].size);
        free(bytes);
    }
    ngram_finish(&g);
    return g;
}

static double quality_bits_per_byte(const Ngram *g, const Document *d) {
    int *bytes = bytes_of(d);
    double bits = ngram_bits_per_byte(ngram_nats(g, bytes, d->size), d->size);
    free(bytes);
    return bits;
}

// ---- the classifier

enum { WEIGHTS = 1 << 16, EPOCHS = 10 };
static const double RATE = 0.3;

// A document's features: places among the weights, each with the same share.
typedef struct {
    uint32_t *at;
    size_t count;
    double each;
} Features;

// Words and pairs of words.
static Features features_of(const Document *d) {
    WordHashes words = word_hashes_read(d->at, d->size);
    size_t count = words.count ? 2 * words.count - 1 : 0;
    Features f = {allocate(count, sizeof *f.at), count, 1 / sqrt((double)count)};
    for (size_t i = 0; i < words.count; i++) {
        f.at[i] = (uint32_t)(words.at[i] % WEIGHTS);
        if (i == 0) continue;
        uint64_t pair = hash_bytes(HASH_START, words.at + i - 1, 2 * sizeof *words.at);
        f.at[words.count + i - 1] = (uint32_t)(pair % WEIGHTS);
    }
    word_hashes_free(&words);
    return f;
}

static double logit_of(const WordClassifier *c, const Features *f) {
    double sum = c->constant;
    for (size_t i = 0; i < f->count; i++) sum += f->each * c->weights[f->at[i]];
    return sum;
}

// A step against d loss / d logit = P(trusted) - label.
static void learn(WordClassifier *c, const Features *f, double label, double rate) {
    double step = rate * (1 / (1 + exp(-logit_of(c, f))) - label);
    for (size_t i = 0; i < f->count; i++)
        c->weights[f->at[i]] -= (float)(step * f->each);
    c->constant -= step;
}

static Features *features_of_all(const Documents *d) {
    Features *all = allocate(d->count, sizeof *all);
    for (size_t i = 0; i < d->count; i++) all[i] = features_of(&d->list[i]);
    return all;
}

static void features_free(Features *all, size_t count) {
    for (size_t i = 0; i < count; i++) free(all[i].at);
    free(all);
}

static WordClassifier word_classifier_train(const Documents *trusted,
                                            const Documents *others, const Rng *rng) {
    WordClassifier c = {allocate(WEIGHTS, sizeof *c.weights), 0};
    Features *good = features_of_all(trusted), *rest = features_of_all(others);
    Rng draw = *rng;
    size_t rounds = EPOCHS * size_max(trusted->count, others->count);
    for (size_t i = 0; i < rounds; i++) {
        double rate = RATE * (1 - (double)i / (double)rounds);
        learn(&c, &good[rng_below(&draw, (int)trusted->count)], 1, rate);
        learn(&c, &rest[rng_below(&draw, (int)others->count)], 0, rate);
    }
    features_free(good, trusted->count), features_free(rest, others->count);
    return c;
}

static void word_classifier_free(WordClassifier *c) {
    free(c->weights);
    *c = (WordClassifier){0};
}

static double word_classifier_logit(const WordClassifier *c, const Document *d) {
    Features f = features_of(d);
    double logit = logit_of(c, &f);
    free(f.at);
    return logit;
}

// ---- both, with their bounds

static int rising(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// What `share` of the numbers do not exceed. Sorts them.
static double quantile(double *numbers, size_t count, double share) {
    qsort(numbers, count, sizeof *numbers, rising);
    return numbers[(size_t)ceil(share * (double)(count - 1))];
}

static double bound_of_bits(const Ngram *g, const Documents *d, double share) {
    double *bits = allocate(d->count, sizeof *bits);
    for (size_t i = 0; i < d->count; i++)
        bits[i] = quality_bits_per_byte(g, &d->list[i]);
    double bound = quantile(bits, d->count, share);
    free(bits);
    return bound;
}

static double bound_of_logits(const WordClassifier *c, const Documents *d,
                              double share) {
    double *losing = allocate(d->count, sizeof *losing);
    for (size_t i = 0; i < d->count; i++)
        losing[i] = -word_classifier_logit(c, &d->list[i]);
    double bound = -quantile(losing, d->count, share);
    free(losing);
    return bound;
}

// Every second document, from `first` on; all of them where there is but one.
static Documents half_of(const Documents *d, size_t first) {
    Documents half = {.list = allocate(d->count, sizeof *half.list)};
    size_t step = d->count > 1 ? 2 : 1;
    for (size_t i = step > 1 ? first : 0; i < d->count; i += step)
        half.list[half.count++] = d->list[i];
    return half;
}

static void learn_words(Quality *q, const Documents *trusted, const Documents *bounding,
                        const Documents *others, double share, const Rng *rng) {
    for (size_t h = 0; h < 2; h++) {
        Documents half = half_of(others, h);
        q->words[h] = word_classifier_train(trusted, &half, rng);
        q->least_logit[h] = bound_of_logits(&q->words[h], bounding, share);
        documents_free(&half);
    }
}

Quality quality_learn(const Documents *trusted, const Documents *others, double share,
                      const Rng *rng) {
    Documents most = {0}, rest = {0};
    const Documents *learned = trusted, *bounding = trusted;
    if (trusted->count >= FOLDS) {
        documents_split(trusted, FOLDS, &most, &rest);
        learned = &most, bounding = &rest;
    }
    Quality q = {.bytes = quality_bytes(learned)};
    q.most_bits = bound_of_bits(&q.bytes, bounding, share);
    learn_words(&q, learned, bounding, others, share, rng);
    documents_free(&most), documents_free(&rest);
    return q;
}

void quality_free(Quality *q) {
    ngram_free(&q->bytes);
    word_classifier_free(&q->words[0]), word_classifier_free(&q->words[1]);
    *q = (Quality){0};
}

double quality_by_bytes(const Quality *q, const Document *d) {
    return q->most_bits - quality_bits_per_byte(&q->bytes, d);
}

double quality_by_words(const Quality *q, const Document *d, size_t i) {
    size_t other = 1 - i % 2;
    return word_classifier_logit(&q->words[other], d) - q->least_logit[other];
}
