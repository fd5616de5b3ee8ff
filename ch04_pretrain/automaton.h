// An automaton that writes text: states, and edges that say a symbol. Lecture, section
// 4.3.
//
//            the .4          ball 1
//     (0) ----------> (1) ------------> (2)       P(edge | state) on each edge;
//         a   .6                                  a symbol each; then the next state
//         ------------------------->  ...
//
// Markov sources, hidden Markov sources and the story grammar are all automata. What
// one reads is the text; the state is hidden. One pass forward gives the exact next
// symbol and the probability of a text; a pass forward and one backward give each
// symbol given all others, through any corruption (Rabiner, "A tutorial on hidden
// Markov models", 1989).
//
// Where state and symbol determine the next state the automaton is called unifilar: the
// reader who knows where it started always knows where it is, and entropies are sums
// over states:
//
//     H(X_t | X_<t) = sum_s P(S_t = s) H(edges of s)
//
// Registers. An edge may say, in place of a symbol, "the word in register r": the
// girl's name, the toy. The words are drawn when a document begins and stay to its end,
// so that an automaton of few states remembers who is who. Values of all registers
// together are a binding; forward and backward run over (state, binding). An automaton
// without registers has the one binding of ALWAYS.
#pragma once
#include <stdbool.h>

#include "ch04_pretrain/corruption.h"
#include "common/numeric/rng.h"

typedef struct {
    int from, to;
    int says;  // a symbol, or register r as SAYS_REGISTER(r)
    double chance;
    bool ends;  // the document is over: registers are drawn anew
} Edge;

#define SAYS_REGISTER(r) (-1 - (r))

typedef struct Automaton {
    int symbols, states, edge_count;
    Edge *edges;    // those of state s: first[s] .. first[s + 1] - 1
    int *first;     // [states + 1]
    double *start;  // [states], sums to 1
} Automaton;

// Edges in any order, [count]; start [states]. Chances of a state's edges sum to 1.
Automaton automaton_new(int symbols, int states, const Edge *edges, int count,
                        const double *start);
void automaton_free(Automaton *m);

typedef struct {
    int count, registers;
    double *weight;  // [count], sums to 1
    int *word;       // [registers x count]: word[r * count + b]
} Bindings;

extern const Bindings ALWAYS;
void bindings_free(Bindings *b);

static inline int edge_word(const Edge *e, const Bindings *b, int binding) {
    return e->says >= 0 ? e->says : b->word[(-1 - e->says) * b->count + binding];
}

// ---- writing

// One document, or `most` symbols of it; returns how many. Automata without an end
// always write `most`.
int automaton_write(const Automaton *m, const Bindings *b, Rng *rng, int *text,
                    int most);

// ---- reading: what is known of the state so far

typedef struct {
    const Automaton *automaton;
    const Bindings *bindings;
    double *belief, *spare;  // [states x bindings], sums to 1
} Reader;

Reader reader_new(const Automaton *m, const Bindings *b);
void reader_free(Reader *r);
void reader_next(const Reader *r, double *p);  // p[symbols]: P(next | read so far)
// P(symbol | read so far), and reads it. Where that is 0 the belief stays as it was.
double reader_read(Reader *r, int symbol);

// ---- reading what was corrupted

// P(x_i | everything seen, position i selected), for every i: p [n x symbols]. The text
// need not end with its document. Zeros where i cannot have been selected: a symbol
// that shows, when all that is selected is masked. False where nothing could have
// become what was seen.
bool automaton_mask_posterior(const Automaton *m, const Bindings *b,
                              const Corruption *c, const int *seen, int n, double *p);

// ---- the state

// occupied[states]: from P(S_t) to P(S_{t+1}). With `once`, edges that end the document
// lead nowhere: what is left is the chance that the document is still going on.
void automaton_advance(const Automaton *m, bool once, const double *occupied,
                       double *after);
