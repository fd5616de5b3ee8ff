// The least loss of T5: spans whose lengths nobody tells. Lecture, section 4.9.
//
// The exact posterior of every target (blanks.h) against all texts and lengths one by one;
// against a closed form where symbols are independent; and a small T5 against it.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/blanks.h"
#include "ch04_pretrain/labs/small_run.h"
#include "ch04_pretrain/language.h"
#include "ch04_pretrain/model_kinds.h"
#include "ch04_pretrain/span.h"
#include "common/error.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

enum { TIME = 40, BATCH = 32, CHANNELS = 32, LAYERS = 2, HEADS = 4, HELD_OUT = 256 };
enum { SHORT = 9, NOISE = 4, SPANS = 2, TEXTS = 12 };

static const Option options[] = {
    {"steps", "300", "steps of training, 32 rows and some 12 ms each"}, {0}};

// ---- one by one

// A text that is made piece by piece of what is kept and of every filling.
typedef struct {
    const Language *l;
    const int *text;
    int n;
    const Span *blanks;
    const Seen *seen;
    int count;
    int made[SHORT];
} Search;

static double weigh(Search *s, int made, int at, int blank, int noise);

// The blank goes on by a token, or is over; `inside` tokens are in it.
static double weigh_blank(Search *s, int made, int blank, int inside, int noise) {
    const Span *b = &s->blanks[blank];
    const Seen *seen = &s->seen[blank];
    double sum = 0;
    bool over = seen->over && inside == seen->tokens;
    if (inside > 0 && inside >= seen->tokens)
        sum += weigh(s, made, b->first + b->length, blank + 1, noise);
    for (int x = 0; x < s->l->symbols && noise > 0 && !over; x++) {
        if (inside < seen->tokens && x != s->text[b->first + inside]) continue;
        s->made[made] = x;
        sum += weigh_blank(s, made + 1, blank, inside + 1, noise - 1);
    }
    return sum;
}

// The weight of all texts that begin with what is made; noise: tokens that are left to be
// cut.
static double weigh(Search *s, int made, int at, int blank, int noise) {
    for (; at < s->n; at++) {
        if (blank < s->count && s->blanks[blank].first == at)
            return weigh_blank(s, made, blank, 0, noise);
        s->made[made++] = s->text[at];
    }
    return noise == 0 ? exp(language_log_prob(s->l, s->made, made)) : 0;
}

// As blanks_surprise, by going through everything.
static void enumerate(const Language *l, const int *text, const Span *blanks,
                      const int *order, double *nats) {
    Seen seen[SPANS] = {{0, false}};
    Search s = {.l = l,
                .text = text,
                .n = SHORT,
                .blanks = blanks,
                .seen = seen,
                .count = SPANS};
    double before = weigh(&s, 0, 0, 0, NOISE);
    for (int k = 0, at = 0; k < SPANS; k++)
        for (Seen *now = &seen[order[k]]; !now->over; at++) {
            now->over = now->tokens == blanks[order[k]].length;
            now->tokens += !now->over;
            double after = weigh(&s, 0, 0, 0, NOISE);
            nats[at] = log(before / after);
            before = after;
        }
}

static void draw_text(const Language *l, Rng *rng, int n, const SpanPlan *plan,
                      int *text, Span *blanks) {
    bool *noise = allocate((size_t)n, sizeof *noise);
    l->kind->generate(l, rng, text, n);
    span_mask(rng, n, plan, noise);
    spans_of(noise, n, blanks);
    free(noise);
}

static void claim_enumerated(Lab *lab) {
    const SpanPlan plan = {.noise = NOISE, .spans = SPANS};
    const LanguageName names[] = {LANGUAGE_MARKOV, LANGUAGE_HMM};
    const int orders[][SPANS] = {{0, 1}, {1, 0}};
    double worst = 0;
    for (int i = 0; i < 2 * TEXTS; i++) {
        Language l = language_new(names[i % 2], NULL);
        int text[SHORT];
        Span blanks[SPANS];
        double fast[NOISE + SPANS], slow[NOISE + SPANS];
        draw_text(&l, &lab->rng, SHORT, &plan, text, blanks);
        const int *order = orders[i / 2 % 2];
        blanks_surprise(language_automaton(&l), text, SHORT, blanks, order, SPANS,
                        fast);
        enumerate(&l, text, blanks, order, slow);
        for (int t = 0; t < NOISE + SPANS; t++)
            worst = nan_max(worst, fabs(fast[t] - slow[t]));
        language_free(&l);
    }
    // sums of some thousand products, in double
    claim_near(lab, "4.74", "every target: the pass, and all fillings one by one", 0,
               worst, 1e-11);
}

// ---- symbols without a memory: what is in a blank says nothing of its length

