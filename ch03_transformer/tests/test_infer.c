// Generation, against a reference of its own: files are written here, number by number,
// from the formats' descriptions, and run here by the equations in double, straight
// through, without a cache. So a misread order, a wrong pair of RoPE or a forgotten
// bias shows in the logits. The reference also counts its multiply-adds, for
// accounting.h.
#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ch03_transformer/accounting.h"
#include "ch03_transformer/checkpoint_gpt2.h"
#include "ch03_transformer/checkpoint_llama2c.h"
#include "ch03_transformer/infer.h"
#include "ch03_transformer/infer_of_model.h"
#include "ch03_transformer/published.h"
#include "ch03_transformer/sample.h"
#include "common/numeric/threads.h"
#include "common/program/file.h"

typedef struct {
    bool gpt2, tied, bf16;
    int dim, hidden, layers, heads, kv, vocab, padded, context;
    float *w;  // the file's numbers, in its order
    size_t size;
} Tiny;

// ---- files

static char path[] = "/tmp/course-infer-XXXXXX";
static void setup(void) {
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    close(fd);
}
static void teardown(void) { unlink(path); }
TestSuite(infer, .init = setup, .fini = teardown);

// Not inlined: gcc 12 with -O2 loses the mask in the loop below.
__attribute__((noinline)) static float to_bf16(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    bits &= 0xffff0000u;
    memcpy(&x, &bits, 4);
    return x;
}

static Tiny tiny(Tiny t, uint64_t seed) {
    size_t d = (size_t)t.dim, h = (size_t)t.hidden, l = (size_t)t.layers,
           kv = d / (size_t)t.heads * (size_t)t.kv;
    if (!t.padded) t.padded = t.vocab;
    if (t.gpt2)
        t.size = (size_t)(t.padded + t.context) * d + l * (12 * d * d + 13 * d) + 2 * d;
    else
        t.size = (size_t)t.vocab * d * (t.tied ? 1 : 2)
                 + l * (2 * d + 2 * d * d + 2 * d * kv + 3 * d * h) + d
                 + (size_t)t.context * (d / (size_t)t.heads / 2) * 2;
    t.w = malloc(t.size * sizeof *t.w);
    Rng rng = rng_new(seed);
    for (size_t i = 0; i < t.size; i++) {
        t.w[i] = (float)(0.5 * rng_normal(&rng));
        if (t.bf16) t.w[i] = to_bf16(t.w[i]);
    }
    return t;
}

static void write_bytes(const void *header, size_t header_size, const void *data,
                        size_t size) {
    FILE *f = fopen(path, "wb");
    fwrite(header, 1, header_size, f), fwrite(data, 1, size, f);
    cr_assert_eq(fclose(f), 0);
}

static void write_tiny(const Tiny *t) {
    if (!t->gpt2) {
        int32_t header[] = {t->dim,    t->hidden, t->layers,
                            t->heads,  t->kv,     t->tied ? t->vocab : -t->vocab,
                            t->context};
        write_bytes(header, sizeof header, t->w, 4 * t->size);
        return;
    }
    int32_t header[256] = {20240326,  t->bf16 ? 5 : 3, t->context, t->vocab,
                           t->layers, t->heads,        t->dim,     t->padded};
    uint16_t *halves = malloc(2 * t->size);
    for (size_t i = 0; i < t->size; i++) memcpy(&halves[i], (char *)&t->w[i] + 2, 2);
    if (t->bf16) write_bytes(header, sizeof header, halves, 2 * t->size);
    else write_bytes(header, sizeof header, t->w, 4 * t->size);
    free(halves);
}

static bool read_tiny(const Tiny *t, InferModel *m, Error *err) {
    return t->gpt2 ? gpt2_read(m, path, err) : llama2c_read(m, path, err);
}

static InferModel model_of(const Tiny *t) {
    InferModel m;
    Error err;
    write_tiny(t);
    cr_assert(read_tiny(t, &m, &err), "%s", err.text);
    return m;
}

// ---- the reference: equations, in double

enum { MOST = 64, WIDE = 256 };  // tokens, numbers in a row
static long long multiply_adds;

static void times(double *y, const float *w, const float *bias, const double *x,
                  int rows, int cols) {
    for (int i = 0; i < rows; i++) {
        y[i] = bias ? bias[i] : 0;
        for (int j = 0; j < cols; j++)
            y[i] += (double)w[i * cols + j] * x[j], multiply_adds++;
    }
}

static void norm_rms(double *y, const double *x, const float *g, int n) {
    double squares = 0;
    for (int i = 0; i < n; i++) squares += x[i] * x[i];
    for (int i = 0; i < n; i++) y[i] = g[i] * x[i] / sqrt(squares / n + 1e-5);
}

