// A story model's loss by kind of word: what the grammar decides, what it leaves free, and
// answers that need memory. Lecture, sections 4.5 and 4.11.
#pragma once
#include "ch04_pretrain/objective.h"
#include "ch04_pretrain/story.h"
#include "common/numeric/mean.h"

typedef struct {
    // by WordKind, over words: what the model lost, and that less the grammar's own loss
    Mean nats[WORD_KINDS], excess[WORD_KINDS];
    Mean right[WORD_KINDS];  // 1 where the word was the model's most likely one
} ByClass;

// d: data of the stories s; of a causal model. Rows first .. first + rows - 1.
ByClass evaluate_by_class(const Model *m, Data *d, const Story *s, long long first,
                          long long rows, int batch);
