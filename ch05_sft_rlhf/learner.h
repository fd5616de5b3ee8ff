// A learner: a model and what it takes to move it by a loss. Lecture, section 5.3.
//
//     Node *loss = ...(l.tape, l.model, ...);
//     double norm = learner_step(&l, loss);        backward, clip, AdamW, and the tape is empty
//
// A loss that is not a number, or its gradient, changes nothing.
#pragma once
#include "ch03_transformer/model.h"
#include "ch03_transformer/optimiser.h"

typedef struct {
    double rate, last_rate;
    long long warmup, steps;  // the schedule; steps 0: `rate` for ever
    double clip;              // of the gradient's norm; 0: none
    double beta2, decay;      // AdamW's; beta2 0: 0.99
} LearnerSettings;

typedef struct {
    LearnerSettings settings;
    Model *model;
    Optimiser optimiser;
    Tape *tape;
    long long step;
} Learner;

// The model's gradients are allocated; it must outlive the learner.
Learner learner_new(Model *m, LearnerSettings settings);
void learner_free(Learner *l);
// loss: 1 x 1, on l's tape. Returns the gradient's norm before clipping; not finite where
// no step was taken.
double learner_step(Learner *l, Node *loss);