static void norm_layer(double *y, const double *x, const float *g, const float *b,
                       int n) {
    double mean = 0, var = 0;
    for (int i = 0; i < n; i++) mean += x[i] / n;
    for (int i = 0; i < n; i++) var += (x[i] - mean) * (x[i] - mean) / n;
    for (int i = 0; i < n; i++) y[i] = g[i] * (x[i] - mean) / sqrt(var + 1e-5) + b[i];
}

static void turn(double *x, int heads, int d, int position) {
    for (int h = 0; h < heads; h++)
        for (int i = 0; i < d; i += 2) {
            double angle = position * pow(10000, -(double)i / d), a = x[h * d + i],
                   b = x[h * d + i + 1];
            x[h * d + i] = a * cos(angle) - b * sin(angle);
            x[h * d + i + 1] = a * sin(angle) + b * cos(angle);
        }
}

// out: for token `t`, all heads side by side. q of that token, k and v of all up to it.
static void attend_one(double *out, const double *q, double k[][WIDE], double v[][WIDE],
                       int t, int heads, int kv, int d) {
    for (int h = 0; h < heads; h++) {
        int from = h / (heads / kv) * d;
        double p[MOST], most = -INFINITY, sum = 0;
        for (int s = 0; s <= t; s++) {
            p[s] = 0;
            for (int i = 0; i < d; i++)
                p[s] += q[h * d + i] * k[s][from + i], multiply_adds++;
            p[s] /= sqrt(d);
            most = fmax(most, p[s]);
        }
        for (int s = 0; s <= t; s++) sum += p[s] = exp(p[s] - most);
        for (int i = 0; i < d; i++) {
            out[h * d + i] = 0;
            for (int s = 0; s <= t; s++)
                out[h * d + i] += p[s] / sum * v[s][from + i], multiply_adds++;
        }
    }
}

static const float *next(const float **at, size_t n) {
    const float *here = *at;
    *at += n;
    return here;
}

static void llama_reference(const Tiny *t, const int *tokens, int count,
                            double *logits) {
    size_t d = (size_t)t->dim, hid = (size_t)t->hidden, l = (size_t)t->layers,
           head = d / (size_t)t->heads, kv = head * (size_t)t->kv;
    const float *at = t->w, *e = next(&at, (size_t)t->vocab * d),
                *n1 = next(&at, l * d), *wq = next(&at, l * d * d);
    const float *wk = next(&at, l * kv * d), *wv = next(&at, l * kv * d),
                *wo = next(&at, l * d * d), *n2 = next(&at, l * d);
    const float *w1 = next(&at, l * hid * d), *w2 = next(&at, l * hid * d),
                *w3 = next(&at, l * hid * d), *nf = next(&at, d);
    next(&at, (size_t)t->context * head);
    const float *out = t->tied ? e : at;
    static double x[MOST][WIDE], k[MOST][WIDE], v[MOST][WIDE];
    for (int i = 0; i < count; i++)
        for (size_t c = 0; c < d; c++) x[i][c] = e[(size_t)tokens[i] * d + c];
    for (size_t j = 0; j < l; j++)
        for (int i = 0; i < count; i++) {
            double y[WIDE], q[WIDE], mixed[WIDE], z[WIDE], gate[WIDE], up[WIDE];
            norm_rms(y, x[i], n1 + j * d, (int)d);
            times(q, wq + j * d * d, NULL, y, (int)d, (int)d);
            times(k[i], wk + j * kv * d, NULL, y, (int)kv, (int)d);
            times(v[i], wv + j * kv * d, NULL, y, (int)kv, (int)d);
            turn(q, t->heads, (int)head, i), turn(k[i], t->kv, (int)head, i);
            attend_one(mixed, q, k, v, i, t->heads, t->kv, (int)head);
            times(z, wo + j * d * d, NULL, mixed, (int)d, (int)d);
            for (size_t c = 0; c < d; c++) x[i][c] += z[c];
            norm_rms(y, x[i], n2 + j * d, (int)d);
            times(gate, w1 + j * hid * d, NULL, y, (int)hid, (int)d);
            times(up, w3 + j * hid * d, NULL, y, (int)hid, (int)d);
            for (size_t c = 0; c < hid; c++) up[c] *= gate[c] / (1 + exp(-gate[c]));
            times(z, w2 + j * hid * d, NULL, up, (int)d, (int)hid);
            for (size_t c = 0; c < d; c++) x[i][c] += z[c];
        }
    for (int i = 0; i < count; i++) {
        double y[WIDE];
        norm_rms(y, x[i], nf, (int)d);
        times(logits + (size_t)i * (size_t)t->vocab, out, NULL, y, t->vocab, (int)d);
    }
}

