// Fewer bytes: what is read back, and how far attention is off.
#include <criterion/criterion.h>
#include <math.h>

#include "ch06_flash/kv_storage.h"
#include "ch06_flash/tests/reference.h"

static double row_largest(Mat m, int i) { return mat_largest(mat_rows(m, i, 1)); }

Test(kv_storage, a_number_is_off_by_no_more_than_is_said) {
    Rng rng = rng_new(1);
    Mat x = random_mat(&rng, 50, 33, 2), back = mat_new(50, 33);
    mat_fill(mat_rows(x, 7, 1), 0);
    const size_t bytes[] = {4 * 50 * 33, 2 * 50 * 33, 50 * 33 + 4 * 50};
    for (int kind = 0; kind < STORAGE_KINDS; kind++) {
        Stored s = stored_new((StorageKind)kind, x);
        cr_assert_eq(s.bytes, bytes[kind]);
        stored_read(back, &s, 0);
        double worst = 0;
        for (int i = 0; i < 50; i++) {
            double off = mat_difference(mat_rows(x, i, 1), mat_rows(back, i, 1)),
                   most = stored_error((StorageKind)kind, row_largest(x, i));
            cr_assert(off <= most, "%s, row %d: %g > %g", storage_names[kind], i, off,
                      most);
            if (most > 0) worst = fmax(worst, off / most);
        }
        // a bound that is nearly reached, where anything is rounded at all
        cr_assert(kind == STORAGE_FP32 || worst > 0.3, "%s: %g of the bound",
                  storage_names[kind], worst);
        Mat two = mat_new(2, 33);
        stored_read(two, &s, 20);
        cr_assert_eq(mat_difference(two, mat_rows(back, 20, 2)), 0);
        stored_free(&s), mat_free(two);
    }
    mat_free(x), mat_free(back);
}

Test(kv_storage, attention_is_that_of_the_numbers_read_back) {
    enum { T = 3, S = 300, D = 20 };
    Rng rng = rng_new(2);
    FlashHead h = {.q = random_mat(&rng, T, D, 1),
                   .k = random_mat(&rng, S, D, 1),
                   .v = random_mat(&rng, S, D, 1),
                   .scale = (real)(1 / sqrt(D))};
    Mat out = mat_new(T, D), l = mat_new(T, 1), want = mat_new(T, D),
        l_want = mat_new(T, 1), k = h.k, v = h.v;
    h.k = mat_new(S, D), h.v = mat_new(S, D);
    for (int kind = 0; kind < STORAGE_KINDS; kind++) {
        Stored keys = stored_new((StorageKind)kind, k),
               values = stored_new((StorageKind)kind, v);
        stored_read(h.k, &keys, 0), stored_read(h.v, &values, 0);
        reference_attention(want, l_want, &h);
        stored_attention(out, l, h.q, h.scale, &keys, &values);
        cr_assert(mat_difference(out, want) <= reference_tolerance(&h));
        cr_assert(mat_difference(l, l_want) <= reference_tolerance(&h));
        stored_free(&keys), stored_free(&values);
    }
    Mat all[] = {h.q, h.k, h.v, k, v, out, l, want, l_want};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
}
