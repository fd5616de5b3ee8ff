// Three estimates of KL(pi || ref) from what pi has drawn. Lecture, section 5.8.
//
//     l = ln (ref(y) / pi(y)),  y drawn from pi           mean over y        as a loss, E[gradient]
//     k1 = -l                     any sign                KL(pi || ref)      0
//     k2 = l^2 / 2                never negative          KL + O(KL^2)       of KL(pi || ref)
//     k3 = e^l - 1 - l            never negative          KL(pi || ref)      of KL(ref || pi)
//
// Good estimates are no good losses. A loss is differentiated with the draws held
// fixed, and the derivative of k1 with respect to ln pi(y) is 1: its mean is sum pi d
// ln pi = 0, it pulls nowhere. That of k2 is ln (pi / ref), and its mean is the
// gradient of the KL. That of k3 is 1 - ref / pi, which pulls towards the other
// divergence.
//
// J. Schulman, "Approximating KL divergence" (2020): joschu.net/blog/kl-approx.html.
#pragma once

typedef enum { KL_K1, KL_K2, KL_K3, KL_KINDS } KlKind;

typedef struct {
    const char *name;
    double (*value)(double log_pi, double log_ref);
    double (*slope)(double log_pi, double log_ref);  // with respect to log_pi
} KlEstimator;

extern const KlEstimator kl_estimators[];
const char *const *kl_names(void);  // ends with NULL
