#include "ch04_pretrain/bench/sampling.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch04_pretrain/generate.h"
#include "common/error.h"
#include "common/numeric/bench_table.h"
#include "common/numeric/threads.h"
#include "common/numeric/timing.h"
#include "common/numeric/vec.h"

enum { TOKENS = 96, ROUNDS = 3, MOST = 32 };
static const int counts[] = {1, 8, MOST};

// Seconds per step of infer_together alone: `count` texts, TOKENS steps from an empty
// cache.
static double step_seconds(Inference *texts, int count, Mat logits) {
    Inference *each[MOST];
    int tokens[MOST];
    for (int i = 0; i < count; i++) {
        inference_clear(&texts[i]);
        each[i] = &texts[i], tokens[i] = i;
    }
    double start = now_seconds();
    for (int n = 0; n < TOKENS; n++)
        infer_together(each, count, tokens, mat_rows(logits, 0, count));
    return (now_seconds() - start) / TOKENS;
}

// The same with tokens that are drawn from all of the model's distribution.
static double sampled_seconds(const InferModel *m, int end, int count) {
    Generator texts[MOST], *each[MOST];
    Sampling settings[MOST], *rules[MOST];
    Written written[MOST];
    bool going[MOST];
    Error err;
    for (int i = 0; i < count; i++) {
        if (!generator_new(&texts[i], m, end, &end, 1, &err)) die("%s", err.text);
        settings[i] = sampling_plain(rng_new((uint64_t)i + 1));
        each[i] = &texts[i], rules[i] = &settings[i];
    }
    double start = now_seconds();
    for (int n = 0; n < TOKENS; n++)
        generators_next(each, rules, count, written, going);
    double seconds = (now_seconds() - start) / TOKENS;
    for (int i = 0; i < count; i++) generator_free(&texts[i]);
    return seconds;
}

// Seconds to add up all weights: reading, and nothing else, on one thread.
static double read_seconds(const Params *p, real *sink) {
    double start = now_seconds();
    *sink += array_sum(p->values, p->size);
    return now_seconds() - start;
}

// `least`: seconds that a step takes at least, for reading or for arithmetic.
static void sampling_rows(const InferModel *view, Inference *texts, Mat logits,
                          int count, int end, double least) {
    Runs steps = {0}, drawn = {0};
    char work[64];
    for (int round = 0; round < ROUNDS; round++) {
        runs_add(&steps, step_seconds(texts, count, logits));
        runs_add(&drawn, sampled_seconds(view, end, count));
    }
    snprintf(work, sizeof work, "writing %d text%s together", count,
             count > 1 ? "s" : "");
    bench_row(&(BenchRow){work, threads_count(), count, "tokens/s", &steps, "machine",
                          count / least, NULL, NULL});
    snprintf(work, sizeof work, "writing %d, and drawing", count);
    bench_row(&(BenchRow){work, threads_count(), count, "tokens/s", &drawn, "machine",
                          count / least, NULL, NULL});
}

void bench_sampling(const Model *m, int end) {
    InferModel view;
    Inference texts[MOST];
    Error err;
    if (!infer_of_model(&view, m, &err)) die("%s", err.text);
    for (int i = 0; i < MOST; i++)
        if (!inference_new(&texts[i], &view, view.context, &err)) die("%s", err.text);
    Mat logits = mat_new(MOST, view.vocab);
    double read = INFINITY, peak = fma_peak_gflops_of(threads_count());
    real sink = 0;
    for (int i = 0; i < 4 * ROUNDS; i++)
        read = fmin(read, read_seconds(&m->params, &sink));
    __asm__ volatile("" : : "m"(sink));  // or nobody would compute it
    const double weights = (double)infer_model_weights(&view);
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++)
        sampling_rows(&view, texts, logits, counts[k], end,
                      fmax(read, 2 * counts[k] * weights / (1e9 * peak)));
    for (int i = 0; i < MOST; i++) inference_free(&texts[i]);
    mat_free(logits), infer_model_free(&view);
}
