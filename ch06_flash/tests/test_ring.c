// Keys that go round: the whole's output, and what it costs.
#include <criterion/criterion.h>
#include <stdlib.h>

#include "ch06_flash/ring.h"
#include "ch06_flash/tests/reference.h"

enum { N = 48, D = 5, D_V = 3 };

// The slowest, round by round, from positions alone.
static long long longest_by_pairs(RingOrder order, int devices, bool causal) {
    int own = N / devices, at[N];
    long long sum = 0;
    for (int p = 0; p < devices; p++)
        ring_positions(order, N, devices, p, at + p * own);
    for (int round = 0; round < devices; round++) {
        long long most = 0;
        for (int p = 0; p < devices; p++) {
            const int *keys = at + (p + devices - round) % devices * own;
            long long pairs = 0;
            for (int i = 0; i < own; i++)
                for (int j = 0; j < own; j++)
                    pairs += !causal || keys[j] <= at[p * own + i];
            most = pairs > most ? pairs : most;
        }
        sum += most;
    }
    return sum;
}

Test(ring, any_order_is_the_whole) {
    Rng rng = rng_new(1);
    FlashHead h = {.q = random_mat(&rng, N, D, 1),
                   .k = random_mat(&rng, N, D, 1),
                   .v = random_mat(&rng, N, D_V, 1),
                   .scale = (real)0.5};
    Mat out = mat_new(N, D_V), l = mat_new(N, 1), want = mat_new(N, D_V),
        l_want = mat_new(N, 1);
    for (int causal = 0; causal < 2; causal++) {
        h.mask.causal = causal;
        reference_attention(want, l_want, &h);
        for (int order = 0; order < RING_KINDS; order++)
            for (int devices = 1; devices <= 6; devices++) {
                if (N % (2 * devices)) continue;
                RingCost c = ring_attention(out, l, h.q, h.k, h.v, h.scale, causal,
                                            (RingOrder)order, devices);
                cr_assert(mat_difference(out, want) <= reference_tolerance(&h));
                cr_assert(mat_difference(l, l_want) <= reference_tolerance(&h));
                cr_assert_eq(c.sent, (devices - 1) * N * (D + D_V));
                cr_assert_eq(c.pairs, causal ? N * (N + 1) / 2 : N * N);
                cr_assert_eq(c.longest,
                             longest_by_pairs((RingOrder)order, devices, causal));
                cr_assert(!causal
                          || c.longest == ring_longest((RingOrder)order, N, devices));
            }
    }
    Mat all[] = {h.q, h.k, h.v, out, l, want, l_want};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
}

Test(ring, every_token_is_somewhere_once) {
    for (int order = 0; order < RING_KINDS; order++)
        for (int devices = 1; devices <= 6; devices++) {
            int seen[N] = {0}, at[N];
            if (N % (2 * devices)) continue;
            for (int p = 0; p < devices; p++) {
                ring_positions((RingOrder)order, N, devices, p, at);
                for (int i = 0; i < N / devices; i++) {
                    cr_assert(i == 0 || at[i] > at[i - 1]);
                    seen[at[i]]++;
                }
            }
            for (int i = 0; i < N; i++) cr_assert_eq(seen[i], 1);
        }
}
