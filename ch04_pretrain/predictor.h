// What comes next, for several texts at a time: what beam search asks of a model, of a
// language, of anything that predicts. Lecture, section 4.15.
//
//     begin                    one text: the prompt
//     step     parent   0 0 2      text b becomes: text parent[b], then token[b]
//              token    a c b
//
// A text that goes on in two ways is a parent twice; one that does not is gone. A model
// keeps a key-value cache per text, and copies the parent's.
#pragma once
#include "ch03_transformer/infer.h"
#include "ch04_pretrain/language.h"

typedef struct Predictor Predictor;
struct Predictor {
    int symbols;
    int end;   // the symbol that ends a text; -1: none
    int most;  // texts at a time
    // log_probs [texts x symbols]: ln P(next symbol | text)
    void (*begin)(Predictor *p, double *log_probs);
    void (*step)(Predictor *p, const int *parent, const int *token, int count,
                 double *log_probs);
    void (*discard)(Predictor *p);
    void *self;
};
void predictor_free(Predictor *p);

// What they are made of must outlive them. prompt[n] is copied; n may be 0 for a language,
// a model needs at least one token. Texts of a model may become `capacity` tokens long,
// prompt and all. False and err where the cache would be too large.
Predictor predictor_of_language(const Language *l, const int *prompt, int n, int most);
bool predictor_of_model(Predictor *p, const InferModel *m, int end, const int *prompt,
                        int n, int most, int capacity, Error *err);
