// Homework of chapter 6: five problems that take tiles and parts further. README.md
// says what each is about.
//
// You edit hw06.c; `make hw06` grades it. Every function of the chapter may be called.
// No problem needs another. The caller owns all arrays, and each function writes all of
// those that it is to fill: they may hold anything before. A function frees what it
// allocates for its own use. Tables of numbers lie row after row.
#pragma once
#include <stdbool.h>

// ---- 1. Parts of a softmax (easy, 40 min)

// The keys of one query in parts, each attended to by itself: row s of outs (parts x d)
// is O_s, lses[s] is L_s. out[d] = O over all keys; returns their L. A part that saw
// nothing has L_s = -inf, and its row may hold anything, NaN too. Where none saw
// anything, O is 0 and L -inf. L_s may be 1000, or -1000.
double parts_merge(const double *outs, const double *lses, int parts, int d,
                   double *out);

// Backwards: out[d] is that of all keys, lse their L. Makes out that of all keys but
// those of a part, which alone give part_out[d] and part_lse; returns the L of the
// others. There are others. part_lse may be -inf: then nothing changes.
double part_remove(double *out, double lse, const double *part_out, double part_lse,
                   int d);

// The entropy of a query's weights, H = -sum_j P_j ln P_j over all keys, from those of
// its parts: entropies[s] is H_s, of the weights that part s has by itself. A part that
// saw nothing has L_s = -inf and H_s = 0. At least one saw something. L_s may be 1000,
// or -1000.
double parts_entropy(const double *entropies, const double *lses, int parts);

// ---- 2. ALiBi in a tile (medium, 45 min)

// A tile of scores: queries row .. row + rows - 1 of `queries`, keys col .. col + cols
// - 1 of `keys`. The queries are the last positions: query i is at position i + keys -
// queries.
typedef struct {
    int row, rows, col, cols;
    int queries, keys;
} ScoreTile;

// scores (rows x cols) -= slope |position of the query - position of the key|.
void alibi_tile(double *scores, const ScoreTile *t, double slope);

// Query heads 0 .. heads - 1 (heads is a power of two) have the slopes 2^(-8 (h + 1) /
// heads). Key-value heads are shared out to devices: each has the same number of them,
// in order, and each key-value head serves `group` query heads, in order. The slope of
// query head `member` (0 .. group - 1) of key-value head `kv` (0 .. ) of device
// `device`.
typedef struct {
    int heads, group, devices;
} HeadShards;
double alibi_slope_of(const HeadShards *s, int device, int kv, int member);

// Causal attention of a query at position `at`; before the bias no score is larger than
// `most`, nor smaller than -most. A key may be left out if its weight is surely at most
// `share` (0 < share < 1) times that of the query's own key. Returns the greatest
// key, 0 .. at, before which all may be left out.
int alibi_first_key(int at, double slope, double most, double share);

// ---- 3. Blocks of a window (medium, 50 min)

// Causal attention with a sliding window, in blocks. The query at position p sees keys
// p - window + 1 .. p (window >= 1: itself counts), those that there are. Queries are
// the last positions; there may be more of them than keys: then the first ones see
// nothing.
typedef struct {
    int queries, keys, window;
    int block_rows, block_cols;  // the last block of either may have fewer
} Windowed;

// Blocks of keys first .. end - 1.
typedef struct {
    int first, end;
} BlockRange;

// Those of which at least one query of block `block` sees at least one key; {0, 0}:
// none.
BlockRange window_blocks(const Windowed *w, int block);

// Those of which every query of the block sees every key, so that they need no mask;
// {0, 0}: none.
BlockRange window_whole_blocks(const Windowed *w, int block);

// How many tiles are made, for all queries. It may pass 2^31.
long long window_tiles(const Windowed *w);

// ---- 4. Keys shared out (hard, 75 min)

// Keys first .. first + count - 1 of one request.
typedef struct {
    int request, first, count;
} Stretch;

// n requests with lengths[r] >= 0 keys each, K <= 2^31 - 1 in all, one request's after
// the other's. They are cut into as many pieces as there are workers, wherever that is:
// piece w is keys floor(w K / workers) up to but without floor((w + 1) K / workers).
// Writes worker w's stretches in order, none of them empty, and returns how many (at
// most n).
int worker_stretches(const int *lengths, int n, int workers, int w, Stretch *to);

// `count` stretches have been attended to, each by itself: row s of outs (count x d)
// and lses[s] belong to stretches[s]. Row r of out (n x d) and lse[r] = those of
// request r; 0 and -inf where it has none. Stretches come as workers finish, in any
// order, and the result has the same bits in every order. No two begin at the same key.
// lses[s] may be 1000, or -1000; where a stretch saw nothing (a mask) it is -inf, and
// its row may hold anything, NaN too.
void stretches_merge(const Stretch *stretches, const double *outs, const double *lses,
                     int count, int d, int n, double *out, double *lse);

// ---- 5. A bounded error (hard, 75 min)

// x (rows x cols) in one byte a number, with a factor for each *column*:
//
//     factors[c] = max_i |x_ic| / 127,      codes_ic = x_ic / factors[c], rounded
//
// to the nearest whole number. A column of zeros has factor 0 and codes 0.
void quantise_columns(const double *x, int rows, int cols, signed char *codes,
                      double *factors);

// x[n] in one byte a number, from its least to its largest: x ~ least + step code,
// codes 0 .. 255, step = (largest - least) / 255. Equal numbers have step 0 and codes
// 0.
typedef struct {
    double least, step;
} Scaling;
Scaling quantise_range(const double *x, int n, unsigned char *codes);

// Keys with these factors: the most by which a score, scale q . k, can be off for any
// keys; q[d] itself is exact, scale > 0.
double score_bound(const double *q, const double *factors, int d, double scale);

// All scores are off by at most `off`, each in its own direction, and no number of any
// value by more than value_off. The weights p[n] and values v[n] (one column) are exact
// ones. Returns a bound of the output's error:
//
//     (e^(2 off) - 1) sum_j p_j |v_j - o| + value_off,      o = sum_j p_j v_j
//
// to 12 digits, also for an `off` of 1e-14.
double output_bound(const double *p, const double *v, int n, double off,
                    double value_off);
