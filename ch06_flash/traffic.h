// How many words each version moves between slow and fast memory, what it holds at a
// time, and what it computes: the formulas that two_level.h's counters must meet.
// Lecture, sections 6.1 and 6.3 to 6.5. N queries and N keys of dimension d, no mask.
//
//     standard          4 N^2 + 2 N d + 2 T_r N d                       T_r = ceil(N / B_r); 1: 4 N^2 + 4 N d
//     FlashAttention-1  2 N d + T_c (3 N d + 4 N) + (N d + 2 N)         T_c = ceil(N / B_c)
//     FlashAttention-2  2 N d + N + 2 T_r N d
//
// The paper's blocks for M words of fast memory are B_c = ceil(M / 4d), B_r = min(B_c,
// d). Its tiles, 2 B_c d + 2 B_r d + B_r B_c, are more than M by up to a quarter: the
// theorem counts in orders of magnitude. Blocks that fit solve 4 B d + B^2 + 4 B <= M.
#pragma once
#include "ch06_flash/flash_head.h"
#include "ch06_flash/two_level.h"

typedef void FlashRun(Mat out, Mat lse, const FlashHead *h, Blocks blocks, Memory *m);

#define ALGORITHM_LIST(KIND) \
    KIND(STANDARD, standard) \
    KIND(FA1, fa1) \
    KIND(FA2, fa2)

#define KIND(NAME, name) ALGORITHM_##NAME,
typedef enum { ALGORITHM_LIST(KIND) ALGORITHMS } Algorithm;
#undef KIND

typedef struct {
    const char *name;
    FlashRun *run;
    // words moved, divisions; n queries and keys, d columns
    long long (*moved)(long long n, long long d, Blocks b);
    long long (*divisions)(long long n, long long d, Blocks b);
} AlgorithmKind;
extern const AlgorithmKind algorithms[];
extern const char *const algorithm_names[];  // by kind, then NULL

// The paper's blocks for M words; those of FlashAttention-2 are FlashAttention-1's,
// queries and keys exchanged; standard attention gets all of Q. M >= 1.
Blocks blocks_paper(Algorithm a, long long memory, int n, int d);
// The largest square blocks whose tiles fit, for the two of FlashAttention; for
// standard attention the most rows, beside a column of tiles 16 wide. rows 0: nothing
// fits.
Blocks blocks_fitting(Algorithm a, long long memory, int n, int d);
// 2 B_c d + 2 B_r d + B_r B_c, as in the paper; and 4 B_r more, for statistics of rows.
long long tiles_paper(Blocks b, long long d);

double bytes_scores(double n, double heads);           // S, in fp32: 4 heads N^2
double bytes_flash(double n, double d, double heads);  // O and L: 4 heads N (d + 1)
