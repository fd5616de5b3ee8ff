// loses: 6, says: the state was made of the queries, keeps: 7
// phi of the queries goes into the state.
#include "ch02_attention/homework/hw02.h"
#define linear_attention_causal solved_linear_attention_causal
#include "../solution.c"
#undef linear_attention_causal

void linear_attention_causal(LinearState *state, Mat out, Mat q, Mat k, Mat v) {
    (void)k;
    solved_linear_attention_causal(state, out, q, q, v);
}
