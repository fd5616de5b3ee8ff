// Data: rows of tokens by number, the same row for the same number, always. Lecture,
// section 4.13.
//
//     row n    tokens   END t h e _ b a l l END a _ c        time + 1 of them
//              inputs   END t h e _ b a l l END a _          the first time
//              targets  t h e _ b a l l END a _ c            the last time
//
// A step of training takes the next few numbers. So where training stands in its data
// is one number, and a run that was killed goes on where it was: there is nothing else
// to remember.
//
//     data_of_corpus   the stream cut into rows, each token a target exactly once an
//                      epoch; the rows' order is drawn anew for each epoch
//     data_of_language a language with a known distribution (language.h): every row is
//                      new, END and then texts of it, row n from a stream of its own
#pragma once
#include "ch04_pretrain/corpus.h"
#include "ch04_pretrain/language.h"
#include "common/numeric/rng.h"

enum { NO_TOKEN = -1 };  // where the corpus is at its end: neither input nor target

typedef struct Data Data;
struct Data {
    int vocabulary, time;
    int end;         // the token that documents begin and end with; NO_TOKEN: none
    long long rows;  // in an epoch; 0: no two rows are the same
    Rng rng;
    const void *of;
    void (*fill)(Data *d, long long n, int *tokens);
    const Language *language;  // of data_of_language; else NULL
    int *order;                // of this epoch's rows
    long long epoch;           // whose order it is; -1: none yet
};

// The corpus must outlive it.
Data data_of_corpus(const Corpus *c, int vocabulary, int time, uint64_t seed);
// The language must outlive it. END is a story's own last word; other languages, whose
// texts do not end, have an id more than symbols, and it begins each row.
Data data_of_language(const Language *l, int time, uint64_t seed);
void data_free(Data *d);

// Row n, time + 1 tokens; NO_TOKEN after the corpus's end.
void data_row(Data *d, long long n, int *tokens);
// Which row of an epoch n is: the same text in every epoch. Only where rows > 0.
long long data_row_of(Data *d, long long n);
// A row of a language: nats[i] = -ln P(tokens[i + 1] | its text so far), i < time. What
// no model can do better than, on average.
void data_surprise(const Data *d, const int *tokens, double *nats);
