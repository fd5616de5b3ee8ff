// Longer contexts with RoPE: the angles of a model that was trained on L positions,
// stretched by a factor F. Lecture, section 2.8.
//
//     none     theta'_i = theta_i
//     PI       theta'_i = theta_i / F                       position interpolation
//     NTK      theta'_i = theta_i F^(-2i/(d-2))             the base becomes b F^(d/(d-2))
//     YaRN     theta'_i = theta_i ((1 - g) / F + g),        g = ramp(r_i)
//
// NTK keeps the fastest angle and divides the slowest by F exactly. In YaRN r_i = L
// theta_i / (2 pi) is how many turns an angle made while training, and ramp(r) is 0
// below 1, 1 above 32, (r - 1) / 31 between; q and k are also multiplied by 0.1 ln F + 1.
//
// Chen et al., "Extending context window of large language models via positional
// interpolation" (2023), arXiv:2306.15595; Peng et al., "YaRN" (2023),
// arXiv:2309.00071, whose section 3.1 is the NTK-aware scaling (bloc97, 2023).
//
// Adding one: a line here, and in rope_scaling.c what it does to an angle and what it
// needs.
#pragma once
#include <stdbool.h>

#include "common/error.h"

#define ROPE_SCALING_LIST(KIND) \
    KIND(NONE, none) \
    KIND(PI, pi) \
    KIND(NTK, ntk) \
    KIND(YARN, yarn)

#define KIND(NAME, name) ROPE_SCALING_##NAME,
typedef enum { ROPE_SCALING_LIST(KIND) ROPE_SCALINGS } RopeScaling;
#undef KIND

extern const char *const rope_scaling_names[];  // "none", "pi", "ntk", "yarn", NULL

struct Rope;  // rope.h

// theta'_i of theta_i.
double rope_scaled_theta(double theta, const struct Rope *rope, int i);
// what YaRN multiplies q and k by; 1 for the others
double rope_temperature(const struct Rope *rope);
double rope_yarn_ramp(double turns);  // 0 .. 1
// Whether the scaling has what it needs; false: *err says what is missing.
bool rope_scaling_check(const struct Rope *rope, Error *err);
