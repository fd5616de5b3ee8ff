// Homework of chapter 6: your file. The contracts are in hw06.h, the problems in
// README.md.
#include "ch06_flash/homework/hw06.h"

#include "common/program/homework.h"

// ---- 1. Parts of a softmax

double parts_merge(const double *outs, const double *lses, int parts, int d,
                   double *out) {
    HW_TODO(outs, lses, parts, d, out);
}

double part_remove(double *out, double lse, const double *part_out, double part_lse,
                   int d) {
    HW_TODO(out, lse, part_out, part_lse, d);
}

double parts_entropy(const double *entropies, const double *lses, int parts) {
    HW_TODO(entropies, lses, parts);
}

// ---- 2. ALiBi in a tile

void alibi_tile(double *scores, const ScoreTile *t, double slope) {
    HW_TODO(scores, t, slope);
}

double alibi_slope_of(const HeadShards *s, int device, int kv, int member) {
    HW_TODO(s, device, kv, member);
}

int alibi_first_key(int at, double slope, double most, double share) {
    HW_TODO(at, slope, most, share);
}

// ---- 3. Blocks of a window

BlockRange window_blocks(const Windowed *w, int block) { HW_TODO(w, block); }

BlockRange window_whole_blocks(const Windowed *w, int block) { HW_TODO(w, block); }

long long window_tiles(const Windowed *w) { HW_TODO(w); }

// ---- 4. Keys shared out

int worker_stretches(const int *lengths, int n, int workers, int w, Stretch *to) {
    HW_TODO(lengths, n, workers, w, to);
}

void stretches_merge(const Stretch *stretches, const double *outs, const double *lses,
                     int count, int d, int n, double *out, double *lse) {
    HW_TODO(stretches, outs, lses, count, d, n, out, lse);
}

// ---- 5. A bounded error

void quantise_columns(const double *x, int rows, int cols, signed char *codes,
                      double *factors) {
    HW_TODO(x, rows, cols, codes, factors);
}

Scaling quantise_range(const double *x, int n, unsigned char *codes) {
    HW_TODO(x, n, codes);
}

double score_bound(const double *q, const double *factors, int d, double scale) {
    HW_TODO(q, factors, d, scale);
}

double output_bound(const double *p, const double *v, int n, double off,
                    double value_off) {
    HW_TODO(p, v, n, off, value_off);
}
