// Speed of rollouts: tokens per second against what reading the weights allows.
//
// A step of one token for each of n answers reads every weight once, however many answers
// there are. So no step is faster than that reading, and n answers get n tokens of it, until
// the arithmetic takes longer than the reading.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch03_transformer/infer_of_model.h"
#include "ch03_transformer/published.h"
#include "ch05_sft_rlhf/rollout.h"
#include "common/numeric/machine.h"
#include "common/numeric/threads.h"
#include "common/numeric/timing.h"
#include "common/numeric/vec.h"

enum { VOCABULARY = 8192, CONTEXT = 128, CHANNELS = 288, LAYERS = 6, HEADS = 6 };
enum { TOKENS = 48, ROUNDS = 5, MOST_TOGETHER = 64, NO_END = -1 };

static void model_of(Model *m) {
    Config c = config_small_llama(VOCABULARY, CONTEXT, CHANNELS, LAYERS, HEADS, HEADS);
    Error err;
    Rng rng = rng_new(1);
    if (!model_new(m, &c, &err)) die("%s", err.text);
    model_allocate(m, &rng);
}

// Seconds to add up all weights: reading, and nothing else.
static double read_seconds(const Model *m) {
    double start = now_seconds();
    real sum = array_sum(m->params.values, m->params.size);
    __asm__ volatile("" : : "m"(sum));  // so that it is not optimised away
    return now_seconds() - start;
}

// Seconds per step of so many answers at a time.
static double step_seconds(const InferModel *view, int together) {
    Prompt prompts[MOST_TOGETHER];
    Rollout out[MOST_TOGETHER];
    RolloutCounts counts;
    Error err;
    int one = 1;
    for (int i = 0; i < together; i++) prompts[i] = (Prompt){&one, 1};
    RolloutSettings s = {NO_END, TOKENS, together, 1, rng_new(2)};
    double start = now_seconds();
    if (!rollouts(out, view, prompts, together, &s, &counts, &err)) die("%s", err.text);
    // the prompts' own passes are a step for each: counted as such
    double seconds = (now_seconds() - start) / (double)counts.steps;
    for (int i = 0; i < together; i++) rollout_free(&out[i]);
    return seconds;
}

int main(void) {
    static Model m;
    InferModel view;
    Error err;
    program_name_set("bench");
    machine_print();
    model_of(&m);
    if (!infer_of_model(&view, &m, &err)) die("%s", err.text);
    printf("rollouts: LLaMA, %.1f M weights, %d layers of %d channels, %d threads\n",
           1e-6 * (double)m.params.size, LAYERS, CHANNELS, threads_count());
    printf("%-10s %10s %14s %22s\n", "together", "ms/step", "tokens/s",
           "of reading the weights");
    for (int together = 1; together <= MOST_TOGETHER; together *= 2) {
        double step = INFINITY, read = INFINITY;
        // in turns: other programs share the machine
        for (int i = 0; i < ROUNDS; i++) {
            step = fmin(step, step_seconds(&view, together));
            for (int k = 0; k < 4; k++) read = fmin(read, read_seconds(&m));
        }
        printf("%-10d %10.2f %14.0f %21.0f%%\n", together, 1e3 * step, together / step,
               100 * read / step);
    }
    infer_model_free(&view), model_free(&m);
    return 0;
}
