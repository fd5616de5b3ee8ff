#include "ch05_sft_rlhf/kl_placement.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "ch03_transformer/arithmetic.h"
#include "ch05_sft_rlhf/optimal_policy.h"
#include "ch05_sft_rlhf/slopes.h"

const Placement placements[] = {
    [PLACEMENT_REWARD] = {"k1 in the reward", KL_K1, false, false},
    [PLACEMENT_LOSS_K1] = {"k1 in the loss", KL_K1, true, false},
    [PLACEMENT_LOSS_K2] = {"k2 in the loss", KL_K2, true, false},
    [PLACEMENT_LOSS_K3] = {"k3 in the loss", KL_K3, true, false},
    [PLACEMENT_TOKEN_K2] = {"k2 on each token", KL_K2, true, true},
    [PLACEMENT_TOKEN_K3] = {"k3 on each token", KL_K3, true, true},
};
_Static_assert(sizeof placements / sizeof *placements == PLACEMENT_KINDS,
               "a placement without a line in the table");

// ---- fixed points

void k3_loss_fixed_point(double *log_p, const double *log_ref, const double *reward,
                         double beta, int n) {
    assert(beta > 0);
    double most = -INFINITY;
    for (int y = 0; y < n; y++) most = fmax(most, reward[y]);
    // nu = most + above: the sum falls from infinity to below 1 at above = beta
    double low = 0, high = beta;
    for (int i = 0; i < 200; i++) {
        double above = (low + high) / 2;
        for (int y = 0; y < n; y++)
            log_p[y] = log_ref[y] + log(beta / (most + above - reward[y]));
        if (log_sum(log_p, n) > 0) low = above;
        else high = above;
    }
}

static void best_answer(double *log_p, const double *reward, int n) {
    int best = 0;
    for (int y = 1; y < n; y++)
        if (reward[y] > reward[best]) best = y;
    for (int y = 0; y < n; y++) log_p[y] = y == best ? 0 : -INFINITY;
}

static void of_answers(double *to, PlacementKind kind, const double *log_ref,
                       double beta, const Enumerable *e) {
    for (int at = 0; at < e->size; at += e->answers) {
        double *log_p = to + at;
        const double *ref = log_ref + at, *reward = e->reward + at;
        switch (kind) {
            case PLACEMENT_REWARD:
            case PLACEMENT_LOSS_K2:
                optimal_policy(log_p, ref, reward, beta, e->answers);
                break;
            case PLACEMENT_LOSS_K1: best_answer(log_p, reward, e->answers); break;
            case PLACEMENT_LOSS_K3:
                k3_loss_fixed_point(log_p, ref, reward, beta, e->answers);
                break;
            case PLACEMENT_TOKEN_K2:
            case PLACEMENT_TOKEN_K3:
            case PLACEMENT_KINDS: assert(false && "a placement of tokens");
        }
    }
}

// From the ends of answers backwards: the policy at a prefix follows from Q there, and
// Q from the policies after it.
static void of_tokens(double *tokens, KlKind kl, const double *ref_tokens, double beta,
                      const Enumerable *e) {
    int ids = e->symbols + 1;
    double *value = allocate((size_t)e->answers, sizeof *value),
           *q = allocate((size_t)ids, sizeof *q);
    for (int p = 0; p < e->prompts; p++) {
        const double *reward = e->reward + p * e->answers;
        for (int k = e->answers - 1; k >= 0; k--) {
            if (k >= e->inner) {
                value[k] = reward[k];
                continue;
            }
            size_t row = (size_t)(p * e->inner + k) * (size_t)ids;
            for (int id = 0; id < ids; id++)
                q[id] = id == e->end ? reward[k] : value[e->symbols * k + 1 + id];
            if (kl == KL_K3)
                k3_loss_fixed_point(tokens + row, ref_tokens + row, q, beta, ids);
            else optimal_policy(tokens + row, ref_tokens + row, q, beta, ids);
            value[k] = policy_mean(tokens + row, q, ids);
        }
    }
    free(value), free(q);
}

