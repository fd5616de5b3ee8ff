// The KV cache, and what sharing keys and values between heads saves. Lecture,
// section 2.4.
//
//     bytes per token = 2 x layers x kv heads x head_dim x bytes per number
//
// MHA, GQA and MQA are one function; a token at a time through the cache gives what one
// pass over all of them gives; and a checkpoint is converted by averaging projection
// matrices, X mean(W) = mean(X W), not by pooling anything at run time.
#include <math.h>
#include <stdlib.h>

#include "ch02_attention/kv_cache.h"
#include "common/program/lab.h"

static const Option options[] = {
    {"tokens", "64", "T, of the comparison with a full pass"}, {0}};

enum { LAYERS = 4, HEADS = 8, DIM = 16, LONGEST = 4096 };

// Prefill a third, then one token at a time; every output against one causal pass.
static double cache_error(Rng *rng, int T, int kv_heads) {
    Mat q = mat_new(T, HEADS * DIM), k = mat_new(T, kv_heads * DIM),
        v = mat_new(T, kv_heads * DIM);
    Mat full = mat_new(T, HEADS * DIM), steps = mat_new(T, HEADS * DIM);
    Position rope = position_new_rope((Rope){.dim = DIM, .base = 10000}, T);
    Heads heads = {.batch = 1,
                   .n_heads = HEADS,
                   .n_kv_heads = kv_heads,
                   .scale = attention_scale(DIM),
                   .mask = {.causal = true},
                   .position = &rope};
    KvCache cache = kv_cache_new(1, 1, kv_heads, DIM, T);
    rng_fill_normal(rng, q, 1), rng_fill_normal(rng, k, 1), rng_fill_normal(rng, v, 1);
    attend_heads(full, (Mat){0}, q, k, v, &heads);
    for (int t = 0, count = T / 3; t < T; t += count, count = 1)
        attend_cached(mat_rows(steps, t, count), mat_rows(q, t, count),
                      mat_rows(k, t, count), mat_rows(v, t, count), &cache, 0, &heads);
    double error = mat_difference(full, steps);
    kv_cache_free(&cache), position_free(&rope);
    mat_free(q), mat_free(k), mat_free(v), mat_free(full), mat_free(steps);
    return error;
}

// GQA on projections against MHA on the same heads, each repeated; and X mean(W)
// against mean(X W).
static void claim_conversion(Lab *lab, Rng *rng, int T) {
    enum { C = HEADS * DIM, KV = 2, GROUP = HEADS / KV };
    Mat x = mat_new(T, C), w = mat_new(C, C), small = mat_new(C, KV * DIM),
        large = mat_new(C, C);
    Mat q = mat_new(T, C), k = mat_new(T, KV * DIM), k_all = mat_new(T, C),
        gqa = mat_new(T, C), mha = mat_new(T, C);
    rng_fill_normal(rng, x, 1), rng_fill_normal(rng, w, 1 / sqrt(C)),
        rng_fill_normal(rng, q, 1);
    kv_heads_average(small, KV, w, HEADS);
    matmul(k, x, small), matmul(k_all, x, w);
    double worst = 0;
    for (int t = 0; t < T; t++)
        for (int c = 0; c < KV * DIM; c++) {
            double mean = 0;
            for (int g = 0; g < GROUP; g++)
                mean +=
                    *mat_at(k_all, t, (c / DIM * GROUP + g) * DIM + c % DIM) / GROUP;
            worst = nan_max(worst, fabs(mean - *mat_at(k, t, c)));
        }
    // Sums of C products, together of size 1, up to 5: C roundings of 2^-24 that know
    // nothing of each other.
    double rounding = 5 * sqrt(C) * 0x1p-24;
    claim_near(lab, "2.18", "X mean(W) - mean(X W), largest", 0, worst, rounding);
    kv_heads_repeat(large, HEADS, small, KV);
    matmul(k_all, x, large);
    Heads heads = {.batch = 1,
                   .n_heads = HEADS,
                   .n_kv_heads = KV,
                   .scale = attention_scale(DIM),
                   .mask = {.causal = true}};
    attend_heads(gqa, (Mat){0}, q, k, k, &heads);
    heads.n_kv_heads = HEADS;
    attend_heads(mha, (Mat){0}, q, k_all, k_all, &heads);
    claim_near(lab, "2.18", "GQA - MHA with repeated heads, largest", 0,
               mat_difference(gqa, mha), rounding);
    Mat all[] = {x, w, small, large, q, k, k_all, gqa, mha};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
}

// What caches occupy, in MiB; returns how many differ from the formula.
static long long print_caches(Lab *lab) {
    const int kinds[] = {HEADS, 2, 1};
    long long off = 0;
    lab_print(lab, "%d layers, %d heads of %d: MiB allocated", LAYERS, HEADS, DIM);
    lab_print(lab, "%8s %12s %12s %12s", "tokens", "8 kv heads", "2 kv heads",
              "1 kv head");
    for (int t = 64; t <= LONGEST; t *= 4) {
        double mib[3];
        for (int i = 0; i < 3; i++) {
            KvCache cache = kv_cache_new(LAYERS, 1, kinds[i], DIM, t);
            off += cache.bytes
                   != t * kv_cache_bytes_per_token(LAYERS, kinds[i], DIM, sizeof(real));
            mib[i] = (double)cache.bytes / 0x1p20;
            kv_cache_free(&cache);
        }
        lab_print(lab, "%8d %12g %12g %12g", t, mib[0], mib[1], mib[2]);
    }
    return off;
}

static void run(Lab *lab) {
    int T = (int)option_int(&lab->args, "tokens", 3, 4096);
    Rng rng = lab->rng;
    // Sums of d products and of T weighted values, up to 5, in another order: T + d
    // roundings of 2^-24 that know nothing of each other.
    double rounding = 5 * sqrt(T + DIM) * 0x1p-24;
    claim_near(lab, "2.16", "MHA, RoPE: a token at a time - full pass", 0,
               cache_error(&rng, T, HEADS), rounding);
    claim_near(lab, "2.16", "GQA, 2 kv heads", 0, cache_error(&rng, T, 2), rounding);
    claim_near(lab, "2.16", "MQA, 1 kv head", 0, cache_error(&rng, T, 1), rounding);
    claim_equal(lab, "2.17", "caches whose bytes are not the formula's", 0,
                print_caches(lab));
    claim_equal(lab, "2.17", "Llama 2 7B, fp16: bytes per token", 524288,
                (long long)kv_cache_bytes_per_token(32, 32, 128, 2));
    claim_equal(lab, "2.17", "Llama 2 70B, 8 kv heads of 64: bytes per token", 327680,
                (long long)kv_cache_bytes_per_token(80, 8, 128, 2));
    claim_conversion(lab, &rng, T);
}

const LabSpec lab_kv_cache = {"kv-cache", "2.4",
                              "The KV cache: the same outputs, and what it occupies",
                              run, options};
