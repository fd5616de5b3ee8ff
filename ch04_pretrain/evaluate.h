// Evaluation: the loss on text that the model was not trained on. Lecture, section 4.11.
//
//     nats per token   L = sum of -ln p / tokens
//     perplexity       e^L                              of two batches: e^(sum / sum), never a mean of means
//     bits per byte    sum of -ln p / (ln 2 x bytes)    the only one that compares vocabularies
//
// The bytes are those of the text; END is a target like any other (its cost counts), but
// has no bytes.
#pragma once
#include "ch04_pretrain/objective.h"

typedef struct {
    long long tokens;  // targets
    double nats;       // their sum
    double squares;    // of the rows' sums about their mean: for the standard error
    long long rows;
    bool has_floor;  // the data is a language, and its own loss is known (floor.h)
    double floor;    // the sum of its nats, for the same targets
    double excess_squares;       // as squares, of the rows' nats beyond the floor
    double *by_position;         // time sums of nats, and how many targets: for curves
    long long *position_tokens;  // (the caller frees them with evaluation_free)
    int time;
} Evaluation;

// Rows first .. first + rows - 1 of the data, `batch` at a time.
Evaluation evaluate(const Model *m, Data *d, const ObjectiveSettings *s,
                    long long first, long long rows, int batch);
void evaluation_free(Evaluation *e);

double evaluation_loss(const Evaluation *e);  // nats per token; 0 if there was none
// The loss less the language's own on the same targets, nats per token, and its standard
// error. What is by chance hard for one is hard for the other, so the error is a tenth of
// the loss's own. Only with has_floor.
double evaluation_excess(const Evaluation *e);
double evaluation_excess_error(const Evaluation *e);
double evaluation_bits_per_byte(const Evaluation *e, long long bytes);
