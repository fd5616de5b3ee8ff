#include "ch06_flash/tests/reference.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "ch06_flash/dropout_tile.h"
#include "common/error.h"

bool reference_sees(const FlashHead *h, int i, int j) {
    const Mask *m = &h->mask;
    int at = i + h->k.rows - h->q.rows;
    if (m->causal && j > at) return false;
    if (m->prefixes && j > at && j >= *m->prefixes) return false;
    if (m->window && abs(j - at) >= m->window) return false;
    if (m->key_lengths && j >= *m->key_lengths) return false;
    if (m->firsts && (at < 0 || m->firsts[at] != m->firsts[j])) return false;
    return !m->allowed || m->allowed[(size_t)i * (size_t)h->k.rows + (size_t)j];
}

static double score(const FlashHead *h, Mat bias, int i, int j) {
    if (!reference_sees(h, i, j)) return -INFINITY;
    double z = 0;
    for (int c = 0; c < h->q.cols; c++)
        z += (double)*mat_at(h->q, i, c) * *mat_at(h->k, j, c);
    z *= h->scale;
    if (h->softcap) z = h->softcap * tanh(z / h->softcap);
    return z + *mat_at(bias, i, j);
}

// p[j] = the weights of row i; returns L.
static double weigh(double *p, const FlashHead *h, Mat bias, int i) {
    int S = h->k.rows;
    double most = -INFINITY, sum = 0;
    for (int j = 0; j < S; j++) most = fmax(most, p[j] = score(h, bias, i, j));
    for (int j = 0; j < S; j++) sum += p[j] = most == -INFINITY ? 0 : exp(p[j] - most);
    for (int j = 0; j < S; j++) p[j] = sum > 0 ? p[j] / sum : 0;
    return most + log(sum);
}

static Mat bias_of(const FlashHead *h) {
    Mat bias = mat_new(h->q.rows, h->k.rows);
    if (h->position)
        position_bias(h->position, h->number, bias, h->k.rows - h->q.rows, 0);
    return bias;
}

static double keep(const FlashHead *h, int i, int j) {
    return h->dropout.rate > 0 ? dropout_factor(h, i, j) : 1;
}

void reference_attention(Mat out, Mat lse, const FlashHead *h) {
    int S = h->k.rows;
    Mat bias = bias_of(h);
    double *p = allocate((size_t)S, sizeof *p);
    for (int i = 0; i < h->q.rows; i++) {
        *mat_at(lse, i, 0) = (real)weigh(p, h, bias, i);
        for (int c = 0; c < h->v.cols; c++) {
            double o = 0;
            for (int j = 0; j < S; j++) o += p[j] * keep(h, i, j) * *mat_at(h->v, j, c);
            *mat_at(out, i, c) = (real)o;
        }
    }
    mat_free(bias), free(p);
}

// d(capped)/d(product), the soft-cap's part by its definition.
static double slope(const FlashHead *h, int i, int j) {
    double z = 0, t;
    for (int c = 0; c < h->q.cols; c++)
        z += (double)*mat_at(h->q, i, c) * *mat_at(h->k, j, c);
    if (!h->softcap) return h->scale;
    t = cosh(h->scale * z / h->softcap);
    return h->scale / (t * t);
}

void reference_backward(Mat q_grad, Mat k_grad, Mat v_grad, Mat out_grad, Mat lse_grad,
                        const FlashHead *h) {
    int S = h->k.rows;
    Mat bias = bias_of(h);
    double *p = allocate((size_t)S, sizeof *p), *dp = allocate((size_t)S, sizeof *dp);
    for (int i = 0; i < h->q.rows; i++) {
        double mean = 0;
        weigh(p, h, bias, i);
        for (int j = 0; j < S; j++) {
            dp[j] = 0;
            for (int c = 0; c < h->v.cols; c++) {
                double g = *mat_at(out_grad, i, c);
                dp[j] += keep(h, i, j) * g * *mat_at(h->v, j, c);
                *mat_at(v_grad, j, c) += (real)(keep(h, i, j) * p[j] * g);
            }
            mean += p[j] * dp[j];
        }
        for (int j = 0; j < S; j++) {
            double ds =
                p[j] * (dp[j] - mean + *mat_at(lse_grad, i, 0)) * slope(h, i, j);
            for (int c = 0; c < h->q.cols && p[j] > 0; c++) {
                *mat_at(q_grad, i, c) += (real)(ds * *mat_at(h->k, j, c));
                *mat_at(k_grad, j, c) += (real)(ds * *mat_at(h->q, i, c));
            }
        }
    }
    mat_free(bias), free(p), free(dp);
}

