#include "ch03_transformer/attend.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    Heads heads;
    Mat weights;  // B H T x S
} Saved;

// Pairs of a query and a key that are seen, of one head, in all sequences.
static double pairs(const Heads *h, int queries, int keys) {
    int time = queries / h->batch, s = keys / h->batch;
    double sum = 0;
    for (int b = 0; b < h->batch; b++) {
        Mask mask = mask_of_sequence(&h->mask, b);
        for (int i = 0; i < time; i++) sum += mask_count(&mask, time, s, i);
    }
    return sum;
}

double attend_flops(const Heads *heads, int queries, int keys, int channels) {
    return 2 * pairs(heads, queries, keys) * channels;
}

static void pull(Tape *t, Node *out) {
    const Saved *s = out->saved;
    Node *q = out->from[0], *k = out->from[1], *v = out->from[2],
         *position = out->from[3];
    HeadsGrad grads[3];
    // attend_heads_backward wants room for all three, even where nobody asks for one
    for (int i = 0; i < 3; i++) {
        Node *n = out->from[i];
        bool add = false;
        Mat to = n->needs_grad ? grad_write(t, n, &add)
                               : mat_new(n->value.rows, n->value.cols);
        grads[i] = (HeadsGrad){to, add};
    }
    attend_heads_backward_to(grads[0], grads[1], grads[2],
                             wants_grad(position) ? grad_add(t, position) : (Mat){0},
                             out->grad, s->weights, q->value, k->value, v->value,
                             &s->heads);
    for (int i = 0; i < 3; i++)
        if (!out->from[i]->needs_grad) mat_free(grads[i].to);
    tape_count_flops(
        t, 4 * attend_flops(&s->heads, q->value.rows, k->value.rows, q->value.cols));
}

static const Operation attend_operation = {"attention", pull};

Node *attend(Tape *t, Node *q, Node *k, Node *v, Node *position_param,
             const Heads *heads) {
    Node *out = node_new(t, &attend_operation, q->value.rows, q->value.cols, q, k, v);
    out->from[3] = position_param;
    out->needs_grad |= wants_grad(position_param);
    Saved *s = out->saved = tape_allocate(t, sizeof *s);
    *s = (Saved){*heads, tape_mat(t, q->value.rows * heads->n_heads,
                                  k->value.rows / heads->batch)};
    attend_heads(out->value, s->weights, q->value, k->value, v->value, &s->heads);
    tape_count_flops(
        t, 2 * attend_flops(&s->heads, q->value.rows, k->value.rows, q->value.cols));
    return out;
}

void attend_map(Mat to, const Node *attended, int sequence, int head) {
    assert(attended->op == &attend_operation && "attend_map: not a node of attend");
    const Saved *s = attended->saved;
    Mask mask = mask_of_sequence(&s->heads.mask, sequence);
    assert(to.cols == s->weights.cols
           && to.rows * s->heads.batch * s->heads.n_heads == s->weights.rows
           && "attend_map: not T x S");
    for (int i = 0; i < to.rows; i++)
        for (int j = 0; j < to.cols; j++)
            *mat_at(to, i, j) =
                mask_sees(&mask, to.rows, to.cols, i, j) ? *mat_at(
                    s->weights, (sequence * s->heads.n_heads + head) * to.rows + i, j)
                                                         : 0;
}

// ---- the layer

AttentionLayer attention_layer_new(Params *p, const AttentionShape *s,
                                   const char *name) {
    char part[4][96];
    const char *const names[] = {"query", "key", "value", "out"};
    for (int i = 0; i < 4; i++) {
        int length = snprintf(part[i], sizeof part[i], "%s.%s", name, names[i]);
        assert(length > 0 && (size_t)length < sizeof part[i]);
        (void)length;
    }
    int wide = s->n_heads * s->head_dim, narrow = s->n_kv_heads * s->head_dim;
    AttentionLayer a = {.n_heads = s->n_heads,
                        .n_kv_heads = s->n_kv_heads,
                        .scale = s->scale,
                        .attend = attend};
    if (a.scale == 0) a.scale = (double)attention_scale(s->head_dim);
    a.query = linear_new(p, s->channels, wide, s->bias, s->init_qk, part[0]);
    a.key = linear_new(p, s->memory_channels, narrow, s->bias, s->init_qk, part[1]);
    a.value = linear_new(p, s->memory_channels, narrow, s->bias, s->init_v, part[2]);
    a.out = linear_new(p, wide, s->channels, s->out_bias, s->init_out, part[3]);
    return a;
}

static Node *attention_layer(Tape *t, const AttentionLayer *a, Node *x, Node *context,
                             Node *position_param, const Heads *heads) {
    Node *q = linear(t, &a->query, x), *k = linear(t, &a->key, context),
         *v = linear(t, &a->value, context);
    return linear(t, &a->out, a->attend(t, q, k, v, position_param, heads));
}

Node *self_attention(Tape *t, const AttentionLayer *a, Node *x, const Surroundings *s) {
    Heads heads = {s->batch,       a->n_heads, a->n_kv_heads,
                   (real)a->scale, s->mask,    s->position};
    return attention_layer(t, a, x, x, s->position_param, &heads);
}

Node *cross_attention(Tape *t, const AttentionLayer *a, Node *x,
                      const Surroundings *s) {
    Heads heads = {s->batch,       a->n_heads,     a->n_kv_heads,
                   (real)a->scale, s->memory_mask, NULL};
    return attention_layer(t, a, x, s->memory, NULL, &heads);
}
