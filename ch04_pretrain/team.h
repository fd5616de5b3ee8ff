// A team: processes that work on one step together. Lecture, section 4.21.
//
// They stand in a ring. All that one of them can do is to pass bytes on to the next while
// it takes others from the one before; who carries the bytes, MPI (team_mpi.h) or sockets
// (team_fork.h), makes no difference to what follows.
//
//     sum by a ring, n numbers in P pieces, P = 3
//
//     process 0   [a0][b0][c0]        each piece goes round once and is added to on its way:
//     process 1   [a1][b1][c1]        P - 1 passes of n/P; then process r holds the sum of
//     process 2   [a2][b2][c2]        piece r. Round once more, and all hold all of them:
//                                     2 (P - 1) / P n numbers sent by each
//
// Each piece is added up in one place, so all processes hold the same bits afterwards.
// Patarasuk and Yuan (2009), "Bandwidth optimal all-reduce algorithms".
//
// A team of NULL is a process alone: every function is then right, and does nothing.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "common/numeric/mat.h"

typedef struct Team Team;
struct Team {
    int rank, count;
    // Sends to the process after this one while it receives from the one before.
    void (*pass)(Team *t, const void *out, size_t out_bytes, void *in, size_t in_bytes);
    void *self;
    long long sent;  // bytes, by this process
};

static inline int team_rank(const Team *t) { return t ? t->rank : 0; }
static inline int team_count(const Team *t) { return t ? t->count : 1; }

// Piece k of n numbers: from team_piece(t, n, k) to team_piece(t, n, k + 1), exclusive.
size_t team_piece(const Team *t, size_t n, int k);

// x[n]: piece `rank` becomes the sum over all processes. Other pieces are then of no use.
void team_reduce_scatter(Team *t, real *x, size_t n);
// Piece k of everyone's x becomes process k's.
void team_gather(Team *t, real *x, size_t n);
// Both: x becomes the sum. team_sum(t, x, n) on every process, with the same n.
void team_sum(Team *t, real *x, size_t n);

// A few numbers, added in the order of the processes: the same sum everywhere.
void team_sum_doubles(Team *t, double *x, int n);
// Whether it is true for one of them.
bool team_any(Team *t, bool here);
// What process 0 says.
double team_from_first(Team *t, double here);
// Everyone's text, by process: an array of `count`, to be freed with each of its texts.
char **team_texts(Team *t, const char *here);
