#include "ch06_flash/exact.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"

// The finished scores of query i, and the largest of them.
static double scores_of(double *s, const FlashHead *h, Mat bias, int i) {
    double most = -INFINITY;
    for (int j = 0; j < h->k.rows; j++) {
        double z = 0;
        for (int c = 0; c < h->q.cols; c++)
            z += (double)*mat_at(h->q, i, c) * *mat_at(h->k, j, c);
        z *= h->scale;
        if (h->softcap) z = h->softcap * tanh(z / h->softcap);
        s[j] = mask_sees(&h->mask, h->q.rows, h->k.rows, i, j) ? z + *mat_at(bias, 0, j)
                                                               : -INFINITY;
        most = fmax(most, s[j]);
    }
    return most;
}

void exact_attention(double *out, double *lse, const FlashHead *h) {
    int keys = h->k.rows, d = h->v.cols;
    double *s = allocate((size_t)keys, sizeof *s);
    Mat bias = mat_new(1, keys);
    memset(out, 0, (size_t)h->q.rows * (size_t)d * sizeof *out);
    for (int i = 0; i < h->q.rows; i++) {
        mat_fill(bias, 0);
        if (h->position)
            position_bias(h->position, h->number, bias, i + keys - h->q.rows, 0);
        double most = scores_of(s, h, bias, i), sum = 0;
        for (int j = 0; j < keys && most > -INFINITY; j++) sum += exp(s[j] - most);
        lse[i] = most + log(sum);
        for (int j = 0; j < keys && most > -INFINITY; j++)
            for (int c = 0; c < d; c++)
                out[(size_t)i * d + c] += exp(s[j] - lse[i]) * *mat_at(h->v, j, c);
    }
    free(s), mat_free(bias);
}

void exact_query_grad(double *q_grad, const FlashHead *h, Mat out_grad) {
    int keys = h->k.rows, d = h->q.cols, d_v = h->v.cols;
    assert(h->q.rows == 1 && !h->softcap && !h->position && "exact_query_grad: plain");
    double *s = allocate((size_t)keys, sizeof *s),
           *out = allocate((size_t)d_v, sizeof *out), lse, mean = 0;
    Mat none = mat_new(1, keys);
    scores_of(s, h, none, 0);
    exact_attention(out, &lse, h);
    for (int c = 0; c < d_v; c++) mean += out[c] * *mat_at(out_grad, 0, c);
    memset(q_grad, 0, (size_t)d * sizeof *q_grad);
    for (int j = 0; j < keys; j++) {
        double dp = 0;
        for (int c = 0; c < d_v; c++)
            dp += (double)*mat_at(h->v, j, c) * *mat_at(out_grad, 0, c);
        double ds = s[j] == -INFINITY ? 0 : exp(s[j] - lse) * (dp - mean);
        for (int c = 0; c < d; c++) q_grad[c] += h->scale * ds * *mat_at(h->k, j, c);
    }
    free(s), free(out), mat_free(none);
}
