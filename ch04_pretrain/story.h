// Tiny stories whose every probability is known. Lecture, section 4.5.
//
//     One sunny morning Anna met Tom in the park. Anna had a red kite. Tom took the kite
//     from Anna. Then he hid it under the bed. Where is the kite? It is under the bed.
//
// The grammar (story_grammar.h) is compiled into a unifilar automaton with four
// registers: girl, boy, toy, place. So given the words so far the state is known, the
// next word's distribution is exact, and the floor of any model is a sum over states:
//
//     H(state) = H(its edges) + sum over edges that say a register for the first time
//                               P(edge) ln(words in its class)
#pragma once
#include <stdbool.h>
#include <stdio.h>

#include "ch04_pretrain/story_grammar.h"
#include "ch04_pretrain/unifilar.h"

// What kind of word comes next, as a reader knows it who knows the grammar.
typedef enum {
    WORD_STRUCTURE,  // only one word is possible
    WORD_CHOICE,     // several are
    WORD_ANSWER,     // the answer to a question: only one is, and it takes memory
    WORD_KINDS
} WordKind;
extern const char *const word_kind_names[];

typedef struct {
    char **words;  // by id
    int count;
    int class_begin[REGISTERS], class_size[REGISTERS];
    int end;  // the id of "<end>", the last word of every story
    Unifilar grammar;
    double *entropy;  // [states]
} Story;

Story story_new(void);
void story_free(Story *s);

// A story, at most `most` words of it; returns how many.
int story_write(const Story *s, Rng *rng, int *text, int most);

// ---- reading: where in the story, and what the registers hold

typedef struct {
    int state;
    int held[REGISTERS];  // a word, or -1: not said yet
} StoryReader;

StoryReader story_begin(const Story *s);
void story_next(const Story *s, const StoryReader *r, double *p);  // p[count]
// P(word | story so far), and reads it; 0, and nothing read, for what cannot follow.
double story_read(const Story *s, StoryReader *r, int word);
WordKind story_kind(const Story *s, const StoryReader *r);

// P(word i | all seen, i selected): p [n x count]; by forward and backward. False where
// nothing of the grammar can have become this.
bool story_mask_posterior(const Story *s, const Corruption *c, const int *seen, int n,
                          double *p);

// ---- what the grammar says of all stories together

// By word kind, WORD_KINDS each: expected words per story, and nats per story.
typedef struct {
    double words[WORD_KINDS], nats[WORD_KINDS];
} StoryTotals;

StoryTotals story_totals(const Story *s);
// p[count]: how often each word occurs, as a share of all words.
void story_word_shares(const Story *s, double *p);
// Position t = 0, 1, ..: nats[t] = H(X_t | before) and going[t] = P(the story has a
// word t), for t < n.
void story_floor(const Story *s, int n, double *nats, double *going);

// ---- words

// The id of a word, whatever its capitals; -1 where there is none.
int story_word_id(const Story *s, const char *word, size_t length);
// As prose: capitals, no space before a full stop; <end> as nothing.
void story_print(const Story *s, FILE *out, const int *text, int n);
