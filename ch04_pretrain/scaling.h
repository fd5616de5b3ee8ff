// Scaling: the loss that N parameters reach on D tokens, and what a budget should buy.
// Lecture, sections 4.24 and 4.25.
//
//     L(N, D) = E + A / N^alpha + B / D^beta,        C = 6 N D operations
//
// E is the floor. The least L for a given C is where more parameters and more tokens
// would gain the same, alpha A N^-alpha = beta B D^-beta:
//
//     N = G (C / 6)^(beta / (alpha + beta)),     G = (alpha A / beta B)^(1 / (alpha + beta))
//
// If the model is to read D_inf tokens when it is used, at 2 N each, the least of
// 6 N D + 2 N D_inf for a given L is where
//
//     alpha A N^-alpha / (beta B D^-beta) = 1 + D_inf / (3 D)
//
// Hoffmann et al. (2022), arXiv:2203.15556; Besiroglu et al. (2024), arXiv:2404.10102;
// Sardana et al. (2023), arXiv:2401.00448.
#pragma once

typedef struct {
    const char *name;
    double floor, a, b, alpha, beta;  // E, A, B
} ScalingLaw;

typedef enum {
    LAW_HOFFMANN_ROUNDED,  // as printed
    LAW_HOFFMANN,          // with the digits of the paper's source
    LAW_BESIROGLU,         // fitted anew to the points of its figure
    SCALING_LAWS
} ScalingLawName;
extern const ScalingLaw scaling_laws[];

typedef struct {
    double parameters, tokens;
} Budget;

double scaling_loss(const ScalingLaw *l, Budget b);
// The least loss for so many operations.
Budget scaling_optimum(const ScalingLaw *l, double operations);
// The fewest operations, of training and of use, for the loss that scaling_optimum reaches
// with `operations` of training; D_inf tokens are read in use.
Budget scaling_optimum_in_use(const ScalingLaw *l, double operations, double in_use);
// Operations of both.
double scaling_operations(Budget b, double in_use);
