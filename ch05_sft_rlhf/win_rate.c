#include "ch05_sft_rlhf/win_rate.h"

#include <math.h>
#include <stdlib.h>

#include "ch05_sft_rlhf/policy.h"
#include "common/numeric/small.h"

static void compare(WinRate *to, const Questions *q, const ChatTemplate *chat,
                    Rollout *const *answers) {
    double squares = 0;
    for (int i = 0; i < q->count; i++) {
        double r[2];
        for (int k = 0; k < 2; k++) {
            const Exchange *e = &answers[k][i].exchange;
            r[k] = questions_reward(q, i, chat, e);
            to->reward[k] += r[k] / q->count;
            to->right[k] += (r[k] > 0) / (double)q->count;
            to->ended[k] += e->finished / (double)q->count;
        }
        double won = r[0] > r[1] ? 1 : r[0] == r[1] ? 0.5 : 0;
        to->wins += won == 1, to->ties += won == 0.5, to->losses += won == 0;
        to->rate += won / q->count, squares += won * won / q->count;
    }
    to->error = sqrt(fmax(squares - to->rate * to->rate, 0) / q->count);
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
    to->kl_error = sqrt(fmax(squares - to->kl * to->kl, 0) / count);
}

bool win_rate(WinRate *to, const Questions *q, const Model *a, const Model *b,
              const ChatTemplate *chat, Rng rng, Error *err) {
    Rollout *answers[2];
    *to = (WinRate){0};
    for (int k = 0; k < 2; k++)
        answers[k] = allocate((size_t)q->count, sizeof *answers[k]);
    bool ok = questions_answer(answers[0], q, a, chat, 1, rng_split(&rng, 0), err)
              && questions_answer(answers[1], q, b, chat, 1, rng_split(&rng, 1), err);
    if (ok) compare(to, q, chat, answers), add_kl(to, answers[0], q->count, b);
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < q->count; i++) rollout_free(&answers[k][i]);
        free(answers[k]);
    }
    return ok;
}
