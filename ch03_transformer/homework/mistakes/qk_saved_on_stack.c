// loses: 1, says: points to a local variable, keeps: 7
// The pull would look into a frame that is gone.
#include "ch03_transformer/homework/hw03.h"
#define qk_norm solved_qk_norm
#include "../solution.c"
#undef qk_norm

static void keep(Node *out, Mat inverse) {
    Mat *volatile here = &inverse;  // the compiler would say it, too
    out->saved = here;
}

Node *qk_norm(Tape *t, Node *x, Node *gain, double epsilon) {
    Node *out = solved_qk_norm(t, x, gain, epsilon);
    keep(out, *(Mat *)out->saved);
    return out;
}
