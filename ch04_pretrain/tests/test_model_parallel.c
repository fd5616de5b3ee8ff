// Layers in pieces against the whole, and pipelines against schedules drawn by hand.
#include <criterion/criterion.h>
#include <math.h>

#include "ch04_pretrain/pipeline.h"
#include "ch04_pretrain/split_linear.h"
#include "common/numeric/rng.h"

static void half(Mat m) {
    for (int i = 0; i < m.rows; i++)
        for (int k = 0; k < m.cols; k++)
            *mat_at(m, i, k) = (real)tanh((double)*mat_at(m, i, k));
}

// More pieces than fit evenly, against the definition.
Test(split_linear, pieces) {
    Rng rng = rng_new(1);
    Mat x = mat_new(5, 7), a = mat_new(7, 11), b = mat_new(11, 4), h = mat_new(5, 11),
        y = mat_new(5, 4), to = mat_new(5, 11), out = mat_new(5, 4);
    rng_fill_normal(&rng, x, 1), rng_fill_normal(&rng, a, 1),
        rng_fill_normal(&rng, b, 1);
    matmul_naive(h, x, a);
    double e = sizeof(real) == 8 ? 1e-13 : 1e-5;
    for (int pieces = 1; pieces <= 4; pieces++) {
        for (int rows = 0; rows < 2; rows++) {
            (rows ? linear_by_rows : linear_by_columns)(to, x, a, pieces);
            for (int i = 0; i < 5; i++)
                for (int k = 0; k < 11; k++)
                    cr_assert_float_eq(*mat_at(to, i, k), *mat_at(h, i, k), e);
        }
        Mat f = mat_new(5, 11);
        mat_copy(f, h), half(f), matmul_naive(y, f, b), mat_free(f);
        feed_forward_split(out, x, a, b, half, pieces);
        for (int i = 0; i < 5; i++)
            for (int k = 0; k < 4; k++)
                cr_assert_float_eq(*mat_at(out, i, k), *mat_at(y, i, k), e);
    }
    mat_free(x), mat_free(a), mat_free(b), mat_free(h), mat_free(y), mat_free(to);
    mat_free(out);
}

// Two stages, two parts, 1 forward and 2 backward:
//     F0 F1 .  .  B1 B1 B0 B0 .        stage 1 ends F1 at 3, B1 at 5, B0 at 7; stage 0 B1 at 7, B0 at 9
//     .  F0 F1 B1 B1 B0 B0 .  .
Test(pipeline, by_hand) {
    PipelineRun r = pipeline_run(PIPELINE_GPIPE, 2, 2, 1, 2);
    cr_assert_eq(r.time, 9);
    cr_assert_float_eq(r.bubble, 1.0 / 3, 1e-15);
    cr_assert_eq(r.held, 2);
    // 1f1b:  F0 F1 .  B0 B0 .  B1 B1        F0 at 2 on stage 1, B0 to 4; F1 to 5, B1 to 7
    //        .  F0 B0 B0 F1 B1 B1
    r = pipeline_run(PIPELINE_1F1B, 2, 2, 1, 2);
    cr_assert_eq(r.time, 9);
    cr_assert_eq(r.held, 2);
    r = pipeline_run(PIPELINE_1F1B, 2, 9, 1, 2);
    cr_assert_eq(r.held, 2);
}

Test(pipeline, one_stage_has_no_bubble) {
    for (int kind = 0; kind < PIPELINE_KINDS; kind++) {
        PipelineRun r = pipeline_run((PipelineKind)kind, 1, 5, 1, 2);
        cr_assert(r.time == 15 && r.bubble == 0);
    }
}
