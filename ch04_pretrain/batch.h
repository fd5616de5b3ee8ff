// A batch: what one forward pass reads, and what it must predict. Lecture, section 4.13.
//
// Rows of tokens come from data.h; an objective (objective.h) makes of them what the
// model sees. Whatever is not needed is NULL.
//
//     tokens     END t h e _ b a l l END a _      what the model reads
//     targets    t h e _ b a l l END a _ c        IGNORED where nothing is to be predicted
//     firsts     0 0 0 0 0 0 0 0 0 9 9 9          the first token of its document
//     positions  0 1 2 3 4 5 6 7 8 0 1 2          counted from there
//
// A packed row holds several documents; none sees another, and each begins at position 0.
#pragma once
#include "ch03_transformer/cross_entropy.h"
#include "ch03_transformer/model.h"

typedef struct {
    int rows, time;
    int *tokens, *targets;  // rows x time
    int *firsts;            // rows x time; NULL: one document a row
    int *positions;         // rows x time; NULL: 0 .. time - 1
    int *segments;  // rows x time: BERT's sentence, GLM's place in its span; NULL
    int *prefixes;  // rows: tokens that see one another both ways; NULL
    int *lengths;   // rows: what follows is padding; NULL: none
    // an encoder-decoder's other side; source_time 0: there is none
    int source_time;
    int *source, *source_lengths;
    int *labels;        // rows: of pairs of sentences; NULL
    long long counted;  // targets (and labels) that are to be predicted
} Batch;

enum {
    BATCH_FIRSTS = 1,
    BATCH_POSITIONS = 2,
    BATCH_SEGMENTS = 4,
    BATCH_PREFIXES = 8,
    BATCH_LENGTHS = 16,
    BATCH_LABELS = 32
};

// parts: which of the arrays beside tokens and targets there are.
Batch batch_new(int rows, int time, int source_time, int parts);
void batch_free(Batch *b);

// firsts and positions of a row, from where the documents of `tokens` begin: at each
// `end`.
void batch_mark_documents(Batch *b, int row, const int *tokens, int end);
// Counts the targets; to be called when the batch is complete.
void batch_count(Batch *b);
// Where the targets are, row x time + position, and what they are, in that order; returns
// how many. Until tape_reset.
int batch_targets(Tape *t, const Batch *b, const int **places, const int **ids);

Tokens batch_tokens(const Batch *b);
Tokens batch_source(const Batch *b);
