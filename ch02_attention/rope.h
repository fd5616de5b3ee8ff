// RoPE: rotary position embedding. Lecture, section 2.6.
//
// The d numbers of a head are d/2 points in the plane. At position m the point i is
// turned by the angle m theta_i:
//
//     ( x' )   ( cos m theta_i   -sin m theta_i ) ( x )
//     (    ) = (                                ) (   ),        theta_i = base^(-2i/d),  i = 0 .. d/2-1
//     ( y' )   ( sin m theta_i    cos m theta_i ) ( y )
//
// R(m) is orthogonal and R(m)^T R(n) = R(n - m). So <R(m) q, R(n) k> = <q, R(n - m) k>:
// a score depends on the distance of two positions only, and no norm changes.
//
// Which two numbers are a point is a convention, and there are two:
//
//     ROPE_INTERLEAVED  (the paper, LLaMA's own code)     x0 y0 x1 y1 x2 y2 x3 y3
//     ROPE_HALF_SPLIT   (GPT-NeoX, Hugging Face)          x0 x1 x2 x3 y0 y1 y2 y3
//
// They are one function up to a fixed permutation of *both* q and k (of the columns of
// W_Q and W_K); weights made for one are wrong under the other.
// rope_half_from_interleaved is that permutation.
//
// Longer contexts than were trained change the angles: rope_scaling.h.
//
// Su et al., "RoFormer" (2021), arXiv:2104.09864.
#pragma once
#include "ch02_attention/rope_scaling.h"
#include "common/error.h"
#include "common/numeric/mat.h"

typedef enum { ROPE_INTERLEAVED, ROPE_HALF_SPLIT } RopePairing;

typedef struct Rope {
    int dim;      // d, even; at least 4 for NTK
    double base;  // above 1
    RopePairing pairing;
    RopeScaling scaling;
    double factor;  // F >= 1; not read without scaling
    int trained;    // L, read by YaRN
} Rope;

// Whether such a rotation can be; false: *err says why not.
bool rope_check(const Rope *rope, Error *err);
// theta[0 .. d/2-1], scaled.
void rope_frequencies(double *theta, const Rope *rope);
// theta_i, i = 0 .. d/2-1, without any scaling: also sinusoidal encoding's.
double rope_theta(double base, int dim, int i);

// Cosines and sines of m theta_i, each rows x d/2, for m = 0 .. rows-1; times the
// temperature. Computed in double: an angle computed in float is off by up to m 2^-24,
// and attention at position 10^5 would see it.
typedef struct {
    Mat cosine, sine;
} RopeTables;

RopeTables rope_tables_new(const Rope *rope, int rows);
void rope_tables_free(RopeTables tables);

// x (T x heads d) in place: row t by row first + t of the tables, every head alike.
void rope_turn(Mat x, int heads, int first, RopeTables tables, RopePairing pairing);
// The same with the transposed matrices: for gradients.
void rope_turn_back(Mat x, int heads, int first, RopeTables tables,
                    RopePairing pairing);

// columns (of W, or of q and k themselves) of each head from interleaved order to
// half-split order, and back: to's column i is from's column 2i, to's column d/2 + i is
// from's 2i + 1. rows x (heads d); must not overlap.
void rope_half_from_interleaved(Mat to, Mat from, int heads);
void rope_interleaved_from_half(Mat to, Mat from, int heads);

// <R(m) q, R(n) k> by its definition in double, interleaved pairs, any real positions:
// what the tables are measured against. q, k: d numbers.
double rope_score(const double *q, const double *k, double m, double n,
                  const double *theta, int dim);
