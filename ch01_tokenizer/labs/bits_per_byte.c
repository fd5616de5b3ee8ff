// Losses that can be compared, whatever the tokenizer. Lecture, section 1.9.
//
//     bits per byte = nats per token x tokens / (ln 2 x bytes)
//
// One model, the source itself, scores one text that is cut into tokens by larger and
// larger vocabularies: its perplexity rises, its bits per byte stay. And a model over
// tokens gives a text the sum over all its segmentations, though one usually counts
// only the one that BPE makes: shown with a unigram model. Cao and Rimell, "You should
// evaluate your language model on marginal likelihood over tokenisations" (2021),
// arXiv:2109.02550.
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/bpe_encode.h"
#include "ch01_tokenizer/bpe_train.h"
#include "ch01_tokenizer/source.h"
#include "common/error.h"
#include "common/numeric/small.h"
#include "common/program/plot.h"

enum { BYTES = 8, BLOCKS = 100, POINTS = 14, SHORT = 5, RESCALE = 600 };

static const Option options[] = {
    {"entropy", "1.93", "entropy rate of the source, in bits per byte"},
    {"length", "100000", "bytes to train on, and again to score"},
    {"merges", "300", "merges to learn"},
    {0}};

// A sum that keeps what each addition rounds away (Neumaier): off by about one ulp,
// however many terms.
typedef struct {
    double sum, lost;
} Sum;

static void sum_add(Sum *s, double x) {
    double sum = s->sum + x;
    s->lost += fabs(s->sum) >= fabs(x) ? s->sum - sum + x : x - sum + s->sum;
    s->sum = sum;
}

static double sum_value(const Sum *s) { return s->sum + s->lost; }

// ---- a vocabulary: how its tokens are spelled, a tree to find them in a text, and a
// unigram model

typedef struct {
    int size;
    const Pair *pairs;      // what token BYTES + t was merged from
    int *spelling, *first;  // token v is spelling[first[v] .. first[v+1]-1]
    int (*child)[BYTES];    // of a node of the tree; 0: none
    int *token;             // that ends at a node; NO_SYMBOL
    int longest;            // bytes
    double *q;              // the unigram model: the share of each token
} Vocabulary;

static int token_length(const Vocabulary *v, int token) {
    return v->first[token + 1] - v->first[token];
}

static void spell(Vocabulary *v, int token) {
    int at = v->first[token];
    if (token < BYTES) {
        v->spelling[at++] = token;
    } else {
        const Pair *pair = &v->pairs[token - BYTES];
        for (int side = 0; side < 2; side++) {
            int part = side ? pair->right : pair->left, n = token_length(v, part);
            memcpy(&v->spelling[at], &v->spelling[v->first[part]],
                   (size_t)n * sizeof(int));
            at += n;
        }
    }
    v->first[token + 1] = at;
}

static int spelling_size(const Merges *merges, int size) {
    int *length = allocate((size_t)size, sizeof *length), total = 0;
    for (int t = 0; t < size; t++) {
        const Pair *pair = t < BYTES ? NULL : &merges->pairs[t - BYTES];
        total += length[t] = pair ? length[pair->left] + length[pair->right] : 1;
    }
    free(length);
    return total;
}

static void grow_tree(Vocabulary *v) {
    int nodes = 1;
    for (int t = 0; t < v->size; t++) {
        int node = 0;
        for (int i = v->first[t]; i < v->first[t + 1]; i++) {
            int *child = &v->child[node][v->spelling[i]];
            if (!*child) v->token[ *child = nodes++] = NO_SYMBOL;
            node = *child;
        }
        v->token[node] = t;
        if (token_length(v, t) > v->longest) v->longest = token_length(v, t);
    }
}

// q from a text in tokens, every count one more, so that no token is impossible.
static void learn_unigram(Vocabulary *v, const int *tokens, int count) {
    for (int t = 0; t < v->size; t++) v->q[t] = 1;
    for (int i = 0; i < count; i++) v->q[tokens[i]]++;
    for (int t = 0; t < v->size; t++) v->q[t] /= count + v->size;
}

