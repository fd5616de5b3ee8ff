// The KV cache: any way of cutting a text into steps gives the outputs of one causal
// pass; bytes; and what must be seen.
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "ch02_attention/kerple.h"
#include "ch02_attention/kv_cache.h"
#include "ch02_attention/tests/reference.h"

enum { B = 2, H = 6, D = 4, T = 150 };

static Mat time_rows(Mat m, int first, int count) {  // of a batch: gathered
    Mat part = mat_new(B * count, m.cols);
    for (int b = 0; b < B; b++)
        mat_copy(mat_rows(part, b * count, count), mat_rows(m, b * T + first, count));
    return part;
}

// The largest difference to one pass over everything; `position` for the pass and
// `cached_position` for the steps.
static double cache_error(int kv, const Mask *mask, const Position *position,
                          const Position *cached_position, int prefill, int step) {
    Rng rng = rng_new(1);
    Mat q = random_mat(&rng, B * T, H * D, 1), k = random_mat(&rng, B * T, kv * D, 1),
        v = random_mat(&rng, B * T, kv * D, 1), full = mat_new(B * T, H * D);
    Heads heads = {B, H, kv, attention_scale(D), *mask, position};
    KvCache cache = kv_cache_new(3, B, kv, D, T);
    double worst = 0;
    attend_heads(full, (Mat){0}, q, k, v, &heads);
    heads.position = cached_position;
    for (int t = 0, count = prefill; t < T;
         t += count, count = step < T - t ? step : T - t) {
        Mat parts[] = {time_rows(q, t, count), time_rows(k, t, count),
                       time_rows(v, t, count), time_rows(full, t, count),
                       mat_new(B * count, H * D)};
        for (int layer = 0; layer < 3; layer += 2) {
            attend_cached(parts[4], parts[0], parts[1], parts[2], &cache, layer,
                          &heads);
            worst = fmax(worst, mat_difference(parts[3], parts[4]));
        }
        for (int i = 0; i < 5; i++) mat_free(parts[i]);
    }
    cr_assert(cache.time[0] == T && cache.time[1] == 0 && cache.time[2] == T);
    kv_cache_free(&cache);
    mat_free(q), mat_free(k), mat_free(v), mat_free(full);
    return worst;
}

Test(kv_cache, steps_give_the_outputs_of_one_pass) {
    Rng rng = rng_new(2);
    Mat slopes = random_mat(&rng, 1, H, 0.2), buckets = random_mat(&rng, H, 8, 1),
        rates = random_mat(&rng, H, 2, 0.5);
    Position positions[] = {position_new_none(),
                            position_new_rope((Rope){.dim = D, .base = 100}, T),
                            position_new_xpos(D, T, 100, ROPE_INTERLEAVED),
                            position_new_alibi(H, slopes),
                            position_new_t5(buckets, 30, true),
                            position_new_kerple(rates)};
    enum { POSITIONS = sizeof positions / sizeof *positions };
    const Mask masks[] = {{.causal = true}, {.causal = true, .window = 7}};
    const int cuts[][2] = {{1, 1}, {50, 1}, {T, 1}, {3, 13}, {149, 1}};
    // Values up to 5; a score up to 20 whose roundings (some 20) a weight multiplies; T
    // roundings of a sum.
    double tolerance = 5 * (400 + T) * REAL_EPS;
    for (int kv = 1; kv <= H; kv += kv == 2 ? 4 : 1)
        for (int p = 0; p < POSITIONS; p++)
            for (int m = 0; m < 2; m++)
                for (int c = 0; c < 5; c++) {
                    double off = cache_error(kv, &masks[m], &positions[p],
                                             &positions[p], cuts[c][0], cuts[c][1]);
                    cr_assert(off <= tolerance,
                              "%d kv heads, %s, mask %d, steps %d, %d: %g", kv,
                              position_name(positions[p].kind), m, cuts[c][0],
                              cuts[c][1], off);
                    cr_assert(off <= (sizeof(real) == 4 ? 2e-6 : 1e-14), "%g", off);
                }
    // The mutation: keys cached without turning them must be seen.
    cr_assert(cache_error(2, &masks[0], &positions[1], &positions[0], 50, 1) > 1e-2);
    for (int p = 0; p < POSITIONS; p++) position_free(&positions[p]);
    mat_free(slopes), mat_free(buckets), mat_free(rates);
}

