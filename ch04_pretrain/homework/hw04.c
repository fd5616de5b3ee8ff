// Homework of chapter 4: your file. The contracts are in hw04.h, the problems in
// README.md.
#include "ch04_pretrain/homework/hw04.h"

#include "common/program/homework.h"

// ---- 1. Whole-word masking

int find_words(const Piece *pieces, int n, Word *words) { HW_TODO(pieces, n, words); }

void select_words(Rng *rng, const Word *words, int count, double share, int n,
                  bool *selected) {
    HW_TODO(rng, words, count, share, n, selected);
}

void mask_selected(Rng *rng, const Corruption *c, int vocabulary, int mask,
                   const int *tokens, const bool *selected, int n, int *seen,
                   int *targets) {
    HW_TODO(rng, c, vocabulary, mask, tokens, selected, n, seen, targets);
}

// ---- 2. Warm-up, stable, decay

double wsd_rate(const Wsd *s, long long step) { HW_TODO(s, step); }

double wsd_area(const Wsd *s) { HW_TODO(s); }

double wsd_peak_for(const Wsd *s, double area) { HW_TODO(s, area); }

Wsd wsd_extend(const Wsd *s, long long step, long long total, double share) {
    HW_TODO(s, step, total, share);
}

// ---- 3. Two smoothed bigrams

double pair_discount(const int *count, int V) { HW_TODO(count, V); }

void continuation(const int *count, int V, double *p) { HW_TODO(count, V, p); }

void witten_bell(const int *count, int V, const double *lower, int h, double *p) {
    HW_TODO(count, V, lower, h, p);
}

void back_off(const int *count, int V, const double *lower, double D, int h,
              double *p) {
    HW_TODO(count, V, lower, D, h, p);
}

// ---- 4. Typical sampling

double typical_distance(const Candidates *c, int i) { HW_TODO(c, i); }

void candidates_typical(Candidates *c, double mass) { HW_TODO(c, mass); }

// ---- 5. The noise of gradients

Squares squares_of_parts(const double *gradients, int parts, int n) {
    HW_TODO(gradients, parts, n);
}

Noise noise_of(Squares s, double b, double B) { HW_TODO(s, b, B); }

double noise_scale(const Squares *s, int count, double b, double B) {
    HW_TODO(s, count, b, B);
}

double steps_with(double least, double scale, double B) { HW_TODO(least, scale, B); }

double batch_for_rows(double scale, double times) { HW_TODO(scale, times); }

// ---- 6. Replaced tokens

void replace_tokens(Rng *rng, const int *tokens, const bool *selected, int n,
                    const double *generator, int V, int *seen, bool *replaced) {
    HW_TODO(rng, tokens, selected, n, generator, V, seen, replaced);
}

double detector_loss(const double *logit, const bool *replaced, const bool *special,
                     int n) {
    HW_TODO(logit, replaced, special, n);
}

void detector_optimum(const double *language, const double *generator, double share,
                      int V, double *p) {
    HW_TODO(language, generator, share, V, p);
}

double detector_floor(const double *language, const double *generator, double share,
                      int V) {
    HW_TODO(language, generator, share, V);
}

// ---- 7. Bands for a threshold

double banding_middle(Banding b) { HW_TODO(b); }

BandingCosts banding_costs(Banding b, const double *s, const double *pairs, int bins,
                           double high) {
    HW_TODO(b, s, pairs, bins, high);
}

Banding banding_for(int k, double high, double least, double low) {
    HW_TODO(k, high, least, low);
}

void signature_union(const uint64_t *a, const uint64_t *b, int k, uint64_t *to) {
    HW_TODO(a, b, k, to);
}

double containment(double J, double a, double b) { HW_TODO(J, a, b); }
