// The critic: what an answer is still worth, token by token. Lecture, section 5.6.
//
//     V(prompt, tokens so far) = w . hidden + b         at the position that the next token is predicted from
//
// A trunk like the policy's, with one number in place of the logits. Its weights are
// its own: shared ones would save memory and let two losses pull at one trunk.
#pragma once
#include "ch03_transformer/model.h"

typedef struct {
    Model model;  // HEAD_NONE, and two parameters more
    int weight, bias;
} Critic;

// A trunk with the policy's values, and a head of zeros: V = 0 until it has learned.
// With gradients. It must not be moved.
void critic_new(Critic *c, const Model *policy);
void critic_free(Critic *c);

// V of what comes before each counted token, counted x 1, from the hidden vectors there
// (policy_hidden). The tape must be that of the critic's parameters.
Node *critic_values(Tape *t, const Critic *c, Node *hidden);
