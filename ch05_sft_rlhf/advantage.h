// What is done to advantages before they weigh a gradient: a table. Lecture, section
// 5.7.
//
//     as they are   A
//     centred       A - mean                      the same expected gradient in the long run: less noise
//     whitened      (A - mean) / deviation        a step's size no longer depends on the rewards' scale
//
// Over all tokens that count in a batch, and no padding: the mean of (1, 2, 3) is 2,
// that of (1, 2, 3, 0, 0) is 1.2.
//
// Dividing has a price that is paid at the end. With a good critic the noise of A -
// mean vanishes as the policy comes near pi*; divided by its own deviation it stays as
// large as at the beginning, and so do the steps.
#pragma once

typedef enum {
    ADVANTAGE_PLAIN,
    ADVANTAGE_CENTRED,
    ADVANTAGE_WHITENED,
    ADVANTAGE_KINDS
} AdvantageKind;

typedef struct {
    const char *name;
    void (*normalise)(double *a, int n);
} AdvantageType;

extern const AdvantageType advantage_kinds[];
const char *const *advantage_names(void);  // ends with NULL

// The deviation is that of all n (divided by n, not n - 1). Of equal numbers it is 0,
// and whitening them gives zeros.
void advantages_centre(double *a, int n);
void advantages_whiten(double *a, int n);
