#include "ch03_transformer/bench/decode.h"

#include <math.h>
#include <stdio.h>

#include "ch03_transformer/infer.h"
#include "ch03_transformer/sample.h"
#include "common/numeric/matvec.h"
#include "common/numeric/threads.h"
#include "common/numeric/timing.h"
#include "common/numeric/vec.h"

enum {
    DIM = 288,
    HIDDEN = 768,
    LAYERS = 6,
    HEADS = 6,
    VOCAB = 32000,
    CONTEXT = 256,
    ROUNDS = 5
};

static Mat random_weights(InferModel *m, Rng *rng, int rows, int cols) {
    Mat w = infer_model_new_mat(m, rows, cols);
    rng_fill_normal(rng, w, 1 / sqrt(cols));
    return w;
}

static InferModel random_llama(void) {
    InferModel m = {DIM,   HIDDEN,  LAYERS,   HEADS,     HEADS,
                    VOCAB, CONTEXT, NORM_RMS, FFN_SWIGLU};
    Rng rng = rng_new(1);
    m.embedding = m.output = random_weights(&m, &rng, VOCAB, DIM);
    m.final_norm = random_weights(&m, &rng, 1, DIM);
    m.layer = allocate(LAYERS, sizeof *m.layer);
    for (int l = 0; l < LAYERS; l++)
        m.layer[l] = (InferLayer){.norm = random_weights(&m, &rng, 1, DIM),
                                  .q = random_weights(&m, &rng, DIM, DIM),
                                  .k = random_weights(&m, &rng, DIM, DIM),
                                  .v = random_weights(&m, &rng, DIM, DIM),
                                  .o = random_weights(&m, &rng, DIM, DIM),
                                  .ffn_norm = random_weights(&m, &rng, 1, DIM),
                                  .gate = random_weights(&m, &rng, HIDDEN, DIM),
                                  .up = random_weights(&m, &rng, HIDDEN, DIM),
                                  .down = random_weights(&m, &rng, DIM, HIDDEN)};
    return m;
}

// Greedy tokens from an empty cache to a full one; each position keeps its best seconds
// in best[CONTEXT].
static void decode(Inference *s, Mat logits, double *best) {
    inference_clear(s);
    int token = 1;
    for (int i = 0; i < CONTEXT; i++) {
        double start = now_seconds();
        infer(s, &token, 1, logits);
        token = token_greedy(logits);
        best[i] = fmin(best[i], now_seconds() - start);
    }
}

// Seconds a token of a prompt of `count`.
static double prefill_seconds(Inference *s, Mat logits, int count) {
    int tokens[CONTEXT];
    for (int i = 0; i < count; i++) tokens[i] = 1 + i;
    inference_clear(s);
    double start = now_seconds();
    infer(s, tokens, count, logits);
    return (now_seconds() - start) / count;
}

// Seconds to add up the embedding, most of the weights, a byte of them: reading, and
// nothing else.
static double read_seconds(const InferModel *m, real *sink) {
    size_t n = (size_t)VOCAB * DIM;
    double start = now_seconds();
    *sink += array_sum(m->embedding.at, n);
    return (now_seconds() - start) / (double)(n * sizeof(real));
}

static void rows(const InferModel *m, Inference *s, Mat logits, int threads) {
    double best[CONTEXT], decoding = 0, prefill = INFINITY, read = INFINITY;
    real sink = 0;
    for (int i = 0; i < CONTEXT; i++) best[i] = INFINITY;
    // in turns: other programs share the machine
    for (int round = 0; round < ROUNDS; round++) {
        decode(s, logits, best);
        prefill = fmin(prefill, prefill_seconds(s, logits, CONTEXT - 1));
        for (int i = 0; i < 8; i++) read = fmin(read, read_seconds(m, &sink));
    }
    __asm__ volatile("" : : "m"(sink));  // so that the result is not optimised away
    for (int i = 0; i < CONTEXT; i++) decoding += best[i] / CONTEXT;
    double gigabytes = 1e-9 * (double)infer_model_weights(m) * sizeof(real);
    printf("%-8d %14.0f %10.1f %16.1f %9.0f%% %16.0f\n", threads, 1 / decoding,
           gigabytes / decoding, 1e-9 / read, 100e9 * gigabytes * read / decoding,
           1 / prefill);
}

void bench_decode(void) {
    InferModel m = random_llama();
    Inference s;
    Mat logits = mat_new(1, VOCAB);
    Error err;
    if (!inference_new(&s, &m, CONTEXT, &err)) die("%s", err.text);
    int cores = threads_count();
    printf(
        "generation: LLaMA, %.1f M weights, dim %d, %d layers, %d heads, vocabulary "
        "%d; %d tokens, fp32\n",
        1e-6 * (double)infer_model_weights(&m), DIM, LAYERS, HEADS, VOCAB, CONTEXT);
    printf("%-8s %14s %10s %16s %10s %16s\n", "threads", "tokens/s", "GB/s",
           "sum, 1 thread", "of it", "prefill tokens/s");
    for (int threads = 1; threads <= cores;
         threads = threads < cores ? cores : cores + 1) {
        threads_set(threads);
        rows(&m, &s, logits, threads);
    }
    if (matvec_loop() >= 0)
        printf("weights are read in %s\n", matvec_loop_name(matvec_loop()));
    inference_free(&s), infer_model_free(&m), mat_free(logits);
}
