#include "ch03_transformer/block.h"

#include <assert.h>
#include <stdio.h>

#include "ch03_transformer/arithmetic.h"
#include "ch03_transformer/dropout.h"

const PlaceType place_kinds[] = {
    [PLACE_POST] = {"post", .has_alpha = false},
    [PLACE_PRE] = {"pre", .sums = true},
    [PLACE_DEEPNORM] = {"deepnorm", .has_alpha = true},
    [PLACE_SANDWICH] = {"sandwich", .norm_after = true},
};
_Static_assert(sizeof place_kinds / sizeof *place_kinds == PLACE_KINDS,
               "a place of the norm that nothing is known of");

const char *place_name(int kind) {
    return 0 <= kind && kind < PLACE_KINDS ? place_kinds[kind].name : NULL;
}

static const char *joined(char to[static 96], const char *name, const char *what) {
    int length = snprintf(to, 96, "%s.%s", name, what);
    assert(length > 0 && length < 96 && "a parameter's name is too long");
    (void)length;
    return to;
}

// The norm of a sub-layer, and the one after it where the kind has two.
static void block_norms(Params *p, const BlockShape *s, const char *name, int number,
                        Norm *norm, Norm *after) {
    char what[16], full[96];
    snprintf(what, sizeof what, "norm%d", number);
    *norm = norm_new(p, s->norm, s->attention.channels, s->norm_bias, s->epsilon,
                     joined(full, name, what));
    *after = NORM_NONE;
    if (!place_kinds[s->place].norm_after) return;
    snprintf(what, sizeof what, "norm%d_after", number);
    *after = norm_new(p, s->norm, s->attention.channels, s->norm_bias, s->epsilon,
                      joined(full, name, what));
}

Block block_new(Params *p, const BlockShape *s, const char *name) {
    char part[96];
    Block b = {.place = s->place,
               .alpha = s->alpha,
               .dropout = s->dropout,
               .has_cross = s->has_cross,
               .norm_cross = NORM_NONE,
               .after_cross = NORM_NONE,
               .cross = {LINEAR_NONE, LINEAR_NONE, LINEAR_NONE, LINEAR_NONE}};
    block_norms(p, s, name, 1, &b.norm_attention, &b.after_attention);
    b.attention =
        attention_layer_new(p, &s->attention, joined(part, name, "attention"));
    if (s->has_cross) {
        block_norms(p, s, name, 2, &b.norm_cross, &b.after_cross);
        b.cross = attention_layer_new(p, &s->cross, joined(part, name, "cross"));
    }
    block_norms(p, s, name, s->has_cross ? 3 : 2, &b.norm_ffn, &b.after_ffn);
    b.ffn = ffn_new(p, s->ffn, s->attention.channels, s->hidden, s->ffn_bias,
                    s->init_ffn, s->init_ffn_down, joined(part, name, "ffn"));
    return b;
}

// The three things a block does to x: F.
typedef Node *Sublayer(Tape *t, const Block *b, Node *x, const Surroundings *s);

static Node *attention_part(Tape *t, const Block *b, Node *x, const Surroundings *s) {
    return dropout(t, self_attention(t, &b->attention, x, s), b->dropout);
}

static Node *cross_part(Tape *t, const Block *b, Node *x, const Surroundings *s) {
    return dropout(t, cross_attention(t, &b->cross, x, s), b->dropout);
}

static Node *ffn_part(Tape *t, const Block *b, Node *x, const Surroundings *s) {
    (void)s;
    return dropout(t, ffn(t, &b->ffn, x), b->dropout);
}

// F inside its residual connection: here a block is Post-LN, Pre-LN, DeepNorm or
// Sandwich-LN.
static Node *residual(Tape *t, const Block *b, const Norm *n, const Norm *after,
                      Sublayer *f, Node *x, const Surroundings *s) {
    switch (b->place) {
        case PLACE_POST: return norm(t, n, add(t, x, f(t, b, x, s)));
        case PLACE_PRE: return add(t, x, f(t, b, norm(t, n, x), s));
        case PLACE_DEEPNORM:
            return norm(t, n, add(t, scale(t, x, b->alpha), f(t, b, x, s)));
        case PLACE_SANDWICH:
            return add(t, x, norm(t, after, f(t, b, norm(t, n, x), s)));
        case PLACE_KINDS: break;
    }
    assert(false && "residual: no such place of the norm");
    return NULL;
}

Node *block(Tape *t, const Block *b, Node *x, const Surroundings *s) {
    assert((!b->has_cross || s->memory)
           && "block: cross-attention without an encoder's output");
    x = residual(t, b, &b->norm_attention, &b->after_attention, attention_part, x, s);
    if (b->has_cross)
        x = residual(t, b, &b->norm_cross, &b->after_cross, cross_part, x, s);
    return residual(t, b, &b->norm_ffn, &b->after_ffn, ffn_part, x, s);
}
