#include "ch02_attention/alibi.h"

#include <assert.h>
#include <math.h>

void alibi_slopes(Mat slopes) {
    assert(slopes.rows == 1 && "alibi_slopes: slopes are 1 x heads");
    int heads = slopes.cols, power = 1;
    while (power * 2 <= heads) power *= 2;
    for (int h = 0; h < heads; h++) {
        double exponent =
            h < power ? 8.0 * (h + 1) / power : 4.0 * (2 * (h - power) + 1) / power;
        *mat_at(slopes, 0, h) = (real)exp2(-exponent);
    }
}

double alibi_weight(double slope, int n, int s) {
    return exp(-slope * s) * expm1(-slope) / expm1(-slope * n);
}

// sum s e^-ms / sum e^-ms over s = 0 .. n-1: the endless mean, less what lies beyond n.
double alibi_mean_distance(double slope, int n) {
    return 1 / expm1(slope) - n / expm1(slope * n);
}
