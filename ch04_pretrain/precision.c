#include "ch04_pretrain/precision.h"

#include <math.h>
#include <string.h>

static float round_fp32(float x) { return x; }

float round_bf16(float x) {
    uint32_t bits;
    if (isnan(x)) return x;
    memcpy(&bits, &x, sizeof bits);
    bits += 0x7fff + (bits >> 16 & 1);  // half a step, and one more from an odd number
    bits &= 0xffff0000u;
    memcpy(&x, &bits, sizeof x);
    return x;
}

float round_fp16(float x) {
    const double OVERFLOW = 65520, STEP_OF_SMALLEST = 0x1p-24;
    double size = fabs((double)x);
    if (!isfinite(x)) return x;
    if (size >= OVERFLOW) return copysignf(INFINITY, x);
    int exponent;
    frexp(size,
          &exponent);  // size = f 2^exponent, 1/2 <= f < 1: steps of 2^(exponent-11)
    double step = fmax(ldexp(1, exponent - 11), STEP_OF_SMALLEST);
    return (float)copysign(rint(size / step) * step, (double)x);
}

const PrecisionType precision_kinds[] = {
    [PRECISION_FP32] = {"fp32", round_fp32, 0x1p-150, 0x1.ffffffp127},
    [PRECISION_BF16] = {"bf16", round_bf16, 0x1p-134, 0x1.ffp127},
    [PRECISION_FP16] = {"fp16", round_fp16, 0x1p-25, 65520},
};
_Static_assert(sizeof precision_kinds / sizeof *precision_kinds == PRECISION_KINDS,
               "a precision without a line in the table");

const char *const *precision_names(void) {
    static const char *names[PRECISION_KINDS + 1];
    for (int i = 0; i < PRECISION_KINDS; i++) names[i] = precision_kinds[i].name;
    return names;
}

void mat_round(Mat m, Precision precision) {
    for (int i = 0; i < m.rows; i++)
        for (int j = 0; j < m.cols; j++)
            *mat_at(m, i, j) =
                (real)precision_kinds[precision].round((float)*mat_at(m, i, j));
}

bool loss_scale_remove(LossScale *s, Params *p) {
    bool finite = true;
    for (size_t i = 0; i < p->grad_size; i++) {
        p->grads[i] = (real)((double)p->grads[i] / s->scale);
        finite &= isfinite(p->grads[i]) != 0;
    }
    if (!finite) s->scale /= 2, s->good = 0;
    else if (++s->good >= s->grow_after) s->scale *= 2, s->good = 0;
    return finite;
}