static Vocabulary vocabulary_new(const Merges *merges, int size, const int *tokens,
                                 int count) {
    size_t n = (size_t)size, letters = (size_t)spelling_size(merges, size);
    Vocabulary v = {.size = size, .pairs = merges->pairs};
    v.spelling = allocate(letters, sizeof *v.spelling),
    v.first = allocate(n + 1, sizeof *v.first);
    v.child = allocate(letters + 1, sizeof *v.child),
    v.token = allocate(letters + 1, sizeof *v.token);
    v.q = allocate(n, sizeof *v.q);
    for (int t = 0; t < size; t++) spell(&v, t);
    grow_tree(&v);
    learn_unigram(&v, tokens, count);
    return v;
}

static void vocabulary_free(Vocabulary *v) {
    free(v->spelling), free(v->first), free(v->child), free(v->token), free(v->q);
}

// ---- three scores of a text

// Nats of the tokens, each by the chain rule over its bytes: P(token | last) = P(b1 |
// last) P(b2 | b1) ... Reads nothing but tokens: the bytes come from their spelling.
static double chain_nats(const Source *source, const Vocabulary *v, const int *tokens,
                         int count) {
    Sum nats = {0};
    for (int i = 0, last = -1; i < count; i++) {
        double bits = 0;
        for (int k = v->first[tokens[i]]; k < v->first[tokens[i] + 1];
             last = v->spelling[k++])
            bits += source_surprise(source, last, v->spelling[k]);
        sum_add(&nats, bits * M_LN2);
    }
    return sum_value(&nats);
}

static double bits_per_byte(double nats_per_token, double tokens, double bytes) {
    return nats_per_token * tokens / (M_LN2 * bytes);
}

// log2 of the unigram model's probability of these tokens, in this segmentation.
static double canonical_log2(const Vocabulary *v, const int *tokens, int count) {
    Sum bits = {0};
    for (int i = 0; i < count; i++) sum_add(&bits, log2(v->q[tokens[i]]));
    return sum_value(&bits);
}

// log2 of the sum over all segmentations of the bytes: reach[i] = sum over tokens t
// that end at i of reach[i - length(t)] q(t). Scaled by powers of two, which round
// nothing, so that it does not underflow.
static double marginal_log2(const Vocabulary *v, const int *bytes, int n) {
    double *reach = allocate((size_t)(n + v->longest) + 1, sizeof *reach);
    int scaled = 0;
    reach[0] = 1;
    for (int i = 0; i < n; i++) {
        if (reach[i] < 0x1p-600) {
            for (int k = 0; k <= v->longest; k++)
                reach[i + k] = ldexp(reach[i + k], RESCALE);
            scaled += RESCALE;
        }
        for (int k = i, node = 0; k < n && (node = v->child[node][bytes[k]]); k++)
            if (v->token[node] != NO_SYMBOL)
                reach[k + 1] += reach[i] * v->q[v->token[node]];
    }
    double result = log2(reach[n]) - scaled;
    free(reach);
    return result;
}

// Any token t of a segmentation may be cut back into the pair l r that it was made of,
// or not, whatever the others do. So the sum is at least the canonical one x product of
// (1 + q(l) q(r) / q(t)). In bits.
static double gap_floor(const Vocabulary *v, const int *tokens, int count) {
    double bits = 0;
    for (int i = 0; i < count; i++) {
        if (tokens[i] < BYTES) continue;
        Pair pair = v->pairs[tokens[i] - BYTES];
        bits += log2(1 + v->q[pair.left] * v->q[pair.right] / v->q[tokens[i]]);
    }
    return bits;
}

// ---- one text, cut by larger and larger vocabularies

typedef struct {
    double vocabulary, per_token;  // symbols; bytes per token
    double chain, perplexity;      // bits per byte; e^(nats per token)
    // of the unigram model, bits per byte; least gap between them
    double canonical, marginal, floor;
} Point;

