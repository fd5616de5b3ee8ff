#include "ch03_transformer/sample.h"

#include <assert.h>
#include <math.h>

#include "common/numeric/vec.h"

int token_greedy(Mat logits) {
    assert(logits.cols >= 1 && logits.col_stride == 1 && "token_greedy: not a row");
    real most = array_max(logits.at, (size_t)logits.cols);
    int best = 0;
    while (best < logits.cols - 1 && logits.at[best] != most) best++;
    return best;
}

Candidates candidates_of(Mat logits, const Sampling *s) {
    Candidates c = candidates_new(logits, s->temperature);
    if (s->top_k) candidates_top_k(&c, s->top_k);
    candidates_top_p(&c, s->top_p);
    candidates_min_p(&c, s->min_p);
    return c;
}

Choice token_choose(Mat logits, Sampling *s) {
    if (s->temperature == 0) return (Choice){token_greedy(logits), 1};
    Candidates c = candidates_of(logits, s);
    Candidate drawn = c.list[candidates_draw(&c, &s->rng)];
    Choice choice = {drawn.token, drawn.p / c.total};
    candidates_free(&c);
    return choice;
}

Sampling sampling_plain(Rng rng) {
    return (Sampling){.temperature = 1, .top_p = 1, .rng = rng};
}

int token_sample(Mat logits, double temperature, double top_p, Rng *rng) {
    Sampling s = {.temperature = temperature, .top_p = top_p, .rng = *rng};
    int token = token_choose(logits, &s).token;
    *rng = s.rng;
    return token;
}

double logits_log_sum(Mat logits) {
    double most = array_max(logits.at, (size_t)logits.cols), sum = 0;
    for (int i = 0; i < logits.cols; i++) sum += exp(*mat_at(logits, 0, i) - most);
    return most + log(sum);
}

double token_log_prob(Mat logits, int token) {
    return *mat_at(logits, 0, token) - logits_log_sum(logits);
}
