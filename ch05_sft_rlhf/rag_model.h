// A retriever and a reader, in one file. Lecture, section 5.16.
//
//     note rag words 137 dim 128       a checkpoint (model_file.h) that says so, with the
//     tensor retriever.question ..     retriever's parameters beside the reader's
#pragma once
#include "ch05_sft_rlhf/bi_encoder.h"
#include "ch05_sft_rlhf/reader.h"

typedef struct {
    Vocabulary vocabulary;
    Model model;  // the reader; its parameters have the retriever's among them
    BiEncoder retriever;
} RagModel;

typedef struct {
    ReaderPlan reader;
    BiEncoderPlan retriever;
    int pairs;
} RagPlan;
RagPlan rag_plan_usual(uint64_t seed);

enum { RAG_DIM = 128 };

// Draws and trains both, in some seconds. *r must not be moved.
void rag_model_train(RagModel *r, const RagPlan *plan, StageProgress *progress,
                     void *self);
bool rag_model_save(const char *path, const RagModel *r, Error *err);
// False and err (one line) where the file is not one that rag_model_save wrote.
bool rag_model_load(const char *path, RagModel *r, Error *err);
void rag_model_free(RagModel *r);
