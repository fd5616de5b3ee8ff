// Advantages without a critic: an answer against the others to its prompt. Lecture,
// section 5.13.
//
//     G answers to one prompt, rewards r_1 .. r_G, m their mean, sd their deviation
//
//     mean       r_i - m                        (1 - 1/G) times the gradient of E r
//     deviation  (r_i - m) / sd                 GRPO; sd of all G
//     bessel     the same, sd with G - 1        sqrt((G - 1) / G) of it
//     others     r_i - mean of the others       the gradient of E r, without bias (RLOO)
//
// Of rewards (1, 0, 0, 0): (.75, -.25 ..), (1.732, -.577 ..), (1.5, -.5 ..), (1, -.333
// ..).
//
// Where all rewards are equal nothing was learnt, and all advantages are 0, exactly.
// Shao et al. (2024), arXiv:2402.03300; Liu et al. (2025), arXiv:2503.20783; Kool et
// al. (2019), "Buy 4 REINFORCE samples, get a baseline for free".
#pragma once

typedef enum {
    GROUP_MEAN,
    GROUP_DEVIATION,
    GROUP_BESSEL,
    GROUP_OTHERS,
    GROUP_KINDS
} GroupKind;

typedef struct {
    const char *name;
    // What r - m is divided by; squares: the sum of (r - m)^2 over the group.
    double (*divisor)(double squares, int size);
} GroupType;

extern const GroupType group_kinds[];
const char *const *group_names(void);  // ends with NULL

// rewards, to: [groups x size], group by group; size >= 2. Returns how many groups have
// rewards that are all equal.
int group_advantages(double *to, const double *rewards, int groups, int size,
                     GroupKind kind);
