// What if another law draws the answers than the one whose gradient is taken? Lecture,
// section 5.6.
//
//     g = sum over answers of w(y) (r(y) - b) sum_t grad ln pi(token t)
//
// With w = pi this is grad E[r]. A sampler at temperature 0.8, or with top-p, or a mask
// that leaves out END, or a mean over tokens, makes another g of it. On 15 answers every g
// is a sum. The policy is a table of logits, so that grad ln pi is 1 - p or -p.
//
//     first    answers that all begin alike, and the mean of a few as b
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ch03_transformer/filters.h"
#include "ch03_transformer/labs/defaults.h"
#include "ch05_sft_rlhf/enumerable.h"
#include "common/program/plot.h"

static const Option options[] = {{"temperature", "0.8", "of the other sampler"},
                                 {"top-p", "0.9", "of another one"},
                                 {"policies", "200", "random policies and rewards"},
                                 {0}};

enum { SYMBOLS = 2, LONGEST = 3, IDS = SYMBOLS + 1, INNER = 7, ANSWERS = 15 };
enum { EDGES = INNER * IDS };

// ---- a policy and its gradient

typedef struct {
    Enumerable space;
    real logits[EDGES];
} Table;

// ln of each token's share under a sampler; -INFINITY: it is never drawn.
static void tokens_of(double *log_p, const Table *t, double temperature, double top_p) {
    for (int k = 0; k < INNER; k++) {
        real row[IDS];
        memcpy(row, t->logits + k * IDS, sizeof row);
        Candidates c = candidates_new(mat_view(row, 1, IDS), temperature);
        candidates_top_p(&c, top_p);
        for (int i = 0; i < IDS; i++) log_p[k * IDS + i] = -INFINITY;
        for (int i = 0; i < c.count; i++)
            log_p[k * IDS + c.list[i].token] = log(c.list[i].p / c.total);
        candidates_free(&c);
    }
}

static void answers_of(double *p, const Table *t, double temperature, double top_p) {
    double tokens[EDGES];
    tokens_of(tokens, t, temperature, top_p);
    enumerable_answers(p, tokens, &t->space);
    for (int y = 0; y < ANSWERS; y++) p[y] = exp(p[y]);
}

// What is wrong with a gradient, if anything.
typedef struct {
    const char *name;
    bool cold, cut;             // drawn at another temperature; with top-p
    bool weighted;              // each answer by pi / its law
    bool without_end, by_mean;  // END is no target; the mean over an answer's tokens
} Mismatch;

static const Mismatch kinds[] = {
    {"drawn from the policy"},
    {"temperature", .cold = true},
    {"top-p", .cut = true},
    {"temperature and top-p", .cold = true, .cut = true},
    {"temperature, weighted", .cold = true, .weighted = true},
    {"top-p, weighted", .cut = true, .weighted = true},
    {"END is no target", .without_end = true},
    {"mean over tokens", .by_mean = true},
};
enum { KINDS = sizeof kinds / sizeof *kinds };
enum { RIGHT, COLD, CUT, BOTH, COLD_WEIGHTED, CUT_WEIGHTED, NO_END, BY_MEAN };
_Static_assert(KINDS == BY_MEAN + 1, "a name for each kind");

// g[k, id] += weight x the slope of ln pi(answer) with respect to that logit.
static void add_slopes(double *g, const Table *t, const double *tokens, int answer,
                       double weight, const Mismatch *m) {
    Exchange e = enumerable_exchange(&t->space, 0, answer);
    int node = 0, n = exchange_counted(&e);
    for (int i = 0; i < n; i++) {
        int id = e.ids[e.prompt + i];
        double by = m->by_mean ? weight / n : weight;
        if (m->without_end && id == t->space.end) by = 0;
        for (int k = 0; k < IDS; k++)
            g[node * IDS + k] += by * ((k == id) - exp(tokens[node * IDS + k]));
        node = SYMBOLS * node + 1 + id;
    }
    exchange_free(&e);
}

typedef struct {
    double g[EDGES];
    int never;  // answers that are never drawn
} Gradient;