typedef struct {
    Source source;
    // h; of the scored text: its own bits per byte, and their standard error
    double entropy, text, error;
    Merges merges;
    int length;
    int *learned, learned_count;  // the text to train on, in tokens
    int *scored, *tokens, count;  // the text to score, in bytes and in tokens
    Point points[POINTS];
    int point_count;
    Vocabulary last;  // the largest vocabulary
} Experiment;

// Bits per byte of the scored text if the source is known, and the standard error from
// BLOCKS pieces.
static void score_text(Experiment *e) {
    double block[BLOCKS] = {0}, total = 0, squares = 0;
    for (int i = 0, last = -1; i < e->length; last = e->scored[i++])
        block[(long)i * BLOCKS / e->length] +=
            source_surprise(&e->source, last, e->scored[i]);
    for (int b = 0; b < BLOCKS; b++) total += block[b];
    for (int b = 0; b < BLOCKS; b++) squares += pow(block[b] - total / BLOCKS, 2);
    e->text = total / e->length;
    e->error = sqrt(squares / (BLOCKS - 1) * BLOCKS) / e->length;
}

static Point measure(const Experiment *e, const Vocabulary *v) {
    double bytes = e->length, tokens = e->count;
    // nats per token
    double loss = chain_nats(&e->source, v, e->tokens, e->count) / tokens;
    return (Point){.vocabulary = v->size,
                   .per_token = bytes / tokens,
                   .chain = bits_per_byte(loss, tokens, bytes),
                   .perplexity = exp(loss),
                   .canonical = -canonical_log2(v, e->tokens, e->count) / bytes,
                   .marginal = -marginal_log2(v, e->scored, e->length) / bytes,
                   .floor = gap_floor(v, e->tokens, e->count) / bytes};
}

static void prepare(Experiment *e, Rng *rng, int merges) {
    size_t n = (size_t)e->length;
    e->learned = allocate(n, sizeof(int)), e->scored = allocate(n, sizeof(int));
    e->tokens = allocate(n, sizeof(int));
    source_draw(&e->source, rng, e->learned, e->length),
        source_draw(&e->source, rng, e->scored, e->length);
    memcpy(e->tokens, e->scored, n * sizeof(int));
    e->learned_count = e->count = e->length;
    Words words = {0};
    words_add(&words, e->learned, n, 1);
    bpe_train(&e->merges, &words, BYTES, merges, NULL);
    words_free(&words);
    score_text(e);
}

// Merges apply in order: more of them go on where fewer stopped.
static void merge_further(Experiment *e, int vocabulary) {
    Merges some = e->merges;
    some.count = vocabulary - BYTES;
    PairTable table = pair_table_of(&some);
    e->learned_count =
        (int)bpe_encode_heap(&table, e->learned, (size_t)e->learned_count, NULL);
    e->count = (int)bpe_encode_heap(&table, e->tokens, (size_t)e->count, NULL);
    pair_table_free(&table);
}

static void run_experiment(Experiment *e) {
    const int sizes[POINTS] = {8,  9,  10, 12,  16,  24,  32,
                               48, 64, 96, 136, 192, 256, INT_MAX};
    int most = BYTES + e->merges.count;
    while (e->last.size < most) {
        int size = int_min(sizes[e->point_count], most);
        merge_further(e, size);
        vocabulary_free(&e->last);
        e->last = vocabulary_new(&e->merges, size, e->learned, e->learned_count);
        e->points[e->point_count++] = measure(e, &e->last);
    }
}

static void experiment_free(Experiment *e) {
    source_free(&e->source), merges_free(&e->merges), vocabulary_free(&e->last);
    free(e->learned), free(e->scored), free(e->tokens);
}

// ---- every string of SHORT bytes

typedef struct {
    // of the probabilities of all strings: all segmentations, and BPE's only
    double sum, canonical_sum;
    double least_gap;  // bits
    // strings whose gap is more than rounding; that BPE merges something in
    int with_gap, with_merge;
} Census;

