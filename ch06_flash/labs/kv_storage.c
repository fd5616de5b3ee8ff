// Keys and values in two bytes and in one: how far the output is off, and how far it
// should be. Lecture, section 6.10.
#include "ch06_flash/kv_storage.h"

#include <math.h>

#include "ch06_flash/labs/heads.h"
#include "common/program/plot.h"

static const Option options[] = {{"keys", "512", "N"}, {"dim", "64", "d"}, {0}};

enum { QUERIES = 32 };

// A rounding error is spread evenly over one step: its variance is step^2 / 12.
static double variance(StorageKind kind, double x, double largest) {
    int exponent;
    frexp(x, &exponent);
    switch (kind) {
        case STORAGE_FP32: return 0;
        case STORAGE_BF16: return x == 0 ? 0 : pow(4, exponent - 8) / 12;
        case STORAGE_INT8: return largest / 127 * largest / 127 / 12;
        case STORAGE_KINDS: break;
    }
    return NAN;
}

// To first order o^ - o = sum_j P_j (s^_j - s_j) (v_j - o) + sum_j P_j (v^_j - v_j),
// and all roundings are independent: the mean over outputs of its variance. scores: of
// each key by the query, sum_c (scale q_c)^2 times the variance of k_jc.
static double predicted(const FlashHead *h, StorageKind kind, Mat out, Mat lse) {
    double sum = 0;
    for (int i = 0; i < QUERIES; i++)
        for (int j = 0; j < h->k.rows; j++) {
            double s = 0, moved = 0, k_most = mat_largest(mat_rows(h->k, j, 1)),
                   v_most = mat_largest(mat_rows(h->v, j, 1));
            for (int c = 0; c < h->q.cols; c++) {
                double q = h->scale * *mat_at(h->q, i, c), k = *mat_at(h->k, j, c);
                s += q * k, moved += q * q * variance(kind, k, k_most);
            }
            double p = exp(s - *mat_at(lse, i, 0));
            for (int c = 0; c < h->v.cols; c++) {
                double v = *mat_at(h->v, j, c), away = v - *mat_at(out, i, c);
                sum += p * p * (moved * away * away + variance(kind, v, v_most));
            }
        }
    return sqrt(sum / QUERIES / h->v.cols);
}

typedef struct {
    double error, predicted;  // root of the mean square, over all outputs
    long long bytes;
} Result;

static Result measure(const FlashHead *h, StorageKind kind, Mat want, Mat want_lse) {
    Mat q = mat_rows(h->q, 0, QUERIES), out = mat_new(QUERIES, h->v.cols),
        lse = mat_new(QUERIES, 1);
    Stored k = stored_new(kind, h->k), v = stored_new(kind, h->v);
    stored_attention(out, lse, q, h->scale, &k, &v);
    Result r = {0, predicted(h, kind, want, want_lse), (long long)(k.bytes + v.bytes)};
    mat_add_scaled(out, -1, want);
    for (int i = 0; i < QUERIES * h->v.cols; i++)
        r.error += (double)(out.at[i] * out.at[i]);
    r.error = sqrt(r.error / QUERIES / h->v.cols);
    stored_free(&k), stored_free(&v), mat_free(out), mat_free(lse);
    return r;
}

static void claim_storage(Lab *lab, const FlashHead *h, Result two, Result one) {
    long long full = 2LL * 4 * h->k.rows * h->k.cols;
    claim_equal(lab, "6.25", "bf16: bytes, half of fp32's", full / 2, two.bytes);
    claim_equal(lab, "6.25", "int8: a quarter, and 4 bytes per row",
                full / 4 + 2 * 4 * h->k.rows, one.bytes);
    // QUERIES rows see the same roundings of some hundred keys, in d columns: a mean
    // square of at least QUERIES independent ones is uncertain by sqrt(2 / QUERIES),
    // its root by half of that, 12 %; three of these
    claim_near(lab, "6.26", "bf16: error of the output / derived", 1,
               two.error / two.predicted, 3 * 0.5 * sqrt(2.0 / QUERIES));
    claim_near(lab, "6.26", "int8: error of the output / derived", 1,
               one.error / one.predicted, 3 * 0.5 * sqrt(2.0 / QUERIES));
}

static void run(Lab *lab) {
    int keys = (int)option_int(&lab->args, "keys", QUERIES, 8192),
        d = (int)option_int(&lab->args, "dim", 1, 256);
    Rng rng = lab->rng;
    FlashHead h = lab_head(&rng, keys, d, 1);
    Mat want = mat_new(QUERIES, d), lse = mat_new(QUERIES, 1);
    Plot *p = plot_new(lab, "kv_storage", "sd bf16 int8 bf16_derived int8_derived");
    for (double sd = 0.25; sd <= 8; sd *= 2) {
        // scores of this size, by larger queries
        rng_fill_normal(&rng, h.q, sd);
        Stored k = stored_new(STORAGE_FP32, h.k), v = stored_new(STORAGE_FP32, h.v);
        stored_attention(want, lse, mat_rows(h.q, 0, QUERIES), h.scale, &k, &v);
        stored_free(&k), stored_free(&v);
        Result two = measure(&h, STORAGE_BF16, want, lse),
               one = measure(&h, STORAGE_INT8, want, lse);
        plot_row(p, sd, two.error, one.error, two.predicted, one.predicted);
        if (sd == 1) claim_storage(lab, &h, two, one);
    }
    plot_axes(p, "standard deviation of the scores",
              "error of the output, root mean square");
    plot_set(p, "logscale x 2"), plot_set(p, "logscale y 10");
    plot_set(p, "key top left"), plot_set(p, "format y \"%%.0e\"");
    plot_line(p, "sd", "bf16_derived", "bf16, derived");
    plot_line(p, "sd", "int8_derived", "int8, derived");
    plot_points(p, "sd", "bf16", "bf16, measured");
    plot_points(p, "sd", "int8", "int8, measured");
    plot_end(p);
    mat_free(want), mat_free(lse), lab_head_free(&h);
}

const LabSpec lab_kv_storage = {"kv-storage", "6.10", "Keys and values in fewer bytes",
                                run, options};
