#include "ch02_attention/tests/reference.h"

#include <math.h>
#include <stdlib.h>

#include "common/error.h"

bool reference_sees(const Mask *mask, int b, int T, int S, int i, int j) {
    int at = i + S - T;
    if (mask->causal && j > at) return false;
    if (mask->prefixes && j > at && j >= mask->prefixes[b]) return false;
    if (mask->window && abs(j - at) >= mask->window) return false;
    if (mask->key_lengths && j >= mask->key_lengths[b]) return false;
    return !mask->allowed
           || mask->allowed[(size_t)b * mask->allowed_step + (size_t)i * S + j];
}

static Mat turned(Mat m, int heads, int batch, const Position *position, int first,
                  bool is_key) {
    Mat copy = mat_new(m.rows, m.cols);
    mat_copy(copy, m);
    for (int b = 0; b < batch && position; b++)
        position_turn(position, mat_rows(copy, b * (m.rows / batch), m.rows / batch),
                      heads, first, is_key);
    return copy;
}

void reference_heads(Mat out, Mat weights, Mat q, Mat k, Mat v, const Heads *h) {
    int T = q.rows / h->batch, S = k.rows / h->batch, d = q.cols / h->n_heads,
        group = h->n_heads / h->n_kv_heads;
    Mat tq = turned(q, h->n_heads, h->batch, h->position, S - T, false),
        tk = turned(k, h->n_kv_heads, h->batch, h->position, 0, true);
    Mat bias = mat_new(T, S);
    double *s = allocate((size_t)S, sizeof *s);
    for (int b = 0; b < h->batch; b++)
        for (int head = 0; head < h->n_heads; head++) {
            int kv = head / group;
            mat_fill(bias, 0);
            if (h->position) position_bias(h->position, head, bias, S - T, 0);
            for (int i = 0; i < T; i++) {
                double sum = 0, most = -INFINITY;
                for (int j = 0; j < S; j++) {
                    double dot = 0;
                    for (int c = 0; c < d; c++)
                        dot += (double)*mat_at(tq, b * T + i, head * d + c)
                               * *mat_at(tk, b * S + j, kv * d + c);
                    s[j] = reference_sees(&h->mask, b, T, S, i, j)
                               ? h->scale * dot + *mat_at(bias, i, j)
                               : -INFINITY;
                    most = fmax(most, s[j]);
                }
                for (int j = 0; j < S; j++)
                    sum += s[j] = s[j] == -INFINITY ? 0 : exp(s[j] - most);
                for (int j = 0; j < S; j++) {
                    s[j] = sum > 0 ? s[j] / sum : 0;
                    if (weights.at)
                        *mat_at(weights, (b * h->n_heads + head) * T + i, j) =
                            (real)s[j];
                }
                for (int c = 0; c < d; c++) {
                    double o = 0;
                    for (int j = 0; j < S; j++)
                        o += s[j] * *mat_at(v, b * S + j, kv * d + c);
                    *mat_at(out, b * T + i, head * d + c) = (real)o;
                }
            }
        }
    mat_free(tq), mat_free(tk), mat_free(bias), free(s);
}

Mat random_mat(Rng *rng, int rows, int cols, double sd) {
    Mat m = mat_new(rows, cols);
    rng_fill_normal(rng, m, sd);
    return m;
}

double inner_product(Mat a, Mat b) {
    double sum = 0;
    for (int i = 0; i < a.rows; i++)
        for (int j = 0; j < a.cols; j++)
            sum += (double)*mat_at(a, i, j) * *mat_at(b, i, j);
    return sum;
}
