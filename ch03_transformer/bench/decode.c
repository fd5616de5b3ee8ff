#include "ch03_transformer/bench/decode.h"

#include <math.h>
#include <stdio.h>

#include "ch03_transformer/infer.h"
#include "ch03_transformer/sample.h"
#include "common/numeric/bench_table.h"
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

// Greedy tokens from an empty cache to a full one: seconds.
static double decode(Inference *s, Mat logits) {
    inference_clear(s);
    int token = 1;
    double start = now_seconds();
    for (int i = 0; i < CONTEXT; i++) {
        infer(s, &token, 1, logits);
        token = token_greedy(logits);
    }
    return now_seconds() - start;
}

// Seconds of a prompt of CONTEXT - 1 tokens.
static double prefill(Inference *s, Mat logits) {
    int tokens[CONTEXT];
    for (int i = 0; i < CONTEXT; i++) tokens[i] = 1 + i;
    inference_clear(s);
    double start = now_seconds();
    infer(s, tokens, CONTEXT - 1, logits);
    return now_seconds() - start;
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
    Runs decoding = {0}, prompts = {0};
    double read = INFINITY, peak = 0;
    real sink = 0;
    // in turns: other programs share the machine
    for (int round = 0; round < ROUNDS; round++) {
        runs_add(&decoding, decode(s, logits));
        runs_add(&prompts, prefill(s, logits));
        for (int i = 0; i < 8; i++) read = fmin(read, read_seconds(m, &sink));
        peak = fmax(peak, fma_peak_gflops_of(threads));
    }
    __asm__ volatile("" : : "m"(sink));  // so that the result is not optimised away
    // Of a prompt only the last token needs the output matrix.
    const double weights = (double)infer_model_weights(m),
                 prompt_weights = weights - (double)VOCAB * DIM;
    bench_row(&(BenchRow){"LLaMA 15M, a token after another", threads, CONTEXT,
                          "tokens/s", &decoding, "reading",
                          1 / (read * weights * sizeof(real)), NULL, NULL});
    bench_row(&(BenchRow){"LLaMA 15M, a prompt", threads, CONTEXT - 1, "tokens/s",
                          &prompts, "peak", 1e9 * peak / (2 * prompt_weights), NULL,
                          NULL});
}

void bench_decode(bool details) {
    InferModel m = random_llama();
    Inference s;
    Mat logits = mat_new(1, VOCAB);
    Error err;
    if (!inference_new(&s, &m, CONTEXT, &err)) die("%s", err.text);
    int cores = threads_count();
    for (int threads = 1; threads <= cores;
         threads = threads < cores ? cores : cores + 1) {
        threads_set(threads);
        rows(&m, &s, logits, threads);
    }
    if (details) {
        printf(
            "\nLLaMA: %.1f M weights, dim %d, %d layers, %d heads, vocabulary %d; %d "
            "tokens, fp32; reading: a sum on one thread\n",
            1e-6 * (double)infer_model_weights(&m), DIM, LAYERS, HEADS, VOCAB, CONTEXT);
        if (matvec_loop() >= 0)
            printf("weights are read in %s\n", matvec_loop_name(matvec_loop()));
    }
    inference_free(&s), infer_model_free(&m), mat_free(logits);
}