static Census take_census(const Vocabulary *v, const Merges *merges) {
    Census c = {.least_gap = INFINITY};
    Sum sum = {0}, canonical_sum = {0};
    PairTable table = pair_table_of(merges);
    for (int number = 0; number < 1 << 3 * SHORT; number++) {
        int bytes[SHORT], tokens[SHORT];
        for (int i = 0; i < SHORT; i++) bytes[i] = tokens[i] = number >> 3 * i & 7;
        int count = (int)bpe_encode_naive(&table, tokens, SHORT, NULL);
        double canonical = canonical_log2(v, tokens, count),
               marginal = marginal_log2(v, bytes, SHORT);
        double gap = marginal - canonical;
        sum_add(&sum, exp2(marginal)), sum_add(&canonical_sum, exp2(canonical));
        c.least_gap = nan_min(c.least_gap, gap);
        c.with_gap += gap > 1e-12, c.with_merge += count < SHORT;
    }
    pair_table_free(&table);
    c.sum = sum_value(&sum), c.canonical_sum = sum_value(&canonical_sum);
    return c;
}

// u_n, the probability that some token ends n bytes from the start: u_n = sum_k
// q(tokens k long) u_(n-k). Every string of n bytes in every segmentation is one way to
// get there, and there are no others.
static double reach_probability(const Vocabulary *v, int n) {
    double u[SHORT + 1] = {1}, mass[SHORT + 1] = {0};
    for (int t = 0; t < v->size; t++)
        if (token_length(v, t) <= n) mass[token_length(v, t)] += v->q[t];
    for (int i = 1; i <= n; i++)
        for (int k = 1; k <= i; k++) u[i] += mass[k] * u[i - k];
    return u[n];
}

// ---- claims

static void claim_chain_rule(Lab *lab, const Experiment *e) {
    const Point *last = &e->points[e->point_count - 1];
    double low = INFINITY, high = 0, step = INFINITY;
    for (int i = 0; i < e->point_count; i++) {
        const Point *p = &e->points[i];
        low = nan_min(low, p->chain), high = nan_max(high, p->chain);
        if (i) step = nan_min(step, p->perplexity / p[-1].perplexity);
    }
    // A token's bits are a sum of at most some fifty terms, the text's a compensated
    // one: 50 ulps, 2e-14.
    claim_near(lab, "1.22", "bits per byte, all V: largest - smallest", 0, high - low,
               1e-12);
    claim_near(lab, "1.22", "bits per byte = h", e->entropy, last->chain, 5 * e->error);
    // log2 perplexity = (bits per byte) (bytes per token): the error of bits per byte,
    // times bytes per token.
    claim_near(lab, "1.23", "largest V: log2 perplexity = h x bytes per token",
               e->entropy * last->per_token, log2(last->perplexity),
               5 * e->error * last->per_token);
    claim_at_least(lab, "1.23", "perplexity from V to the next: least factor", 1, step);
}

static void claim_census(Lab *lab, const Experiment *e) {
    Census c = take_census(&e->last, &e->merges);
    // Positive terms, a few dozen roundings of 1e-16 in each.
    double reached = reach_probability(&e->last, SHORT);
    claim_near(lab, "1.24", "all strings of 5 bytes, all segmentations: u_5", reached,
               c.sum, 1e-13);
    // The canonical segmentation is one of those summed: only those roundings can make
    // the sum less.
    claim_at_least(lab, "1.24", "strings of 5 bytes: least gap, in bits", -1e-13,
                   c.least_gap);
    // A string has a second segmentation if and only if BPE merged something in it.
    claim_equal(lab, "1.24", "strings of 5 bytes with a gap", c.with_merge, c.with_gap);
    lab_print(lab,
              "strings of 5 bytes: BPE's segmentations have %.2f %% of the model's "
              "probability",
              100 * c.canonical_sum / c.sum);
}

