#include "ch05_sft_rlhf/rollout.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "ch03_transformer/sample.h"
#include "common/numeric/machine.h"
#include "common/numeric/small.h"
#include "common/numeric/threads.h"
#include "common/numeric/vec.h"

enum { TOGETHER = 32, STRETCH = 256 };

typedef struct {
    Inference state;
    int of;       // which rollout it writes; -1: none
    int next;     // the token that is read next: the last one written
    int written;  // tokens
    int *answer;  // most of them
    double *log_probs;
    Rng rng;
} Slot;

// What is to be written, and how far it is.
typedef struct {
    const InferModel *model;
    const InferPacked *packed;
    const Prompt *prompts;
    const RolloutSettings *s;
    Rollout *to;
    int count;
    int capacity;      // of each cache
    _Atomic int next;  // the first prompt that nobody has begun
} Queue;

// One who writes, with slots of its own.
typedef struct {
    Queue *queue;
    const InferModel *model;
    const Prompt *prompts;
    const RolloutSettings *s;
    Rollout *to;
    Slot *slots;
    int slot_count;
    real *shares;  // for draws: vocabulary of them for each thread
    RolloutCounts counts;
    bool ok;
    Error err;
} Work;

static void end_answer(Work *w, Slot *s, bool finished) {
    const Prompt *p = &w->prompts[s->of];
    Rollout *r = &w->to[s->of];
    r->exchange = exchange_of(p->ids, p->count, s->answer, s->written - finished,
                              w->s->end, finished);
    r->log_probs = allocate((size_t)s->written + 1, sizeof *r->log_probs);
    for (int i = 0; i < s->written; i++) r->log_probs[i] = s->log_probs[i];
    s->of = -1;
}

// The token at `left`, a number from 0 to the sum of all shares, counting them up:
// stretch by stretch, then token by token. Never one whose share is 0.
static int token_at(double left, const real *share, int n) {
    int first = 0, count;
    for (;; first += count) {
        count = int_min(STRETCH, n - first);
        double sum = (double)array_sum(share + first, (size_t)count);
        if (left < sum || first + count == n) break;
        left -= sum;
    }
    int token = first;
    for (int i = first; i < first + count && left >= 0; i++)
        if (share[i] > 0) token = i, left -= (double)share[i];
    return token;
}

// share = e^((logits - most) / temperature); their sum.
static double weigh(real *share, Mat logits, real most, double temperature) {
    if (temperature != 1) {
        for (int i = 0; i < logits.cols; i++)
            share[i] = (logits.at[i] - most) / (real)temperature;
        logits.at = share, most = 0;
    }
    return (double)array_exp_sum(share, logits.at, (size_t)logits.cols, most);
}

// The next token of a slot's answer, by these logits, and its log-probability. One pass of
// exponentials makes both: a token's draw is then cheap beside its logits. Nothing of
// another slot is touched; `shares` is room for the vocabulary.
static void draw(const RolloutSettings *of, Slot *s, Mat logits, real *shares) {
    real most = array_max(logits.at, (size_t)logits.cols);
    double sum = weigh(shares, logits, most, 1), log_sum = (double)most + log(sum);
    if (of->temperature != 0 && of->temperature != 1)
        sum = weigh(shares, logits, most, of->temperature);
    int token = of->temperature == 0
                    ? token_greedy(logits)
                    : token_at(rng_uniform(&s->rng) * sum, shares, logits.cols);
    s->answer[s->written] = s->next = token;
    s->log_probs[s->written++] = (double)logits.at[token] - log_sum;
}

// After a draw: the answer may be over, and the slot free.
static void end_if_over(Work *w, Slot *s) {
    w->counts.tokens++;
    if (s->next == w->s->end) end_answer(w, s, true);
    else if (s->written == w->s->most
             || w->prompts[s->of].count + s->written == w->model->context)
        end_answer(w, s, false);
}

// Threads that draw: each should have 20 us of it, of which a number takes 0.4 ns.
static int threads_to_draw(Mat logits) {
    double us = 4e-4 * logits.rows * logits.cols;
    return us < 40 ? 1 : (int)fmin(us / 20, threads_free());
}

// A token for each of these slots, by its row. Each draws from its own random numbers, so
// that it does not matter which thread does it.
static void write_tokens(Work *w, Slot *const *of, Mat logits) {
    int threads = threads_to_draw(logits);
    if (threads == 1)
        for (int i = 0; i < logits.rows; i++)
            draw(w->s, of[i], mat_rows(logits, i, 1), w->shares);
    else {
#pragma omp parallel for num_threads(threads) schedule(static)
        for (int i = 0; i < logits.rows; i++)
            draw(w->s, of[i], mat_rows(logits, i, 1),
                 w->shares + (size_t)threads_number() * logits.cols);
    }
    for (int i = 0; i < logits.rows; i++) end_if_over(w, of[i]);
}

// Reads prompts until one needs this slot for more than its first token.
static void begin_answer(Work *w, Slot *s, Mat logits) {
    while (s->of < 0) {
        int next = w->queue->next++;
        if (next >= w->queue->count) return;
        s->of = next;
        s->written = 0;
        s->rng = rng_split(&w->s->rng, (uint64_t)s->of);
        const Prompt *p = &w->prompts[s->of];
        assert(p->count >= 1 && p->count < w->model->context);
        inference_clear(&s->state);
        infer(&s->state, p->ids, p->count, logits);
        write_tokens(w, &s, logits);
    }
}

