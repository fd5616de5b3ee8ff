#include "ch05_sft_rlhf/best_of_n.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "common/error.h"

double best_of_kl(double n) { return log(n) - (n - 1) / n; }

static const double *score_of_order;  // qsort has no argument for it

static int by_score(const void *a, const void *b) {
    double x = score_of_order[*(const int *)a], y = score_of_order[*(const int *)b];
    return (x > y) - (x < y);
}

// Indices by rising score.
static int *order_of(const double *score, int count) {
    int *order = allocate((size_t)count, sizeof *order);
    for (int i = 0; i < count; i++) order[i] = i;
    score_of_order = score;
    qsort(order, (size_t)count, sizeof *order, by_score);
    return order;
}

// P(all n are among those below): of the probability `below`, or of `below` draws.
typedef double Within(double below, double all, double n);

static double with_replacement(double below, double all, double n) {
    return pow(below / all, n);
}

// C(below, n) / C(all, n)
static double without_replacement(double below, double all, double n) {
    double ratio = 1;
    for (int i = 0; i < (int)n; i++) ratio *= fmax(below - i, 0) / (all - i);
    return ratio;
}

static void law(double *to, const double *p, const double *score, int count, double n,
                Within *within) {
    int *order = order_of(score, count);
    double all = 0, below = 0;
    for (int i = 0; i < count; i++) all += p[i];
    for (int first = 0, next; first < count; first = next) {
        double tied = 0;
        for (next = first; next < count && score[order[next]] == score[order[first]];
             next++)
            tied += p[order[next]];
        double up_to = next == count ? all : below + tied;
        double chance = within(up_to, all, n) - within(below, all, n);
        for (int i = first; i < next; i++)
            to[order[i]] = tied > 0 ? chance * p[order[i]] / tied : 0;
        below = up_to;
    }
    free(order);
}

void best_of_law(double *to, const double *p, const double *score, int count,
                 double n) {
    assert(count >= 1 && n >= 1);
    law(to, p, score, count, n, with_replacement);
}

void best_of_draws(double *to, const double *score, int count, int n) {
    assert(1 <= n && n <= count);
    double *ones = allocate((size_t)count, sizeof *ones);
    for (int i = 0; i < count; i++) ones[i] = 1;
    law(to, ones, score, count, n, without_replacement);
    free(ones);
}
