// A loss whose derivative is known: what the losses of sections 5.7 to 5.9 are to the
// tape.
//
//     y = f(x)        the caller has computed f(x) and df/dx_i, in double
//     dx_i = dy df/dx_i
//
// PPO's clipped objective, the KL terms and the preference losses are all functions of
// one column of log-probabilities, with a derivative that is best seen as a formula.
#pragma once
#include "ch03_transformer/tape.h"

// x: n x 1; slopes: n, copied -> 1 x 1.
Node *loss_of_slopes(Tape *t, Node *x, double value, const double *slopes);
