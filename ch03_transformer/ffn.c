#include "ch03_transformer/ffn.h"

#include <assert.h>
#include <stdio.h>

#include "ch03_transformer/activation.h"
#include "ch03_transformer/arithmetic.h"

int ffn_hidden(FfnKind kind, int channels, int multiple) {
    int hidden = kind == FFN_SWIGLU ? 8 * channels / 3 : 4 * channels;
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
    Ffn f = {.kind = kind};
    if (kind == FFN_SWIGLU)
        f.gate = part(p, name, "gate", channels, hidden, bias, init);
    f.up = part(p, name, "up", channels, hidden, bias, init);
    f.down = part(p, name, "down", hidden, channels, bias, init_down);
    return f;
}

static Node *bend(Tape *t, const Ffn *f, Node *x) {
    switch (f->kind) {
        case FFN_RELU: return relu(t, linear(t, &f->up, x));
        case FFN_GELU: return gelu(t, linear(t, &f->up, x));
        case FFN_GELU_TANH: return gelu_tanh(t, linear(t, &f->up, x));
        default:
            return product(t, silu(t, linear(t, &f->gate, x)), linear(t, &f->up, x));
    }
}

Node *ffn(Tape *t, const Ffn *f, Node *x) { return linear(t, &f->down, bend(t, f, x)); }