static Gradient gradient(const Table *t, const Mismatch *m, const Args *args) {
    double tokens[EDGES], p[ANSWERS], law[ANSWERS], mean = 0;
    Gradient out = {.never = 0};
    tokens_of(tokens, t, 1, 1), answers_of(p, t, 1, 1);
    answers_of(law, t, m->cold ? option_real(args, "temperature", 0.01, 100) : 1,
               m->cut ? option_real(args, "top-p", 0.01, 1) : 1);
    for (int y = 0; y < ANSWERS; y++) {
        if (law[y] == 0) out.never++;
        else if (m->weighted) law[y] *= p[y] / law[y];
        mean += law[y] * t->space.reward[y];
    }
    for (int y = 0; y < ANSWERS; y++)
        add_slopes(out.g, t, tokens, y, law[y] * (t->space.reward[y] - mean), m);
    return out;
}

// ---- measuring

static double dot(const double *a, const double *b) {
    double sum = 0;
    for (int i = 0; i < EDGES; i++) sum += a[i] * b[i];
    return sum;
}

// 0 where nothing is left of one of them: a law may have one answer only.
static double cosine(const double *a, const double *b) {
    double lengths = sqrt(dot(a, a) * dot(b, b));
    return lengths > 0 ? dot(a, b) / lengths : 0;
}

static double distance(const double *a, const double *b) {
    double of[EDGES];
    for (int i = 0; i < EDGES; i++) of[i] = a[i] - b[i];
    return sqrt(dot(of, of) / dot(b, b));
}

static double mean_reward(const Table *t) {
    double p[ANSWERS], sum = 0;
    answers_of(p, t, 1, 1);
    for (int y = 0; y < ANSWERS; y++) sum += p[y] * t->space.reward[y];
    return sum;
}

// grad E[r] by central differences of its definition.
static void differences(double *g, Table *t, double step) {
    for (int i = 0; i < EDGES; i++) {
        real at = t->logits[i];
        t->logits[i] = at + (real)step;
        double up = mean_reward(t), wide = (double)t->logits[i];
        t->logits[i] = at - (real)step;
        wide -= (double)t->logits[i];
        g[i] = (up - mean_reward(t)) / wide;
        t->logits[i] = at;
    }
}

typedef struct {
    double cosine[KINDS], off[KINDS];  // means over policies
    double never[KINDS];
    double worst_difference;  // from finite differences
    double worst_weighted;    // temperature, weighted, from the exact gradient
    long long surprises;  // top-p, weighted: right though answers are missing, or wrong
    double first, second;  // group of answers that begin alike: largest slopes
} Result;

// Two answers to a prompt that begin with the same token, with their mean as baseline:
// the expected slopes at the first token, and at the next ones.
static void group(const Table *t, double *first, double *second) {
    double tokens[EDGES], p[ANSWERS], g[EDGES] = {0}, total = 0;
    static const Mismatch none = {"none"};
    tokens_of(tokens, t, 1, 1), answers_of(p, t, 1, 1);
    for (int y = 0; y < ANSWERS; y++) {
        Exchange e = enumerable_exchange(&t->space, 0, y);
        if (e.ids[e.prompt] != 0) p[y] = 0;
        total += p[y];
        exchange_free(&e);
    }
    for (int a = 0; a < ANSWERS; a++)
        for (int b = 0; b < ANSWERS; b++) {
            double half = (t->space.reward[a] - t->space.reward[b]) / 2,
                   weight = p[a] * p[b] / (total * total);
            if (weight == 0) continue;
            add_slopes(g, t, tokens, a, weight * half, &none);
            add_slopes(g, t, tokens, b, -weight * half, &none);
        }
    for (int i = 0; i < EDGES; i++) {
        double *to = i < IDS ? first : second;
        *to = fmax(*to, fabs(g[i]));
    }
}

