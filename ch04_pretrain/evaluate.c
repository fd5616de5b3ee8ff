#include "ch04_pretrain/evaluate.h"

#include <math.h>
#include <stdlib.h>

#include "common/numeric/small.h"

static void add_batch(Evaluation *e, const Batch *b, Mat log_probs, int rows) {
    for (int r = 0; r < rows; r++) {
        double sum = 0;
        for (int i = 0; i < b->time; i++) {
            bool counts = b->labels ? i == 0 && b->labels[r] >= 0
                                    : b->targets[(size_t)r * b->time + i] >= 0;
            if (!counts) continue;
            double nats = -(double)*mat_at(log_probs, r, i);
            sum += nats, e->by_position[i] += nats;
            e->position_tokens[i]++, e->tokens++;
        }
        // Welford's update: the mean of the rows so far is nats / rows
        double before = e->rows ? e->nats / (double)e->rows : 0;
        e->nats += sum, e->rows++;
        e->squares += (sum - before) * (sum - e->nats / (double)e->rows);
    }
}

Evaluation evaluate(const Model *m, Data *d, const ObjectiveSettings *s,
                    long long first, long long rows, int batch) {
    int time = objective_time(s->kind, d->time);
    Evaluation e = {.time = time,
                    .by_position = allocate((size_t)time, sizeof(double)),
                    .position_tokens = allocate((size_t)time, sizeof(long long))};
    Tape *tape = tape_new((Params *)&m->params);
    for (long long n = 0; n < rows; n += batch) {
        int here = (int)long_min(batch, rows - n);
        Batch b = objective_batch_new(s, here, d->time);
        Mat log_probs = mat_new(here, time);
        objective_fill(&b, s, d, first + n);
        objective_log_probs(log_probs, tape, m, &b);
        add_batch(&e, &b, log_probs, here);
        tape_reset(tape);
        mat_free(log_probs), batch_free(&b);
    }
    tape_free(tape);
    return e;
}

void evaluation_free(Evaluation *e) {
    free(e->by_position), free(e->position_tokens);
    *e = (Evaluation){0};
}

double evaluation_loss(const Evaluation *e) {
    return e->tokens ? e->nats / (double)e->tokens : 0;
}

double evaluation_bits_per_byte(const Evaluation *e, long long bytes) {
    return e->nats / (log(2) * (double)bytes);
}
