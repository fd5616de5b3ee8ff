// loses: 6, says: stay among those that are compared, keeps: 18
// What has ended is put away.
#include "ch05_sft_rlhf/homework/hw05.h"
#define token_beam solved_token_beam
#include "../solution.c"
#undef token_beam

int token_beam(const Readers *r, int width, int *answer) {
    Hypothesis beam[BEAM_MOST] = {{.count = 0}};
    int count = 1;
    for (int i = 0; i < r->longest; i++) {
        int open = 0;
        for (int k = 0; k < count; k++)
            if (!ended(r, &beam[k])) beam[open++] = beam[k];
        count = step_beam(r, width, beam, open);
    }
    for (int k = 0; k < count; k++)
        if (ended(r, &beam[k])) {
            memcpy(answer, beam[k].tokens, (size_t)beam[k].count * sizeof *answer);
            return beam[k].count;
        }
    return 0;
}
