#include "ch04_pretrain/by_class.h"

#include <math.h>
#include <stdlib.h>

#include "common/numeric/small.h"

// One row: END and stories, tokens[time + 1]; log_probs and first [time], of all but the
// first token.
static void add_row(ByClass *c, const Story *s, const int *tokens,
                    const real *log_probs, const real *first, int time) {
    StoryReader r = story_begin(s);
    for (int i = 0; i < time; i++) {
        WordKind kind = story_kind(s, &r);
        double own = -log(story_read(s, &r, tokens[i + 1]));
        mean_add(&c->nats[kind], -(double)log_probs[i]);
        mean_add(&c->excess[kind], -(double)log_probs[i] - own);
        mean_add(&c->right[kind], (double)first[i]);
    }
}

ByClass evaluate_by_class(const Model *m, Data *d, const Story *s, long long first,
                          long long rows, int batch) {
    ObjectiveSettings o = {.kind = OBJECTIVE_CLM};
    ByClass c = {0};
    Tape *tape = tape_new((Params *)&m->params);
    tape_recompute(tape, 1);
    int *tokens = allocate((size_t)d->time + 1, sizeof *tokens);
    for (long long n = 0; n < rows; n += batch) {
        int here = (int)long_min(batch, rows - n);
        Batch b = objective_batch_new(&o, here, d->time);
        Mat log_probs = mat_new(here, d->time), first_choice = mat_new(here, d->time);
        objective_fill(&b, &o, d, first + n);
        objective_predictions(log_probs, first_choice, tape, m, &b);
        for (int r = 0; r < here; r++) {
            data_row(d, first + n + r, tokens);
            add_row(&c, s, tokens, mat_at(log_probs, r, 0), mat_at(first_choice, r, 0),
                    d->time);
        }
        tape_reset(tape);
        mat_free(log_probs), mat_free(first_choice), batch_free(&b);
    }
    free(tokens);
    tape_free(tape);
    return c;
}
