// Blanks of unknown length: what T5's and GLM's targets cost a reader who knows the
// language and the law of the spans' lengths. Lecture, section 4.9.
//
//     text    x1 [      ] x4 x5 [   ]          s blanks of N tokens together, each at least 1.
//                                              N is known, and all C(N-1, s-1) ways to share
//                                              it out are equally likely (spans.h)
//
//     W(seen) = sum of P(text) over all lengths and fillings that agree with what is seen
//     P(next | seen) = W(seen and next) / W(seen)
//
// The next thing is a token of the blank that is being filled, or its end. T5 fills the
// blanks from left to right, GLM in any order; what all targets of a text cost together is
//
//     ln W(nothing) - ln W(all)
//
// in either case. One pass over the text gives W: F_r[state], the weight of all that may
// have come so far with r tokens in blanks. A token x takes F_r to F_r T^(x); a blank, of
// which nothing is seen, to G_r = F_(r-1) T + G_(r-1) T.
#pragma once
#include "ch04_pretrain/automaton.h"
#include "ch04_pretrain/spans.h"

// What is seen of a blank: its first tokens, and whether it is over after them.
typedef struct {
    int tokens;
    bool over;
} Seen;

// ln W: of text[n] with these blanks; what is not seen of them is not read. m: an automaton
// without registers or ends.
double blanks_log_weight(const Automaton *m, const int *text, int n, const Span *blanks,
                         const Seen *seen, int count);
// The surprise of each target, blank order[0] first, of each its tokens and then its end:
// nats[N + count].
void blanks_surprise(const Automaton *m, const int *text, int n, const Span *blanks,
                     const int *order, int count, double *nats);
// What all fillings cost together if the blanks' lengths were known.
double blanks_known_nats(const Automaton *m, const int *text, int n, const Span *blanks,
                         int count);
// ln C(N-1, s-1): what the lengths alone cost.
double blanks_length_nats(int noise, int count);
