// Questions answered by what a library has: found, read, summed over. Lecture, section
// 5.16.
//
//     question --> library_find --> k facts, p(z | x)
//              --> a reader per fact, p(. | x, z, y) --> rag_decode --> the answer, p(y | x)
#pragma once
#include "ch03_transformer/infer_of_model.h"
#include "ch05_sft_rlhf/library.h"
#include "ch05_sft_rlhf/rag.h"
#include "ch05_sft_rlhf/reader.h"

typedef struct {
    const Vocabulary *vocabulary;
    const InferModel *reader;
    const Library *library;  // NULL: closed-book
    RetrieverKind retriever;
    RagKind kind;
    int facts;  // that are read per question, 1 .. READER_FACTS
} Answerer;

typedef struct {
    Text text;
    bool unknown;      // it says "I do not know"
    double p;          // of this answer
    double p_unknown;  // of "I do not know"
    Found found;
} Answer;

// A question of READER_WORDS at most.
Answer answer_question(const Answerer *a, const Terms *question);
void answer_free(Answer *a);
