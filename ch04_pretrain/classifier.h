// Fine-tuning, the BERT way: a pretrained encoder and one new matrix. Lecture, section 4.32.
//
//     text      [END] Anna had a red kite       the encoder, as it was pretrained
//                 v    v   v   v  v   v
//               h_0   h_1 h_2 ...
//                 v    v   v   v  v   v
//     a text:   tanh(h_0 W + b) V + c            one label: BERT's pooled vector
//     tokens:             h_i V + c              a label each: names, toys, ...
//
// All parameters are trained on, from where pretraining left them; W, b, V and c are new.
// Devlin et al., "BERT" (2018), arXiv:1810.04805, sections 3.2 and 4.
#pragma once
#include "ch03_transformer/model.h"

typedef enum { LABEL_TEXT, LABEL_TOKENS, LABEL_PLACES } LabelPlace;
extern const char *const label_place_names[];  // ends with NULL

// Texts of at most `time` tokens, each with its label, or one for each token.
typedef struct {
    int count, time;
    int *tokens;   // count x time; after a text's end anything that is an id
    int *lengths;  // count
    int *labels;   // count, or count x time; negative: IGNORED
    LabelPlace place;
} Labelled;

Labelled labelled_new(int count, int time, LabelPlace place);
void labelled_free(Labelled *l);
// How many labels text i has, and where the first is.
int labelled_row(const Labelled *l, int i, const int **labels);

typedef struct {
    Model model;
    LabelPlace place;
    int labels;
    int weight, bias;  // parameters: V and c
} Classifier;

// An encoder of this configuration without its head, drawn; pretrained (NULL: none): the
// model whose parameters it takes over. False and err where the model is no encoder.
bool classifier_new(Classifier *c, const Config *config, const Model *pretrained,
                    LabelPlace place, int labels, const Rng *rng, Error *err);
void classifier_free(Classifier *c);

// Logits of texts first .. first + count - 1: count x labels, or count time x labels.
Node *classifier_logits(Tape *t, const Classifier *c, const Labelled *l, int first,
                        int count);

typedef struct {
    long long steps;
    int batch;  // texts, drawn anew for each step; some of them twice, if they are few
    double rate;
    Rng rng;
} TuneSettings;

// Trains on all of l; returns the last step's loss.
double classifier_tune(Classifier *c, const Labelled *l, const TuneSettings *s);
// The most likely label of each text or token, shaped as l->labels; p (NULL: not asked
// for): its probability.
void classifier_predict(const Classifier *c, const Labelled *l, int *labels, double *p);
// The share of the labels that the classifier gives as well.
double classifier_right(const Classifier *c, const Labelled *l);
