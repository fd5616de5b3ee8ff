#include "ch03_transformer/deepnorm.h"

#include <math.h>

DeepNorm deepnorm(int encoder_layers, int decoder_layers, bool of_decoder) {
    double n = encoder_layers, m = decoder_layers;
    if (m == 0) return (DeepNorm){pow(2 * n, 0.25), pow(8 * n, -0.25)};
    if (n == 0) return (DeepNorm){pow(2 * m, 0.25), pow(8 * m, -0.25)};
    if (of_decoder) return (DeepNorm){pow(3 * m, 0.25), pow(12 * m, -0.25)};
    return (DeepNorm){0.81 * pow(n * n * n * n * m, 1.0 / 16),
                      0.87 * pow(n * n * n * n * m, -1.0 / 16)};
}
