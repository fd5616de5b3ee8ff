#include "ch05_sft_rlhf/win_rate.h"

#include <math.h>
#include <stdlib.h>

#include "ch05_sft_rlhf/ab_test.h"
#include "ch05_sft_rlhf/policy.h"
#include "common/numeric/small.h"

// The standard error of a mean, from the mean of the squares.
static double error_of(double squares, double mean, int count) {
    return sqrt(fmax(squares - mean * mean, 0) / count);
}

WinRate win_rate_of(const double *a, const double *b, int count) {
    WinRate w = {.gain = paired_difference(a, b, count)};
    double squares = 0, of_reward[2] = {0};
    for (int i = 0; i < count; i++) {
        const double r[2] = {a[i], b[i]};
        for (int k = 0; k < 2; k++)
            w.reward[k] += r[k] / count, of_reward[k] += r[k] * r[k] / count;
        double won = r[0] > r[1] ? 1 : r[0] == r[1] ? 0.5 : 0;
        w.wins += won == 1, w.ties += won == 0.5, w.losses += won == 0;
        w.rate += won / count, squares += won * won / count;
    }
    w.error = error_of(squares, w.rate, count);
    for (int k = 0; k < 2; k++)
        w.reward_error[k] = error_of(of_reward[k], w.reward[k], count);
    return w;
}

static WinRate compare(const Questions *q, const ChatTemplate *chat,
                       Rollout *const *answers) {
    double *r[2], right[2] = {0}, ended[2] = {0};
    for (int k = 0; k < 2; k++) {
        r[k] = allocate((size_t)q->count, sizeof *r[k]);
        for (int i = 0; i < q->count; i++) {
            const Exchange *e = &answers[k][i].exchange;
            r[k][i] = questions_reward(q, i, chat, e);
            right[k] += (r[k][i] > 0) / (double)q->count;
            ended[k] += e->finished / (double)q->count;
        }
    }
    WinRate w = win_rate_of(r[0], r[1], q->count);
    for (int k = 0; k < 2; k++)
        w.right[k] = right[k], w.ended[k] = ended[k], free(r[k]);
    return w;
}

// ln b of a's answers, a batch at a time; a's own were recorded when they were drawn.
static void add_kl(WinRate *to, const Rollout *answers, int count, const Model *b) {
    enum { BATCH = 64 };
    double squares = 0;
    for (int first = 0; first < count; first += BATCH) {
        int n = int_min(BATCH, count - first);
        const Exchange *list[BATCH];
        double other[BATCH];
        for (int i = 0; i < n; i++) list[i] = &answers[first + i].exchange;
        Batch batch = exchange_batch(list, n);
        policy_answer_log_probs(other, b, &batch);
        batch_free(&batch);
        for (int i = 0; i < n; i++) {
            double ratio = -other[i];
            for (int k = 0; k < exchange_counted(list[i]); k++)
                ratio += answers[first + i].log_probs[k];
            to->kl += ratio / count, squares += ratio * ratio / count;
        }
    }
    to->kl_error = error_of(squares, to->kl, count);
}

bool win_rate(WinRate *to, const Questions *q, const Model *a, const Model *b,
              const ChatTemplate *chat, Rng rng, Error *err) {
    Rollout *answers[2];
    *to = (WinRate){0};
    for (int k = 0; k < 2; k++)
        answers[k] = allocate((size_t)q->count, sizeof *answers[k]);
    bool ok = questions_answer(answers[0], q, a, chat, 1, rng_split(&rng, 0), err)
              && questions_answer(answers[1], q, b, chat, 1, rng_split(&rng, 1), err);
    if (ok) *to = compare(q, chat, answers), add_kl(to, answers[0], q->count, b);
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < q->count; i++) rollout_free(&answers[k][i]);
        free(answers[k]);
    }
    return ok;
}