// One token more for all slots that write.
static bool step(Work *w, Inference **each, Slot **of, int *tokens, Mat logits) {
    int n = 0;
    for (int i = 0; i < w->slot_count; i++) {
        Slot *s = &w->slots[i];
        if (s->of < 0) begin_answer(w, s, mat_rows(logits, 0, 1));
        if (s->of < 0) continue;
        of[n] = s, each[n] = &s->state, tokens[n++] = s->next;
    }
    if (n == 0) return false;
    infer_together(each, n, tokens, mat_rows(logits, 0, n));
    w->counts.steps++;
    write_tokens(w, of, mat_rows(logits, 0, n));
    return true;
}

static void write_all(Work *w) {
    size_t n = (size_t)w->slot_count;
    Inference **each = allocate(n, sizeof(Inference *));
    Slot **of = allocate(n, sizeof(Slot *));
    int *tokens = allocate(n, sizeof *tokens);
    Mat logits = mat_new(w->slot_count, w->model->vocab);
    while (step(w, each, of, tokens, logits)) continue;
    mat_free(logits), free(each), free(of), free(tokens);
}

// A cache is as long as the longest prompt and its answer need.
static int capacity_of(const Queue *q) {
    int longest = 0;
    for (int i = 0; i < q->count; i++) longest = int_max(longest, q->prompts[i].count);
    return int_min(longest + q->s->most, q->model->context);
}

static bool open_slots(Work *w) {
    if (!w->slot_count) return true;
    Inference **each = allocate((size_t)w->slot_count, sizeof(Inference *));
    for (int i = 0; i < w->slot_count; i++) each[i] = &w->slots[i].state;
    bool ok = inference_new_together(each, w->slot_count, w->model, w->queue->capacity,
                                     &w->err);
    free(each);
    for (int i = 0; ok && i < w->slot_count; i++) {
        Slot *s = &w->slots[i];
        s->of = -1;
        s->state.packed = w->queue->packed;
        s->answer = allocate((size_t)w->s->most, sizeof *s->answer);
        s->log_probs = allocate((size_t)w->s->most, sizeof *s->log_probs);
    }
    return ok;
}

static bool all_finite(Work *w) {
    for (int i = 0; i < w->slot_count; i++)
        if (!infer_finite(&w->slots[i].state, &w->err)) return false;
    return true;
}

static void run(Work *w, Queue *q, int slots) {
    *w = (Work){.queue = q,
                .model = q->model,
                .prompts = q->prompts,
                .s = q->s,
                .to = q->to,
                .slot_count = slots,
                .slots = allocate((size_t)slots + 1, sizeof *w->slots),
                .shares = allocate((size_t)threads_apart() * q->model->vocab,
                                   sizeof *w->shares)};
    w->ok = open_slots(w);
    if (w->ok) write_all(w);
    w->ok = w->ok && all_finite(w);
    for (int i = slots - 1; i >= 0; i--) {
        inference_free(&w->slots[i].state);
        free(w->slots[i].answer), free(w->slots[i].log_probs);
    }
    free(w->slots), free(w->shares);
}

// How many write at the same time, each with a part of the slots. Where all weights stay
// in a processor's own cache they have nothing to share, and need not wait for each other
// at every step; else one writes, and its steps are shared out (infer_together).
static int writers_for(const InferModel *m, int slots) {
    bool near = infer_model_weights(m) * sizeof(real) <= cache_l2();
    return near ? int_max(1, int_min(threads_apart(), slots)) : 1;
}

bool rollouts(Rollout *to, const InferModel *m, const Prompt *prompts, int count,
              const RolloutSettings *s, RolloutCounts *counts, Error *err) {
    assert(s->most >= 1);
    Queue q = {.model = m, .prompts = prompts, .s = s, .to = to, .count = count};
    q.capacity = capacity_of(&q);
    InferPacked packed = infer_packed_new(m);
    q.packed = &packed;
    int slots = int_min(count, s->together ? s->together : TOGETHER);
    int writers = writers_for(m, slots);
    Work *w = allocate((size_t)writers, sizeof *w);
    for (int i = 0; i < count; i++) to[i] = (Rollout){0};
    // One writer's steps are shared out, which no region may be around (threads.h).
    if (writers == 1) run(w, &q, slots);
    else {
#pragma omp parallel for num_threads(writers) schedule(static, 1)
        for (int i = 0; i < writers; i++) run(&w[i], &q, ceil_div(slots, writers));
    }
    bool ok = true;
    RolloutCounts all = {0};
    for (int i = 0; i < writers; i++) {
        if (ok && !w[i].ok) *err = w[i].err;
        ok = ok && w[i].ok;
        all.steps += w[i].counts.steps, all.tokens += w[i].counts.tokens;
    }
    for (int i = 0; !ok && i < count; i++) rollout_free(&to[i]);
    if (counts) *counts = all;
    free(w), infer_packed_free(&packed);
    return ok;
}

void rollout_free(Rollout *r) {
    exchange_free(&r->exchange);
    free(r->log_probs);
    *r = (Rollout){0};
}
