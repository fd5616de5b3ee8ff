// Beam search and the best cycle, each against enumeration.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "ch03_transformer/infer_of_model.h"
#include "ch03_transformer/published.h"
#include "ch03_transformer/sample.h"
#include "ch04_pretrain/beam.h"
#include "ch04_pretrain/cycle_mean.h"
#include "ch04_pretrain/generate.h"
#include "ch04_pretrain/tests/enumerate.h"

enum { V = 3, T = 5, ALL = 243 };

static Language markov(uint64_t seed) {
    LanguageSettings s = {seed, V, 2, 0.7};
    return language_new(LANGUAGE_MARKOV, &s);
}

// A table of log-probabilities over texts without memory of more than their last symbol;
// symbol `end` ends a text.
static double table[V + 1][V];
static int last[ALL];
static void table_row(int from, double *to) {
    for (int x = 0; x < V; x++) to[x] = table[from][x];
}
static void table_begin(Predictor *p, double *log_probs) {
    (void)p, table_row(V, log_probs);
}
static void table_step(Predictor *p, const int *parent, const int *token, int count,
                       double *log_probs) {
    (void)p, (void)parent;
    for (int b = 0; b < count; b++) {
        last[b] = token[b];
        table_row(token[b], log_probs + b * V);
    }
}
static void table_discard(Predictor *p) { (void)p; }
static Predictor table_predictor(uint64_t seed, int end) {
    Rng rng = rng_new(seed);
    for (int r = 0; r <= V; r++) {
        double sum = 0;
        for (int x = 0; x < V; x++) sum += table[r][x] = 0.05 + rng_uniform(&rng);
        for (int x = 0; x < V; x++) table[r][x] = log(table[r][x] / sum);
    }
    return (Predictor){V, end, ALL, table_begin, table_step, table_discard, NULL};
}

// The best score of all texts of at most T symbols, of those that have not ended T.
static double best_by_enumeration(int end, double power) {
    double most = -INFINITY;
    for (int n = 1; n <= T; n++)
        for (long code = 0; code < texts_of(V, n); code++) {
            int text[T], ends = n;
            text_of(code, V, n, text);
            for (int i = n; i-- > 0;)
                if (text[i] == end) ends = i + 1;
            if (ends < n || (n < T && text[n - 1] != end)) continue;
            double sum = 0;
            for (int i = 0; i < n; i++) sum += table[i ? text[i - 1] : V][text[i]];
            most = fmax(most, sum / pow(n, power));
        }
    return most;
}

Test(decoding, a_beam_of_all_is_the_argmax) {
    for (uint64_t seed = 1; seed <= 20; seed++)
        for (int end = -1; end < V; end += V)
            for (double power = 0; power <= 1; power += 0.5) {
                Predictor p = table_predictor(seed, end);
                double score = best_by_enumeration(end, power);
                Beams b = beam_search(&p, ALL, T, power);
                cr_assert_float_eq(b.list[0].score, score, 1e-12);
                // of texts with the same pairs in another order rounding chooses: the
                // text need not be the same, its probability is
                const int *text = b.list[0].tokens;
                double sum = 0;
                for (int i = 0; i < b.list[0].length; i++)
                    sum += table[i ? text[i - 1] : V][text[i]];
                cr_assert_float_eq(b.list[0].log_prob, sum, 1e-12);
                cr_assert_float_eq(sum / pow(b.list[0].length, power), score, 1e-12);
                for (int i = 1; i < b.count; i++)
                    cr_assert_leq(b.list[i].score, b.list[i - 1].score);
                beams_free(&b);
            }
}

Test(decoding, finished_beams_stay) {
    // "c" ends, at once with .5; everything else is less likely and goes on
    for (int r = 0; r <= V; r++)
        table[r][0] = log(.3), table[r][1] = log(.2), table[r][2] = log(.5);
    Predictor p = {V, 2, ALL, table_begin, table_step, table_discard, NULL};
    Beams b = beam_search(&p, 2, T, 0);
    cr_assert_eq(b.list[0].length, 1);
    cr_assert_float_eq(b.list[0].log_prob, log(.5), 1e-12);
    cr_assert(b.list[0].ended && b.list[1].ended);
    cr_assert_float_eq(b.list[1].log_prob, log(.15), 1e-12);
    beams_free(&b);
    // per token, a long one can win: .5 against (.3^4 .5)^(1/5) = .332
    b = beam_search(&p, 2, T, 1);
    cr_assert_eq(b.list[0].length, 1);
    beams_free(&b);
}

Test(decoding, a_beam_of_one_is_greedy) {
    Language l = markov(3);
    double next[V];
    int text[40];
    for (int i = 0; i < 40; i++) {
        l.kind->next(&l, text, i, next);
        text[i] = 0;
        for (int x = 1; x < V; x++)
            if (next[x] > next[text[i]]) text[i] = x;
    }
    Predictor p = predictor_of_language(&l, NULL, 0, 1);
    Beams b = beam_search(&p, 1, 40, 0.7);
    cr_assert_eq(b.list[0].length, 40);
    for (int i = 0; i < 40; i++) cr_assert_eq(b.list[0].tokens[i], text[i]);
    cr_assert_float_eq(b.list[0].log_prob, language_log_prob(&l, text, 40), 1e-9);
    beams_free(&b), predictor_free(&p), language_free(&l);
}

static Model model;
static InferModel view;

static void make_model(void) {
    Config c = config_small_llama(11, 16, 16, 2, 4, 2);
    Error err;
    Rng rng = rng_new(5);
    cr_assert(model_new(&model, &c, &err), "%s", err.text);
    model_allocate(&model, &rng);
    mat_scale(mat_view(model.params.values, 1, (int)model.params.size), 4);
    cr_assert(infer_of_model(&view, &model, &err), "%s", err.text);
}
static void free_model(void) { infer_model_free(&view), model_free(&model); }

