#include "ch02_attention/t5_buckets.h"

#include <assert.h>
#include <math.h>

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