// Each sequence has its own padding and its own prefix. A step sees only what is there,
// so that a prefix must come in one piece.
Test(kv_cache, each_sequence_has_its_own_mask) {
    const int lengths[B] = {T, 61}, swapped[B] = {61, T}, prefixes[B] = {20, 3};
    const Mask masks[] = {{.causal = true, .key_lengths = lengths},
                          {.causal = true, .key_lengths = swapped, .window = 90},
                          {.prefixes = prefixes},
                          {.prefixes = prefixes, .key_lengths = lengths}};
    Position rope = position_new_rope((Rope){.dim = D, .base = 100}, T);
    double tolerance = 5 * (400 + T) * REAL_EPS;
    for (int kv = 1; kv <= H; kv += 5)
        for (int m = 0; m < 4; m++)
            for (int step = 1; step <= 13; step += 12) {
                double off = cache_error(kv, &masks[m], &rope, &rope, 20, step);
                cr_assert(off <= tolerance, "%d kv heads, mask %d, step %d: %g", kv, m,
                          step, off);
            }
    position_free(&rope);
}

// Neighbouring layers of two sequences, each with its own tokens: what one cache gives is
// what a cache by itself would.
Test(kv_cache, layers_and_sequences_do_not_meet) {
    enum { LAYERS = 3, STEPS = 5, KV = 2 };
    Rng rng = rng_new(8);
    KvCache all = kv_cache_new(LAYERS, B, KV, D, STEPS), own[LAYERS];
    for (int l = 0; l < LAYERS; l++) own[l] = kv_cache_new(1, B, KV, D, STEPS);
    Heads heads = {B, H, KV, attention_scale(D), {.causal = true}, NULL};
    for (int t = 0; t < STEPS; t++)
        for (int l = 0; l < LAYERS; l++) {
            Mat q = random_mat(&rng, B, H * D, 1), k = random_mat(&rng, B, KV * D, 1),
                v = random_mat(&rng, B, KV * D, 1), out = mat_new(B, H * D),
                want = mat_new(B, H * D);
            attend_cached(out, q, k, v, &all, l, &heads);
            attend_cached(want, q, k, v, &own[l], 0, &heads);
            cr_assert_eq(mat_difference(out, want), 0, "token %d, layer %d", t, l);
            Mat used[] = {q, k, v, out, want};
            for (int i = 0; i < 5; i++) mat_free(used[i]);
        }
    for (int l = 0; l < LAYERS; l++) kv_cache_free(&own[l]);
    kv_cache_free(&all);
}

Test(kv_cache, bytes) {
    for (int kv = 1; kv <= 8; kv *= 2) {
        KvCache c = kv_cache_new(5, 1, kv, 16, 33);
        cr_assert_eq(c.bytes, 33 * kv_cache_bytes_per_token(5, kv, 16, sizeof(real)));
        cr_assert_eq(c.bytes, 2 * (size_t)c.keys.rows * 16 * sizeof(real));
        kv_cache_free(&c);
    }
    cr_assert_eq(kv_cache_bytes_per_token(32, 32, 128, 2), 524288);  // Llama 2 7B, fp16
    cr_assert_eq(4096 * kv_cache_bytes_per_token(32, 32, 128, 2), (size_t)2 << 30);
    cr_assert_eq(kv_cache_bytes_per_token(80, 8, 128, 2), 327680);       // 70B
    cr_assert_eq(kv_cache_bytes_per_token(80, 64, 128, 2), 8 * 327680);  // as MHA
}

Test(kv_cache, clear_begins_again) {
    Rng rng = rng_new(3);
    Mat q = random_mat(&rng, 1, 4, 1), out = mat_new(1, 4);
    KvCache c = kv_cache_new(1, 1, 1, 4, 1);
    Heads heads = {.batch = 1,
                   .n_heads = 1,
                   .n_kv_heads = 1,
                   .scale = 1,
                   .mask = {.causal = true}};
    for (int round = 0; round < 2; round++) {
        attend_cached(out, q, q, q, &c, 0, &heads);
        cr_assert_eq(mat_difference(out, q), 0);  // one key: its value
        kv_cache_clear(&c);
    }
    kv_cache_free(&c), mat_free(q), mat_free(out);
}
