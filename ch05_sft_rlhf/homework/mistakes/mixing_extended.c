// loses: 6, says: an answer that has ended was extended, keeps: 21
// END is a token like any other, until all have it.
#include "ch05_sft_rlhf/homework/hw05.h"
#define token_beam solved_token_beam
#include "../solution.c"
#undef token_beam

int token_beam(const Readers *r, int width, int *answer) {
    Hypothesis beam[BEAM_MOST] = {{.count = 0}};
    int count = 1, still = 1;
    double *log_p = allocate((size_t)r->symbols + 1, sizeof *log_p);
    for (int step = 0; step < r->longest && still > 0; step++) {
        Hypothesis best[BEAM_MOST];
        int kept = 0;
        for (int k = 0; k < count; k++) {
            mixed_next(r, beam[k].tokens, beam[k].count, log_p);
            for (int y = 0; y <= r->symbols; y++) {
                Hypothesis longer = beam[k];
                longer.tokens[longer.count++] = y, longer.log_p += log_p[y];
                keep(best, &kept, width, &longer);
            }
        }
        memcpy(beam, best, (size_t)kept * sizeof *beam);
        count = kept, still = 0;
        for (int k = 0; k < count; k++) still += !ended(r, &beam[k]);
    }
    free(log_p);
    int at = 0;
    while (at + 1 < count && !ended(r, &beam[at])) at++;
    memcpy(answer, beam[at].tokens, (size_t)beam[at].count * sizeof *answer);
    return beam[at].count;
}