static void gpt2_reference(const Tiny *t, const int *tokens, int count,
                           double *logits) {
    size_t c = (size_t)t->dim, l = (size_t)t->layers;
    const float *at = t->w, *wte = next(&at, (size_t)t->padded * c),
                *wpe = next(&at, (size_t)t->context * c);
    const float *ln1w = next(&at, l * c), *ln1b = next(&at, l * c),
                *qkvw = next(&at, l * 3 * c * c), *qkvb = next(&at, l * 3 * c);
    const float *pw = next(&at, l * c * c), *pb = next(&at, l * c),
                *ln2w = next(&at, l * c), *ln2b = next(&at, l * c);
    const float *fw = next(&at, l * 4 * c * c), *fb = next(&at, l * 4 * c),
                *dw = next(&at, l * 4 * c * c), *db = next(&at, l * c);
    const float *lnfw = next(&at, c), *lnfb = next(&at, c);
    static double x[MOST][WIDE], k[MOST][WIDE], v[MOST][WIDE];
    for (int i = 0; i < count; i++)
        for (size_t j = 0; j < c; j++)
            x[i][j] = (double)wte[(size_t)tokens[i] * c + j] + wpe[(size_t)i * c + j];
    for (size_t j = 0; j < l; j++)
        for (int i = 0; i < count; i++) {
            double y[WIDE], q[WIDE], mixed[WIDE], z[WIDE], f[4 * WIDE];
            const float *w = qkvw + j * 3 * c * c, *b = qkvb + j * 3 * c;
            norm_layer(y, x[i], ln1w + j * c, ln1b + j * c, (int)c);
            times(q, w, b, y, (int)c, (int)c);
            times(k[i], w + c * c, b + c, y, (int)c, (int)c);
            times(v[i], w + 2 * c * c, b + 2 * c, y, (int)c, (int)c);
            attend_one(mixed, q, k, v, i, t->heads, t->heads, (int)c / t->heads);
            times(z, pw + j * c * c, pb + j * c, mixed, (int)c, (int)c);
            for (size_t n = 0; n < c; n++) x[i][n] += z[n];
            norm_layer(y, x[i], ln2w + j * c, ln2b + j * c, (int)c);
            times(f, fw + j * 4 * c * c, fb + j * 4 * c, y, 4 * (int)c, (int)c);
            for (size_t n = 0; n < 4 * c; n++)
                f[n] *= 0.5
                        * (1
                           + tanh(sqrt(2 / acos(-1))
                                  * (f[n] + 0.044715 * f[n] * f[n] * f[n])));
            times(z, dw + j * 4 * c * c, db + j * c, f, (int)c, 4 * (int)c);
            for (size_t n = 0; n < c; n++) x[i][n] += z[n];
        }
    for (int i = 0; i < count; i++) {
        double y[WIDE];
        norm_layer(y, x[i], lnfw, lnfb, (int)c);
        times(logits + (size_t)i * (size_t)t->vocab, wte, NULL, y, t->vocab, (int)c);
    }
}

static void reference(const Tiny *t, const int *tokens, int count, double *logits) {
    multiply_adds = 0;
    if (t->gpt2) gpt2_reference(t, tokens, count, logits);
    else llama_reference(t, tokens, count, logits);
}

// ---- what is compared

static const Tiny shapes[] = {
    {.tied = true,
     .dim = 24,
     .hidden = 40,
     .layers = 3,
     .heads = 4,
     .kv = 4,
     .vocab = 50,
     .context = 48},
    {.tied = false,
     .dim = 24,
     .hidden = 40,
     .layers = 3,
     .heads = 4,
     .kv = 4,
     .vocab = 50,
     .context = 48},
    {.tied = true,
     .dim = 64,
     .hidden = 172,
     .layers = 2,
     .heads = 8,
     .kv = 4,
     .vocab = 97,
     .context = 48},
    {.tied = false,
     .dim = 32,
     .hidden = 33,
     .layers = 2,
     .heads = 4,
     .kv = 1,
     .vocab = 61,
     .context = 48},
    {.gpt2 = true,
     .dim = 36,
     .layers = 3,
     .heads = 3,
     .vocab = 50,
     .padded = 64,
     .context = 48},
    {.gpt2 = true,
     .dim = 32,
     .layers = 2,
     .heads = 4,
     .vocab = 50,
     .padded = 50,
     .context = 48},
    {.gpt2 = true,
     .bf16 = true,
     .dim = 40,
     .layers = 2,
     .heads = 5,
     .vocab = 70,
     .padded = 128,
     .context = 48},
};
enum { SHAPES = sizeof shapes / sizeof *shapes, T = 40 };

static void random_tokens(int *tokens, int count, int vocab) {
    Rng rng = rng_new(7);
    for (int i = 0; i < count; i++) tokens[i] = rng_below(&rng, vocab);
}

