// loses: 6, says: has not taken in the query's own key, keeps: 8
// The sum of the keys is brought up to date after the answer.
#include "ch02_attention/homework/hw02.h"
#define linear_attention_causal solved_linear_attention_causal
#include "../solution.c"
#undef linear_attention_causal

void linear_attention_causal(LinearState *state, Mat out, Mat q, Mat k, Mat v) {
    Mat phi_q = features(q), phi_k = features(k);
    for (int i = 0; i < q.rows; i++) {
        for (int c = 0; c < phi_k.cols; c++)
            add_row(state->values, c, *mat_at(phi_k, i, c), v, i);
        answer(out, state, phi_q, i);
        add_row(state->keys, 0, 1, phi_k, i);
    }
    mat_free(phi_q), mat_free(phi_k);
}
