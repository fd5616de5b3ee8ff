// loses: 6, says: END is a token of the answer, keeps: 21
// The last token is left out.
#include "ch05_sft_rlhf/homework/hw05.h"
#define token_log_p solved_token_log_p
#include "../solution.c"
#undef token_log_p

double token_log_p(const Readers *r, const int *answer, int count) {
    return solved_token_log_p(r, answer, count - 1);
}
