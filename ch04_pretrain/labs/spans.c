// How T5 cuts spans out of a text, and how long they are. Lecture, section 4.9.
#include <math.h>
#include <string.h>

#include "ch04_pretrain/spans.h"
#include "common/program/plot.h"

enum { LENGTH = 60, SENTINEL = 1000, END = 2000, MOST = 32 };

static const Option options[] = {
    {"texts", "100000", "texts to corrupt; one span of each is measured"}, {0}};

static void claim_lengths(Lab *lab) {
    SpanPlan p = span_plan(512, 0.15, 3);
    claim_equal(lab, "4.33", "512 tokens: input", 462, p.input);
    claim_equal(lab, "4.33", "512 tokens: target", 104, p.target);
    int longest = span_text_length(512, 0.15, 3);
    claim_equal(lab, "4.33", "the longest text for 512 inputs", 568, longest);
    claim_equal(lab, "4.33", "its target", 114, span_plan(longest, 0.15, 3).target);
    claim_equal(lab, "4.33", "30 tokens: 4.5 rounds to even", 4,
                span_plan(30, 0.15, 3).noise);
}

// Sentinel by sentinel, the text from input and target; false where they do not fit.
static bool reassemble(const int *input, const int *target, int *text) {
    int n = 0;
    for (; *input != END; input++) {
        if (*input < SENTINEL) {
            text[n++] = *input;
            continue;
        }
        if (*target++ != *input) return false;
        while (*target < SENTINEL) text[n++] = *target++;
    }
    return n == LENGTH && *target == END;
}

typedef struct {
    long count[LENGTH + 1];  // of one span of each text, by length
    long lost, first, last, wrong_mean;
} Tally;

// The k-th span's length.
static int span_length(const bool *noise, int k) {
    for (int i = 0, length = 0; i < LENGTH; i++) {
        length = noise[i] ? length + 1 : 0;
        bool over = noise[i] && (i + 1 == LENGTH || !noise[i + 1]);
        if (over && k-- == 0) return length;
    }
    return 0;
}

static Tally measure(Rng *rng, const SpanPlan *plan, long texts) {
    Tally t = {0};
    for (long i = 0; i < texts; i++) {
        int text[LENGTH], again[LENGTH], input[2 * LENGTH], target[2 * LENGTH];
        bool noise[LENGTH];
        int total = 0;
        for (int k = 0; k < LENGTH; k++) text[k] = rng_below(rng, SENTINEL);
        span_mask(rng, LENGTH, plan, noise);
        span_corrupt(text, LENGTH, noise, SENTINEL, END, input, target);
        t.lost +=
            !reassemble(input, target, again) || memcmp(text, again, sizeof text) != 0;
        for (int k = 0; k < plan->spans; k++) total += span_length(noise, k);
        t.wrong_mean += total != plan->noise || span_length(noise, plan->spans) != 0;
        t.first += noise[0], t.last += noise[LENGTH - 1];
        t.count[span_length(noise, rng_below(rng, plan->spans))]++;
    }
    return t;
}

// Pearson's: sum of (seen - expected)^2 / expected over lengths expected 5 times or
// more.
static double chi_square(const Tally *t, const SpanPlan *plan, long texts, int *cells) {
    double sum = 0;
    *cells = 0;
    for (int k = 1; k <= plan->noise; k++) {
        double expected = (double)texts * span_length_chance(plan, k);
        if (expected < 5) continue;
        sum += pow((double)t->count[k] - expected, 2) / expected, ++*cells;
    }
    return sum;
}

static void draw(Lab *lab, const Tally *t, const SpanPlan *plan, long texts) {
    Plot *p = plot_new(lab, "spans", "length derived measured error");
    for (int k = 1; k <= plan->noise - plan->spans + 1; k++) {
        double q = span_length_chance(plan, k);
        plot_row(p, k, q, (double)t->count[k] / (double)texts,
                 sqrt(q * (1 - q) / (double)texts));
    }
    plot_axes(p, "length of a span", "share of the spans");
    plot_set(p, "yrange [0:*]"), plot_set(p, "xrange [0.5:*]");
    plot_line(p, "length", "derived", "C(noise-k-1, spans-2) / C(noise-1, spans-1)");
    plot_errors(p, "length", "measured", "error", "measured");
    plot_end(p);
}

static void run(Lab *lab) {
    long texts = option_int(&lab->args, "texts", 1000, 10000000);
    SpanPlan plan = span_plan(LENGTH, 0.3, 3);
    Tally t = measure(&lab->rng, &plan, texts);
    int cells;
    double chi = chi_square(&t, &plan, texts, &cells);
    claim_lengths(lab);
    claim_equal(lab, "4.34", "texts that do not come back", 0, t.lost);
    claim_equal(lab, "4.34", "texts whose spans do not hold all noise", 0,
                t.wrong_mean);
    claim_equal(lab, "4.34", "first token was noise", 0, t.first);
    claim_equal(lab, "4.34", "last token was noise", texts, t.last);
    // chi^2 with d degrees of freedom: mean d, standard deviation sqrt(2 d); its tail
    // is longer than a normal one's, hence 6
    int degrees = cells - 1;
    claim_at_most(lab, "4.35", "lengths of spans: chi^2",
                  degrees + 6 * sqrt(2 * degrees), chi);
    draw(lab, &t, &plan, texts);
}

const LabSpec lab_spans = {"spans", "4.9", "How T5 cuts spans out of a text", run,
                           options};
