// The solution of chapter 4's homework. Each function is as short as its idea;
// README.md has the ideas.
#include "ch04_pretrain/homework/hw04.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/numeric/small.h"

// ---- 1. Whole-word masking

int find_words(const Piece *pieces, int n, Word *words) {
    int count = 0;
    bool inside = false;  // of words[count - 1]
    for (int i = 0; i < n; i++) {
        if (pieces[i] != PIECE_SPECIAL) {
            if (pieces[i] == PIECE_BEGINS || !inside) words[count++] = (Word){i, 0};
            words[count - 1].count++;
        }
        inside = pieces[i] != PIECE_SPECIAL;
    }
    return count;
}

static int budget_of(const Word *words, int count, double share) {
    int tokens = 0;
    for (int w = 0; w < count; w++) tokens += words[w].count;
    return int_max(1, (int)round(share * tokens));
}

void select_words(Rng *rng, const Word *words, int count, double share, int n,
                  bool *selected) {
    int *order = allocate((size_t)count, sizeof *order);
    int left = budget_of(words, count, share);
    for (int w = 0; w < count; w++) order[w] = w;
    rng_shuffle(rng, order, count);
    memset(selected, 0, (size_t)n * sizeof *selected);
    for (int k = 0; k < count; k++) {
        Word word = words[order[k]];
        if (word.count > left) continue;
        for (int i = 0; i < word.count; i++) selected[word.first + i] = true;
        left -= word.count;
    }
    free(order);
}

void mask_selected(Rng *rng, const Corruption *c, int vocabulary, int mask,
                   const int *tokens, const bool *selected, int n, int *seen,
                   int *targets) {
    for (int i = 0; i < n; i++) {
        seen[i] = tokens[i];
        targets[i] = selected[i] ? tokens[i] : IGNORED;
        if (!selected[i]) continue;
        double u = rng_uniform(rng);
        if (u < c->mask) seen[i] = mask;
        else if (u < c->mask + c->random) seen[i] = rng_below(rng, vocabulary);
    }
}

// ---- 2. Warm-up, stable, decay

double wsd_rate(const Wsd *s, long long step) {
    long long start = s->total - s->decay;
    if (step < s->warmup) return s->peak * (double)step / (double)s->warmup;
    if (step <= start) return s->peak;
    if (step >= s->total) return s->last;
    double u = (double)(step - start) / (double)s->decay;
    double left = s->shape == WSD_LINEAR ? 1 - u : 1 - sqrt(u);
    return s->last + (s->peak - s->last) * left;
}

double wsd_area(const Wsd *s) {
    double sum = 0;
    for (long long t = 1; t <= s->total; t++) sum += wsd_rate(s, t);
    return sum;
}

// The area is a + b peak: two peaks tell both.
double wsd_peak_for(const Wsd *s, double area) {
    Wsd zero = *s, one = *s;
    zero.peak = 0, one.peak = 1;
    double a = wsd_area(&zero), b = wsd_area(&one) - a;
    return (area - a) / b;
}

Wsd wsd_extend(const Wsd *s, long long step, long long total, double share) {
    long long kept = long_max(step, s->warmup);
    if (step > s->total - s->decay || total <= kept) return (Wsd){0};
    Wsd longer = *s;
    longer.total = total;
    longer.decay = long_min(llround(share * (double)total), total - kept);
    longer.decay = long_max(longer.decay, 1);
    return longer;
}

// ---- 3. Two smoothed bigrams

double pair_discount(const int *count, int V) {
    double ones = 0, twos = 0;
    for (int i = 0; i < V * V; i++) ones += count[i] == 1, twos += count[i] == 2;
    return ones > 0 ? ones / (ones + 2 * twos) : 0.5;
}

void continuation(const int *count, int V, double *p) {
    double pairs = 0;
    for (int w = 0; w < V; w++) p[w] = 0;
    for (int h = 0; h < V; h++)
        for (int w = 0; w < V; w++)
            if (count[h * V + w] > 0) p[w]++, pairs++;
    for (int w = 0; w < V; w++) p[w] /= pairs;
}

// What came after a history.
typedef struct {
    double total, different;  // tokens; different ones
    double unseen;            // lower's probability of all that never came
} After;

static After after(const int *row, int V, const double *lower) {
    After a = {0};
    for (int w = 0; w < V; w++) {
        a.total += row[w], a.different += row[w] > 0;
        if (row[w] == 0) a.unseen += lower[w];
    }
    return a;
}

void witten_bell(const int *count, int V, const double *lower, int h, double *p) {
    const int *row = count + h * V;
    After a = after(row, V, lower);
    for (int w = 0; w < V; w++)
        p[w] = a.total == 0
                   ? lower[w]
                   : (row[w] + a.different * lower[w]) / (a.total + a.different);
}

void back_off(const int *count, int V, const double *lower, double D, int h,
              double *p) {
    const int *row = count + h * V;
    After a = after(row, V, lower);
    double discount = a.unseen > 0 ? D : 0;
    double alpha = a.unseen > 0 ? discount * a.different / a.total / a.unseen : 0;
    for (int w = 0; w < V; w++) {
        if (a.total == 0) p[w] = lower[w];
        else p[w] = row[w] > 0 ? (row[w] - discount) / a.total : alpha * lower[w];
    }
}

// ---- 4. Typical sampling

static double entropy_of(const Candidates *c) {
    double nats = 0;
    for (int i = 0; i < c->count; i++) {
        double share = c->list[i].p / c->total;
        if (share > 0) nats -= share * log(share);
    }
    return nats;
}

static double distance_from(double entropy, const Candidates *c, int i) {
    double p = c->list[i].p;
    return p > 0 ? fabs(log(c->total / p) - entropy) : INFINITY;
}

