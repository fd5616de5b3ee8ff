// Words with Zipf's probabilities: the word of rank r = 1, 2, ... has
//
//     p_r = r^-a / (1 + 2^-a + ... + R^-a)
//
// Lecture, sections 1.9 and 1.12. Words are known by r - 1.
#pragma once
#include "common/numeric/rng.h"

typedef struct {
    double *p, *cumulative;  // [ranks]
    int ranks;
} Zipf;

Zipf zipf_new(int ranks, double a);
void zipf_free(Zipf *z);
int zipf_draw(const Zipf *z, Rng *rng);
