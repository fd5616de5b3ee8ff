#include "ch03_transformer/clip.h"

#include <math.h>
#include <stdlib.h>

#include "ch03_transformer/parallel.h"
#include "common/error.h"
#include "common/numeric/vec.h"

enum { NORM_BLOCK = 1 << 14 };

// The sum of n squares. A real's squares overflow from 2^64 on and vanish below 2^-63;
// both are rare, and then double has the room.
static double squares_sum(const real *g, size_t n) {
    double sum = (double)array_dot(g, g, n);
    if (isfinite(sum) && sum > 1e-30) return sum;
    sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)g[i] * (double)g[i];
    return sum;
}

double params_grad_norm(const Params *p) {
    size_t blocks = (p->grad_size + NORM_BLOCK - 1) / NORM_BLOCK;
    double *squares = allocate(blocks, sizeof *squares), sum = 0;
#pragma omp parallel for if (worth_threads_for(p->grad_size))
    for (size_t b = 0; b < blocks; b++) {
        const real *g = p->grads + b * NORM_BLOCK;
        size_t n = b + 1 < blocks ? NORM_BLOCK : p->grad_size - b * NORM_BLOCK;
        squares[b] = squares_sum(g, n);
    }
    for (size_t b = 0; b < blocks; b++) sum += squares[b];
    free(squares);
    return sqrt(sum);
}

static void scale_grads(Params *p, real factor) {
#pragma omp parallel for simd if (worth_threads_for(p->grad_size))
    for (size_t i = 0; i < p->grad_size; i++) p->grads[i] *= factor;
}

double clip_factor(double norm, double most) {
    return norm > most && isfinite(norm) ? most / norm : 1;
}

void params_shorten(Params *p, double norm, double most) {
    double factor = clip_factor(norm, most);
    if (factor == 1) return;
    // A float below 2^-126 has few digits: then in two steps, the first of them exact.
    if (factor < 0x1p-100) scale_grads(p, (real)0x1p-64), factor *= 0x1p64;
    scale_grads(p, (real)factor);
}

double params_clip(Params *p, double most) {
    double norm = params_grad_norm(p);
    params_shorten(p, norm, most);
    return norm;
}
