// Keys and values in fewer bytes: a cache is read once per token, so its bytes are the
// time that a token takes. Sums stay in full precision. Lecture, section 6.10.
//
//     fp32     4 bytes per number
//     bf16     2: the upper half of a float;     |x^ - x| <= 2^-8 |x|
//     int8     1, and a factor for each row:     x^ = f round(x / f),  f = max |x| / 127,
//                                                |x^ - x| <= f / 2
//
// Roundings are independent, each spread evenly over one step, of variance step^2 / 12:
// so the variance of the output's error is
//
//     sum_j P_j^2 (Var(s^_j) (v_j - o)^2 + Var(v^_j))
#pragma once
#include <stddef.h>

#include "ch06_flash/flash_head.h"

#define STORAGE_LIST(KIND) \
    KIND(FP32, fp32) \
    KIND(BF16, bf16) \
    KIND(INT8, int8)

#define KIND(NAME, name) STORAGE_##NAME,
typedef enum { STORAGE_LIST(KIND) STORAGE_KINDS } StorageKind;
#undef KIND
extern const char *const storage_names[];  // by kind, then NULL

typedef struct {
    StorageKind kind;
    int rows, cols;
    void *numbers;
    float *factors;  // int8: one a row
    size_t bytes;    // of both
} Stored;

Stored stored_new(StorageKind kind, Mat from);  // a copy
void stored_free(Stored *s);
void stored_read(Mat to, const Stored *s,
                 int first);  // rows first .. first + to.rows - 1
// The most by which a number of that row may be off, of which `largest` is the largest.
double stored_error(StorageKind kind, double largest);

// out (T x d_v), lse (T x 1) = attention of q (T x d) with all stored keys and values
// (no mask), a block of them in full precision at a time.
void stored_attention(Mat out, Mat lse, Mat q, real scale, const Stored *k,
                      const Stored *v);
