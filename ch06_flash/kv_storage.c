#include "ch06_flash/kv_storage.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/precision.h"
#include "ch06_flash/flash2.h"
#include "ch06_flash/split_k.h"
#include "common/error.h"
#include "common/numeric/small.h"

#define KIND(NAME, name) #name,
const char *const storage_names[] = {STORAGE_LIST(KIND) NULL};
#undef KIND

// ---- kinds: a row in, a row out

static float largest_of(const real *x, int n) {
    float most = 0;
    for (int c = 0; c < n; c++) most = fmaxf(most, fabsf((float)x[c]));
    return most;
}

static void write_fp32(void *to, float *factor, const real *x, int n) {
    (void)factor;
    for (int c = 0; c < n; c++) ((float *)to)[c] = (float)x[c];
}
static void read_fp32(real *x, const void *from, float factor, int n) {
    (void)factor;
    for (int c = 0; c < n; c++) x[c] = ((const float *)from)[c];
}

static void write_bf16(void *to, float *factor, const real *x, int n) {
    (void)factor;
    for (int c = 0; c < n; c++) {
        float rounded = round_bf16((float)x[c]);
        uint32_t bits;
        memcpy(&bits, &rounded, sizeof bits);
        ((uint16_t *)to)[c] = (uint16_t)(bits >> 16);
    }
}
static void read_bf16(real *x, const void *from, float factor, int n) {
    (void)factor;
    for (int c = 0; c < n; c++) {
        uint32_t bits = (uint32_t)((const uint16_t *)from)[c] << 16;
        float value;
        memcpy(&value, &bits, sizeof value);
        x[c] = value;
    }
}

static void write_int8(void *to, float *factor, const real *x, int n) {
    *factor = largest_of(x, n) / 127;
    for (int c = 0; c < n; c++)
        ((int8_t *)to)[c] = (int8_t)(*factor > 0 ? lrintf((float)x[c] / *factor) : 0);
}
static void read_int8(real *x, const void *from, float factor, int n) {
    for (int c = 0; c < n; c++) x[c] = factor * (float)((const int8_t *)from)[c];
}

typedef struct {
    int bytes;  // a number
    bool factors;
    double relative;  // error, of the row's largest number
    void (*write)(void *to, float *factor, const real *x, int n);
    void (*read)(real *x, const void *from, float factor, int n);
} Kind;
static const Kind kinds[] = {
    [STORAGE_FP32] = {4, false, 0x1p-24, write_fp32, read_fp32},
    [STORAGE_BF16] = {2, false, 0x1p-8, write_bf16, read_bf16},
    // half a step, and the division's rounding
    [STORAGE_INT8] = {1, true, 1 / 254.0 + 0x1p-22, write_int8, read_int8},
};
_Static_assert(sizeof kinds / sizeof *kinds == STORAGE_KINDS, "each kind has a line");

// ---- stored

static void *row_of(const Stored *s, int row) {
    return (char *)s->numbers + (size_t)row * (size_t)(s->cols * kinds[s->kind].bytes);
}

Stored stored_new(StorageKind kind, Mat from) {
    size_t count = (size_t)from.rows * (size_t)from.cols;
    Stored s = {.kind = kind, .rows = from.rows, .cols = from.cols};
    s.bytes = count * (size_t)kinds[kind].bytes;
    s.numbers = allocate(s.bytes + 1, 1);
    if (kinds[kind].factors) {
        s.factors = allocate((size_t)from.rows, sizeof *s.factors);
        s.bytes += (size_t)from.rows * sizeof *s.factors;
    }
    for (int i = 0; i < from.rows; i++)
        kinds[kind].write(row_of(&s, i), s.factors ? &s.factors[i] : NULL,
                          mat_at(from, i, 0), from.cols);
    return s;
}

void stored_free(Stored *s) {
    free(s->numbers), free(s->factors);
    *s = (Stored){0};
}

void stored_read(Mat to, const Stored *s, int first) {
    assert(to.cols == s->cols && first + to.rows <= s->rows);
    for (int i = 0; i < to.rows; i++)
        kinds[s->kind].read(mat_at(to, i, 0), row_of(s, first + i),
                            s->factors ? s->factors[first + i] : 1, s->cols);
}

double stored_error(StorageKind kind, double largest) {
    return kinds[kind].relative * largest;
}

// ---- attention

void stored_attention(Mat out, Mat lse, Mat q, real scale, const Stored *k,
                      const Stored *v) {
    enum { BLOCK = 128 };
    Mat keys = mat_new(BLOCK, k->cols), values = mat_new(BLOCK, v->cols),
        part = mat_new(out.rows, out.cols), part_lse = mat_new(out.rows, 1);
    mat_fill(out, 0), mat_fill(lse, -(real)INFINITY);
    for (int j = 0; j < k->rows; j += BLOCK) {
        int count = int_min(BLOCK, k->rows - j);
        FlashHead h = {.q = q,
                       .k = mat_rows(keys, 0, count),
                       .v = mat_rows(values, 0, count),
                       .scale = scale};
        Memory m = memory_new(MEMORY_PLAIN, 0);
        stored_read(h.k, k, j), stored_read(h.v, v, j);
        flash2(part, part_lse, &h, (Blocks){BLOCK, BLOCK}, &m);
        split_merge(out, lse, part, part_lse);
        memory_free(&m);
    }
    mat_free(keys), mat_free(values), mat_free(part), mat_free(part_lse);
}
