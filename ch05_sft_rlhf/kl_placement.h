// Where the KL term stands, and where that leads: a table. Lecture, section 5.8.
//
// A policy gradient with a KL term, draws held fixed, comes to rest where no answer
// (or, at each prefix s, no token) pulls any more. With l = ln (pi / ref):
//
//     k1 in the reward        r - beta l = const                pi*
//     k1 in the loss          r - beta   = const                none: all on the best answer
//     k2 in the loss          r - beta l = const                pi*
//     k3 in the loss          r + beta ref / pi = const         pi = beta ref / (nu - r)
//     k2 on each token        Q - beta l = const                pi = ref e^(Q / beta) / Z(s)
//     k3 on each token        Q + beta ref / pi = const         pi = beta ref / (nu(s) - Q)
//
// Q(s, token) is the mean reward of what follows. A loss on tokens feels the KL of this
// token alone; how far from the reference the policy goes afterwards is nothing to it.
// In the reward, the later tokens' KL is part of what follows: only there is a sum over
// tokens the KL of answers.
#pragma once
#include "ch05_sft_rlhf/enumerable.h"
#include "ch05_sft_rlhf/kl_estimators.h"

typedef enum {
    PLACEMENT_REWARD,
    PLACEMENT_LOSS_K1,
    PLACEMENT_LOSS_K2,
    PLACEMENT_LOSS_K3,
    PLACEMENT_TOKEN_K2,
    PLACEMENT_TOKEN_K3,
    PLACEMENT_KINDS
} PlacementKind;

typedef struct {
    const char *name;
    KlKind kl;
    bool in_loss, per_token;
} Placement;

extern const Placement placements[];

// pi = beta ref / (nu - r), with the one nu > max r for which it sums to 1.
void k3_loss_fixed_point(double *log_p, const double *log_ref, const double *reward,
                         double beta, int n);
// The fixed point of any placement, to: [size], from the reference's tokens. For k1 in
// the loss: 0 for the best answer of each prompt, -INFINITY for all others.
void placement_fixed_point(double *to, PlacementKind kind, const double *ref_tokens,
                           double beta, const Enumerable *e);

// The expected loss over all answers, 1 x 1, whose gradient is the policy gradient with
// that KL term: no draws, no noise.
Node *placement_loss(Tape *t, const Model *m, PlacementKind kind,
                     const double *ref_tokens, double beta, const Enumerable *e);
