#include "ch04_pretrain/evaluate.h"

#include <math.h>
#include <stdlib.h>

#include "ch04_pretrain/floor.h"
#include "common/error.h"
#include "common/numeric/small.h"

// Welford's update of the squares about the mean, when x joins `rows` others whose sum
// was `sum`.
static double more_squares(double sum, long long rows, double x) {
    double before = rows ? sum / (double)rows : 0;
    return (x - before) * (x - (sum + x) / (double)(rows + 1));
}

static void add_row(Evaluation *e, const Batch *b, int row, Mat log_probs,
                    const double *floor) {
    double sum = 0, least = 0;
    for (int i = 0; i < b->time; i++) {
        bool counts = b->labels ? i == 0 && b->labels[row] >= 0
                                : b->targets[(size_t)row * b->time + i] >= 0;
        if (!counts) continue;
        double nats = -(double)*mat_at(log_probs, row, i);
        sum += nats, e->by_position[i] += nats;
        if (floor) least += floor[i];
        e->position_tokens[i]++, e->tokens++;
    }
    e->squares += more_squares(e->nats, e->rows, sum);
    e->excess_squares += more_squares(e->nats - e->floor, e->rows, sum - least);
    e->nats += sum, e->floor += least, e->rows++;
}

// Rows n .. n + rows - 1.
static void add_batch(Evaluation *e, const Model *m, Tape *tape, Data *d,
                      const ObjectiveSettings *s, long long n, int rows) {
    Batch b = objective_batch_new(s, rows, d->time);
    Mat log_probs = mat_new(rows, e->time);
    double *floor = allocate((size_t)int_max(d->time, e->time), sizeof *floor);
    objective_fill(&b, s, d, n);
    objective_log_probs(log_probs, tape, m, &b);
    for (int r = 0; r < rows; r++) {
        if (e->has_floor) floor_of_row(&b, r, s, d, n + r, floor);
        add_row(e, &b, r, log_probs, e->has_floor ? floor : NULL);
    }
    tape_reset(tape);
    free(floor), mat_free(log_probs), batch_free(&b);
}

Evaluation evaluate(const Model *m, Data *d, const ObjectiveSettings *s,
                    long long first, long long rows, int batch) {
    int time = objective_time(s->kind, d->time);
    Evaluation e = {.time = time,
                    .has_floor = floor_is_known(s->kind, d),
                    .by_position = allocate((size_t)time, sizeof(double)),
                    .position_tokens = allocate((size_t)time, sizeof(long long))};
    Tape *tape = tape_new((Params *)&m->params);
    tape_recompute(tape, 1);  // nothing is walked back: the inside of blocks can go
    for (long long n = 0; n < rows; n += batch)
        add_batch(&e, m, tape, d, s, first + n, (int)long_min(batch, rows - n));
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

double evaluation_excess(const Evaluation *e) {
    return e->tokens ? (e->nats - e->floor) / (double)e->tokens : 0;
}

double evaluation_excess_error(const Evaluation *e) {
    double rows = (double)e->rows;
    return rows > 1 ? sqrt(e->excess_squares * rows / (rows - 1)) / (double)e->tokens
                    : INFINITY;
}

double evaluation_bits_per_byte(const Evaluation *e, long long bytes) {
    return e->nats / (log(2) * (double)bytes);
}
