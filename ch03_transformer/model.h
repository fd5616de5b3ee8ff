// A model: embeddings, one or two stacks of blocks, a head; all that a Config says.
// Lecture, section 3.8.
//
//     tokens --> embeddings --> block --> block --> ... --> norm --> head --> logits
//                                           ^
//     tokens --> embeddings --> block --> ..+   the encoder's output, in an encoder-decoder
//
//     Model m;
//     if (!model_new(&m, &config, &err)) die("%s", err.text);
//                                                             lists the parameters: m.params.size counts them
//     model_allocate(&m, &rng);                                   draws the values
//     params_allocate_grads(&m.params);                           to train
//     Tape *t = tape_new(&m.params);
//     loss = model_loss(t, &m, model_decode(t, &m, &in, NULL, NULL), targets);
//     model_free(&m);
//
// A Model must not be moved after model_allocate. Parameters may be added between
// model_new and model_allocate (adapters).
#pragma once
#include "ch03_transformer/config.h"
#include "ch03_transformer/tape.h"

typedef struct {
    int batch, time;     // sequences; tokens of each
    const int *tokens;   // batch x time
    const int *lengths;  // batch: what follows is padding, seen by nobody; NULL: none
    // batch: a decoder's tokens before it see one another both ways (GLM, prefix LM);
    // NULL: none
    const int *prefixes;
    // batch x time: the place of the first token of each token's own document, which sees
    // no other; NULL: one document per sequence
    const int *firsts;
    const int *positions;  // batch x time, for learned positions; NULL: 0 .. time-1
    const int *segments;   // batch x time, below config.segments; NULL: all 0
} Tokens;

typedef struct {
    Block *blocks;    // ALBERT: one
    int layers;       // how often a block is applied
    Norm final_norm;  // NORM_NONE: there is none
    Position position;
    int position_param;  // what its positions learn (T5's buckets); -1: nothing
} Stack;

typedef struct {
    Config config;  // completed
    Params params;
    // embeddings, rows x embedding_channels; -1: none
    int token, position, segment;
    // what a model lacks is LINEAR_NONE, NORM_NONE
    Linear embedding_up;     // ALBERT
    Norm embedding_norm;     // BERT
    Stack encoder, decoder;  // layers 0: there is none
    Linear head_dense;       // MLM
    Norm head_norm;
    int head, head_bias;  // head: untied, channels x vocabulary; -1: none
    Linear pooler;
} Model;

bool model_new(Model *m, const Config *config, Error *err);
// rng NULL: zeros (someone reads a checkpoint into them)
void model_allocate(Model *m, const Rng *rng);
void model_free(Model *m);
// All attention layers use this from now on.
void model_set_attend(Model *m, AttendFunction *attend);

// batch time x channels. Encoders: every token sees every token. Decoders: causal, but
// for prefixes.
Node *model_encode(Tape *t, const Model *m, const Tokens *in);
// memory, of: an encoder-decoder's encoder output and the tokens it was made of; else
// NULL.
Node *model_decode(Tape *t, const Model *m, const Tokens *in, Node *memory,
                   const Tokens *of);
// Whichever of the two this model is; not for encoder-decoders.
Node *model_hidden(Tape *t, const Model *m, const Tokens *in);
// rows x channels -> rows x vocabulary
Node *model_logits(Tape *t, const Model *m, Node *hidden);
// cross_entropy of these logits, 1 x 1, by the faster operation: head_loss.h.
Node *model_loss(Tape *t, const Model *m, Node *hidden, const int *targets);
// BERT's pooler: the first token of each sequence, batch x channels.
Node *model_pool(Tape *t, const Model *m, Node *hidden, const Tokens *in);
