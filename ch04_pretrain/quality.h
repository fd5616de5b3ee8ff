// Quality: documents that are like a text one trusts. Lecture, section 4.19.
//
//     perplexity   a model of bytes, counted on the trusted text (ngram.h, Kneser-Ney, order 5),
//                  reads the document; kept where it needs few bits per byte    CCNet
//     classifier   a linear model of the document's words and pairs of words tells trusted
//                  texts from the ones that are to be cleaned                   LLaMA, GPT-3
//
// The classifier is logistic regression on x, counts of hashed features made of length 1:
//
//     P(trusted | x) = 1 / (1 + exp(-(w.x + c)))
//
// trained on equally many of both sides. What is to be cleaned is itself a mixture, a good
// and 1 - a bad. Then the best such probability is g / (g + a g + (1 - a) b), g and b how
// likely the document is among good and bad ones, and it is above 1/2 just where g > b: a
// need not be known.
#pragma once
#include "ch04_pretrain/documents.h"
#include "ch04_pretrain/ngram.h"
#include "common/numeric/rng.h"

typedef struct {
    float *weights;
    double constant;
} WordClassifier;

// Both filters, learned from four fifths of the trusted documents; each has the bound that
// `share` of the other fifth is on the right side of. (Of fewer than five documents all
// are learned from and all set the bounds.) Two classifiers, each against half of the
// others: a document is read by the one that was not told that it is one of them.
typedef struct {
    Ngram bytes;
    WordClassifier words[2];
    double most_bits, least_logit[2];
} Quality;

Quality quality_learn(const Documents *trusted, const Documents *others, double share,
                      const Rng *rng);
void quality_free(Quality *q);
// How far document i of the others is on the right side; below 0: on the wrong one.
double quality_by_bytes(const Quality *q, const Document *d);
double quality_by_words(const Quality *q, const Document *d, size_t i);
