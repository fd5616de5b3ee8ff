// Languages: sources of text whose every probability is known, in one table. Lecture,
// section 4.5.
//
//     name      what it writes                                  best possible loss
//     story     tiny stories; who has what, and where           exact: a sum over states
//     markov    symbols that depend on the last k               exact
//     hmm       Mess3: symbols of a hidden chain                between two bounds
//     chains    a new Markov chain for each text                Bayes' predictor, sampled
//     glossary  words that are defined on the spot              Bayes' predictor, sampled
//
// Losses are in nats per symbol. What a language cannot say exactly it says with an
// error.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ch04_pretrain/corruption.h"
#include "common/error.h"

typedef enum {
    LANGUAGE_STORY,
    LANGUAGE_MARKOV,
    LANGUAGE_HMM,
    LANGUAGE_CHAINS,
    LANGUAGE_GLOSSARY,
    LANGUAGE_COUNT
} LanguageName;

typedef struct Language Language;

typedef struct {
    double value, error;  // error 0: exact, but for rounding
} Known;

typedef struct {
    const char *name, *title;
    // texts end by themselves; else they are as long as one wants
    bool ends;
    void (*make)(Language *l);
    void (*discard)(Language *l);
    // One text of at most `most` symbols; returns how many.
    int (*generate)(const Language *l, Rng *rng, int *text, int most);
    // P(next | prefix), p[symbols]; all 0 where the prefix is impossible.
    void (*next)(const Language *l, const int *prefix, int n, double *p);
    // nats[i] = -ln P(text[i] | text[0 .. i-1]); infinite for what is impossible.
    void (*surprise)(const Language *l, const int *text, int n, double *nats);
    Known (*entropy_rate)(const Language *l);
    // H(X_t | X_0 .. X_{t-1}), over the texts that have a symbol t = 0, 1, ...
    Known (*floor_at)(const Language *l, int t);
    // P(x_i | all seen, i selected), p [n x symbols]; NULL: no way is known to compute
    // it
    bool (*mask_posterior)(const Language *l, const Corruption *c, const int *seen,
                           int n, double *p);
    const char *(*word)(const Language *l, int symbol);  // NULL: letters
} LanguageKind;

extern const LanguageKind language_kinds[];
// For option_choice: the names, then NULL.
extern const char *const language_names[];

typedef struct {
    uint64_t seed;  // of the source itself: markov's rows
    int symbols, order;
    double concentration;  // markov's rows are Dirichlet(concentration)
} LanguageSettings;

#define LANGUAGE_DEFAULTS ((LanguageSettings){1, 3, 2, 0.5})

struct Language {
    const LanguageKind *kind;
    LanguageSettings settings;
    int symbols;
    void *self;  // the kind's own
};

// Which language has this name; -1: none.
int language_named(const char *name);
// A file of this name could not be read: adds "; did you mean story?" if it nearly is a
// language's.
void language_suggest(const char *name, Error *err);

Language language_new(LanguageName name, const LanguageSettings *settings);
void language_free(Language *l);

// ln P(text): of the text as a beginning; of a whole story where it ends with its end.
double language_log_prob(const Language *l, const int *text, int n);

// The automaton (automaton.h) that it is, without registers; NULL: it is none.
struct Automaton;
const struct Automaton *language_automaton(const Language *l);

// ---- words

// The symbol that ends a text; only where texts end.
int language_end(const Language *l);
// Prints a text: a story as prose, other symbols as letters with spaces between.
void language_print(const Language *l, FILE *out, const int *text, int n);
// The word of one symbol; the caller does not free it.
const char *language_word(const Language *l, int symbol);
// Reads words, full stops and [MASK] back into text[0 .. most - 1]; *n: how many. False
// and err for a word the language does not have.
bool language_parse(const Language *l, const char *words, int *text, int most, int *n,
                    Error *err);
