// The solution of chapter 6's homework. Each function is as short as its idea;
// README.md has the ideas.
#include "ch06_flash/homework/hw06.h"

#include <math.h>
#include <stdlib.h>

#include "common/error.h"
#include "common/numeric/small.h"

// ---- 1. Parts of a softmax

static double log_sum_of(const double *lses, int parts) {
    double most = -INFINITY, sum = 0;
    for (int s = 0; s < parts; s++) most = fmax(most, lses[s]);
    if (most == -INFINITY) return most;
    for (int s = 0; s < parts; s++) sum += exp(lses[s] - most);
    return most + log(sum);
}

double parts_merge(const double *outs, const double *lses, int parts, int d,
                   double *out) {
    double lse = log_sum_of(lses, parts);
    for (int c = 0; c < d; c++) out[c] = 0;
    for (int s = 0; s < parts; s++)
        for (int c = 0; c < d && lses[s] > -INFINITY; c++)
            out[c] += exp(lses[s] - lse) * outs[s * d + c];
    return lse;
}

double part_remove(double *out, double lse, const double *part_out, double part_lse,
                   int d) {
    if (part_lse == -INFINITY) return lse;
    double share = exp(part_lse - lse);
    for (int c = 0; c < d; c++) out[c] = (out[c] - share * part_out[c]) / (1 - share);
    return lse + log1p(-share);
}

// -ln P_j = -ln w_s - ln of the weight within the part.
double parts_entropy(const double *entropies, const double *lses, int parts) {
    double lse = log_sum_of(lses, parts), sum = 0;
    for (int s = 0; s < parts; s++)
        if (lses[s] > -INFINITY)
            sum += exp(lses[s] - lse) * (entropies[s] - (lses[s] - lse));
    return sum;
}

// ---- 2. ALiBi in a tile

void alibi_tile(double *scores, const ScoreTile *t, double slope) {
    for (int i = 0; i < t->rows; i++)
        for (int j = 0; j < t->cols; j++)
            scores[i * t->cols + j] -=
                slope * abs(t->row + i + t->keys - t->queries - (t->col + j));
}

double alibi_slope_of(const HeadShards *s, int device, int kv, int member) {
    int here = s->heads / s->devices;
    return exp2(-8.0 * (device * here + kv * s->group + member + 1) / s->heads);
}

// e^(most - slope (at - j)) <= share e^-most for the last key that is left out.
int alibi_first_key(int at, double slope, double most, double share) {
    double distance = ceil((2 * most - log(share)) / slope);
    return distance > at ? 0 : at + 1 - (int)distance;
}

// ---- 3. Blocks of a window

typedef struct {
    int first, last;  // positions of the block's queries
} Positions;
static Positions positions_of(const Windowed *w, int block) {
    int row = block * w->block_rows, end = int_min(row + w->block_rows, w->queries);
    return (Positions){row + w->keys - w->queries, end - 1 + w->keys - w->queries};
}

BlockRange window_blocks(const Windowed *w, int block) {
    Positions p = positions_of(w, block);
    if (p.last < 0) return (BlockRange){0, 0};
    return (BlockRange){int_max(0, p.first - w->window + 1) / w->block_cols,
                        p.last / w->block_cols + 1};
}

BlockRange window_whole_blocks(const Windowed *w, int block) {
    Positions p = positions_of(w, block);
    if (p.first < 0) return (BlockRange){0, 0};
    BlockRange whole = {ceil_div(int_max(0, p.last - w->window + 1), w->block_cols),
                        (p.first + 1) / w->block_cols};
    // the last block of keys ends with the keys
    if (p.first == w->keys - 1) whole.end = ceil_div(w->keys, w->block_cols);
    return whole.first < whole.end ? whole : (BlockRange){0, 0};
}

long long window_tiles(const Windowed *w) {
    long long tiles = 0;
    for (int b = 0; b < ceil_div(w->queries, w->block_rows); b++) {
        BlockRange seen = window_blocks(w, b);
        tiles += seen.end - seen.first;
    }
    return tiles;
}

// ---- 4. Keys shared out

int worker_stretches(const int *lengths, int n, int workers, int w, Stretch *to) {
    long long all = 0, before = 0;
    int count = 0;
    for (int r = 0; r < n; r++) all += lengths[r];
    long long first = w * all / workers, end = (w + 1) * all / workers;
    for (int r = 0; r < n; before += lengths[r], r++) {
        long long from = long_max(first, before),
                  until = long_min(end, before + lengths[r]);
        if (from < until)
            to[count++] = (Stretch){r, (int)(from - before), (int)(until - from)};
    }
    return count;
}

// The stretch of request r that begins next at or after key `from`; -1: none.
static int next_stretch(const Stretch *s, int count, int r, int from) {
    int next = -1;
    for (int i = 0; i < count; i++)
        if (s[i].request == r && s[i].first >= from
            && (next < 0 || s[i].first < s[next].first))
            next = i;
    return next;
}

// A request's stretches by where they begin, whichever came first.
void stretches_merge(const Stretch *stretches, const double *outs, const double *lses,
                     int count, int d, int n, double *out, double *lse) {
    double *ordered = allocate((size_t)count * d + 1, sizeof *ordered),
           *sums = allocate((size_t)count + 1, sizeof *sums);
    for (int r = 0; r < n; r++) {
        int parts = 0;
        for (int i = next_stretch(stretches, count, r, 0); i >= 0;
             i = next_stretch(stretches, count, r, stretches[i].first + 1), parts++) {
            for (int c = 0; c < d; c++) ordered[parts * d + c] = outs[i * d + c];
            sums[parts] = lses[i];
        }
        lse[r] = parts_merge(ordered, sums, parts, d, out + r * d);
    }
    free(ordered), free(sums);
}

// ---- 5. A bounded error

void quantise_columns(const double *x, int rows, int cols, signed char *codes,
                      double *factors) {
    for (int c = 0; c < cols; c++) {
        factors[c] = 0;
        for (int i = 0; i < rows; i++)
            factors[c] = fmax(factors[c], fabs(x[i * cols + c]) / 127);
        for (int i = 0; i < rows; i++)
            codes[i * cols + c] =
                (signed char)(factors[c] > 0 ? lrint(x[i * cols + c] / factors[c]) : 0);
    }
}

Scaling quantise_range(const double *x, int n, unsigned char *codes) {
    double least = INFINITY, most = -INFINITY;
    for (int i = 0; i < n; i++) least = fmin(least, x[i]), most = fmax(most, x[i]);
    Scaling s = {least, (most - least) / 255};
    for (int i = 0; i < n; i++)
        codes[i] = (unsigned char)(s.step > 0 ? lrint((x[i] - least) / s.step) : 0);
    return s;
}

double score_bound(const double *q, const double *factors, int d, double scale) {
    double sum = 0;
    for (int c = 0; c < d; c++) sum += fabs(q[c]) * factors[c] / 2;
    return scale * sum;
}

double output_bound(const double *p, const double *v, int n, double off,
                    double value_off) {
    double o = 0, spread = 0;
    for (int j = 0; j < n; j++) o += p[j] * v[j];
    for (int j = 0; j < n; j++) spread += p[j] * fabs(v[j] - o);
    return expm1(2 * off) * spread + value_off;
}
