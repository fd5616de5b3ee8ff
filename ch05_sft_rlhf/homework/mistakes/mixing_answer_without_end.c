// loses: 6, says: END is the answer's last token, keeps: 18
// The answer without END.
#include "ch05_sft_rlhf/homework/hw05.h"
#define token_beam solved_token_beam
#include "../solution.c"
#undef token_beam

int token_beam(const Readers *r, int width, int *answer) {
    return solved_token_beam(r, width, answer) - 1;
}
