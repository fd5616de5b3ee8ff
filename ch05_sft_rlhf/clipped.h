// PPO's clipping: no gain for going further than the clip allows. Lecture, section 5.7.
//
//     rho = pi(token) / old(token)
//     L   = min(rho A, clip(rho, 1 - eps, 1 + eps) A)           to be made large
//
//                 rho < 1 - eps      between      rho > 1 + eps
//     A > 0       rho A: alive       rho A        (1 + eps) A: flat
//     A < 0       (1 - eps) A: flat  rho A        rho A: alive
//
// Flat where the ratio has gone where A wanted it, further than eps. In the other two
// corners the gradient lives, and leads back. So clipping does not bound rho: another
// token's gradient, or momentum, may move it.
//
// The critic's loss has the same idea: V may not be better off for leaving old by more
// than eps.     loss = max((V - R)^2, (old + clip(V - old, -eps, eps) - R)^2) / 2
//
// Schulman, Wolski, Dhariwal, Radford, Klimov (2017), arXiv:1707.06347, equation 7.
#pragma once
#include <stdbool.h>

typedef struct {
    double value, slope;  // slope: with respect to ln pi; of V
    bool flat;            // clipped: the slope is 0
} Clipped;

// eps INFINITY: no clipping.
Clipped clipped_objective(double log_pi, double log_old, double advantage, double eps);
Clipped clipped_value_loss(double value, double old, double target, double eps);
