// Homework of chapter 4: four problems that take pretraining further. README.md says
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
// had, and decays in the last round(share total) steps; in fewer where that many are
// not left after warm-up and `step`, but in at least 1. Where there is no such
// schedule, because `step` is one of the decay of s (step > s->total - s->decay) or no
// step is left, the result is all zeros: (Wsd){0}.
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
// first. The fewest of them whose shares add up to at least `mass`, in
// (0, 1), are kept, in this order; c->count and c->total are set, and each p stays as
// it is. A mass of 1 or more keeps all candidates with p > 0; a p of 0 never stays.
void candidates_typical(Candidates *c, double mass);