static void add_policy(Result *r, Table *t, const Args *args, int policies) {
    double exact[EDGES];
    differences(exact, t, 1e-3);
    Gradient right = gradient(t, &kinds[RIGHT], args);
    r->worst_difference = fmax(r->worst_difference, distance(exact, right.g));
    for (int k = 0; k < KINDS; k++) {
        Gradient of = gradient(t, &kinds[k], args);
        double off = distance(of.g, right.g);
        r->cosine[k] += cosine(of.g, right.g) / policies;
        r->off[k] += off / policies, r->never[k] += (double)of.never / policies;
        if (k == COLD_WEIGHTED) r->worst_weighted = fmax(r->worst_weighted, off);
        if (k == CUT_WEIGHTED && (of.never == 0) != (off < 1e-12)) r->surprises++;
    }
    group(t, &r->first, &r->second);
}

static Result measure(Lab *lab) {
    int policies = (int)option_int(&lab->args, "policies", 1, 100000);
    Result r = {.worst_difference = 0};
    for (int i = 0; i < policies; i++) {
        Rng rng = rng_split(&lab->rng, (uint64_t)i);
        Table t = {.space = enumerable_new(SYMBOLS, LONGEST, 1, rng_split(&rng, 0))};
        Rng draws = rng_split(&rng, 1);
        for (int k = 0; k < EDGES; k++) t.logits[k] = (real)rng_normal(&draws);
        add_policy(&r, &t, &lab->args, policies);
        enumerable_free(&t.space);
    }
    return r;
}

// ---- claims and figure

static void claim(Lab *lab, const Result *r) {
    // float logits, a step of 1e-3: its square, times a third derivative below 10 of
    // numbers of this size, and 1e-13 / 1e-3 of rounding
    claim_at_most(lab, "5.97", "drawn from the policy: from differences of E[r]", 1e-4,
                  r->worst_difference);
    if (lab_at_defaults(lab)) {
        // not derived: how far is a matter of policies. The mean over 200 of them has a
        // standard error of 0.01 or less
        claim_at_least(lab, "5.98", "temperature 0.8: relative error", 0.1,
                       r->off[COLD]);
        claim_at_least(lab, "5.98", "top-p 0.9: relative error", 0.1, r->off[CUT]);
        claim_at_least(lab, "5.98", "END is no target: relative error", 0.1,
                       r->off[NO_END]);
        claim_at_least(lab, "5.98", "mean over tokens: relative error", 0.1,
                       r->off[BY_MEAN]);
    }
    // sums of 15 products
    claim_at_most(lab, "5.98", "temperature, weighted: relative error", 1e-12,
                  r->worst_weighted);
    claim_equal(lab, "5.98", "top-p, weighted: right without missing, or wrong with", 0,
                r->surprises);
    claim_at_most(lab, "5.99", "answers that begin alike: slope at that token", 1e-15,
                  r->first);
    claim_at_least(lab, "5.99", "the same, after it", 0.01, r->second);
}

static void draw(Lab *lab, const Result *r) {
    Plot *p = plot_new(lab, "sampler_mismatch", "kind error cosine never");
    for (int k = 1; k < KINDS; k++) {
        double row[] = {k, r->off[k], r->cosine[k], r->never[k]};
        plot_row_values(p, row);
    }
    char tics[512] = "";
    for (int k = 1; k < KINDS; k++)
        snprintf(tics + strlen(tics), sizeof tics - strlen(tics), "%s'%s' %d",
                 k > 1 ? ", " : "", kinds[k].name, k);
    plot_title(p, "Gradients of answers that another law drew");
    plot_axes(p, "", "relative error of the gradient");
    plot_set(p, "xtics rotate by 30 right (%s)", tics);
    plot_set(p, "xrange [0.5:%d.5]", KINDS - 1), plot_set(p, "yrange [0:]");
    plot_points(p, "kind", "error", "relative error");
    plot_end(p);
}

static void run(Lab *lab) {
    Result r = measure(lab);
    lab_print(lab, "%-24s %8s %15s %12s", "", "cosine", "relative error",
              "never drawn");
    for (int k = 0; k < KINDS; k++)
        lab_print(lab, "%-24s %8.3f %15.3f %6.1f of %d", kinds[k].name, r.cosine[k],
                  r.off[k], r.never[k], ANSWERS);
    claim(lab, &r), draw(lab, &r);
}

const LabSpec lab_sampler_mismatch = {"sampler-mismatch", "5.6",
                                      "Answers that another law drew", run, options};