static Inference session(const InferModel *m, int capacity) {
    Inference s;
    Error err;
    cr_assert(inference_new(&s, m, capacity, &err), "%s", err.text);
    return s;
}

// The largest difference, as a share of the largest logit.
static double difference(Mat logits, const double *want) {
    double worst = 0, most = 0;
    for (int i = 0; i < logits.rows; i++)
        for (int j = 0; j < logits.cols; j++) {
            worst =
                fmax(worst, fabs(*mat_at(logits, i, j) - want[i * logits.cols + j]));
            most = fmax(most, fabs(want[i * logits.cols + j]));
        }
    return worst / most;
}

// A few hundred roundings of unit-sized numbers, in three layers.
static const double TOLERANCE = sizeof(real) == 4 ? 2e-5 : 1e-13;

Test(infer, logits_are_the_reference_s) {
    for (int n = 0; n < SHAPES; n++) {
        Tiny t = tiny(shapes[n], 1 + (uint64_t)n);
        InferModel m = model_of(&t);
        Inference s = session(&m, T);
        int tokens[T];
        double *want = malloc(T * (size_t)t.vocab * sizeof *want);
        Mat logits = mat_new(T, t.vocab), one = mat_new(1, t.vocab);
        random_tokens(tokens, T, t.vocab);
        reference(&t, tokens, T, want);
        infer(&s, tokens, T, logits);  // all at once
        cr_assert_lt(difference(logits, want), TOLERANCE, "shape %d: %g", n,
                     difference(logits, want));
        // a prompt of 13, then one at a time from the cache
        inference_clear(&s);
        infer(&s, tokens, 13, one);
        for (int i = 13; i < T; i++) {
            double off = difference(one, want + (i - 1) * t.vocab);
            cr_assert_lt(off, TOLERANCE, "shape %d, token %d: %g", n, i, off);
            infer(&s, tokens + i, 1, one);
        }
        inference_clear(&s);  // in pieces, logits only for the last
        infer(&s, tokens, 5, (Mat){0}), infer(&s, tokens + 5, 30, (Mat){0}),
            infer(&s, tokens + 35, 5, one);
        cr_assert_lt(difference(one, want + (T - 1) * t.vocab), TOLERANCE);
        inference_free(&s), infer_model_free(&m), mat_free(logits), mat_free(one),
            free(want), free(t.w);
    }
}

// Greedy ids, each from a whole pass of the reference. The reference has no rounding to
// speak of, so a tie is the only way to differ; random logits have none.
Test(infer, greedy_ids_are_the_reference_s) {
    for (int n = 0; n < SHAPES; n++) {
        Tiny t = tiny(shapes[n], 100 + (uint64_t)n);
        InferModel m = model_of(&t);
        Inference s = session(&m, T);
        int ids[T] = {1, 2, 3}, previous = 3;
        double *want = malloc(T * (size_t)t.vocab * sizeof *want);
        Mat one = mat_new(1, t.vocab);
        infer(&s, ids, 3, one);
        for (int count = 3; count < T; count++) {
            int best = 0;
            reference(&t, ids, count, want);
            const double *row = want + (count - 1) * t.vocab;
            for (int i = 0; i < t.vocab; i++) best = row[i] > row[best] ? i : best;
            previous = token_greedy(one);
            cr_assert_eq(previous, best, "shape %d, token %d: %d, reference %d", n,
                         count, previous, best);
            ids[count] = best;
            infer(&s, &previous, 1, one);
        }
        inference_free(&s), infer_model_free(&m), mat_free(one), free(want), free(t.w);
    }
}

// More tokens than go through together.
Test(infer, a_long_prompt_is_its_tokens) {
    enum { LONG = 600 };
    Tiny t = tiny((Tiny){.tied = true,
                         .dim = 16,
                         .hidden = 24,
                         .layers = 2,
                         .heads = 2,
                         .kv = 1,
                         .vocab = 30,
                         .context = LONG},
                  5);
    InferModel m = model_of(&t);
    Inference s = session(&m, LONG);
    int tokens[LONG];
    Mat all = mat_new(LONG, t.vocab), one = mat_new(1, t.vocab);
    random_tokens(tokens, LONG, t.vocab);
    infer(&s, tokens, LONG, all);
    inference_clear(&s);
    double worst = 0;
    for (int i = 0; i < LONG; i++) {
        infer(&s, &tokens[i], 1, one);
        for (int j = 0; j < t.vocab; j++)
            worst = fmax(worst, fabs(*mat_at(one, 0, j) - *mat_at(all, i, j)));
    }
    cr_assert_lt(worst, 20 * TOLERANCE, "%g", worst);
    inference_free(&s), infer_model_free(&m), mat_free(all), mat_free(one), free(t.w);
}

