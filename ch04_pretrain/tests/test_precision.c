// What sixteen bits keep, and what a loss scale does when they do not.
#include <criterion/criterion.h>
#include <math.h>

#include "ch04_pretrain/precision.h"

Test(precision, values) {
    const struct {
        float x, bf16, fp16;
    } rows[] = {{0, 0, 0},
                {1, 1, 1},
                {-1.5f, -1.5f, -1.5f},
                // half a step from 1: to the even number, 1; and from the next: up
                {1 + 0x1p-8f, 1, 1 + 0x1p-8f},
                {1 + 0x3p-8f, 1 + 0x1p-6f, 1 + 0x3p-8f},
                {1 + 0x1p-11f, 1, 1},
                {1 + 0x3p-11f, 1, 1 + 0x1p-9f},
                // the ends of fp16's range
                {65504, 65536, 65504},
                {65519.99f, 65536, 65504},
                {65520, 65536, INFINITY},
                {-65520, -65536, -INFINITY},
                {0x1p-24f, 0x1p-24f, 0x1p-24f},
                {0x1p-25f, 0x1p-25f, 0},  // a tie goes to the even number: 0
                {0x1.01p-25f, 0x1p-25f, 0x1p-24f},
                {-0x1p-25f, -0x1p-25f, -0.f},
                {0x1.8p-24f, 0x1.8p-24f, 0x1p-23f},
                {INFINITY, INFINITY, INFINITY}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_assert_eq(round_bf16(rows[i].x), rows[i].bf16, "bf16 of %a: %a", rows[i].x,
                     round_bf16(rows[i].x));
        cr_assert_eq(round_fp16(rows[i].x), rows[i].fp16, "fp16 of %a: %a", rows[i].x,
                     round_fp16(rows[i].x));
    }
    cr_assert(isnan(round_bf16(NAN)) && isnan(round_fp16(NAN)));
    // a NaN whose digits are all beyond bf16's, and one that rounding would carry over
    cr_assert(signbit(round_fp16(-0x1p-30f)), "the sign of a zero stays");
}

// What the table says of each kind is what its function does.
Test(precision, bounds) {
    for (int k = 0; k < PRECISION_KINDS; k++) {
        const PrecisionType *p = &precision_kinds[k];
        float smallest = (float)p->smallest, overflow = (float)p->overflow;
        cr_assert_eq(p->round(smallest), 0, "%s", p->name);
        cr_assert_gt(p->round(nextafterf(smallest, 1)), 0, "%s", p->name);
        cr_assert(isfinite(p->round(nextafterf(overflow, 0))), "%s", p->name);
        cr_assert(isinf(p->round(overflow)), "%s", p->name);
        cr_assert_str_eq(precision_names()[k], p->name);
    }
}

// 1 + 1 + .. stops where the next step is 2: at 2^8 and 2^11.
Test(precision, sums_of_ones) {
    float bf16 = 0, fp16 = 0;
    for (int i = 0; i < 1000; i++) bf16 = round_bf16(bf16 + 1);
    for (int i = 0; i < 5000; i++) fp16 = round_fp16(fp16 + 1);
    cr_assert_eq(bf16, 256);
    cr_assert_eq(fp16, 2048);
}

// A hundred steps of -2^-9: a bf16 weight never moves, its fp32 master goes all the way.
Test(precision, weights_that_never_move) {
    float weight = 1, master = 1;
    for (int i = 0; i < 100; i++) {
        weight = round_bf16(weight - 0x1p-9f);
        master -= 0x1p-9f;
    }
    cr_assert_eq(weight, 1);
    cr_assert_eq(master, 1 - 100 * 0x1p-9f);
    cr_assert_float_eq(round_bf16(master), .8047, .002);
}

// ---- the scale

static Params two_gradients(double a, double b) {
    Params p = {0};
    params_add(&p, 1, 2, constant(0), "w");
    params_allocate(&p), params_allocate_grads(&p);
    p.grads[0] = (real)a, p.grads[1] = (real)b;
    return p;
}

Test(loss_scale, removed_exactly) {
    Params p = two_gradients(3 * 1024, -0.7 * 1024);
    LossScale s = {1024, 0, 2};
    cr_assert(loss_scale_remove(&s, &p));
    cr_assert_eq(p.grads[0], 3);
    cr_assert_eq(p.grads[1], (real)(-0.7 * 1024) / 1024);
    cr_assert_eq(s.scale, 1024);
    cr_assert(loss_scale_remove(&s, &p));
    cr_assert_eq(s.scale, 2048, "two good steps");
    cr_assert_eq(s.good, 0);
    params_free(&p);
}

Test(loss_scale, halved) {
    const double bad[] = {INFINITY, -INFINITY, NAN};
    for (int i = 0; i < 3; i++) {
        Params p = two_gradients(1, bad[i]);
        LossScale s = {1024, 1, 2};
        cr_assert_not(loss_scale_remove(&s, &p));
        cr_assert_eq(s.scale, 512);
        cr_assert_eq(s.good, 0);
        params_free(&p);
    }
}