// fp32 logits of a few units, through some twenty roundings.
static double rounding(void) { return sizeof(real) == 4 ? 2e-5 : 1e-12; }

// ln P of text[from .. n-1] by one pass over the whole, without a cache of parts.
static double by_one_pass(const int *text, int from, int n) {
    Inference whole;
    Error err;
    double sum = 0;
    Mat logits = mat_new(n, view.vocab);
    cr_assert(inference_new(&whole, &view, view.context, &err));
    infer(&whole, text, n, logits);
    for (int k = from; k < n; k++)
        sum += token_log_prob(mat_rows(logits, k - 1, 1), text[k]);
    mat_free(logits), inference_free(&whole);
    return sum;
}

Test(decoding, caches_follow_their_parents) {
    Predictor p;
    Error err;
    const int prompt[] = {10, 3, 7};
    make_model();
    cr_assert(predictor_of_model(&p, &view, 10, prompt, 3, 6, 16, &err));
    Beams b = beam_search(&p, 6, 8, 0);
    for (int i = 0; i < b.count; i++) {
        int text[16] = {10, 3, 7}, n = 3;
        for (int k = 0; k < b.list[i].length; k++) text[n++] = b.list[i].tokens[k];
        cr_assert_float_eq(b.list[i].log_prob, by_one_pass(text, 3, n), 8 * rounding());
    }
    beams_free(&b), predictor_free(&p), free_model();
}

// Texts of different lengths, written together: no padding, nothing that one sees of
// another.
Test(decoding, together_as_alone) {
    enum { TEXTS = 3 };
    static const int prompts[TEXTS][7] = {{10, 3, 7}, {10, 1, 2, 3, 4, 5, 6}, {10}};
    static const int lengths[TEXTS] = {3, 7, 1};
    Generator g[TEXTS], *of[TEXTS];
    Sampling s[TEXTS], *by[TEXTS];
    Written w[TEXTS];
    bool going[TEXTS];
    double sum[TEXTS] = {0};
    Error err;
    make_model();
    for (int i = 0; i < TEXTS; i++) {
        cr_assert(generator_new(&g[i], &view, -1, prompts[i], lengths[i], &err));
        of[i] = &g[i], by[i] = &s[i];
        s[i] = sampling_plain(rng_new((uint64_t)i));
    }
    for (int step = 0; step < 20; step++) {
        generators_next(of, by, TEXTS, w, going);
        for (int i = 0; i < TEXTS; i++) {
            // the last token needs no position: 17 tokens for 16 of them
            cr_assert_eq(going[i], lengths[i] + step < 17);
            if (going[i]) sum[i] += w[i].log_prob;
            if (going[i]) cr_assert_float_eq(w[i].log_prob, log(w[i].share), 1e-9);
        }
    }
    for (int i = 0; i < TEXTS; i++) {
        Generator alone;
        Sampling again = sampling_plain(rng_new((uint64_t)i));
        cr_assert_eq(g[i].text.size, 17);
        cr_assert(generator_new(&alone, &view, -1, prompts[i], lengths[i], &err));
        double one_by_one = 0;
        while (generator_next(&alone, &again, &w[i])) one_by_one += w[i].log_prob;
        cr_assert_float_eq(sum[i], one_by_one, 16 * rounding());
        for (size_t k = 0; k < 17; k++) cr_assert_eq(alone.text.at[k], g[i].text.at[k]);
        generator_free(&alone), generator_free(&g[i]);
    }
    free_model();
}

Test(decoding, damaged_weights_write_nothing) {
    Generator g;
    Written w;
    Error err;
    Predictor p;
    Sampling s = sampling_plain(rng_new(1));
    const int prompt[] = {10, 3};
    make_model();
    model.params.values[3 * 16] = NAN;  // of token 3's embedding
    cr_assert(generator_new(&g, &view, 10, prompt, 2, &err));
    cr_assert_not(generator_next(&g, &s, &w));
    cr_assert_eq(w.token, -1);
    cr_assert_not(infer_finite(&g.state, &err));
    cr_assert(predictor_of_model(&p, &view, 10, prompt, 2, 3, 16, &err));
    Beams b = beam_search(&p, 3, 4, 1);
    cr_assert_eq(b.count, 0);
    beams_free(&b), predictor_free(&p), generator_free(&g), free_model();
}

// The largest mean of all closed walks of at most n edges, by trying them.
static double closed_walks(const double *weight, int n, int first, int at, int edges,
                           double sum) {
    double most = at == first && edges ? sum / edges : -INFINITY;
    for (int v = 0; v < n && edges < n; v++)
        most = fmax(most, closed_walks(weight, n, first, v, edges + 1,
                                       sum + weight[at * n + v]));
    return most;
}

Test(decoding, the_best_cycle_by_trying_all) {
    Rng rng = rng_new(8);
    for (int trial = 0; trial < 40; trial++) {
        int n = 1 + trial % 6;
        double weight[36], most = -INFINITY;
        for (int i = 0; i < n * n; i++)
            weight[i] = rng_uniform(&rng) < 0.3 ? -INFINITY : rng_normal(&rng);
        for (int v = 0; v < n; v++)
            most = fmax(most, closed_walks(weight, n, v, v, 0, 0));
        double got = cycle_mean_most(weight, n);
        if (most == -INFINITY) cr_assert_eq(got, most);
        else cr_assert_float_eq(got, most, 1e-12, "%d states", n);
    }
}