Test(infer, operations_are_those_that_accounting_counts) {
    for (int n = 0; n < SHAPES; n++) {
        Tiny t = tiny(shapes[n], 1);
        PublishedModel p = {.vocab = t.vocab,
                            .d = t.dim,
                            .heads = t.heads,
                            .kv_heads = t.gpt2 ? t.heads : t.kv,
                            .ffn = t.gpt2 ? 4 * t.dim : t.hidden,
                            .ffn_matrices = t.gpt2 ? 2 : 3,
                            .decoder_layers = t.layers};
        int tokens[T];
        double *want = malloc(T * (size_t)t.vocab * sizeof *want);
        random_tokens(tokens, T, t.vocab);
        reference(&t, tokens, T, want);
        cr_assert_eq((double)(2 * multiply_adds),
                     flops_forward(&p, T, ATTENTION_CAUSAL).total);
        // And what one new token reads is what it is multiplied by.
        InferModel m = model_of(&t);
        cr_assert_eq((long long)infer_model_weights(&m), matmul_weights_count(&p));
        infer_model_free(&m), free(want), free(t.w);
    }
}

// ---- writing

Test(infer, llama2c_files_come_back) {
    for (int n = 0; n < 4; n++) {
        Tiny t = tiny(shapes[n], 3);
        InferModel m = model_of(&t), again;
        Error err;
        Bytes before, after;
        cr_assert(file_read(&before, path, &err));
        // Written from transposed copies, as trained weights (in x out) would be.
        Mat q = m.layer[0].q, copy = mat_new(q.cols, q.rows);
        mat_copy(copy, mat_transpose(q));
        m.layer[0].q = mat_transpose(copy);
        cr_assert(llama2c_write(&m, path, &err), "%s", err.text);
        cr_assert(file_read(&after, path, &err));
        cr_assert_eq(before.size, after.size);
        size_t tables = (size_t)t.context * (size_t)(t.dim / t.heads) * 4,
               rest = t.tied ? 0 : (size_t)t.vocab * (size_t)t.dim * 4;
        cr_assert(memcmp(before.data, after.data, before.size - tables - rest) == 0);
        cr_assert(memcmp(before.data + before.size - rest,
                         after.data + after.size - rest, rest)
                  == 0);
        // The tables that old versions read: cos and sin of position m times
        // 10000^(-2i/d), m = 1.
        float cosine, sine;
        int half = t.dim / t.heads / 2, i = half - 1;
        const char *at = after.data + after.size - rest - tables;
        memcpy(&cosine, at + 4 * (half + i), 4);
        memcpy(&sine, at + tables / 2 + 4 * (size_t)(half + i), 4);
        cr_assert_float_eq(cosine, cos(pow(10000, -(double)i / half)), 1e-6);
        cr_assert_float_eq(sine, sin(pow(10000, -(double)i / half)), 1e-6);
        cr_assert(llama2c_read(&again, path, &err), "%s", err.text);
        infer_model_free(&again), infer_model_free(&m), mat_free(copy),
            bytes_free(&before), bytes_free(&after), free(t.w);
    }
}

// ---- what is refused

static void refused(const Tiny *t, const char *what) {
    InferModel m;
    Error err = {""};
    cr_assert(!read_tiny(t, &m, &err), "accepted: %s", what);
    cr_assert(strncmp(err.text, path, strlen(path)) == 0 && !strchr(err.text, '\n'),
              "%s: %s", what, err.text);
    cr_assert(!m.layer && !m.owned);
}

Test(infer, malformed_files_are_refused) {
    for (int n = 0; n < SHAPES; n += 3) {
        Tiny t = tiny(shapes[n], 1);
        write_tiny(&t);
        Bytes good;
        Error err;
        cr_assert(file_read(&good, path, &err));
        int32_t *header = (int32_t *)(void *)good.data;
        size_t sizes[] = {
            0, 1, 27, 28, 29, 1023, 1024, good.size / 2, good.size - 4, good.size - 1};
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            if (sizes[i] < good.size)
                write_bytes(good.data, sizes[i], "", 0), refused(&t, "cut");
        write_bytes(good.data, good.size, "1234", 4), refused(&t, "too long");
        static const int32_t values[] = {0,        -1,         1,         3,
                                         7,        1 << 20,    INT32_MAX, INT32_MIN,
                                         20240326, 0x616b3432, 1234567};
        for (int field = 0; field < (t.gpt2 ? 8 : 7); field++)
            for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
                int32_t old = header[field];
                // no part of the size: 1 may do
                bool heads = field == (t.gpt2 ? 5 : 3) || (field == 4 && !t.gpt2);
                // a smaller vocabulary with more padding
                bool padded = t.gpt2 && field == 3;
                bool version = t.gpt2 && field == 1 && values[v] == 3;
                if (values[v] == old || heads
                    || (padded && values[v] > 0 && values[v] <= t.padded) || version)
                    continue;
                header[field] = values[v];
                write_bytes(good.data, good.size, "", 0), refused(&t, "header");
                header[field] = old;
            }
        bytes_free(&good), free(t.w);
    }
}

