// Speed and memory of training, and what limits them: one step (forward, backward,
// clipping, AdamW) of a small GPT, L = 4 layers, H = 4 heads, C = 256 channels, T = 256
// tokens, B = 8 sequences, V = 1024, with a table by operation.
//
// "Of peak" counts only the multiply-adds of matrix products that the formulas need
// (the tape's counters); the peak is measured between the steps.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "ch03_transformer/bench/decode.h"
#include "ch03_transformer/clip.h"
#include "ch03_transformer/model.h"
#include "ch03_transformer/optimiser.h"
#include "ch03_transformer/published.h"
#include "common/numeric/bench_table.h"
#include "common/numeric/threads.h"
#include "common/numeric/timing.h"

enum { V = 1024, T = 256, C = 256, L = 4, H = 4, B = 8, STEPS = 40, WARM = 3 };

typedef struct {
    Model model;
    Tape *tape;
    Optimiser optimiser;
    int tokens[B * T], targets[B * T];
    double forward, backward, update;  // seconds
    float loss;
} Training;

static void training_new(Training *w) {
    Error err;
    Rng rng = rng_new(1);
    Config c = config_small_gpt(V, T, C, L, H);
    if (!model_new(&w->model, &c, &err)) die("%s", err.text);
    model_allocate(&w->model, &rng);
    params_allocate_grads(&w->model.params);
    w->optimiser = optimiser_new(
        &w->model.params, (OptimiserSettings){.kind = OPTIMISER_ADAMW, .decay = 0.1});
    w->tape = tape_new(&w->model.params);
    for (int i = 0; i < B * T; i++)
        w->tokens[i] = rng_below(&rng, V), w->targets[i] = (w->tokens[i] * 7 + 1) % V;
}

static void training_free(Training *w) {
    tape_free(w->tape), optimiser_free(&w->optimiser), model_free(&w->model);
}

static TapeCounts step(Training *w) {
    Tokens in = {.batch = B, .time = T, .tokens = w->tokens};
    double t0 = now_seconds();
    Node *loss = model_loss(w->tape, &w->model, model_hidden(w->tape, &w->model, &in),
                            w->targets);
    w->loss = (float)*loss->value.at;
    double t1 = now_seconds();
    tape_backward(w->tape, loss);
    double t2 = now_seconds();
    params_clip(&w->model.params, 1);
    optimiser_step(&w->optimiser, &w->model.params, 3e-4);
    params_zero_grads(&w->model.params);
    TapeCounts counts = tape_counts(w->tape);
    tape_reset(w->tape);
    double t3 = now_seconds();
    w->forward += t1 - t0, w->backward += t2 - t1, w->update += t3 - t2;
    return counts;
}

static int by_time(const void *a, const void *b) {
    const OperationTime *x = a, *y = b;
    double dx = x->forward + x->backward, dy = y->forward + y->backward;
    return (dx < dy) - (dx > dy);
}
// Milliseconds of a step, shares of it, and of the machine's peak where there are
// products.
static void print_row(const char *name, long calls, double forward, double backward,
                      double step, double of_peak) {
    printf("%-20s %6ld %11.2f %11.2f %6.1f%%", name, calls, forward, backward,
           100 * (forward + backward) / step);
    if (of_peak > 0) printf(" %8.0f%%", 100 * of_peak);
    printf("\n");
}

static void print_operations(Training *w, double peak) {
    OperationTime times[64];
    int n = tape_times(w->tape, times, 64);
    double step = 1e3 * (w->forward + w->backward + w->update) / STEPS;
    qsort(times, (size_t)n, sizeof *times, by_time);
    printf("%-20s %6s %11s %11s %7s %9s\n", "operation", "calls", "forward ms",
           "backward ms", "share", "of peak");
    for (int i = 0; i < n; i++) {
        const OperationTime *t = &times[i];
        print_row(t->name, t->calls / STEPS, 1e3 * t->forward / STEPS,
                  1e3 * t->backward / STEPS, step,
                  1e-9 * t->flops / (t->forward + t->backward) / peak);
    }
    double update = 1e3 * w->update / STEPS;
    print_row("clip, AdamW, zeros", 1, 0, update, step, 0);
    // The norm reads g; AdamW reads w, g, m, v and writes w, m, v; then g is written.
    double gigabytes = 1e-9 * 9 * sizeof(real) * (double)w->model.params.size;
    printf("the last of these: %.1f GB/s; memcpy on one thread: %.1f GB/s\n",
           1e3 * gigabytes / update, copy_bandwidth_gbs());
}

static void print_memory(const Params *p, TapeCounts counts, long rss_before) {
    double state = 4.0 * (double)p->size * sizeof(real),
           activations = (double)counts.activation_bytes;
    double all = state + (double)counts.arena_bytes + (double)counts.grad_bytes;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf(
        "memory, MiB: parameters, gradients, moments %.1f; activations %.1f (arena "
        "%.1f); gradients of nodes %.1f\n",
        state / 0x1p20, activations / 0x1p20, (double)counts.arena_bytes / 0x1p20,
        (double)counts.grad_bytes / 0x1p20);
    printf(
        "all %.1f = %.3f x (state + activations); the process grew by %.1f = %.3f x\n",
        all / 0x1p20, all / (state + activations),
        (double)(usage.ru_maxrss - rss_before) / 0x1p10,
        (double)(usage.ru_maxrss - rss_before) * 0x1p10 / (state + activations));
}

static void train(bool details) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    static Training w;
    training_new(&w);
    for (int i = 0; i < WARM; i++) step(&w);
    w.forward = w.backward = w.update = 0;
    tape_profile(w.tape, true);
    Runs runs = {0};
    double peak = 0;
    TapeCounts counts = {0};
    for (int i = 0; i < STEPS; i++) {
        if (i % 10 == 0) peak = fmax(peak, fma_peak_gflops_of(threads_count()));
        double start = now_seconds();
        counts = step(&w);
        runs_add(&runs, now_seconds() - start);
    }
    double flops = counts.flops_forward + counts.flops_backward;
    bench_row(&(BenchRow){"a training step of a GPT", threads_count(), B * T,
                          "tokens/s", &runs, "peak", 1e9 * peak * B * T / flops, NULL,
                          NULL});
    if (details) {
        printf(
            "\nL = %d, H = %d, C = %d, T = %d, B = %d, V = %d; %zu parameters, %.1f "
            "MFLOP per token; median %.1f ms, %.0f tokens/s, %.0f %% of the peak\n",
            L, H, C, T, B, V, w.model.params.size, 1e-6 * flops / (B * T),
            1e3 * runs_median(&runs), B * T / runs_median(&runs),
            1e-7 * flops / runs_median(&runs) / peak);
        print_operations(&w, peak);
        print_memory(&w.model.params, counts, usage.ru_maxrss);
        printf("loss after %d steps: %.4f\n\n", STEPS + WARM, (double)w.loss);
    }
    training_free(&w);
}

int main(int argc, char **argv) {
    const bool details = bench_begin(argc, argv);
    train(details);
    bench_decode(details);
    return 0;
}
