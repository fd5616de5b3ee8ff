// loses: 6, says: a product of 400 probabilities, keeps: 24
// The product itself.
#include "ch05_sft_rlhf/homework/hw05.h"
#define token_log_p solved_token_log_p
#include "../solution.c"
#undef token_log_p

double token_log_p(const Readers *r, const int *answer, int count) {
    double *mixed = allocate((size_t)r->symbols + 1, sizeof *mixed), product = 1;
    for (int i = 0; i < count; i++) {
        mixed_next(r, answer, i, mixed);
        product *= exp(mixed[answer[i]]);
    }
    free(mixed);
    return log(product);
}
