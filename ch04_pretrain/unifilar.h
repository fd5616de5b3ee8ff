// Making an automaton unifilar: its new states are what a reader knows. Lecture,
// section 4.5.
//
// In a grammar two sentences may begin alike, so that the reader does not know which
// one it is in: "Anna gave the ball ..", "Anna found ..". What the reader knows is a
// belief, P(state | text so far); the next symbol leads from a belief to a belief. Each
// belief becomes a state. The same construction gives Mess3 infinitely many (the
// fractal of section 4.3); here sentences soon differ, and their number is finite.
#pragma once
#include "ch04_pretrain/automaton.h"

typedef struct {
    Automaton automaton;
    // [states] bit r: register r has been said since the document began
    unsigned *known;
    bool *marked;  // [states] all states of the belief are marked
} Unifilar;

// m: edges from one state may say the same. marked [states]. Asserts that at most
// `most` beliefs occur.
Unifilar unifilar_new(const Automaton *m, const bool *marked, int most);
void unifilar_free(Unifilar *u);