Test(infer, heads_that_do_not_divide) {
    Tiny t = tiny(shapes[0], 1);
    // 8: 3 numbers per head, odd
    const int heads[][2] = {{5, 5}, {8, 8}, {4, 3}, {4, 8}, {24, 24}, {0, 0}, {25, 1}};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        Tiny bad = t;
        bad.heads = heads[i][0], bad.kv = heads[i][1];
        write_tiny(&bad), refused(&bad, "heads");
    }
    free(t.w);
    const Tiny whole[] = {{.tied = true,
                           .dim = 24,
                           .hidden = 40,
                           .layers = 1,
                           .heads = 8,
                           .kv = 8,
                           .vocab = 50,
                           .context = 48},
                          {.tied = true,
                           .dim = 24,
                           .hidden = 40,
                           .layers = 1,
                           .heads = 4,
                           .kv = 3,
                           .vocab = 50,
                           .context = 48}};
    for (int i = 0; i < 2; i++) {  // files of the size that such heads would have
        Tiny bad = tiny(whole[i], 1);
        write_tiny(&bad), refused(&bad, "heads");
        free(bad.w);
    }
    t = tiny(shapes[4], 1);
    t.heads = 5;
    write_tiny(&t), refused(&t, "heads");
    free(t.w);
}

Test(infer, no_number_may_be_a_nan) {
    for (int n = 0; n < SHAPES; n++)
        for (int place = 0; place < 5; place++) {
            Tiny t = tiny(shapes[n], 1);
            size_t tables =
                t.gpt2 || t.tied ? 0 : (size_t)t.context * (size_t)(t.dim / t.heads);
            // RoPE's tables are skipped
            size_t used =
                t.size - (t.tied ? (size_t)t.context * (size_t)(t.dim / t.heads) : 0);
            size_t i = place == 4 ? used - 1 : used * (size_t)place / 4;
            if (!t.gpt2 && !t.tied && i < t.size - (size_t)t.vocab * (size_t)t.dim)
                i = i > tables ? i - tables : i;
            t.w[i] = place % 2 ? INFINITY : NAN;
            write_tiny(&t), refused(&t, "NaN");
            free(t.w);
        }
}

// A header of a model of terabytes on a small file: refused at once, without its
// memory.
Test(infer, absurd_sizes_are_refused_before_anything_is_allocated) {
    Tiny t = tiny(shapes[0], 1);
    const int32_t headers[][7] = {
        {1 << 20, 1 << 20, 1 << 14, 1 << 10, 1 << 10, 1 << 26, 1 << 26},
        {65536, 65536, 16384, 1, 1, 65536, 65536},
        {INT32_MAX, INT32_MAX, INT32_MAX, 1, 1, INT32_MAX, INT32_MAX},
        {INT32_MIN, 1, 1, 1, 1, 1, 1}};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        write_bytes(headers[i], sizeof headers[i], t.w, 1000), refused(&t, "absurd");
    free(t.w);
    t = tiny(shapes[4], 1);
    int32_t header[256] = {20240326, 3,       1 << 26, 1 << 26,
                           1 << 14,  1 << 10, 1 << 20, 1 << 26};
    write_bytes(header, sizeof header, t.w, 1000), refused(&t, "absurd");
    free(t.w);
}

// A cache that no index could reach.
Test(infer, absurd_caches_are_refused) {
    InferModel m = {.dim = 2,
                    .hidden = 2,
                    .layers = 1 << 10,
                    .heads = 1,
                    .kv_heads = 1,
                    .vocab = 2,
                    .context = 1 << 24};
    Inference s;
    Error err = {""};
    cr_assert(!inference_new(&s, &m, m.context, &err) && strstr(err.text, "too large"),
              "%s", err.text);
}

// What went through products: each weight once a call, two operations for each of a
// call's tokens.
Test(infer, weights_and_operations_are_counted) {
    for (int n = 0; n < SHAPES; n++) {
        Tiny t = tiny(shapes[n], 1);
        InferModel m = model_of(&t);
        Inference s = session(&m, T);
        int tokens[T];
        Mat logits = mat_new(3, t.vocab);
        random_tokens(tokens, T, t.vocab);
        infer(&s, tokens, 1, mat_rows(logits, 0, 1)), infer(&s, tokens, 3, logits);
        cr_assert_eq(s.weights_read, 2 * infer_model_weights(&m));
        cr_assert_eq(s.flops, 2.0 * 4 * (double)infer_model_weights(&m));
        inference_free(&s), infer_model_free(&m), mat_free(logits), free(t.w);
    }
}

