// Span corruption, T5's objective: whole spans are cut out of a text, and the model
// writes them. Lecture, section 4.9.
//
//     text      one sunny morning Anna met Tom in the park .
//     input     one <X> Anna met Tom in the <Y> <end>
//     target    <X> sunny morning <Y> park . <end>
//
// A share r of the tokens is noise, in spans of mean length m: noise = round(r L),
// spans = round(noise / m). Both the noise and the rest are cut into as many non-empty
// parts, every way equally likely, and laid in turn, the rest first: so the first token
// is never noise and the last one always. Raffel et al. (2020), arXiv:1910.10683,
// sections 3.1.4 (sentinels) and 3.3.4 (spans), and its program's random_spans_helper.
// Round to even, as that program does: 4.5 is 4.
#pragma once
#include <stdbool.h>

#include "common/numeric/rng.h"

typedef struct {
    int noise, spans;   // tokens that are cut out, and in how many pieces
    int input, target;  // lengths, each with a sentinel for every span and an end
} SpanPlan;

// length >= 2. At least one token is noise, and one is not.
SpanPlan span_plan(int length, double share, double mean);
// The longest text whose input has at most `input` tokens.
int span_text_length(int input, double share, double mean);

// first .. first + length - 1 of a text
typedef struct {
    int first, length;
} Span;
// The runs of true in noise[length], spans[length / 2 + 1]; returns how many.
int spans_of(const bool *noise, int length, Span *spans);

// noise[length], by the plan.
void span_mask(Rng *rng, int length, const SpanPlan *plan, bool *noise);
// Input and target of a text; sentinel k is first_sentinel + k. Returns nothing:
// lengths are the plan's.
void span_corrupt(const int *text, int length, const bool *noise, int first_sentinel,
                  int end, int *input, int *target);
// P(a span has length k) = C(noise-k-1, spans-2) / C(noise-1, spans-1).
double span_length_chance(const SpanPlan *plan, int k);
