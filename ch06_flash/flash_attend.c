#include "ch06_flash/flash_attend.h"

#include "ch06_flash/flash_heads.h"

typedef struct {
    Heads heads;
    Mat lse;  // B H T x 1
} Saved;

static void pull(Tape *t, Node *out) {
    const Saved *s = out->saved;
    Node *position = out->from[3];
    Mat grads[3];
    // all three are computed, even where nobody asks for one
    for (int i = 0; i < 3; i++)
        grads[i] = out->from[i]->needs_grad
                       ? grad_add(t, out->from[i])
                       : mat_new(out->from[i]->value.rows, out->from[i]->value.cols);
    flash_heads_backward(
        (FlashHeadsGrads){grads[0], grads[1], grads[2],
                          wants_grad(position) ? grad_add(t, position) : (Mat){0}},
        (FlashHeadsOut){out->value, s->lse, out->grad, {0}}, out->from[0]->value,
        out->from[1]->value, out->from[2]->value, &s->heads, NULL);
    for (int i = 0; i < 3; i++)
        if (!out->from[i]->needs_grad) mat_free(grads[i]);
    // five products of which chapter 3 counts two as one pass
    tape_count_flops(t, 5
                            * attend_flops(&s->heads, out->value.rows,
                                           out->from[1]->value.rows, out->value.cols));
}

static const Operation flash_operation = {"flash attention", pull};

Node *flash_attend(Tape *t, Node *q, Node *k, Node *v, Node *position_param,
                   const Heads *heads) {
    Node *out = node_new(t, &flash_operation, q->value.rows, q->value.cols, q, k, v);
    out->from[3] = position_param;
    out->needs_grad |= wants_grad(position_param);
    Saved *s = out->saved = tape_allocate(t, sizeof *s);
    *s = (Saved){*heads, tape_mat(t, q->value.rows * heads->n_heads, 1)};
    flash_heads(out->value, s->lse, q->value, k->value, v->value, heads, NULL);
    tape_count_flops(
        t, 2 * attend_flops(heads, q->value.rows, k->value.rows, q->value.cols));
    return out;
}