double typical_distance(const Candidates *c, int i) {
    return distance_from(entropy_of(c), c, i);
}

typedef struct {
    double distance;
    Candidate candidate;
} Typical;

static int by_distance(const void *a, const void *b) {
    const Typical *x = a, *y = b;
    return x->distance != y->distance
               ? (x->distance > y->distance) - (x->distance < y->distance)
               : x->candidate.token - y->candidate.token;
}

void candidates_typical(Candidates *c, double mass) {
    double nats = entropy_of(c), sum = 0;
    Typical *all = allocate((size_t)c->count, sizeof *all);
    int count = 0, kept = 0;
    for (int i = 0; i < c->count; i++)
        if (c->list[i].p > 0)
            all[count++] = (Typical){distance_from(nats, c, i), c->list[i]};
    qsort(all, (size_t)count, sizeof *all, by_distance);
    while (kept < count && (mass >= 1 || sum < mass * c->total)) {
        c->list[kept] = all[kept].candidate;
        sum += c->list[kept++].p;
    }
    c->count = kept, c->total = sum;
    free(all);
}

// ---- 5. The noise of gradients

static double square_of(const double *g, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += g[i] * g[i];
    return sum;
}

Squares squares_of_parts(const double *gradients, int parts, int n) {
    Squares s = {0};
    double *mean = allocate((size_t)n, sizeof *mean);
    for (int k = 0; k < parts; k++) {
        const double *g = gradients + k * n;
        s.small += square_of(g, n) / parts;
        for (int i = 0; i < n; i++) mean[i] += g[i] / parts;
    }
    s.big = square_of(mean, n);
    free(mean);
    return s;
}

Noise noise_of(Squares s, double b, double B) {
    return (Noise){.square = (B * s.big - b * s.small) / (B - b),
                   .trace = (s.small - s.big) / (1 / b - 1 / B)};
}

double noise_scale(const Squares *s, int count, double b, double B) {
    Noise sum = {0};
    for (int i = 0; i < count; i++) {
        Noise one = noise_of(s[i], b, B);
        sum.square += one.square, sum.trace += one.trace;
    }
    return sum.square > 0 ? sum.trace / sum.square : INFINITY;
}

double steps_with(double least, double scale, double B) {
    return least * (1 + scale / B);
}

// steps x B = least (B + scale), the fewest are least scale: 1 + B / scale times as
// many.
double batch_for_rows(double scale, double times) { return scale * (times - 1); }

// ---- 6. Replaced tokens

void replace_tokens(Rng *rng, const int *tokens, const bool *selected, int n,
                    const double *generator, int V, int *seen, bool *replaced) {
    for (int i = 0; i < n; i++) {
        seen[i] = selected[i] ? rng_categorical(rng, generator + i * V, V) : tokens[i];
        replaced[i] = seen[i] != tokens[i];
    }
}

// -ln of the probability 1 / (1 + e^-z)
static double surprise(double z) { return fmax(0, -z) + log1p(exp(-fabs(z))); }

double detector_loss(const double *logit, const bool *replaced, const bool *special,
                     int n) {
    double sum = 0, count = 0;
    for (int i = 0; i < n; i++) {
        if (special[i]) continue;
        sum += surprise(replaced[i] ? logit[i] : -logit[i]);
        count++;
    }
    return count > 0 ? sum / count : 0;
}

// How often w is seen here, and how often it is not what was written.
static double seen_and_replaced(double language, double generator, double share,
                                double *replaced) {
    *replaced = share * generator * (1 - language);
    return *replaced + language * (1 - share + share * generator);
}

void detector_optimum(const double *language, const double *generator, double share,
                      int V, double *p) {
    for (int w = 0; w < V; w++) {
        double replaced,
            seen = seen_and_replaced(language[w], generator[w], share, &replaced);
        p[w] = seen > 0 ? replaced / seen : 0;
    }
}

double detector_floor(const double *language, const double *generator, double share,
                      int V) {
    double nats = 0;
    for (int w = 0; w < V; w++) {
        double replaced,
            seen = seen_and_replaced(language[w], generator[w], share, &replaced),
            kept = seen - replaced;
        if (replaced > 0) nats -= replaced * log(replaced / seen);
        if (kept > 0) nats -= kept * log(kept / seen);
    }
    return nats;
}

// ---- 7. Bands for a threshold

// 1 - (1 - s^r)^b = 1/2
double banding_middle(Banding b) {
    return pow(1 - pow(0.5, 1.0 / b.bands), 1.0 / b.rows);
}

BandingCosts banding_costs(Banding b, const double *s, const double *pairs, int bins,
                           double high) {
    BandingCosts c = {0};
    for (int i = 0; i < bins; i++) {
        double found = pairs[i] * lsh_curve(s[i], b.rows, b.bands);
        if (s[i] >= high) c.missed += pairs[i] - found;
        else c.in_vain += found;
    }
    return c;
}

// With more rows a cut finds less, with more bands more: for each number of rows the
// fewest bands that do.
Banding banding_for(int k, double high, double least, double low) {
    Banding best = {0};
    double lowest = INFINITY;
    for (int rows = 1; rows <= k; rows++)
        for (int bands = 1; rows * bands <= k; bands++) {
            if (lsh_curve(high, rows, bands) < least) continue;
            double in_vain = lsh_curve(low, rows, bands);
            if (in_vain < lowest) best = (Banding){rows, bands}, lowest = in_vain;
            break;
        }
    return best;
}

void signature_union(const uint64_t *a, const uint64_t *b, int k, uint64_t *to) {
    for (int i = 0; i < k; i++) to[i] = a[i] < b[i] ? a[i] : b[i];
}

// Both: n; together a + b - n; so J (a + b - n) = n.
double containment(double J, double a, double b) { return J * (a + b) / (1 + J) / a; }
