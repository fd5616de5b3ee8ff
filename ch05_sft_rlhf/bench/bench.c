// Speed of rollouts: tokens per second against what the machine allows.
//
// A step of one token for each of n answers reads every weight once, however many
// answers there are, and does 2 n operations with it. So no step is faster than the
// reading, nor than the arithmetic, which takes longer from some n on. Beside both a
// step draws tokens, and reads keys and values, each answer its own.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch03_transformer/infer_of_model.h"
#include "ch03_transformer/published.h"
#include "ch05_sft_rlhf/rollout.h"
#include "common/numeric/bench_table.h"
#include "common/numeric/threads.h"
#include "common/numeric/timing.h"
#include "common/numeric/vec.h"

enum { VOCABULARY = 8192, CONTEXT = 128, CHANNELS = 288, LAYERS = 6, HEADS = 6 };
enum { TOKENS = 40, FEW_TOKENS = 8, ROUNDS = 7, MOST_TOGETHER = 64, NO_END = -1 };

static void model_of(Model *m) {
    Config c = config_small_llama(VOCABULARY, CONTEXT, CHANNELS, LAYERS, HEADS, HEADS);
    Error err;
    Rng rng = rng_new(1);
    if (!model_new(m, &c, &err)) die("%s", err.text);
    model_allocate(m, &rng);
}

// Seconds to add up so many weights with all threads: reading, and nothing else.
static double read_seconds(const Model *m, size_t weights) {
    int threads = threads_count();
    size_t each = weights / (size_t)threads;
    real sum = 0;
    double start = now_seconds();
#pragma omp parallel for num_threads(threads) schedule(static, 1) reduction(+ : sum)
    for (int t = 0; t < threads; t++)
        sum += array_sum(m->params.values + (size_t)t * each, each);
    __asm__ volatile("" : : "m"(sum));  // so that it is not optimised away
    return now_seconds() - start;
}

// Seconds to write so many tokens of so many answers at a time.
static double write_seconds(const InferModel *view, int together, int tokens,
                            long long *steps) {
    Prompt prompts[MOST_TOGETHER];
    Rollout out[MOST_TOGETHER];
    RolloutCounts counts;
    Error err;
    int one = 1;
    for (int i = 0; i < together; i++) prompts[i] = (Prompt){&one, 1};
    RolloutSettings s = {NO_END, tokens, together, 1, rng_new(2)};
    double start = now_seconds();
    if (!rollouts(out, view, prompts, together, &s, &counts, &err)) die("%s", err.text);
    double seconds = now_seconds() - start;
    *steps = counts.steps;
    for (int i = 0; i < together; i++) rollout_free(&out[i]);
    return seconds;
}

// In turns, as other programs share the machine. What two lengths of answers differ by
// is steps alone: prompts, and making room, are in both.
static Runs measure(const Model *m, const InferModel *view, int together,
                    double *read) {
    Runs many = {0}, few = {0}, steps = {0};
    long long many_steps = 0, few_steps = 0;
    *read = INFINITY;
    for (int i = 0; i < ROUNDS; i++) {
        runs_add(&many, write_seconds(view, together, TOKENS, &many_steps));
        runs_add(&few, write_seconds(view, together, FEW_TOKENS, &few_steps));
        for (int k = 0; k < 4; k++)
            *read = fmin(*read, read_seconds(m, infer_model_weights(view)));
    }
    for (int i = 0; i < ROUNDS; i++)
        runs_add(&steps, (many.seconds[i] - runs_best(&few))
                             / (double)(many_steps - few_steps));
    return steps;
}

int main(int argc, char **argv) {
    static Model m;
    InferModel view;
    Error err;
    const bool details = bench_begin(argc, argv);
    model_of(&m);
    if (!infer_of_model(&view, &m, &err)) die("%s", err.text);
    double weights = (double)infer_model_weights(&view);
    double peak = 1e9 * fma_peak_gflops_of(threads_count());
    for (int together = 1; together <= MOST_TOGETHER; together *= 2) {
        double read;
        Runs runs = measure(&m, &view, together, &read);
        char work[64];
        const double arithmetic = 2 * together * weights / peak;
        snprintf(work, sizeof work, "rollouts, %d together", together);
        bench_row(&(BenchRow){work, threads_count(), together, "tokens/s", &runs,
                              read > arithmetic ? "reading" : "peak",
                              together / fmax(read, arithmetic), NULL, NULL});
    }
    if (details)
        printf(
            "\nLLaMA, %.1f M weights per step, %d layers of %d channels; a step takes "
            "as long as reading them, or as multiplying with them, at least\n",
            1e-6 * weights, LAYERS, CHANNELS);
    infer_model_free(&view), model_free(&m);
    return 0;
}