Mat random_mat(Rng *rng, int rows, int cols, double sd) {
    Mat m = mat_new(rows, cols);
    rng_fill_normal(rng, m, sd);
    return m;
}

// Scores are sums of d products of size 1, so of size up to 6; d roundings in each, and
// an error of a score is one of the weight, relative; then sums over S keys.
double reference_tolerance(const FlashHead *h) {
    return REAL_EPS * (8 * (h->q.cols + 8) + 4 * (h->k.rows + 8)) * 8;
}

// ---- the cases

// T, S, d, d_v: one, odd numbers, more queries than keys, blocks not filled
static const int shapes[][4] = {{1, 1, 1, 1},   {1, 9, 3, 3},     {9, 1, 2, 2},
                                {5, 5, 4, 4},   {13, 9, 5, 7},    {9, 13, 5, 5},
                                {33, 33, 7, 7}, {17, 64, 32, 32}, {65, 65, 40, 40}};
enum { SHAPES = sizeof shapes / sizeof *shapes, MASKS = 10, EXTRAS = 4, MOST = 65 };

typedef struct {
    unsigned char allowed[MOST * MOST];
    int firsts[MOST], length, none, prefix;
} Room;

static Mask mask_number(int n, const Room *r) {
    switch (n) {
        case 1: return (Mask){.causal = true};
        case 2: return (Mask){.window = 3};
        case 3: return (Mask){.causal = true, .window = 4};
        case 4: return (Mask){.key_lengths = &r->length};
        case 5: return (Mask){.allowed = r->allowed};
        case 6: return (Mask){.causal = true, .firsts = r->firsts};
        case 7: return (Mask){.key_lengths = &r->none};
        case 8: return (Mask){.prefixes = &r->prefix};
        case 9: return (Mask){.causal = true, .window = 20, .key_lengths = &r->length};
        default: return (Mask){0};
    }
}

static void fill_room(Room *r, int T, int S, Rng *rng) {
    for (int i = 0; i < T * S; i++) r->allowed[i] = rng_below(rng, 3) > 0;
    for (int j = 0; j < S && T > 2; j++) r->allowed[2 * S + j] = 0;
    for (int j = 0; j < S; j++) r->firsts[j] = j && j % 5 ? r->firsts[j - 1] : j;
    r->length = S > 2 ? S - S / 3 : S, r->none = 0, r->prefix = S / 2;
}

static void one_shape(const int *shape, void (*check)(const FlashHead *, Rng *),
                      Rng *rng) {
    int T = shape[0], S = shape[1], d = shape[2];
    Room *room = allocate(1, sizeof *room);
    Position alibi = position_new_alibi(3, (Mat){0});
    FlashHead h = {.q = random_mat(rng, T, d, 1),
                   .k = random_mat(rng, S, d, 1),
                   .v = random_mat(rng, S, shape[3], 1),
                   .scale = (real)(1 / sqrt(d)),
                   .number = 1};
    for (int n = 0; n < MASKS; n++)
        for (int extra = 0; extra < EXTRAS; extra++) {
            fill_room(room, T, S, rng);
            // packed documents are for as many queries as keys
            h.mask = mask_number(n == 6 && T != S ? 1 : n, room);
            h.softcap = extra & 1 ? (real)1.5 : 0;
            h.position = extra & 2 ? &alibi : NULL;
            check(&h, rng);
        }
    mat_free(h.q), mat_free(h.k), mat_free(h.v), position_free(&alibi), free(room);
}

void every_head(void (*check)(const FlashHead *h, Rng *rng)) {
    Rng rng = rng_new(1);
    for (int s = 0; s < SHAPES; s++) one_shape(shapes[s], check, &rng);
}