static void claim_gap(Lab *lab, const Experiment *e) {
    const Point *last = &e->points[e->point_count - 1];
    double least = INFINITY, beyond = INFINITY;
    for (int i = 0; i < e->point_count; i++) {
        const Point *p = &e->points[i];
        least = nan_min(least, p->canonical - p->marginal - p->floor);
        beyond = nan_min(beyond, p->marginal - e->text);
    }
    // Equal at V = 8 (no cut) and, for a merge of a b, at V = 9 (no other cut): there
    // it is rounding, a few ulps a byte.
    claim_at_least(lab, "1.24", "text, all V: gap beyond that of single cuts", -1e-12,
                   least);
    claim_at_least(lab, "1.24", "text, largest V: gap, in bits per byte",
                   last->floor - 1e-12, last->canonical - last->marginal);
    // All segmentations together are a code for strings of one length: Kraft's
    // inequality, 40 bits of luck.
    claim_at_least(lab, "1.24", "text, all V: marginal bits beyond the text's",
                   -40.0 / e->length, beyond);
}

static void print_table(Lab *lab, const Experiment *e) {
    lab_print(lab, "h = %.4f bits per byte; this text: %.4f", e->entropy, e->text);
    lab_print(lab, "%6s %12s %12s %12s   unigram: %10s %10s", "V", "bytes/token",
              "perplexity", "bits/byte", "BPE's", "all");
    for (int i = 0; i < e->point_count; i++) {
        const Point *p = &e->points[i];
        lab_print(lab, "%6.0f %12.4f %12.3f %12.6f            %10.5f %10.5f",
                  p->vocabulary, p->per_token, p->perplexity, p->chain, p->canonical,
                  p->marginal);
    }
}

static void draw_perplexity(Lab *lab, const Experiment *e) {
    Plot *p = plot_new(lab, "bits_per_byte",
                       "vocabulary h bits_per_byte token_bits_derived token_bits");
    for (int i = 0; i < e->point_count; i++) {
        const Point *at = &e->points[i];
        double derived = e->entropy * at->per_token;
        plot_row(p, at->vocabulary, e->entropy, at->chain, derived,
                 log2(at->perplexity));
    }
    plot_axes(p, "V: symbols in the vocabulary", "bits");
    plot_set(p, "logscale x 2"), plot_set(p, "xrange [7.5:*]"),
        plot_set(p, "yrange [0:*]");
    plot_line(p, "vocabulary", "h", "h");
    plot_line(p, "vocabulary", "token_bits_derived", "h x bytes per token");
    plot_points(p, "vocabulary", "bits_per_byte", "bits per byte");
    plot_points(p, "vocabulary", "token_bits", "log_2 perplexity: bits per token");
    plot_end(p);
}

static void draw_gap(Lab *lab, const Experiment *e) {
    Plot *p = plot_new(lab, "marginal_gap", "vocabulary h canonical bound marginal");
    for (int i = 0; i < e->point_count; i++) {
        const Point *at = &e->points[i];
        plot_row(p, at->vocabulary, e->entropy, at->canonical,
                 at->canonical - at->floor, at->marginal);
    }
    plot_title(p, "A model of tokens, by one segmentation and by all of them");
    plot_axes(p, "V: symbols in the vocabulary", "bits per byte");
    plot_set(p, "logscale x 2"), plot_set(p, "xrange [7.5:*]");
    plot_line(p, "vocabulary", "h", "h");
    plot_line(p, "vocabulary", "bound", "single cuts alone: at most");
    plot_points(p, "vocabulary", "canonical", "BPE's segmentation");
    plot_points(p, "vocabulary", "marginal", "all segmentations");
    plot_end(p);
}

static void run(Lab *lab) {
    int merges = (int)option_int(&lab->args, "merges", 1, 2000);
    double bits = option_real(&lab->args, "entropy", 1.5, 3);
    Rng rng = lab->rng;
    Experiment e = {.length = (int)option_int(&lab->args, "length", 20000, 1000000)};
    e.source = source_with_entropy(&rng, BYTES, bits);
    e.entropy = source_entropy(&e.source);
    prepare(&e, &rng, merges);
    run_experiment(&e);
    print_table(lab, &e);
    claim_chain_rule(lab, &e);
    claim_census(lab, &e);
    claim_gap(lab, &e);
    draw_perplexity(lab, &e);
    draw_gap(lab, &e);
    experiment_free(&e);
}

const LabSpec lab_bits_per_byte = {
    "bits-per-byte", "1.9", "Perplexity depends on the tokenizer, bits per byte do not",
    run, options};
