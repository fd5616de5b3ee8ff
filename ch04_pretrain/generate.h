// Generation with a trained model: text after a prompt, one token at a time. Lecture,
// section 4.14. How the next token is chosen is chapter 3's sample.h.
//
//     InferModel view;                                  infer_of_model.h
//     Generator g;
//     if (!generator_new(&g, &view, end, ids, count, &err)) ...
//     while (generator_next(&g, &sampling, &w)) print(w.token);
//     generator_free(&g);
#pragma once
#include <stdio.h>

#include "ch01_tokenizer/tokenizer.h"
#include "ch03_transformer/infer.h"
#include "ch03_transformer/infer_of_model.h"
#include "ch03_transformer/sample.h"

typedef struct {
    Inference state;
    Mat logits;
    Ids text;  // prompt and all
    int prompt, end;
} Generator;

// What was written: the model's own log-probability of the token, and the share with which
// it was drawn. They are the same only for sampling at temperature 1 from all tokens.
typedef struct {
    int token;
    double log_prob, share;
} Written;

// prompt: count >= 1 ids; END begins a text. False and err where it is longer than the
// model's context. The model must outlive it.
bool generator_new(Generator *g, const InferModel *m, int end, const int *prompt,
                   int count, Error *err);
void generator_free(Generator *g);
// False where the text has ended: by END, which is then *to; or because the model's
// positions are used up or its logits are no numbers (infer_finite of the state says), and
// then the token is -1.
bool generator_next(Generator *g, Sampling *s, Written *to);

// The same for several texts of one model that go on, each with its own sampling: all
// weights are read once for all of them. going[i] false: to[i].token is -1 or END.
void generators_next(Generator *const *g, Sampling *const *s, int count, Written *to,
                     bool *going);

// Prints the prompt and at most `count` tokens after it, as they come. False and err where
// the model is none that infer.h runs, or the prompt too long.
typedef Sampling Generation;
bool generate_text(FILE *to, const Model *m, const Tokenizer *t, int end,
                   const char *prompt, int count, Generation *g, Error *err);
