// loses: 7, says: the least of a union, keeps: 22
// The larger of each two.
#include "ch04_pretrain/homework/hw04.h"
#define signature_union solved_signature_union
#include "../solution.c"
#undef signature_union

void signature_union(const uint64_t *a, const uint64_t *b, int k, uint64_t *to) {
    for (int i = 0; i < k; i++) to[i] = a[i] > b[i] ? a[i] : b[i];
}
