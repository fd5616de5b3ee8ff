// The floor: what the language itself pays for a row's targets. Lecture, section 4.11.
//
//     clm, prefix   -ln P(next | the text so far)                  language.h: surprise
//     mlm           -ln P(word | all that is seen, selected)       language.h: mask_posterior
//     span, glm     -ln P(token or end of span | all that is seen) blanks.h
//
// A model's loss less this, on the same targets, is its excess. Its expectation is a
// divergence, never negative, and what the two have in common, the luck of the draw, is
// gone.
#pragma once
#include "ch04_pretrain/objective.h"

// Whether floor_of_row can be asked: the data is a language with such a formula.
bool floor_is_known(ObjectiveKind kind, const Data *d);
// nats[b->time]: of each target of row `row` of the batch, which was made of row n of the
// data; what stands where there is no target means nothing.
void floor_of_row(const Batch *b, int row, const ObjectiveSettings *s, Data *d,
                  long long n, double *nats);
