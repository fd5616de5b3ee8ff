// loses: 6, says: were put beside the beam, keeps: 18
// What has ended is kept elsewhere, and takes no place.
#include "ch05_sft_rlhf/homework/hw05.h"
#define token_beam solved_token_beam
#include "../solution.c"
#undef token_beam

int token_beam(const Readers *r, int width, int *answer) {
    Hypothesis beam[BEAM_MOST] = {{.count = 0}}, best = {.log_p = -INFINITY};
    int count = 1;
    double *log_p = allocate((size_t)r->symbols + 1, sizeof *log_p);
    for (int i = 0; i < r->longest && count > 0; i++) {
        Hypothesis open[BEAM_MOST];
        int kept = 0;
        for (int k = 0; k < count; k++) {
            mixed_next(r, beam[k].tokens, beam[k].count, log_p);
            for (int y = 0; y <= r->symbols; y++) {
                Hypothesis longer = beam[k];
                longer.tokens[longer.count++] = y, longer.log_p += log_p[y];
                if (y < r->symbols) keep(open, &kept, width, &longer);
                else if (longer.log_p > best.log_p) best = longer;
            }
        }
        memcpy(beam, open, (size_t)kept * sizeof *beam), count = kept;
    }
    free(log_p);
    memcpy(answer, best.tokens, (size_t)best.count * sizeof *answer);
    return best.count;
}
