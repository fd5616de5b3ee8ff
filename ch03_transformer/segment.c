#include "ch03_transformer/segment.h"

#include <assert.h>

typedef struct {
    SegmentFunction *f;
    const void *context;
    Rng rng;  // as it was when f ran first
} Saved;

static void pull(Tape *t, Node *y) {
    const Saved *s = y->saved;
    Rng now = tape_rng(t);
    TapeMark mark = tape_mark(t);
    tape_set_rng(t, s->rng);
    tape_backward_since(t, mark, s->f(t, y->from[0], s->context), y->grad);
    tape_release(t, mark);
    tape_set_rng(t, now);
}

static const Operation segment_operation = {"segment", pull};

Node *segment(Tape *t, Node *x, SegmentFunction *f, const void *context) {
    Saved *s = tape_allocate(t, sizeof *s);
    *s = (Saved){f, context, tape_rng(t)};
    Node *y =
        node_new(t, &segment_operation, x->value.rows, x->value.cols, x, NULL, NULL);
    y->saved = s;
    TapeMark mark = tape_mark(t);
    const Node *inside = f(t, x, context);
    assert(inside->value.rows == x->value.rows && inside->value.cols == x->value.cols
           && "segment: another shape");
    mat_copy(y->value, inside->value);
    y->needs_grad = inside->needs_grad;  // x may not want any, and parameters inside do
    tape_release(t, mark);
    return y;
}