// ---- sampling

// Finite weights can still overflow: the first layer and position are named, from 1.
Test(infer, numbers_that_overflow_are_named) {
    Tiny t = tiny((Tiny){.dim = 16,
                         .hidden = 24,
                         .layers = 3,
                         .heads = 4,
                         .kv = 2,
                         .vocab = 20,
                         .context = 9,
                         .tied = true},
                  3);
    InferModel m = model_of(&t);
    Inference s;
    Error err = {""};
    Mat logits = mat_new(1, m.vocab);
    int tokens[4] = {1, 2, 3, 4};
    cr_assert(inference_new(&s, &m, 8, &err));
    infer(&s, tokens, 4, logits);
    cr_assert(infer_finite(&s, &err));
    mat_fill(m.layer[1].down, (real)(sizeof(real) == 4 ? 3.4e38 : 1.7e308));
    infer(&s, tokens, 1, (Mat){0});
    cr_assert(!infer_finite(&s, &err) && strstr(err.text, "layer 2 of 3")
                  && strstr(err.text, "position 5") && !strchr(err.text, '\n'),
              "%s", err.text);
    infer(&s, tokens, 1, logits);  // the first one stays
    cr_assert(!infer_finite(&s, &err) && strstr(err.text, "position 5"));
    inference_clear(&s);
    cr_assert(infer_finite(&s, &err));
    mat_fill(m.layer[1].down, 0);
    mat_fill(mat_rows(m.output, 7, 1), (real)(sizeof(real) == 4 ? 3.4e38 : 1.7e308));
    infer(&s, tokens, 3, logits);  // tokens 1 to 3 do not read row 7
    cr_assert(!infer_finite(&s, &err) && strstr(err.text, "logits")
                  && strstr(err.text, "position 3"),
              "%s", err.text);
    inference_free(&s), mat_free(logits), infer_model_free(&m), free(t.w);
}

