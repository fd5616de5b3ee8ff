#include "ch03_transformer/norm.h"

Norm norm_new(Params *p, NormKind kind, int channels, bool bias, double epsilon,
              const char *name) {
    Norm n = {.kind = kind, .bias = -1, .epsilon = epsilon};
    n.gain = params_add(p, 1, channels, constant(1), "%s.gain", name);
    if (bias && kind == NORM_LAYER)
        n.bias = params_add(p, 1, channels, constant(0), "%s.bias", name);
    return n;
}

Node *norm(Tape *t, const Norm *n, Node *x) {
    if (n->kind == NORM_RMS) return rms_norm(t, x, param(t, n->gain), n->epsilon);
    return layer_norm(t, x, param(t, n->gain), n->bias < 0 ? NULL : param(t, n->bias),
                      n->epsilon);
}
