// Homework of chapter 3: six problems that take the transformer further. README.md says
// what each is about.
//
// You edit hw03.c; `make hw03` grades it. Every function of the chapter may be called.
// No problem needs another. The caller of these functions owns all matrices; a function
// frees what it allocates itself, and what belongs to a node comes from the tape
// (tape_allocate, tape_mat). "+=" adds to what is there, "=" replaces it; what is
// neither stays as it is.
#pragma once
#include "ch03_transformer/model.h"
#include "ch03_transformer/optimiser.h"

// ---- 1. QK-norm (medium, 75 min)

// An operation of your own: each head of each token by itself,
//
//     out_c = gain_c x_c / sqrt(mean of the head's x^2 + epsilon)
//
// x (rows x H d): H heads of d columns side by side. gain (1 x d): one for all heads.
// -> rows x H d, a new node. Gradients go to x and gain, both of which want one.
Node *qk_norm(Tape *t, Node *x, Node *gain, double epsilon);
// Queries were normalised with q_gain, keys with k_gain (each 1 x d): the smallest
// number that no score |scale q . k| exceeds, whatever q and k were before. No
// positions come between.
double qk_score_bound(Mat q_gain, Mat k_gain, double scale);

// ---- 2. The parallel block (medium, 60 min)

// y = x + attention(n) + ffn(n),  n = norm_attention(x). Both parts see the same n;
// norm_ffn is not used. Each part has its dropout, b->dropout, as in block(). x, y:
// B T x C. No cross-attention.
Node *parallel_block(Tape *t, const Block *b, Node *x, const Surroundings *s);

// Columns first .. first + count - 1 of x. The value is a view: not a number is copied.
Node *slice_cols(Tape *t, Node *x, int first, int count);

// The parallel block with its four matrices that read n as one: a single matrix product
// makes
//
//     n W_in = [ query | key | value | up ]        H d + 2 H_kv d + hidden columns
typedef struct {
    Norm norm;
    Linear in;                   // W_in
    Linear attention_out, down;  // H d x C, hidden x C
    int n_heads, n_kv_heads, head_dim, hidden;
    double scale;  // of the scores
} FusedBlock;
// The feed-forward's activation function is gelu. No dropout.
Node *fused_block(Tape *t, const FusedBlock *b, Node *x, const Surroundings *s);

// ---- 3. Tied weights, backward (easy, 30 min)

// One table E (V x d) is look-up and head:
//
//     x_i = input_scale E_(ids_i)                 n inputs
//     logits = logit_scale hidden E^T             m x V
//
// The tape knows how; here without it. table_grad (V x d) += and hidden_grad (m x d)
// +=, from the gradients of the inputs, input_grad (n x d), and of the logits,
// logits_grad (m x V). hidden is m x d; n and m may differ.
void tied_backward(Mat table_grad, Mat hidden_grad, const int *ids, Mat input_grad,
                   double input_scale, Mat logits_grad, double logit_scale, Mat hidden,
                   Mat table);

// ---- 4. Recomputation (hard, 90 min)

// Makes a result from x, parameters and constants: of nodes it uses only x and those it
// makes itself. The same one whenever it gets the same x and, while training, the same
// draws of the tape. What context points to stays until tape_reset.
typedef Node *SubGraph(Tape *t, Node *x, const void *context);
// f(t, x, context) for less memory: of all that f makes, t keeps the value of the
// result and no more. f runs once now and, if anybody wants a gradient, once more when
// it is pulled. Values and gradients are those of f(t, x, context): x's and those of
// the parameters, also where f has none, or x wants none; and with dropout, where two
// calls drop different numbers, and the same step with the same seed of t the same
// ones. params: those of t.
Node *recompute(Tape *t, Params *params, Node *x, SubGraph *f, const void *context);

// ---- 5. Maximal update parametrisation (medium, 60 min)

// How a parameter of the wide model begins (sd), and what the learning rate is
// multiplied by for it. What is not a hidden matrix begins with base's sd, not with
// wide's own.
typedef struct {
    double sd, rate;
} MupRule;
// The same parameter in the model where everything was tuned (base) and in the wide
// one. The optimiser is Adam; matrices are in x out. All that depends on the width
// differs between the two: a hidden matrix in rows and columns.
MupRule mup_rule(const Param *base, const Param *wide);
// Sets wide->attention_scale and wide->logit_scale. Both configs are complete: a
// logit_scale is a number to multiply by, never 0, but an attention_scale of 0 still
// means 1 / sqrt(head_dim), of its own config. They differ in channels, head_dim,
// hidden and so on. Were they the same, wide would compute what base does.
void mup_scales(Config *wide, const Config *base);

// ---- 6. Gradient accumulation (medium, 60 min)

typedef struct {
    Tokens in;
    const int *targets;  // batch x time; negative: not counted
} MicroBatch;

typedef struct {
    double loss;  // mean over all counted targets of all micro-batches
    double norm;  // of the whole gradient, before clipping
} StepResult;

// One step of o, as if the count >= 1 micro-batches were one batch: its loss is the
// mean over all of its counted targets. most > 0: the gradient is clipped to that norm;
// 0: it is not. m is a decoder. On entry the gradients in m->params are anything at
// all, and t is empty; t never holds more than one micro-batch, and is empty again in
// the end. A micro-batch may have no counted target; if all have none, no step is taken
// and the result is {0, 0}. What the gradients are afterwards is left open.
StepResult accumulate_step(Model *m, Tape *t, Optimiser *o, const MicroBatch *micro,
                           int count, double rate, double most);
