// Sixteen bits: what fp16 and bf16 keep of a number. Lecture, section 4.13.
//
//              sign  exponent  significand    largest     smallest normal   steps around 1
//     fp32      1       8         23          3.4e38      1.2e-38           2^-23
//     bf16      1       8          7          3.4e38      1.2e-38           2^-7
//     fp16      1       5         10          65504       6.1e-5            2^-10
//
// bf16 has fp32's range and three digits fewer; fp16 has more digits and no range: what
// is at most 2^-25 becomes 0, what is 65520 or more infinite. So gradients in fp16 are
// multiplied by a scale before they are rounded, and the weights that small steps are
// added to stay in fp32: in bf16, 1 + 2^-8 is 1.
//
// Numbers are rounded to the nearest, of two as near ones to the even one.
#pragma once
#include <stdint.h>

#include "ch03_transformer/params.h"

typedef enum {
    PRECISION_FP32,
    PRECISION_BF16,
    PRECISION_FP16,
    PRECISION_KINDS
} Precision;

typedef struct {
    const char *name;
    float (*round)(float x);
    double smallest;  // positive number that is not rounded to 0 (exclusive bound)
    double overflow;  // and the least that becomes infinite
} PrecisionType;
extern const PrecisionType precision_kinds[];
const char *const *precision_names(void);  // ends with NULL

float round_bf16(float x);
float round_fp16(float x);
void mat_round(Mat m, Precision precision);

// ---- loss scaling: Micikevicius et al. (2017), arXiv:1710.03740, section 3.2
//
//     g = grad(scale loss) / scale       a power of two: nothing is lost but range
//     overflow: no step at all, scale / 2;  `grow_after` good steps in a row: scale x 2
typedef struct {
    double scale;
    int good, grow_after;
} LossScale;

// Divides by the scale, before anything looks at the gradients' length. false: a number
// is not finite; the scale is halved, and the step must not be taken.
bool loss_scale_remove(LossScale *s, Params *p);
