// loses: 4, says: the most likely candidate was put first, keeps: 9
// The most likely token is always kept.
#include "ch04_pretrain/homework/hw04.h"
#define candidates_typical solved_candidates_typical
#include "../solution.c"
#undef candidates_typical

void candidates_typical(Candidates *c, double mass) {
    Candidate best = {0};
    for (int i = 0; i < c->count; i++)
        if (c->list[i].p > best.p) best = c->list[i];
    double total = c->total, sum = best.p;
    solved_candidates_typical(c, 1);
    int kept = 1, count = c->count;
    for (int i = count - 1, to = i; i >= 0; i--)
        if (c->list[i].token != best.token) c->list[to--] = c->list[i];
    for (c->list[0] = best; kept < count && (mass >= 1 || sum < mass * total);)
        sum += c->list[kept++].p;
    c->count = kept, c->total = sum;
}
