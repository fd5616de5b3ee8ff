// Homework of chapter 3: your file. The contracts are in hw03.h, the problems in
// README.md.
#include "ch03_transformer/homework/hw03.h"

#include "common/program/homework.h"

// ---- 1. QK-norm

Node *qk_norm(Tape *t, Node *x, Node *gain, double epsilon) {
    HW_TODO(t, x, gain, epsilon);
}

double qk_score_bound(Mat q_gain, Mat k_gain, double scale) {
    HW_TODO(q_gain, k_gain, scale);
}

// ---- 2. The parallel block

Node *parallel_block(Tape *t, const Block *b, Node *x, const Surroundings *s) {
    HW_TODO(t, b, x, s);
}

Node *slice_cols(Tape *t, Node *x, int first, int count) {
    HW_TODO(t, x, first, count);
}

Node *fused_block(Tape *t, const FusedBlock *b, Node *x, const Surroundings *s) {
    HW_TODO(t, b, x, s);
}

// ---- 3. Tied weights, backward

void tied_backward(Mat table_grad, Mat hidden_grad, const int *ids, Mat input_grad,
                   double input_scale, Mat logits_grad, double logit_scale, Mat hidden,
                   Mat table) {
    HW_TODO(table_grad, hidden_grad, ids, input_grad, input_scale, logits_grad,
            logit_scale, hidden, table);
}

// ---- 4. Recomputation

Node *recompute(Tape *t, Params *params, Node *x, SubGraph *f, const void *context) {
    HW_TODO(t, params, x, f, context);
}

// ---- 5. Maximal update parametrisation

MupRule mup_rule(const Param *base, const Param *wide) { HW_TODO(base, wide); }

void mup_scales(Config *wide, const Config *base) { HW_TODO(wide, base); }

// ---- 6. Gradient accumulation

StepResult accumulate_step(Model *m, Tape *t, Optimiser *o, const MicroBatch *micro,
                           int count, double rate, double most) {
    HW_TODO(m, t, o, micro, count, rate, most);
}
