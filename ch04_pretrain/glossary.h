// Words that are defined on the spot: what they mean is said in the text and nowhere else.
// Lecture, section 4.27.
//
//     dax kite. fep ball. dax kite. wug drum. dax lamp. dax ...
//
// A picture book points at things and names them. Each text draws for each of its W new
// words one of K toys as its meaning, and then says sentences: a word, all W alike, and a
// toy, which is the word's meaning with probability 1 - e, and else one of the K - 1
// others. Who has read that word w goes with toy k n_k times so far knows
//
//     P(meaning = k)  ~  rho^{n_k},    rho = (1 - e) (K - 1) / e
//     P(next toy = k) = (1 - e) P(meaning = k) + e / (K - 1) P(meaning is another)
//
// and answers with the toy that was said most often. Each sentence is a question to whom
// read those before it, and an example to whom reads on: "few-shot" is what a text is.
#pragma once
#include "common/numeric/rng.h"

enum {
    GLOSSARY_WORDS = 4,
    GLOSSARY_TOYS = 6,
    GLOSSARY_STOP = GLOSSARY_WORDS + GLOSSARY_TOYS,  // symbols: words, toys, this one
    GLOSSARY_SYMBOLS,
    GLOSSARY_SENTENCE = 3  // symbols
};
extern const double glossary_wrong;  // e

const char *glossary_word(int symbol);

// text[0 .. n-1]; meaning[GLOSSARY_WORDS]: the toys, 0 .. K-1, that were drawn; may be
// NULL.
void glossary_write(Rng *rng, int *text, int n, int *meaning);
// P(next | text[0 .. n-1]), p[GLOSSARY_SYMBOLS]; all 0 where the text is impossible.
void glossary_next(const int *text, int n, double *p);
// nats[i] = -ln P(text[i] | text[0 .. i-1]); infinite for what is impossible.
void glossary_surprise(const int *text, int n, double *nats);

// The least expected loss at each position 0 .. n-1, and its standard error: the mean of
// the predictor's entropy over `texts` drawn texts.
void glossary_floor(Rng *rng, int texts, int n, double *floor, double *error);

// P(the toy said most often is the meaning), after n examples of a word of K toys, one of
// those said equally often chosen at random.
double glossary_right(int n, int toys, double wrong);
