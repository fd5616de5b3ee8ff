// A mixture of experts: E feed-forward layers, of which each token goes through K.
// Lecture, section 3.4.
//
//     p = softmax(x W)                             router: W is d x E
//     C = the K experts with the largest p         of equal ones the lower number
//     g_e = p_e / sum over C of p                  for e in C; with K = 1: g = p, for 1 would teach W nothing
//     y = sum over e in C of g_e ffn_e(x)
//
//     x --+--> router --> p --> C, g ---------------------------+
//         |                                                     v
//         +--> rows of expert 0 --> ffn_0 --> x g_0 --> back to their rows --+--> y
//         +--> rows of expert 1 --> ffn_1 --> x g_1 --> back to their rows --+
//
// So each token costs K / E of what all experts would. The choice C has no derivative;
// W learns through g, and through
//
//     balance = E sum over e of tau_e p_e    tau_e: e's share of the n K choices;
//                                            p_e here: its mean over tokens
//             = 1 + E sum (tau_e - 1/E) (p_e - 1/E)
//
// which is 1 if tau or p is uniform, E / K at most, and may be less than 1. Its
// gradient lowers p of the busy experts.
//
// Shazeer et al. (2017), arXiv:1701.06538; Fedus, Zoph, Shazeer, "Switch transformers"
// (2021), arXiv:2101.03961: K = 1 and the balance, eq. 4 to 6; Jiang et al., "Mixtral
// of experts" (2024), arXiv:2401.04088: K = 2, g as above.
#pragma once
#include "ch03_transformer/ffn.h"

enum { MOE_MOST_EXPERTS = 64 };

typedef struct {
    int experts, chosen;  // E, K
    Linear router;
    Ffn expert[MOE_MOST_EXPERTS];
} Moe;

typedef struct {
    int experts, chosen, channels, hidden;  // 1 <= K <= E <= MOE_MOST_EXPERTS
    FfnKind ffn;
    bool bias;
    Init init_router, init, init_down;
} MoeShape;

// Parameters NAME.router.weight, NAME.expert.0.up.weight, ...
Moe moe_new(Params *p, const MoeShape *shape, const char *name);

// Who went where; until tape_reset.
typedef struct {
    int tokens, experts, chosen;
    Node *probability;  // tokens x experts
    const int *expert;  // tokens x chosen, the most probable first
    const int *count;   // experts: how many tokens chose each
    // tokens x chosen: those of expert 0, then those of expert 1, ...
    const int *token;
    const int *place;  // tokens x chosen: where in `token` each choice is
} Routing;

// x (rows x d) -> rows x d. routing may be NULL.
Node *moe(Tape *t, const Moe *m, Node *x, Routing *routing);
// -> 1 x 1, to be added to the loss with a small factor (Switch: 0.01).
Node *moe_balance(Tape *t, const Routing *r);
