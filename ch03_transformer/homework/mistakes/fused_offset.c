// loses: 2, says: up was read from column, keeps: 10
// There is one part of n_kv_heads, not two, before up.
#include "ch03_transformer/homework/hw03.h"
#define fused_block solved_fused_block
#include "../solution.c"
#undef fused_block

Node *fused_block(Tape *t, const FusedBlock *b, Node *x, const Surroundings *s) {
    int wide = b->n_heads * b->head_dim, narrow = b->n_kv_heads * b->head_dim;
    Heads heads = {s->batch,       b->n_heads, b->n_kv_heads,
                   (real)b->scale, s->mask,    s->position};
    Node *all = linear(t, &b->in, norm(t, &b->norm, x));
    Node *q = slice_cols(t, all, 0, wide), *k = slice_cols(t, all, wide, narrow);
    Node *v = slice_cols(t, all, wide + narrow, narrow),
         *up = slice_cols(t, all, wide + narrow, b->hidden);
    Node *mixed =
        linear(t, &b->attention_out, attend(t, q, k, v, s->position_param, &heads));
    return add(t, x, add(t, mixed, linear(t, &b->down, gelu(t, up))));
}
