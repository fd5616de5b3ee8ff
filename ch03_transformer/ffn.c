#include "ch03_transformer/ffn.h"

#include <assert.h>
#include <stdio.h>

const FfnType ffn_kinds[] = {
    [FFN_RELU] = {"relu", ACTIVATION_RELU, false},
    [FFN_GELU] = {"gelu", ACTIVATION_GELU, false},
    [FFN_GELU_TANH] = {"gelu-tanh", ACTIVATION_GELU_TANH, false},
    [FFN_SWIGLU] = {"swiglu", ACTIVATION_SILU, true},
    [FFN_GEGLU] = {"geglu", ACTIVATION_GELU, true}};
_Static_assert(sizeof ffn_kinds / sizeof *ffn_kinds == FFN_KINDS,
               "a feed-forward layer without its activation");

const char *ffn_name(int kind) {
    return 0 <= kind && kind < FFN_KINDS ? ffn_kinds[kind].name : NULL;
}

// SwiGLU's 8 d / 3, rounded down.
static int gated_hidden(int channels) { return 8 * channels / 3; }

int ffn_hidden(FfnKind kind, int channels, int multiple) {
    int hidden = ffn_kinds[kind].gated ? gated_hidden(channels) : 4 * channels;
    return (hidden + multiple - 1) / multiple * multiple;
}

static Linear part(Params *p, const char *name, const char *what, int in, int out,
                   bool bias, Init init) {
    char full[96];
    int length = snprintf(full, sizeof full, "%s.%s", name, what);
    assert(length > 0 && (size_t)length < sizeof full);
    (void)length;
    return linear_new(p, in, out, bias, init, full);
}

Ffn ffn_new(Params *p, FfnKind kind, int channels, int hidden, bool bias, Init init,
            Init init_down, const char *name) {
    Ffn f = {.kind = kind, .gate = LINEAR_NONE};
    if (ffn_kinds[kind].gated)
        f.gate = part(p, name, "gate", channels, hidden, bias, init);
    f.up = part(p, name, "up", channels, hidden, bias, init);
    f.down = part(p, name, "down", hidden, channels, bias, init_down);
    return f;
}

// f(x W1), or f(x Wg) * (x W1).
static Node *activated(Tape *t, const Ffn *f, Node *x) {
    const FfnType *type = &ffn_kinds[f->kind];
    const Activation *a = &activation_kinds[type->activation];
    Node *up = linear(t, &f->up, x);
    return type->gated ? a->gated(t, linear(t, &f->gate, x), up) : a->node(t, up);
}

Node *ffn(Tape *t, const Ffn *f, Node *x) {
    return linear(t, &f->down, activated(t, f, x));
}
