// Homework of chapter 4: seven problems that take pretraining further. README.md says
// what each is about.
//
// You edit hw04.c; `make hw04` grades it. Every function of the chapter may be called.
// No problem needs another. The caller owns all arrays, and each function writes all of
// those that it is to fill: they may hold anything before. A function frees what it
// allocates for its own use. Random numbers come from the rng that you are given and
// from nowhere else.
#pragma once
#include <stdbool.h>

#include "ch03_transformer/cross_entropy.h"
#include "ch03_transformer/sample.h"
#include "ch04_pretrain/corruption.h"
#include "ch04_pretrain/lsh.h"

// ---- 1. Whole-word masking (medium, 60 min)

// What a token is in its word. Special tokens ([CLS], [SEP], padding) are in no word.
typedef enum { PIECE_CONTINUES, PIECE_BEGINS, PIECE_SPECIAL } Piece;

// Tokens first .. first + count - 1 of a row.
typedef struct {
    int first, count;
} Word;

// The words of a row, from left to right -> how many; words has room for n. A row may
// be cut out of the middle of a text: tokens that continue a word whose beginning is
// not there (at the start of the row, or right after a special token) are a word too. n
// may be 0.
int find_words(const Piece *pieces, int n, Word *words);

// Which tokens are to be predicted, whole words only. With m tokens in all words
// together, at most
//
//     budget = round(share m), but at least 1
//
// tokens are selected. Go through the words in random order, every order equally
// likely, and select each that still fits into what is left of the budget; one that
// does not fit is passed over, and the next is tried. words[count] do not overlap;
// between them may be special tokens. selected[n] is written: true or false for every
// token of the row.
void select_words(Rng *rng, const Word *words, int count, double share, int n,
                  bool *selected);

// What the model sees, and what it is to predict. Each selected token has a draw of its
// own, independent of the others of its word: with probability c->mask it becomes
// `mask`, with c->random a token drawn uniformly from 0 .. vocabulary - 1 (which may be
// the same again), else it stays. c->select is not used. Tokens that are not selected
// stay. seen[n]; targets[n]: the token itself at all selected positions, IGNORED
// elsewhere.
void mask_selected(Rng *rng, const Corruption *c, int vocabulary, int mask,
                   const int *tokens, const bool *selected, int n, int *seen,
                   int *targets);

// ---- 2. Warm-up, stable, decay (easy, 45 min)

typedef enum { WSD_LINEAR, WSD_ROOT } WsdShape;

// 0 <= warmup, 1 <= decay, warmup + decay <= total; last < peak.
typedef struct {
    double peak, last;
    long long warmup, decay, total;  // steps; `decay` of them at the end
    WsdShape shape;
} Wsd;

// The rate of a step; steps count from 1.
//
//     peak t / warmup              t <= warmup
//     peak                         warmup <= t <= total - decay
//     last + (peak - last) f(u)    u = (t - (total - decay)) / decay in 0 .. 1
//     last                         t >= total
//
// with f(u) = 1 - u (WSD_LINEAR) or 1 - sqrt(u) (WSD_ROOT).
double wsd_rate(const Wsd *s, long long step);

// The sum of the rates of steps 1 .. total.
double wsd_area(const Wsd *s);
// The peak with which s would have this area, all else (`last` too) unchanged.
double wsd_peak_for(const Wsd *s, double area);

// A run by schedule s was saved after `step` >= 1 steps. Now it is to end at step
// `total`: the schedule of the whole run, which gives steps 1 .. step the rates they
// had, and decays in the last round(share total) steps, a share of the new total. The
// decay begins after both warm-up and `step`: where fewer steps are left there it takes
// those, but at least 1. Where there is no such
// schedule, because `step` is one of the decay of s (step > s->total - s->decay) or no
// step is left after both warm-up and `step`, the result is all zeros: (Wsd){0}.
Wsd wsd_extend(const Wsd *s, long long step, long long total, double share);

// ---- 3. Two smoothed bigrams (medium, 75 min)

// Counts of pairs: count[h V + w] is how often token w came right after token h.
// "Different" below means: with a count above 0. p[V] is written.

// Absolute discounting's D = n_1 / (n_1 + 2 n_2), where n_c is how many different pairs
// have the count c; 1/2 where n_1 = 0.
double pair_discount(const int *count, int V);

// p[w] = (how many different tokens w came after) / (how many different pairs there
// are). At least one pair was counted.
void continuation(const int *count, int V, double *p);

// Witten and Bell: with T different tokens after h, and c(h) tokens in all,
//
//     p[w] = (c(h w) + T lower[w]) / (c(h) + T)
//
// lower[V] sums to 1. A history that was never seen has p = lower.
void witten_bell(const int *count, int V, const double *lower, int h, double *p);

