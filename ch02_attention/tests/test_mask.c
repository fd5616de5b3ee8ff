// Masks against their definition, key by key; sequences of a batch; and sizes at the end
// of what an int can say.
#include <criterion/criterion.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "ch02_attention/sparse.h"
#include "ch02_attention/tests/cases.h"
#include "ch02_attention/tests/reference.h"

static void check_row(const Mask *mask, int T, int S, int i) {
    KeyRange r = mask_range(mask, T, S, i);
    Mat row = mat_new(1, S);
    mask_row(row.at, 0, S, mask, T, S, i);
    int seen = 0;
    cr_assert(0 <= r.first && r.first <= r.end && r.end <= S);
    for (int j = 0; j < S; j++) {
        bool sees = reference_sees(mask, 0, T, S, i, j);
        cr_assert_eq(mask_sees(mask, T, S, i, j), sees, "%d of %d, %d of %d", i, T, j,
                     S);
        cr_assert_eq(row.at[j], sees ? 0 : -INFINITY);
        cr_assert(!sees || (r.first <= j && j < r.end), "outside of its range");
        seen += sees;
    }
    cr_assert_eq(mask_count(mask, T, S, i), seen);
    // a stretch of the row is the stretch of the row
    if (S > 4) {
        Mat part = mat_new(1, S - 3);
        mask_row(part.at, 2, S - 3, mask, T, S, i);
        cr_assert_eq(memcmp(part.at, row.at + 2, (size_t)(S - 3) * sizeof(real)), 0);
        mat_free(part);
    }
    mat_free(row);
}

static void check_mask(int T, int S, int d, const Mask *mask, Rng *rng) {
    (void)rng, (void)d;
    Mat scores = mat_new(T, S);
    mask_scores(scores, mask);
    for (int i = 0; i < T; i++) {
        check_row(mask, T, S, i);
        for (int j = 0; j < S; j++)
            cr_assert_eq(*mat_at(scores, i, j) == 0, mask_sees(mask, T, S, i, j));
        if (i == 0) continue;
        KeyRange before = mask_range(mask, T, S, i - 1), r = mask_range(mask, T, S, i);
        cr_assert(before.first <= r.first && before.end <= r.end,
                  "a later query's keys neither begin nor end earlier");
    }
    mat_free(scores);
}

Test(mask, is_its_definition) { every_case(check_mask); }

Test(mask, names_are_one_a_kind) {
    for (int k = 0; k < MASK_KINDS; k++)
        for (int other = 0; other < k; other++)
            cr_assert(mask_names[k] && strcmp(mask_names[k], mask_names[other]) != 0);
    cr_assert(!mask_names[MASK_KINDS]);
    cr_assert_str_eq(mask_names[MASK_PREFIX], "prefix");
}

Test(mask, pairs_of_a_causal_window) {  // N W - W (W - 1) / 2
    int pairs = 0, N = 37, W = 5;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            Mask mask = {.causal = true, .window = W};
            pairs += mask_sees(&mask, N, N, i, j);
            cr_assert_eq(mask_sees(&mask, N, N, i, j),
                         sparse_sees((SparsePattern){W, 1}, i, j));
        }
    cr_assert_eq(pairs, N * W - W * (W - 1) / 2);
}

Test(mask, of_each_sequence_of_a_batch) {
    enum { B = 3, T = 4, S = 6 };
    const int lengths[B] = {6, 0, 3}, prefixes[B] = {0, 5, 3};
    unsigned char allowed[B * T * S];
    for (int i = 0; i < B * T * S; i++) allowed[i] = i * 7 % 5 < 3;
    const Mask masks[] = {{.key_lengths = lengths},
                          {.prefixes = prefixes},
                          {.prefixes = prefixes, .key_lengths = lengths},
                          {.allowed = allowed, .allowed_step = T * S},
                          {.allowed = allowed + T * S}};
    for (size_t m = 0; m < sizeof masks / sizeof *masks; m++)
        for (int b = 0; b < B; b++) {
            Mask mask = mask_of_sequence(&masks[m], b);
            for (int i = 0; i < T; i++)
                for (int j = 0; j < S; j++)
                    cr_assert_eq(mask_sees(&mask, T, S, i, j),
                                 reference_sees(&masks[m], b, T, S, i, j),
                                 "mask %zu, sequence %d: %d, %d", m, b, i, j);
        }
}

// Any number but 0 allows.
Test(mask, a_table_of_any_numbers) {
    static const unsigned char allowed[] = {0, 1, 2, 128, 255, 0};
    Mask mask = {.allowed = allowed};
    Mat scores = mat_new(1, 6);
    mask_scores(scores, &mask);
    for (int j = 0; j < 6; j++) {
        cr_expect_eq(mask_sees(&mask, 1, 6, 0, j), allowed[j] != 0);
        cr_expect_eq(*mat_at(scores, 0, j) == 0, allowed[j] != 0);
    }
    cr_expect_eq(mask_count(&mask, 1, 6, 0), 4);
    mat_free(scores);
}

// Nothing is allocated: counts alone.
Test(mask, sizes_at_the_end_of_int) {
    const int most = INT_MAX;
    Mask wide = {.window = INT_MAX}, causal = {.causal = true, .window = INT_MAX};
    cr_assert_eq(mask_count(&wide, most, most, most - 1), most);
    cr_assert_eq(mask_count(&wide, most, most, 0), most);
    cr_assert_eq(mask_count(&causal, most, most, most - 1), most);
    cr_assert_eq(mask_count(&causal, most, most, 5), 6);
    cr_assert_eq(mask_count(&(Mask){.window = 1 << 30}, most, most, 0), 1 << 30);
    cr_assert_eq(mask_count(&(Mask){.window = 2}, most, most, most - 1), 2);
    const int prefix = INT_MAX;
    cr_assert_eq(mask_count(&(Mask){.prefixes = &prefix}, 10, 10, 3), 10);
}
