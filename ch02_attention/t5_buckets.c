#include "ch02_attention/t5_buckets.h"

#include <assert.h>
#include <math.h>

#include "ch02_attention/position.h"

int t5_bucket(int distance, int buckets, int furthest, bool causal) {
    assert(buckets >= (causal ? 2 : 4) && buckets % (causal ? 2 : 4) == 0
           && "t5_bucket: number of buckets");
    int ahead = 0;
    if (!causal) {
        buckets /= 2;
        if (distance < 0) ahead = buckets, distance = -distance;
    }
    int exact = buckets / 2;
    assert(furthest > exact
           && "t5_bucket: the furthest distance must be beyond the exact ones");
    if (distance < 0) distance = 0;
    if (distance < exact) return ahead + distance;
    // The small addend: at 16 of 8 buckets and 128 the logarithms' quotient is 2
    // exactly, and must not round to 1.99.
    double place =
        exact * log((double)distance / exact) / log((double)furthest / exact) + 1e-9;
    return ahead + (place < buckets - exact ? exact + (int)place : buckets - 1);
}

// ---- the kind of position

static bool check(const PositionSpec *spec, Error *err) {
    // each way has at least one exact bucket and one that is shared
    int step = spec->causal ? 2 : 4, exact = spec->buckets / step;
    if (spec->buckets < step || spec->buckets % step || spec->furthest <= exact)
        return error_set(err,
                         "T5's buckets must be a multiple of %d, and the furthest "
                         "distance above %d",
                         step, exact);
    return true;
}

static PositionParameters parameters(const PositionSpec *spec) {
    return (PositionParameters){"buckets", spec->heads, spec->buckets, 0, 0.02};
}

static int bucket(const Position *p, int distance) {
    return t5_bucket(distance, p->spec.buckets, p->spec.furthest, p->spec.causal);
}

static void bias(const Position *p, int head, double *values, int least, int count) {
    for (int n = 0; n < count; n++)
        values[n] = *mat_at(p->parameters, head, bucket(p, least + n));
}

static void bias_backward(const Position *p, int head, const double *value_grads,
                          int least, int count, Mat grad) {
    for (int n = 0; n < count; n++)
        *mat_at(grad, head, bucket(p, least + n)) += (real)value_grads[n];
}

const PositionMethods position_t5 = {.place = POSITION_AT_SCORES,
                                     .check = check,
                                     .parameters = parameters,
                                     .bias = bias,
                                     .bias_backward = bias_backward};

Position position_new_t5(Mat buckets, int furthest, bool causal) {
    PositionSpec spec = {POSITION_T5, .heads = buckets.rows, .buckets = buckets.cols,
                         .furthest = furthest, .causal = causal};
    return position_new(&spec, buckets);
}
