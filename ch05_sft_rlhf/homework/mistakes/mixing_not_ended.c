// loses: 6, says: has not ended, keeps: 21
// The most probable, ended or not.
#include "ch05_sft_rlhf/homework/hw05.h"
#define token_beam solved_token_beam
#include "../solution.c"
#undef token_beam

int token_beam(const Readers *r, int width, int *answer) {
    Hypothesis beam[BEAM_MOST] = {{.count = 0}};
    int count = 1;
    for (int i = 0; i < r->longest; i++) count = step_beam(r, width, beam, count);
    memcpy(answer, beam[0].tokens, (size_t)beam[0].count * sizeof *answer);
    return beam[0].count;
}