// Each table by its name and layer, counted from 1.
Test(infer, a_bad_number_is_found_by_its_table) {
    static const struct {
        size_t at;
        const char *says;
    } bad[] = {{0, "in token_embedding"},
               {20 * 16 + 16, "in rms_att of layer 2"},
               {20 * 16 + 3 * 16, "in wq of layer 1"},
               {20 * 16 + 3 * 16 + 3 * 256 - 1, "in wq of layer 3"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Tiny t = tiny((Tiny){.dim = 16,
                             .hidden = 24,
                             .layers = 3,
                             .heads = 4,
                             .kv = 2,
                             .vocab = 20,
                             .context = 9,
                             .tied = true},
                      3);
        t.w[bad[i].at] = NAN;
        InferModel m;
        Error err = {""};
        write_tiny(&t);
        cr_assert(!read_tiny(&t, &m, &err) && strstr(err.text, bad[i].says)
                      && strstr(err.text, bad[i].says)[strlen(bad[i].says)] == '\0',
                  "%s: %s", bad[i].says, err.text);
        free(t.w);
    }
}

Test(infer, samples_have_the_softmax_s_frequencies) {
    enum { N = 5, DRAWS = 40000 };
    Mat logits = mat_new(1, N);
    const double p[N] = {0.4, 0.3, 0.15, 0.1, 0.05};
    const double temperatures[] = {1, 2}, tops[] = {1, 0.8};
    for (int i = 0; i < N; i++) logits.at[i] = (real)(log(p[i]) + 3);
    for (int which = 0; which < 4; which++) {
        double temperature = temperatures[which % 2], top_p = tops[which / 2], want[N],
               sum = 0, cut = 0;
        for (int i = 0; i < N; i++) sum += want[i] = pow(p[i], 1 / temperature);
        // p falls already: a token is kept where those before it have not got top_p
        for (int i = 0; i < N; i++) {
            double before = cut;
            cut += want[i] / sum;
            if (before >= top_p - 1e-6) want[i] = 0;
        }
        sum = 0;
        for (int i = 0; i < N; i++) sum += want[i];
        int seen[N] = {0};
        Rng rng = rng_new(3);
        for (int i = 0; i < DRAWS; i++)
            seen[token_sample(logits, temperature, top_p, &rng)]++;
        for (int i = 0; i < N; i++) {
            double q = want[i] / sum, error = sqrt(q * (1 - q) / DRAWS);
            cr_assert_float_eq((double)seen[i] / DRAWS, q, 5 * error,
                               "T %g, p %g, token %d", temperature, top_p, i);
        }
    }
    Rng rng = rng_new(4);
    // no probability: the best alone
    for (int i = 0; i < 100; i++) cr_assert_eq(token_sample(logits, 1, 0, &rng), 0);
    // cold
    for (int i = 0; i < 100; i++) cr_assert_eq(token_sample(logits, 1e-3, 1, &rng), 0);
    logits.at[3] = logits.at[0] = 9;
    cr_assert_eq(token_greedy(logits), 0);  // of equals the first
    logits.at[4] = 9.0001f;
    cr_assert_eq(token_greedy(logits), 4);
    // four equal ones and none: half of the probability is two of them, not three
    mat_fill(logits, 2);
    logits.at[4] = -1000;
    for (int i = 0; i < 100; i++) cr_assert_lt(token_sample(logits, 1, 0.5, &rng), 2);
    // no probability, of equals the first alone: none may be left out as too small
    Mat equal = mat_new(1, 8);
    for (int i = 0; i < 100; i++) cr_assert_eq(token_sample(equal, 1, 0, &rng), 0);
    Candidates one = candidates_new(equal, 1);
    candidates_top_p(&one, 0);
    cr_expect_eq(one.count, 1);
    candidates_free(&one);
    // what is kept has the total that it says, and can be cut again
    Candidates c = candidates_new(logits, 1);
    for (int cut = 0; cut < 2; cut++) {
        candidates_top_p(&c, 0.6);
        double sum = 0;
        for (int i = 0; i < c.count; i++) sum += c.list[i].p;
        cr_expect(c.count == 3 - cut && fabs(c.total - sum) < 1e-12);
    }
    candidates_free(&c);
    mat_free(logits), mat_free(equal);
}

// ---- threads

enum { WIDE_VOCABULARY = 16384, WIDE_CONTEXT = 32, TEXTS = 5, STEPS = 6 };

// Logits after a few steps, of texts of different lengths or of one alone: a model large
// enough for every step to be shared out. packed: the model's, or NULL.
static Mat wide_logits(const InferModel *m, const InferPacked *packed, int texts) {
    Inference state[TEXTS], *each[TEXTS];
    int tokens[TEXTS];
    Error err;
    Mat logits = mat_new(texts, m->vocab);
    for (int t = 0; t < texts; t++) {
        each[t] = &state[t], tokens[t] = 3 * t;
        bool ok = packed ? true
                  : t    ? inference_new_beside(&state[t], &state[0], &err)
                         : inference_new(&state[t], m, WIDE_CONTEXT, &err);
        cr_assert(ok, "%s", err.text);
    }
    if (packed)
        cr_assert(inference_new_together(each, texts, m, WIDE_CONTEXT, &err), "%s",
                  err.text);
    for (int t = 0; t < texts; t++) {
        state[t].packed = packed;
        int prompt[TEXTS] = {7, 1, 4, 9, 2};
        infer(&state[t], prompt, 1 + t, (Mat){0});
    }
    for (int k = 0; k < STEPS; k++) {
        if (texts == 1) infer(&state[0], tokens, 1, logits);
        else infer_together(each, texts, tokens, logits);
    }
    for (int t = 0; t < texts; t++) {
        cr_assert_eq(state[t].time, 1 + t + STEPS);
        cr_assert(infer_finite(&state[t], &err), "%s", err.text);
    }
    for (int t = texts - 1; t >= 0; t--) inference_free(&state[t]);
    return logits;
}

// The same bits, for any number of threads and of texts, with packed weights and caches in
// one room, and with neither.
Test(infer, threads_change_nothing) {
    static Model model;
    InferModel m;
    Error err;
    Rng rng = rng_new(4);
    Config c = config_small_llama(WIDE_VOCABULARY, WIDE_CONTEXT, 48, 2, 3, 3);
    cr_assert(model_new(&model, &c, &err), "%s", err.text);
    model_allocate(&model, &rng);
    cr_assert(infer_of_model(&m, &model, &err), "%s", err.text);
    InferPacked packed = infer_packed_new(&m);
    int before = threads_set(1);
    for (int texts = 1; texts <= TEXTS; texts += TEXTS - 1) {
        threads_set(1);
        Mat want = wide_logits(&m, NULL, texts);
        for (int threads = 1; threads <= 4; threads++) {
            threads_set(threads);
            for (int way = 0; way < 2; way++) {
                Mat logits = wide_logits(&m, way ? &packed : NULL, texts);
                cr_assert_arr_eq(logits.at, want.at,
                                 (size_t)texts * WIDE_VOCABULARY * sizeof(real),
                                 "%d texts, %d threads%s: other bits", texts, threads,
                                 way ? ", packed" : "");
                mat_free(logits);
            }
        }
        if (texts > 1) {  // the first text is what it is by itself
            Mat alone = wide_logits(&m, NULL, 1);
            cr_assert_arr_eq(alone.at, want.at, WIDE_VOCABULARY * sizeof(real));
            mat_free(alone);
        }
        mat_free(want);
    }
    threads_set(before);
    infer_packed_free(&packed), infer_model_free(&m), model_free(&model);
}
