// loses: 7, says: fmin is not for them, keeps: 22
// Hashes as doubles.
#include "ch04_pretrain/homework/hw04.h"
#define signature_union solved_signature_union
#include "../solution.c"
#undef signature_union

void signature_union(const uint64_t *a, const uint64_t *b, int k, uint64_t *to) {
    for (int i = 0; i < k; i++) {
        double least = fmin((double)a[i], (double)b[i]);
        to[i] = (double)a[i] == (double)b[i] ? (uint64_t)least
                : a[i] < b[i]                ? a[i]
                                             : b[i];
    }
}
