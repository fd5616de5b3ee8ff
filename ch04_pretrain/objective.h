// Objectives: what is to be predicted from what. Lecture, sections 4.7 to 4.12.
//
//     clm      the next token, from those before it            GPT, LLaMA     decoder
//     prefix   the same, after a prefix read both ways         prefix LM      decoder
//     mlm      15 % of the tokens, from all the others         BERT, RoBERTa  encoder
//     span     the spans that were cut out                     T5             encoder-decoder
//     glm      the same, one after the other, in any order     GLM            decoder
//     nsp      whether the second half follows the first       BERT           encoder
//     sop      which of two halves comes first                 ALBERT         encoder
//
// A kind is a line in the table: the model it needs, and the function that makes a row of
// a batch from a row of data. All are trained by one loss, the mean of -ln p over the
// targets that count.
#pragma once
#include "ch04_pretrain/batch.h"
#include "ch04_pretrain/data.h"

typedef enum {
    OBJECTIVE_CLM,
    OBJECTIVE_PREFIX,
    OBJECTIVE_MLM,
    OBJECTIVE_SPAN,
    OBJECTIVE_GLM,
    OBJECTIVE_NSP,
    OBJECTIVE_SOP,
    OBJECTIVE_KINDS
} ObjectiveKind;

typedef struct {
    ObjectiveKind kind;
    double mask_share;  // of the tokens that are to be predicted; 0: 0.15 (mlm)
    bool
        static_masks;  // the same ones in every epoch (BERT); else drawn anew (RoBERTa)
    Rng rng;
} ObjectiveSettings;

// What a row of a batch is made of.
typedef struct {
    const int *tokens;  // row n of the data, time + 1 tokens
    long long n;
    Data *data;
    const ObjectiveSettings *settings;
    Rng *rng;  // a stream of this row's own
} Draw;

typedef struct {
    const char *name;
    Family family;
    HeadKind head;
    int parts;                        // of the batch
    int (*special_tokens)(int time);  // ids it needs after the data's; NULL: none
    // of the first of them, ends with NULL; NULL: they have numbers only
    const char *const *special_names;
    int (*time)(int time);         // of a batch's rows; NULL: the data's
    int (*source_time)(int time);  // of the encoder's side; NULL: there is none
    void (*fill)(Batch *b, int row, const Draw *from);
} Objective;

extern const Objective objectives[];
const char *const *objective_names(void);  // ends with NULL

// For rows of `time` tokens of data: ids after the data's; the length of a batch's rows;
// the longer of its two sides.
int objective_special_tokens(ObjectiveKind kind, int time);
int objective_time(ObjectiveKind kind, int time);
int objective_context(ObjectiveKind kind, int time);

Batch objective_batch_new(const ObjectiveSettings *s, int rows, int time);
// The stream that row n is corrupted with: a fill function's Draw.rng.
Rng objective_row_rng(const ObjectiveSettings *s, Data *d, long long n);
// Rows n .. n + b->rows - 1 of the data. The same n gives the same batch.
void objective_fill(Batch *b, const ObjectiveSettings *s, Data *d, long long n);

// The mean of -ln p over the b->counted targets, in nats, 1 x 1; 0, with gradient 0,
// if there are none.
Node *objective_loss(Tape *t, const Model *m, const Batch *b);
// The same with a share eps of each target spread over all tokens (smoothing.h).
Node *objective_loss_smoothed(Tape *t, const Model *m, const Batch *b, double eps);
// to (rows x time): ln p of each target; 0 where there is none. Labels: in column 0.
void objective_log_probs(Mat to, Tape *t, const Model *m, const Batch *b);
// The same, and in `first` (rows x time; .at NULL: not asked for) a 1 where no other id was
// more likely than the target.
void objective_predictions(Mat log_probs, Mat first, Tape *t, const Model *m,
                           const Batch *b);