// Kneser and Ney's own model, which *backs off*: the shorter history has a say only
// about tokens that never came after h.
//
//     p[w] = (c(h w) - D) / c(h)     c(h w) > 0
//     p[w] = alpha lower[w]          c(h w) = 0, with alpha such that p sums to 1
//
// D in (0, 1]; lower[V] sums to 1. A history that was never seen has p = lower. Where
// lower gives nothing to the tokens that never came after h, or where there are no such
// tokens, nothing is discounted: p[w] = c(h w) / c(h).
void back_off(const int *count, int V, const double *lower, double D, int h, double *p);

// ---- 4. Typical sampling (medium, 60 min)

// For a filter of the kind of candidates_top_p. What filters before it left are
// c->count candidates whose p sum to c->total; the share of a candidate is p / total. A
// p may be 0.

// How far c->list[i] is from typical: |ln(1 / share) - entropy of the shares|, in nats;
// INFINITY where p is 0.
double typical_distance(const Candidates *c, int i);

// Candidates sorted by this distance, the nearest first; of equal p the lower token
// first. The fewest of them whose shares add up to at least `mass` (no tolerance), in
// (0, 1), are kept, in this order; c->count and c->total are set, and each p stays as
// it is. A mass of 1 or more keeps all candidates with p > 0; a p of 0 never stays.
void candidates_typical(Candidates *c, double mass);

// ---- 5. The noise of gradients (medium, 60 min)

// Squared lengths of gradients: of one of a batch of b rows, of one of B rows, B > b.
typedef struct {
    double small, big;
} Squares;

// gradients[parts n]: `parts` gradients of n numbers, one after another, each of b rows
// of its own. small: their squared length, on average; big: the squared length of the
// gradient of all parts x b rows, which is their mean.
Squares squares_of_parts(const double *gradients, int parts, int n);

// |G|^2 of the true gradient, and the variance of one row's, summed over its numbers.
typedef struct {
    double square, trace;
} Noise;

// The gradient of a batch of B rows has a squared length of |G|^2 + trace / B on
// average. From two batch sizes: the values that are right on average.
Noise noise_of(Squares s, double b, double B);

// The noise scale trace / |G|^2, from `count` such measurements. It is the quotient of
// two means; INFINITY where that of |G|^2 is not above 0.
double noise_scale(const Squares *s, int count, double b, double B);

// McCandlish and others: if `least` steps do with batches without noise, batches of B
// rows take least (1 + scale / B).
double steps_with(double least, double scale, double B);
// Rows read, steps x B, are the fewest in the limit B -> 0. The largest batch that
// takes `times` as many, times > 1.
double batch_for_rows(double scale, double times);

// ---- 6. Replaced tokens (medium, 60 min)

// ELECTRA's input. Each selected token is drawn anew from what a generator says there,
// generator[i V] .. generator[i V + V - 1] for token i, which sum to 1; the others
// stay. seen[n]; replaced[n]: whether the token seen is another one than it was.
void replace_tokens(Rng *rng, const int *tokens, const bool *selected, int n,
                    const double *generator, int V, int *seen, bool *replaced);

// The detector answers for *every* token but special ones: the mean of its cross
// entropies in nats. logit[i] is that of "replaced". Finite wherever the logits are; 0
// where all tokens are special.
double detector_loss(const double *logit, const bool *replaced, const bool *special,
                     int n);

// The best detector of one place. What was written there is w with probability
// language[w], given all around it; it is selected with probability `share`, and then
// drawn from generator[V], whatever it was. p[w]: the probability that w, if it is
// seen, has replaced another token; 0 for a w that is never seen.
void detector_optimum(const double *language, const double *generator, double share,
                      int V, double *p);
// The mean loss of this detector at this place, in nats.
double detector_floor(const double *language, const double *generator, double share,
                      int V);

// ---- 7. Bands for a threshold (medium, 60 min)

// A cut of signatures: lsh.h. bands x rows numbers are used; 0 x 0 is none.
typedef struct {
    int rows, bands;
} Banding;

// The similarity of which half of the pairs are found.
double banding_middle(Banding b);

// Of bins of pairs, pairs[i] of them of similarity s[i]: how many of `high` or more are
// not found, and how many below are, on average.
typedef struct {
    double missed, in_vain;
} BandingCosts;
BandingCosts banding_costs(Banding b, const double *s, const double *pairs, int bins,
                           double high);

// Of all cuts of at most k numbers that find a pair of similarity `high` with
// probability `least` or more: the one that finds a pair of similarity `low` < high
// with the least; of equals, the one of fewer rows. Numbers may be left over. {0} where
// there is none.
Banding banding_for(int k, double high, double least, double low);

// The signature of the union of two sets, from theirs: to[k].
void signature_union(const uint64_t *a, const uint64_t *b, int k, uint64_t *to);
// Which share of A, of a elements, lies in B, of b elements, if their similarity is J.
// A J that is only estimated can give more than 1: that is returned as it is.
double containment(double J, double a, double b);