void placement_fixed_point(double *to, PlacementKind kind, const double *ref_tokens,
                           double beta, const Enumerable *e) {
    double *tokens = allocate(enumerable_edges(e), sizeof *tokens),
           *log_ref = allocate((size_t)e->size, sizeof *log_ref);
    if (placements[kind].per_token) {
        of_tokens(tokens, placements[kind].kl, ref_tokens, beta, e);
        enumerable_answers(to, tokens, e);
    } else {
        enumerable_answers(log_ref, ref_tokens, e);
        of_answers(to, kind, log_ref, beta, e);
    }
    free(tokens), free(log_ref);
}

// ---- the loss

// sum of weight x (k(ln pi, ln ref)) over a column, with the draws' weights held fixed.
static Node *kl_loss(Tape *t, Node *log_probs, const double *log_ref,
                     const double *weight, KlKind kind) {
    int n = log_probs->value.rows;
    double *slopes = tape_allocate(t, (size_t)n * sizeof *slopes), sum = 0;
    const KlEstimator *k = &kl_estimators[kind];
    for (int i = 0; i < n; i++) {
        double log_pi = (double)*mat_at(log_probs->value, i, 0);
        sum += weight[i] * k->value(log_pi, log_ref[i]);
        slopes[i] = weight[i] * k->slope(log_pi, log_ref[i]);
    }
    return loss_of_slopes(t, log_probs, sum, slopes);
}

// - sum of pi (reward) ln pi, pi and the reward held fixed: the policy gradient.
static Node *reward_loss(Tape *t, Node *log_probs, const double *reward,
                         const double *weight) {
    int n = log_probs->value.rows;
    double *slopes = tape_allocate(t, (size_t)n * sizeof *slopes), sum = 0;
    for (int i = 0; i < n; i++) slopes[i] = -weight[i] * reward[i], sum += slopes[i];
    return loss_of_slopes(t, log_probs, sum, slopes);
}

// How often each answer is drawn, and each token at its prefix; means over prompts.
static void weigh(Tape *t, Node *edges, Node *answers, const Enumerable *e,
                  double **of_edges, double **of_all_answers) {
    int ids = e->symbols + 1, inner = e->prompts * e->inner;
    double *reach = tape_allocate(t, (size_t)inner * sizeof *reach);
    double *edge = tape_allocate(t, enumerable_edges(e) * sizeof *edge);
    double *answer = tape_allocate(t, (size_t)e->size * sizeof *answer);
    for (int i = 0; i < inner; i++) {
        int node = i % e->inner, first = i - node;
        if (node == 0) reach[i] = 1.0 / e->prompts;
        else
            reach[i] =
                edge[(first + (node - 1) / e->symbols) * ids + (node - 1) % e->symbols];
        for (int id = 0; id < ids; id++)
            edge[i * ids + id] =
                reach[i] * exp((double)*mat_at(edges->value, i * ids + id, 0));
    }
    for (int i = 0; i < e->size; i++)
        answer[i] = exp((double)*mat_at(answers->value, i, 0)) / e->prompts;
    *of_edges = edge, *of_all_answers = answer;
}

Node *placement_loss(Tape *t, const Model *m, PlacementKind kind,
                     const double *ref_tokens, double beta, const Enumerable *e) {
    const Placement *place = &placements[kind];
    size_t bytes = (size_t)e->size * sizeof(double);
    double *log_ref = tape_allocate(t, bytes), *reward = tape_allocate(t, bytes);
    double *of_edges, *of_answers_all;
    enumerable_answers(log_ref, ref_tokens, e);
    Node *edges = enumerable_edge_log_probs(t, m, e),
         *answers = enumerable_sums(t, edges, e);
    weigh(t, edges, answers, e, &of_edges, &of_answers_all);
    for (int i = 0; i < e->size; i++) {
        double log_pi = (double)*mat_at(answers->value, i, 0);
        reward[i] = e->reward[i];
        if (!place->in_loss)
            reward[i] -= beta * kl_estimators[place->kl].value(log_pi, log_ref[i]);
    }
    Node *loss = reward_loss(t, answers, reward, of_answers_all);
    if (!place->in_loss) return loss;
    Node *kl = place->per_token
                   ? kl_loss(t, edges, ref_tokens, of_edges, place->kl)
                   : kl_loss(t, answers, log_ref, of_answers_all, place->kl);
    return add(t, loss, scale(t, kl, beta));
}
