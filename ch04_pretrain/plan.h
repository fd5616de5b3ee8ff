// The plan: everything that decides what a training run computes, in one table.
//
// Each field is an option of `train`, a note in the run's state file, and what --resume
// compares: a run that goes on must be the run that was begun, so another seed, batch or
// data file is refused by name. What changes nothing of the result (--threads, --log,
// how often to save) is no part of it.
//
// 0 stands for "decide": plan_complete does, from the size of the text.
#pragma once
#include "ch03_transformer/checkpoint.h"
#include "ch04_pretrain/trainer.h"
#include "common/program/options.h"

typedef struct {
    const char *data, *validation, *tokenizer;  // paths; "" where there is none
    long long objective, model;                 // kinds
    long long vocabulary, layers, heads, channels, context, batch, accumulate, steps;
    double rate, warmup, decay, dropout, clip;  // warmup: a share of the steps
    double smoothing, loss_scale;
    long long precision;  // a kind
    long long seed;
    long long order, symbols;  // of a language
    double concentration;
    long long text_hash;  // of the bytes of data and validation: no option
} Plan;

// FIELD(kind, field, option, default, help, least, most, words)
#define PLAN_FIELDS(FIELD) \
    FIELD(TEXT, data, "data", NULL, \
          "the text to train on, or a language: story, markov, hmm, chains, " \
          "glossary", \
          0, 0, NULL) \
    FIELD(TEXT, validation, "validation", "", \
          "a text to validate on; else every 20th document of the data", 0, 0, NULL) \
    FIELD(TEXT, tokenizer, "tokenizer", "", \
          "a vocabulary of chapter 1; else one is trained on the text", 0, 0, NULL) \
    FIELD(WORD, objective, "objective", "clm", \
          "what is predicted: clm, prefix, mlm, span, glm, nsp or sop", 0, 0, \
          objective_names) \
    FIELD(WORD, model, "model", "auto", \
          "llama, gpt2, bert or t5; auto: one that the objective can train", 0, 0, \
          model_kind_names) \
    FIELD(WHOLE, vocabulary, "vocab", "0", \
          "ids of a tokenizer that is trained here; 0: by the text's size", 0, \
          1 << 20, NULL) \
    FIELD(WHOLE, layers, "layers", "0", "blocks; 0: by the text's size", 0, 1000, \
          NULL) \
    FIELD(WHOLE, heads, "heads", "0", "of attention; 0: 4 if the channels allow", 0, \
          1000, NULL) \
    FIELD(WHOLE, channels, "channels", "0", \
          "the model's width; 0: by the text's size", 0, 1 << 16, NULL) \
    FIELD(WHOLE, context, "context", "0", "tokens per row; 0: by the text's size", 0, \
          1 << 16, NULL) \
    FIELD(WHOLE, batch, "batch", "8", "rows that go through together", 1, 1 << 16, \
          NULL) \
    FIELD(WHOLE, accumulate, "accumulate", "1", "batches per step", 1, 1 << 16, NULL) \
    FIELD(WHOLE, steps, "steps", "0", "0: as many as --minutes allow", 0, 1e12, NULL) \
    FIELD(REAL, rate, "rate", "3e-3", "peak of the learning rate", 0, 1e9, NULL) \
    FIELD(REAL, warmup, "warmup", "0.02", \
          "share of the steps in which the rate rises to its peak", 0, 1, NULL) \
    FIELD(REAL, decay, "decay", "0.1", "weight decay", 0, 10, NULL) \
    FIELD(REAL, dropout, "dropout", "0", "share of activations that are dropped", 0, \
          0.95, NULL) \
    FIELD(REAL, clip, "clip", "1", "longest gradient; 0: any", 0, 1e9, NULL) \
    FIELD(REAL, smoothing, "smoothing", "0", \
          "share of each target that is spread over all tokens", 0, 0.95, NULL) \
    FIELD(WORD, precision, "precision", "fp32", \
          "fp32, fp16 or bf16: what weights and gradients are rounded to", 0, 0, \
          precision_names) \
    FIELD(REAL, loss_scale, "loss-scale", "0", \
          "a power of two that the loss begins with; 0: 65536 for fp16, else none", 0, \
          0x1p100, NULL) \
    FIELD(WHOLE, seed, "seed", "1", "seed of everything random", 0, 9e15, NULL) \
    FIELD(WHOLE, order, "order", "2", "markov: symbols that the next one depends on", \
          0, 10, NULL) \
    FIELD(WHOLE, symbols, "symbols", "3", "markov, chains: different symbols", 2, 26, \
          NULL) \
    FIELD(REAL, concentration, "concentration", "0.5", \
          "markov: rows are Dirichlet(concentration)", 0.01, 1000, NULL)

// For a table of options: {"output", ...}, PLAN_FIELDS(PLAN_OPTION) {0}
#define PLAN_OPTION(kind, field, name, value, help, least, most, words) \
    {name, value, help},
// What the command line says, defaults elsewhere.
void plan_of_args(Plan *plan, const Args *args);
// Fills in what is left to be decided for a text of so many bytes.
void plan_complete(Plan *plan, size_t text_bytes);

// As notes of a checkpoint, "plan.layers 4"; one for each field.
int plan_fields(void);
enum { PLAN_TEXT = 1024 };
const char *plan_note(char value[PLAN_TEXT], const Plan *plan, int field);  // its key
// Reads them back; text fields are copies that plan_free frees. False and err where one
// is missing or cannot be.
bool plan_of_checkpoint(Plan *plan, const Checkpoint *c, const char *path, Error *err);
void plan_free(Plan *plan);

// Whether what the command line gives, if anything, is what was begun; err names the
// first field that differs, with both values.
bool plan_goes_on(const Plan *begun, const Args *args, Error *err);

// The model that the plan asks for, for `vocabulary` ids of data.
Config plan_config(const Plan *plan, int vocabulary);
TrainSettings plan_settings(const Plan *plan);
