// loses: 6, says: has forgotten the sum of phi(k), keeps: 12
// Each call begins the sum that divides anew.
#include "ch02_attention/homework/hw02.h"
#define linear_attention_causal solved_linear_attention_causal
#include "../solution.c"
#undef linear_attention_causal

void linear_attention_causal(LinearState *state, Mat out, Mat q, Mat k, Mat v) {
    mat_fill(state->keys, 0);
    solved_linear_attention_causal(state, out, q, k, v);
}