static void claim_closed(Lab *lab) {
    const LanguageSettings of = {1, 6, 0, 1};
    const SpanPlan plan = {.noise = 12, .spans = 4};
    Language l = language_new(LANGUAGE_MARKOV, &of);
    int text[TIME];
    Span blanks[4];
    const int order[] = {0, 1, 2, 3};
    double nats[16], own[TIME], worst = 0;
    for (int i = 0; i < TEXTS; i++) {
        draw_text(&l, &lab->rng, TIME, &plan, text, blanks);
        blanks_surprise(language_automaton(&l), text, TIME, blanks, order, 4, nats);
        l.kind->surprise(&l, text, TIME, own);
        double total = blanks_length_nats(12, 4);
        for (int t = 0; t < 16; t++) total -= nats[t];
        for (int k = 0; k < 4; k++)
            for (int j = 0; j < blanks[k].length; j++)
                total += own[blanks[k].first + j];
        worst = nan_max(worst, fabs(total));
    }
    // 16 logarithms of sums of some hundred terms
    claim_near(lab, "4.75", "independent symbols: their own nats, and ln C(N-1, s-1)",
               0, worst, 1e-10);
    SpanPlan t5 = span_plan(512, 0.15, 3);
    lab_print(lab, "T5, 512 tokens: the lengths alone cost %.2f nats, %.3f per target",
              blanks_length_nats(t5.noise, t5.spans),
              blanks_length_nats(t5.noise, t5.spans) / t5.target);
    language_free(&l);
}

// ---- a T5

// Of each held-out text, all targets together: by the law of lengths, and if every blank's
// length were known.
static void floors(SmallRun *r, Mean *unknown, Mean *difference) {
    int row[TIME + 1], order[TIME];
    double nats[TIME];
    Span spans[TIME];
    const Automaton *m = language_automaton(r->language);
    for (int k = 0; k < TIME; k++) order[k] = k;
    for (int n = 0; n < HELD_OUT; n++) {
        Rng rng = objective_row_rng(&r->objective, &r->held_out_data, n);
        double total = 0;
        data_row(&r->held_out_data, n, row);
        int count = span_cut(&rng, TIME - 1, spans);
        blanks_surprise(m, row + 1, TIME - 1, spans, order, count, nats);
        for (int t = 0; t < span_target_time(TIME - 1) - 1; t++) total += nats[t];
        mean_add(unknown, total);
        mean_add(difference,
                 total - blanks_known_nats(m, row + 1, TIME - 1, spans, count));
    }
}

// What is not known of the lengths, given all that is read: H(lengths | input).
static void claim_lengths(Lab *lab, Mean difference) {
    SpanPlan plan = span_plan(TIME - 1, SPAN_SHARE, SPAN_MEAN);
    double most = blanks_length_nats(plan.noise, plan.spans);
    lab_print(lab,
              "unknown lengths cost %.3f +- %.3f nats per text; ln C(%d, %d) = %.3f",
              mean_of(difference), mean_error(difference), plan.noise - 1,
              plan.spans - 1, most);
    claim_at_most(lab, "4.76", "what unknown lengths cost: at most ln C(N-1, s-1)",
                  most + 5 * mean_error(difference), mean_of(difference));
    claim_at_least(lab, "4.76", "and more than nothing, by 5 SE",
                   5 * mean_error(difference), mean_of(difference));
}

static void claim_end(Lab *lab, const RunPoint *p) {
    lab_print(lab, "after %.2f M tokens: loss %.4f +- %.4f, excess %.4f +- %.4f",
              1e-6 * p->tokens, p->loss, p->loss_error, p->excess, p->excess_error);
    // a divergence is not negative; 0.1 is what we ask of a run of these tokens
    claim_at_least(lab, "4.77", "T5: excess, at least minus 4 SE", -4 * p->excess_error,
                   p->excess);
    claim_at_most(lab, "4.77", "T5: excess", 0.1, p->excess);
}

static void draw(Lab *lab, const SmallRun *r, double known) {
    Plot *p = plot_new(lab, "span_floor", "tokens loss error floor known");
    for (int i = 0; i < r->count; i++)
        plot_row(p, r->points[i].tokens, r->points[i].loss, r->points[i].loss_error,
                 r->points[i].floor, known);
    plot_axes(p, "tokens of training", "nats per target, held out");
    plot_set(p, "logscale x"), plot_set(p, "yrange [0:*]");
    plot_line(p, "tokens", "floor", "floor: lengths by their law");
    plot_dashes(p, "tokens", "known", "if all lengths were known");
    plot_errors(p, "tokens", "loss", "error", "small T5");
    plot_end(p);
}

static void run(Lab *lab) {
    long long steps = option_int(&lab->args, "steps", 20, 1000000);
    LanguageSettings of = {1, 3, 1, 0.3};
    Language l = language_new(LANGUAGE_MARKOV, &of);
    claim_enumerated(lab), claim_closed(lab);
    SmallRun r = {.language = &l,
                  .config = model_kinds[MODEL_T5].config(1, 1, CHANNELS, LAYERS, HEADS),
                  .objective = {.kind = OBJECTIVE_SPAN},
                  .settings = small_run_settings(BATCH, steps),
                  .time = TIME,
                  .held_out = HELD_OUT,
                  .seed = lab->seed};
    // positions turned: T5's own buckets are slow to learn here, as BERT's table is
    r.config.position = POSITION_ROPE;
    small_run(lab, &r);
    Mean unknown = {0}, difference = {0};
    floors(&r, &unknown, &difference);
    claim_lengths(lab, difference);
    claim_end(lab, &r.points[r.count - 1]);
    double targets = span_target_time(TIME - 1);
    draw(lab, &r, (mean_of(unknown) - mean_of(difference)) / targets);
    small_run_free(&r), language_free(&l);
}

const LabSpec lab_span_floor = {"span-floor", "4.9", "The least loss of T5", run,
                                options};
