#include "ch04_pretrain/team.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"

static void pass(Team *t, const void *out, size_t out_bytes, void *in,
                 size_t in_bytes) {
    t->sent += (long long)out_bytes;
    t->pass(t, out, out_bytes, in, in_bytes);
}

size_t team_piece(const Team *t, size_t n, int k) {
    size_t count = (size_t)team_count(t), i = (size_t)k;
    return n / count * i + n % count * i / count;  // n k / count, but for overflow
}

// ---- the ring

typedef struct {
    real *at;
    size_t count;
} Piece;

// Pieces are numbered round the ring: -1 is the last.
static Piece piece_of(const Team *t, real *x, size_t n, int k) {
    k = (k % t->count + t->count) % t->count;
    size_t first = team_piece(t, n, k);
    return (Piece){x + first, team_piece(t, n, k + 1) - first};
}

void team_reduce_scatter(Team *t, real *x, size_t n) {
    if (team_count(t) == 1) return;
    real *in = allocate(n / (size_t)t->count + 1, sizeof *in);
    for (int s = 1; s < t->count; s++) {
        Piece out = piece_of(t, x, n, t->rank - s),
              sum = piece_of(t, x, n, t->rank - s - 1);
        pass(t, out.at, out.count * sizeof *in, in, sum.count * sizeof *in);
        for (size_t i = 0; i < sum.count; i++) sum.at[i] += in[i];
    }
    free(in);
}

void team_gather(Team *t, real *x, size_t n) {
    for (int s = 0; s < team_count(t) - 1; s++) {
        Piece out = piece_of(t, x, n, t->rank - s),
              in = piece_of(t, x, n, t->rank - s - 1);
        pass(t, out.at, out.count * sizeof *x, in.at, in.count * sizeof *x);
    }
}

void team_sum(Team *t, real *x, size_t n) {
    team_reduce_scatter(t, x, n);
    team_gather(t, x, n);
}

// ---- small things: everyone's, all the way round

// all[count * bytes]: process k's at k * bytes.
static void gather_bytes(Team *t, char *all, const void *here, size_t bytes) {
    memcpy(all + (size_t)team_rank(t) * bytes, here, bytes);
    for (int s = 0; s < team_count(t) - 1; s++) {
        int out = (t->rank - s + t->count) % t->count,
            in = (t->rank - s - 1 + t->count) % t->count;
        pass(t, all + (size_t)out * bytes, bytes, all + (size_t)in * bytes, bytes);
    }
}

void team_sum_doubles(Team *t, double *x, int n) {
    if (team_count(t) == 1) return;
    size_t bytes = (size_t)n * sizeof *x;
    double *all = allocate((size_t)t->count, bytes);
    gather_bytes(t, (char *)all, x, bytes);
    memset(x, 0, bytes);
    for (int k = 0; k < t->count; k++)
        for (int i = 0; i < n; i++) x[i] += all[k * n + i];
    free(all);
}

bool team_any(Team *t, bool here) {
    double sum = here;
    team_sum_doubles(t, &sum, 1);
    return sum > 0;
}

double team_from_first(Team *t, double here) {
    double said = team_rank(t) ? 0 : here;
    team_sum_doubles(t, &said, 1);
    return said;
}

char **team_texts(Team *t, const char *here) {
    size_t count = (size_t)team_count(t), size = strlen(here) + 1, longest = 0;
    size_t *sizes = allocate(count, sizeof *sizes);
    gather_bytes(t, (char *)sizes, &size, sizeof size);
    for (size_t k = 0; k < count; k++)
        longest = sizes[k] > longest ? sizes[k] : longest;
    char *padded = allocate(longest, 1), *all = allocate(count, longest);
    memcpy(padded, here, size);
    gather_bytes(t, all, padded, longest);
    char **texts = allocate(count, sizeof *texts);
    for (size_t k = 0; k < count; k++) {
        texts[k] = allocate(longest, 1);
        memcpy(texts[k], all + k * longest, longest);
    }
    free(padded), free(all), free(sizes);
    return texts;
}
