// Problem 6: replaced tokens.
#include <math.h>
#include <string.h>

#include "ch04_pretrain/homework/grade.h"

enum { V = 4, ROW = 6, DRAWS = 20000 };
static const double TOLERANCE = 1e-9,  // sums of a few terms of about 1
    BEFORE = 9;                        // what is in an array that is to be written

// ---- the input

static const int TOKENS[ROW] = {0, 1, 2, 3, 1, 1};
static const bool SELECTED[ROW] = {true, false, true, false, true, true};
// Every token has its own law; the last two have the same.
static const double GENERATOR[ROW * V] = {
    0.5, 0.3, 0.2, 0,    //
    0,   0,   0,   1,    //
    0.1, 0.2, 0.3, 0.4,  //
    1,   0,   0,   0,    //
    0.2, 0.4, 0.1, 0.3,  //
    0.2, 0.4, 0.1, 0.3,
};

typedef struct {
    int counts[ROW][V];  // tokens seen
    int touched;         // tokens that were not selected, and changed
    int equal, labels;   // last two: seen the same; labels that are wrong
    int as_selected;     // labels that are `selected`
    int unwritten;       // tokens that were not selected, and seen[] not written
    int elsewhere;       // labels that are wrong where nothing was selected
    int again;           // draws of what was written there
} Seen;

static Seen draw_inputs(void) {
    Seen s = {0};
    Rng rng = rng_new(17);
    for (int d = 0; d < DRAWS; d++) {
        int blank[ROW];
        bool none[ROW];
        for (int i = 0; i < ROW; i++) blank[i] = -1, none[i] = d % 2;
        int *seen = grade_guarded("seen", blank, sizeof blank);
        bool *replaced = grade_guarded("replaced", none, sizeof none);
        replace_tokens(&rng, grade_guarded("tokens", TOKENS, sizeof TOKENS),
                       grade_guarded("selected", SELECTED, sizeof SELECTED), ROW,
                       grade_guarded("generator", GENERATOR, sizeof GENERATOR), V, seen,
                       replaced);
        for (int i = 0; i < ROW; i++) {
            if (seen[i] >= 0 && seen[i] < V) s.counts[i][seen[i]]++;
            s.touched += !SELECTED[i] && seen[i] != TOKENS[i];
            s.labels += replaced[i] != (seen[i] != TOKENS[i]);
            s.as_selected += replaced[i] == SELECTED[i];
            s.unwritten += seen[i] == -1;
            s.elsewhere += !SELECTED[i] && replaced[i] != (seen[i] != TOKENS[i]);
            s.again += SELECTED[i] && seen[i] == TOKENS[i];
        }
        s.equal += seen[4] == seen[5];
    }
    return s;
}

static const double *law_of(int i) { return GENERATOR + i * V; }

static bool follows(const Seen *s, int i, const double *law) {
    return fits_law(s->counts[i], DRAWS, law, V);
}

// Whether every selected token was drawn from the numbers of the generator that begin
// at `from` of it and lie `step` apart.
static bool drawn_from(const Seen *s, int (*from)(int token), int step) {
    for (int i = 0; i < ROW; i++) {
        double law[V], sum = 0;
        if (!SELECTED[i]) continue;
        for (int w = 0; w < V; w++) sum += law[w] = GENERATOR[from(i) + w * step];
        for (int w = 0; w < V; w++) law[w] /= sum;
        if (!follows(s, i, law)) return false;
    }
    return true;
}
static int row_of_selected(int i) {
    int before = 0;
    while (i-- > 0) before += SELECTED[i];
    return before * V;
}
static int number_itself(int i) { return i; }
static int row_before(int i) { return (i > 0 ? i - 1 : 0) * V; }
static int row_after(int i) { return (i < ROW - 1 ? i + 1 : i) * V; }

static void name_rows(Grade *g, const Seen *s) {
    grade_mistake(g, drawn_from(s, row_of_selected, 1), "row-of-selected",
                  "the k-th selected token is drawn from row k of the generator: it "
                  "has a row for every token, and row i is token i's");
    grade_mistake(g, drawn_from(s, number_itself, 1), "row-begins-at-i",
                  "token i is drawn from generator[i] on: its row begins at i V");
    grade_mistake(
        g, drawn_from(s, row_before, 1) || drawn_from(s, row_after, 1), "row-beside",
        "token i is drawn from the row before or after its own: its row begins "
        "at i V");
    grade_mistake(g, drawn_from(s, number_itself, ROW), "by-column",
                  "the generator was read column by column: generator[i V + w]");
}

// A law with an error in the drawing; token i stays where nothing is drawn.
typedef enum {
    DRAW_NOT_SUMMED,       // the first w with u < q[w]
    DRAW_NOT_SUMMED_LAST,  // so too, and else the last one
    DRAW_EACH,             // a number for each w, against the sum so far
    DRAW_NEXT,             // one token too far
    DRAW_BEFORE,           // one token too early
    DRAW_LAST,             // the loop goes on: the last w whose sum exceeds the draw
    DRAW_RULES
} DrawRule;

static void drawn_by(DrawRule rule, int i, double *law) {
    const double *q = law_of(i);
    double most = 0, sum = 0, rest = 1;
    int stays = rule == DRAW_NOT_SUMMED_LAST ? V - 1 : TOKENS[i];
    for (int w = 0; w < V; w++) law[w] = 0;
    for (int w = 0; w < V; w++) {
        sum = fmin(1, sum + q[w]);
        double p = rule == DRAW_EACH ? rest * sum : fmax(0, q[w] - most);
        if (rule == DRAW_LAST) law[w] = w == V - 1;
        else if (rule == DRAW_NEXT) law[(w + 1) % V] = q[w];
        else if (rule == DRAW_BEFORE) law[(w + V - 1) % V] = q[w];
        else law[w] += p;
        most = fmax(most, q[w]), rest -= p;
    }
    if (rule <= DRAW_NOT_SUMMED_LAST) law[stays] += rest;
}

static void name_draws(Grade *g, const Seen *s) {
    static const struct {
        const char *code, *says;
    } slips[DRAW_RULES] = {
        {"not-summed",
         "a draw was compared with generator[i V + w] alone: with the sum up to w"},
        {"not-summed",
         "a draw was compared with generator[i V + w] alone: with the sum up to w"},
        {"draw-for-each",
         "a new number was drawn for each w that it is compared with: one per token"},
        {"one-too-far",
         "each draw is one token too far: w is where the sum exceeds the draw"},
        {"one-too-early",
         "each draw is one token too early: w is where the sum exceeds the draw"},
        {"last-of-all",
         "always the last token: the first w whose sum exceeds the draw ends the loop"},
    };
    for (int rule = 0; rule < DRAW_RULES; rule++) {
        bool all = true;
        for (int i = 0; i < ROW; i++) {
            double law[V];
            drawn_by((DrawRule)rule, i, law);
            all &= !SELECTED[i] || follows(s, i, law);
        }
        grade_mistake(g, all, slips[rule].code, "%s", slips[rule].says);
    }
}

static void check_drawn(Grade *g) {
    static const double even[V] = {0.25, 0.25, 0.25, 0.25};
    Seen s = draw_inputs();
    name_rows(g, &s);
    name_draws(g, &s);
    grade_mistake(g, s.counts[0][0] == DRAWS && s.counts[2][3] == DRAWS, "greedy",
                  "always the most likely token: it is drawn");
    grade_mistake(g, s.again == 0, "must-differ",
                  "drawn until it is another token: a generator that guesses right is "
                  "allowed");
    grade_mistake(g, follows(&s, 0, even) && follows(&s, 2, even), "uniform",
                  "drawn evenly from all tokens: from what the generator says");
    grade_mistake(g, follows(&s, 2, law_of(0)) && follows(&s, 4, law_of(0)), "one-law",
                  "token i has its own law, from generator[i V] on");
    double same = 0.04 + 0.16 + 0.01 + 0.09;
    grade_mistake(
        g,
        follows(&s, 0, law_of(TOKENS[0])) && follows(&s, 4, law_of(TOKENS[4]))
            && !follows(&s, 4, law_of(4)),
        "law-of-token",
        "the law belongs to the place, generator[i V], not to the token that is "
        "written there");
    grade_mistake(
        g,
        follows(&s, 1, law_of(1)) && follows(&s, 3, law_of(3)) && s.again == DRAWS * 4,
        "others-drawn",
        "tokens that were not selected are drawn, selected ones stay: it is the "
        "other way round");
    grade_mistake(g, follows(&s, 4, law_of(4)) && s.equal == DRAWS, "one-draw",
                  "tokens with the same law always got the same one: each is drawn for "
                  "itself");
    bool good = fabs(s.equal - DRAWS * same) <= five_errors(DRAWS, same);
    for (int i = 0; i < ROW; i++)
        if (SELECTED[i]) good &= follows(&s, i, law_of(i));
    grade_expect(g, 4, good,
                 "of %d draws the first token is 0, 1, 2 in %d, %d, %d, "
                 "should be near %d, %d, %d",
                 DRAWS, s.counts[0][0], s.counts[0][1], s.counts[0][2], DRAWS / 2,
                 DRAWS * 3 / 10, DRAWS / 5);
}

static void check_others(Grade *g) {
    Seen s = draw_inputs();
    grade_mistake(g, s.unwritten > 0, "not-written",
                  "seen[] is written for every token: those that stay too");
    grade_mistake(g, follows(&s, 3, law_of(3)), "all-drawn",
                  "every token was drawn anew: selected ones only");
    grade_expect(g, 1, s.touched == 0, "%d tokens that were not selected have changed",
                 s.touched);
}

static void check_labels(Grade *g) {
    Seen s = draw_inputs();
    grade_mistake(g, s.labels > 0 && s.labels == s.elsewhere, "labels-not-written",
                  "replaced[] is written for every token: false for those that stay");
    grade_mistake(g, s.as_selected == DRAWS * ROW && s.again > 0,
                  "selected-is-replaced",
                  "a token that is drawn again is not replaced: the label says whether "
                  "it is another one");
    grade_mistake(g, s.labels == DRAWS * ROW, "labels-inverted",
                  "the labels say which tokens are as they were");
    grade_expect(g, 4, s.labels == 0, "%d of %d labels are not right", s.labels,
                 DRAWS * ROW);
}

// ---- the loss

typedef struct {
    const double *logit;
    const bool *special;
    const bool *replaced;  // REPLACED if NULL
} Row6;

static const bool REPLACED[ROW] = {true, false, false, true, false, false};
static const double LOGIT[ROW] = {1.5, -2, 0.5, -1, -3, 2},
                    LARGE[ROW] = {900, -900, -800, -850, -2000, -1000};
static const bool NONE[ROW] = {false},
                  ENDS[ROW] = {true, false, false, false, false, true};

typedef enum {
    LOSS_RIGHT,
    LOSS_INVERTED,       // the logit is that of "as it was"
    LOSS_REPLACED_ONLY,  // over those that were replaced
    LOSS_SUM,
    LOSS_BITS,
    LOSS_SIGN,
    LOSS_NO_MAXIMUM,    // ln(1 + e^-|z|) alone
    LOSS_PROBABILITY,   // 1 - sigma, no logarithm
    LOSS_REPLACED_SUM,  // the terms of replaced tokens, over all
    LOSS_KEPT_ONLY,     // over those that were not replaced
    LOSS_SQUARES,       // (sigma - label)^2
    LOSS_TWICE,
    LOSS_LOGIT,        // the logit for its probability
    LOSS_SPECIAL,      // special tokens alone
    LOSS_ALL,          // special tokens too
    LOSS_ALL_COUNTED,  // their losses are left out, but they count
    LOSS_ALL_SUMMED,   // the other way round
    LOSS_MAXIMUM,      // max(z, 0) alone
} LossRule;

// Of a token whose label is right with the logit z.
static double loss_of(LossRule rule, double z) {
    double sigma = 1 / (1 + exp(-z)), soft = log1p(exp(-fabs(z)));
    if (rule == LOSS_NO_MAXIMUM) return soft;
    if (rule == LOSS_PROBABILITY) return 1 - sigma;
    if (rule == LOSS_SQUARES) return (1 - sigma) * (1 - sigma);
    if (rule == LOSS_LOGIT) return -z;
    if (rule == LOSS_MAXIMUM) return fmax(0, -z);
    return (rule == LOSS_TWICE ? 2 : 1) * (fmax(0, -z) + soft);
}

static bool loss_skips(LossRule rule, const Row6 *r, int i) {
    if (rule == LOSS_ALL) return false;
    if (rule == LOSS_SPECIAL) return !r->special[i];
    if (rule == LOSS_REPLACED_ONLY && !REPLACED[i]) return true;
    return r->special[i] || (rule == LOSS_KEPT_ONLY && REPLACED[i]);
}

static void loss_by(int rule, const void *of, double *to) {
    const Row6 *r = of;
    const bool *replaced = r->replaced ? r->replaced : REPLACED;
    double sum = 0, count = 0;
    for (int i = 0; i < ROW; i++) {
        bool skip = loss_skips((LossRule)rule, r, i);
        if (!skip || rule == LOSS_ALL_COUNTED) count++;
        if (rule == LOSS_ALL_SUMMED) skip = false;
        if (skip || (rule == LOSS_REPLACED_SUM && !replaced[i])) continue;
        double z = replaced[i] != (rule == LOSS_INVERTED) ? r->logit[i] : -r->logit[i];
        sum += loss_of((LossRule)rule, z);
    }
    *to = sum / (rule == LOSS_SUM ? 1 : count) / (rule == LOSS_BITS ? log(2) : 1);
    if (rule == LOSS_SIGN) *to = -*to;
}

static double run_loss(const Row6 *r) {
    return detector_loss(grade_guarded("logit", r->logit, ROW * sizeof *r->logit),
                         grade_guarded("replaced", r->replaced ? r->replaced : REPLACED,
                                       sizeof REPLACED),
                         grade_guarded("special", r->special, ROW * sizeof *r->special),
                         ROW);
}

static bool loss_right(const double *logit, const bool *special, const bool *replaced) {
    Row6 r = {logit, special, replaced};
    double want, got = run_loss(&r);
    loss_by(LOSS_RIGHT, &r, &want);
    return fabs(got - want) <= TOLERANCE * fmax(1, want);
}

// After a step that may have failed; replaced are the first and the fourth token.
static void contrast_loss(Grade *g) {
    static const struct {
        double logit[ROW];
        const char *code, *says;
    } cases[] = {
        {{1.5, -2, -0.5, 1, -3, -2},
         "only-right-answers",
         "right where every logit has the right sign: what does a wrong answer cost?"},
        {{-1.5, 2, 0.5, -1, 3, 2},
         "only-wrong-answers",
         "right where every logit has the wrong sign: what does a right answer cost?"},
        {{1.5, 2, 0.5, 1, 3, 2},
         "only-above-0",
         "right where every logit is above 0: what is otherwise below?"},
        {{-1.5, -2, -0.5, -1, -3, -2},
         "only-below-0",
         "right where every logit is below 0: what is otherwise above?"},
        {{0},
         "only-logits-0",
         "right where every logit is 0: where does the logit come in, and which labels "
         "turn its sign?"},
    };
    static const bool all[ROW] = {true, true, true, true, true, true};
    grade_contrast(
        g, loss_right(LOGIT, NONE, NONE), "only-kept",
        "the loss: right where no token is replaced: what is the loss of one "
        "that is?");
    grade_contrast(g, loss_right(LOGIT, NONE, all), "only-replaced",
                   "the loss: right where all tokens are replaced: what is the loss of "
                   "one that is not?");
    for (int i = 0; i < COUNT_OF(cases); i++)
        grade_contrast(g, loss_right(cases[i].logit, NONE, NULL), cases[i].code,
                       "the loss: %s", cases[i].says);
}

static void check_loss(Grade *g) {
    static const Slip slips[] = {
        {LOSS_INVERTED, "loss-inverted",
         "the logit was taken for that of \"as it was\": of \"replaced\""},
        {LOSS_REPLACED_ONLY, "replaced-only",
         "over replaced tokens alone: every token is a target, which is the point of "
         "it"},
        {LOSS_SUM, "loss-sum", "the sum: the mean is wanted"},
        {LOSS_SIGN, "loss-sign", "a loss below 0: the logarithm of a probability is"},
        {LOSS_BITS, "loss-bits", "in bits: nats are wanted"},
        {LOSS_NO_MAXIMUM, "loss-no-maximum",
         "ln(1 + e^-|z|) alone: max(z, 0) is missing where the logit has the wrong "
         "sign"},
        {LOSS_PROBABILITY, "loss-no-log",
         "1 - the probability of the right answer: -ln of it"},
        {LOSS_REPLACED_SUM, "loss-half",
         "only replaced tokens have a term: where it was not replaced it is -ln(1 - "
         "p)"},
        {LOSS_KEPT_ONLY, "kept-only",
         "over tokens that were not replaced alone: over all"},
        {LOSS_SQUARES, "loss-squares",
         "squares of errors: the cross entropy is wanted"},
        {LOSS_TWICE, "loss-twice", "twice the loss: one term per token"},
        {LOSS_MAXIMUM, "loss-maximum", "max(z, 0) alone: ln(1 + e^-|z|) is missing"},
        {LOSS_LOGIT, "loss-logit", "the logits themselves: -ln of their sigmoids"},
    };
    Row6 r = {LOGIT, NONE, NULL};
    double got = run_loss(&r);
    grade_mistake(g, isnan(got), "loss-nan",
                  "NaN for small logits: was the logarithm of a logit, or of 1 less a "
                  "logit, taken? A logit is any number, its probability is 1 / (1 + "
                  "e^-z)");
    grade_numbers(g, 4, "the loss of six tokens", &got, 1, TOLERANCE, loss_by, &r,
                  slips, COUNT_OF(slips));
    contrast_loss(g);
}

static void check_special(Grade *g) {
    static const Slip slips[] = {
        {LOSS_ALL, "special-counted", "special tokens are no targets"},
        {LOSS_ALL_COUNTED, "special-divided",
         "special tokens are left out of the sum, but not of what it is divided by"},
        {LOSS_ALL_SUMMED, "special-summed",
         "the losses of special tokens are in the sum, which is divided by the number "
         "of the others"},
        {LOSS_SPECIAL, "special-alone",
         "special tokens alone are counted: all others are"},
    };
    Row6 r = {LOGIT, ENDS, NULL};
    double got = run_loss(&r);
    grade_mistake(g, got == 0, "special-ends",
                  "the loss is 0 where the first token is special: it is passed over, "
                  "and does not end the loop");
    grade_numbers(g, 1, "the loss of six tokens, the ends special", &got, 1, TOLERANCE,
                  loss_by, &r, slips, COUNT_OF(slips));
    grade_contrast(
        g, loss_right(LOGIT, NONE, NULL), "only-no-specials",
        "the loss: right where no token is special: of a special one neither "
        "the loss nor its being there counts");
    bool all[ROW] = {true, true, true, true, true, true};
    double none = run_loss(&(Row6){LOGIT, all, NULL});
    grade_mistake(g, isnan(none), "no-token", "0 / 0 where all tokens are special");
    grade_expect(g, 1, none == 0,
                 "the loss where all tokens are special is %g, should "
                 "be 0",
                 none);
}

static void check_large(Grade *g) {
    Row6 r = {LARGE, NONE, NULL};
    double got = run_loss(&r);
    grade_mistake(g, !isfinite(got), "overflow",
                  "e^900 is infinite in C, and the log of a sigmoid that is 0 as well: "
                  "ln(1 + e^z) = max(z, 0) + ln(1 + e^-|z|)");
    // one token is wrong, with a logit of 850
    double want;
    loss_by(LOSS_RIGHT, &r, &want);
    grade_mistake(
        g, got > 0 && got < 0.5 * want, "clamped",
        "where a logit of 850 says the wrong thing the loss is 850, here %.4g: "
        "was a probability kept away from 0?",
        ROW * got);
    grade_numbers(g, 2, "the loss of logits near 1000", &got, 1, TOLERANCE, loss_by, &r,
                  NULL, 0);
    grade_contrast(g, loss_right(LOGIT, NONE, NULL), "only-small-logits",
                   "the loss: right for logits up to 3, wrong near 1000: which step "
                   "becomes 0, 1 or infinite there?");
}

// ---- the best detector

typedef struct {
    const double *language, *generator;
    double share;
} Place;

static const double LANGUAGE[V] = {0.6, 0.3, 0.1, 0}, SAID[V] = {0.2, 0.3, 0.4, 0.1},
                    NARROW[V] = {0.5, 0.5, 0, 0};

typedef enum {
    BEST_RIGHT,
    BEST_SELECTED,      // that w was selected
    BEST_MORE,          // that w was selected, or is as it was
    BEST_KEPT,          // the other answer
    BEST_NO_LUCK,       // a selected w that is drawn again is not among those seen
    BEST_EVEN_ODDS,     // as if half were selected
    BEST_NO_LANGUAGE,   // share, whatever is seen
    BEST_JOINT,         // that w is seen and has replaced
    BEST_ALL_SELECTED,  // without the share
    BEST_NO_GENERATOR,  // share (1 - language)
    BEST_NO_SHARE,      // of what is replaced
    BEST_TWICE,         // the share twice
    BEST_KEPT_WHOLE,    // what stays has the weight language
    BEST_SEEN_WHOLE,    // w is seen with language + share x generator
    BEST_KEPT_SHARE,    // or 1 - share
    BEST_ODDS,          // replaced / kept
    BEST_OF_GENERATOR,  // language and generator exchanged
    BEST_ALONE,         // share x generator
    BEST_GENERATOR,     // the generator's probability
    BEST_WRITTEN_ONLY,  // 0 where the language never says w
    BEST_SHARE_ABOVE,   // without the share, of what is seen
    BEST_LUCK_TWICE,    // a w that is drawn where it was written is seen twice
    BEST_ODDS_WRITTEN,  // replaced / written and not selected
    BEST_OF_DRAWN,      // of the cases in which the generator says w
    BEST_IF_SELECTED,   // 1 - language
    BEST_WRONG_WAY,     // language x (1 - generator)
    BEST_SHARE_TURNED,  // share for 1 - share in what is seen
    BEST_DIFFERENCE,    // generator - language
    BEST_KEPT_ALWAYS,   // 1 - share for (1 - share) language below
    BEST_SHARE_SQUARED,
    BEST_SHARE_OTHER,  // 1 - share above
} BestRule;

// How often w is seen and has replaced another, and how often it is as it was.
typedef struct {
    double other, kept;
} Sources;

// `other` of `seen`, whatever the rest is.
static Sources of_seen(double other, double seen) {
    return (Sources){other, seen - other};
}

static Sources sources_by(BestRule rule, double d, double q, double s) {
    double other = s * q * (1 - d), kept = d * (1 - s + s * q),
           seen = (1 - s) * d + s * q;
    switch (rule) {
        case BEST_SELECTED: return (Sources){s * q, d * (1 - s)};
        case BEST_MORE: return (Sources){s * q, kept};
        case BEST_NO_LUCK: return (Sources){other, d * (1 - s)};
        case BEST_ALL_SELECTED: return (Sources){q * (1 - d), d};
        case BEST_JOINT: return (Sources){other, 1 - other};
        case BEST_NO_GENERATOR: return (Sources){s * (1 - d), kept};
        case BEST_NO_SHARE: return (Sources){q * (1 - d), kept};
        case BEST_TWICE: return (Sources){2 * other, kept};
        case BEST_KEPT_WHOLE: return (Sources){other, d};
        case BEST_SEEN_WHOLE: return (Sources){other, d + s * q * d};
        case BEST_KEPT_SHARE: return (Sources){other, 1 - s};
        case BEST_ALONE: return (Sources){s * q, 1 - s * q};
        case BEST_GENERATOR: return (Sources){q, 1 - q};
        case BEST_SHARE_ABOVE: return of_seen(q * (1 - d), seen);
        case BEST_LUCK_TWICE: return (Sources){other, kept + s * q * d};
        case BEST_ODDS_WRITTEN: return of_seen(other, d * (1 - s));
        case BEST_OF_DRAWN: return of_seen(other, q);
        case BEST_IF_SELECTED: return of_seen(q * (1 - d), q);
        case BEST_WRONG_WAY: return of_seen(s * d * (1 - q), seen);
        case BEST_SHARE_TURNED: return of_seen(other, s * d + (1 - s) * q);
        case BEST_KEPT_ALWAYS: return of_seen(other, 1 - s + s * q);
        case BEST_SHARE_SQUARED: return of_seen(s * other, seen);
        case BEST_SHARE_OTHER: return of_seen((1 - s) * q * (1 - d), seen);
        case BEST_DIFFERENCE: return of_seen(s * (q - d), seen);
        default: return (Sources){other, kept};
    }
}

static void best_by(int rule, const void *of, double *to) {
    const Place *p = of;
    double s = rule == BEST_EVEN_ODDS ? 0.5 : p->share;
    for (int w = 0; w < V; w++) {
        double d = p->language[w], q = p->generator[w];
        Sources x = rule == BEST_OF_GENERATOR ? sources_by(BEST_RIGHT, q, d, s)
                                              : sources_by((BestRule)rule, d, q, s);
        double seen = x.other + x.kept;
        to[w] = seen > 0 ? x.other / (rule == BEST_ODDS ? x.kept : seen) : x.other > 0;
        if (rule == BEST_KEPT) to[w] = 1 - to[w];
        if (rule == BEST_WRITTEN_ONLY && d == 0) to[w] = 0;
        if (rule == BEST_NO_LANGUAGE) to[w] = s;
    }
}

static double *run_optimum(const Place *p) {
    double blank[V] = {BEFORE, BEFORE, BEFORE, BEFORE},
           *to = grade_guarded("p", blank, sizeof blank);
    detector_optimum(
        grade_guarded("language", p->language, V * sizeof(double)),
        grade_guarded("of the generator", p->generator, V * sizeof(double)), p->share,
        V, to);
    return to;
}

static const Slip BEST_SLIPS[] = {
    {BEST_SELECTED, "was-selected",
     "the probability that w was *selected*: drawn again, it is not replaced"},
    {BEST_MORE, "drawn-again",
     "a w that is drawn where it was written has not replaced another: share x "
     "generator[w] x (1 - language[w])"},
    {BEST_KEPT, "as-it-was", "the probability that w is as it was"},
    {BEST_NO_LUCK, "no-luck",
     "w is also seen where it was selected and drawn again: share x generator[w] "
     "of its places"},
    {BEST_EVEN_ODDS, "even-odds",
     "as if half of the tokens were selected: `share` of them are"},
    {BEST_JOINT, "joint",
     "that w is seen *and* has replaced another: of the cases in which it is seen"},
    {BEST_ALL_SELECTED, "no-share", "`share` has no part in it"},
    {BEST_NO_LANGUAGE, "prior", "this is the share, whatever token is seen"},
    {BEST_NO_GENERATOR, "no-generator",
     "the generator's probability of w has no part in it: share x generator[w] x "
     "(1 - "
     "language[w])"},
    {BEST_NO_SHARE, "replaced-no-share",
     "`share` is missing: only selected tokens are replaced"},
    {BEST_TWICE, "replaced-twice",
     "a factor 2: w has replaced another with share x generator[w] x (1 - "
     "language[w])"},
    {BEST_KEPT_WHOLE, "kept-whole",
     "w is as it was with language x (1 - share + share x generator), not "
     "language"},
    {BEST_SEEN_WHOLE, "language-not-weighed",
     "w is seen with (1 - share) language + share generator: where it was "
     "selected, "
     "the language has no say any more"},
    {BEST_KEPT_SHARE, "kept-no-language",
     "w is as it was only where it was written: language[w] is missing"},
    {BEST_WRITTEN_ONLY, "never-written",
     "a token that is never written there may be drawn: then it has replaced another, "
     "p is 1. Only what is never seen has 0"},
    {BEST_ODDS, "odds", "these are odds: replaced / (replaced + as it was)"},
    {BEST_OF_GENERATOR, "laws-exchanged", "language and generator are exchanged"},
    {BEST_ALONE, "share-of-generator",
     "share x generator[w]: of the cases in which w is seen, and without those in "
     "which it was written there"},
    {BEST_GENERATOR, "generator-alone", "this is the generator's probability of w"},
    {BEST_SHARE_ABOVE, "replaced-no-share",
     "`share` is missing above the line: only selected tokens are replaced"},
    {BEST_LUCK_TWICE, "luck-twice",
     "where w is drawn again in its own place it is seen once: it is in share x "
     "generator[w] already"},
    {BEST_ODDS_WRITTEN, "odds",
     "divided by how often w was left there: by how often it is seen, (1 - share) "
     "language + share generator"},
    {BEST_OF_DRAWN, "of-drawn",
     "divided by how often the generator says w: it is seen where it was not selected "
     "too, (1 - share) language + share generator"},
    {BEST_IF_SELECTED, "of-selected",
     "1 - language[w], as if it were known that w was selected: `share` of the places "
     "are"},
    {BEST_WRONG_WAY, "wrong-way-round",
     "share x language x (1 - generator): it is w that is drawn, and another that was "
     "written, share x generator[w] x (1 - language[w])"},
    {BEST_SHARE_TURNED, "share-turned",
     "w is seen with (1 - share) language + share generator: share and 1 - share are "
     "exchanged"},
    {BEST_KEPT_ALWAYS, "kept-no-language",
     "language[w] is missing below the line: w is seen with (1 - share) language + "
     "share generator"},
    {BEST_SHARE_SQUARED, "share-squared", "`share` is in it twice above the line"},
    {BEST_SHARE_OTHER, "share-turned",
     "1 - share above the line: it is selected tokens that are replaced, share"},
    {BEST_DIFFERENCE, "difference",
     "generator - language: w is drawn with generator[w], and what was written is "
     "another with 1 - language[w], whatever is drawn, so they are multiplied"},
};

// ---- simpler places

static bool optimum_right(const Place *p) {
    double want[V];
    best_by(BEST_RIGHT, p, want);
    return near_array(run_optimum(p), want, V, TOLERANCE);
}
static bool floor_right(const Place *p);

// After a step that may have failed: the best detector, or its loss.
static void contrast_place(Grade *g, const char *what, bool (*right)(const Place *)) {
    static const double one[V] = {1}, two[V] = {0.5, 0.5}, others[V] = {0, 0, 0.4, 0.6},
                        even[V] = {0.25, 0.25, 0.25, 0.25};
    static const struct {
        Place place;
        const char *code, *says;
    } cases[] = {
        {{LANGUAGE, SAID, 1},
         "only-share-1",
         "right where every token is selected: what of those that are not, 1 - share?"},
        {{two, others, 0.15},
         "only-no-luck",
         "right where the generator never says what was written: what is a w that is "
         "drawn where it was written? It is seen, and as it was"},
        {{one, SAID, 0.15},
         "only-certain",
         "right where only one token can be written there: what has a w that may be "
         "written, and may be drawn where another was?"},
        {{SAID, SAID, 0.15},
         "only-same-law",
         "right where the generator is the language: which of the two stands where?"},
        {{even, even, 0.15},
         "only-even",
         "right where all tokens are alike: what has each token of its own?"},
    };
    for (int i = 0; i < COUNT_OF(cases); i++)
        grade_contrast(g, right(&cases[i].place), cases[i].code, "%s: %s", what,
                       cases[i].says);
}

static void check_optimum(Grade *g) {
    Place p = {LANGUAGE, SAID, 0.15};
    const double *got = run_optimum(&p);
    grade_written(g, got, V, TOLERANCE, best_by, &p, BEFORE);
    grade_numbers(g, 4, "the best detector of four tokens", got, V, TOLERANCE, best_by,
                  &p, BEST_SLIPS, COUNT_OF(BEST_SLIPS));
    contrast_place(g, "the best detector", optimum_right);
}

static void check_never_seen(Grade *g) {
    Place p = {NARROW, NARROW, 0.15};
    double *got = run_optimum(&p);
    grade_mistake(g, isnan(got[2]), "never-seen", "0 / 0: a token that is never seen");
    grade_mistake(g, got[2] != 0 && got[2] != BEFORE, "never-seen-other",
                  "a token that is never seen has p = 0, here %g", got[2]);
    grade_written(g, got, V, TOLERANCE, best_by, &p, BEFORE);
    grade_numbers(g, 1, "the best detector, where two tokens are never seen", got, V,
                  TOLERANCE, best_by, &p, NULL, 0);
}

typedef enum {
    FLOOR_RIGHT,
    FLOOR_BITS,
    FLOOR_OF_MEAN,
    FLOOR_UNWEIGHTED,
    FLOOR_WRITTEN,
    FLOOR_KEPT_TERM,      // - (1 - p) ln(1 - p) alone
    FLOOR_REPLACED_TERM,  // - p ln p alone
    FLOOR_BY_V,
    FLOOR_SIGN,
    FLOOR_TWICE,
    FLOOR_SAID,            // weighted by the generator
    FLOOR_SUM,             // not weighted
    FLOOR_REPLACED_PLAIN,  // - p ln p not weighted, the other term is
    FLOOR_KEPT_PLAIN,
    FLOOR_DRAWN,        // weighted by how often w is drawn
    FLOOR_SHARE,        // times the share
    FLOOR_OF_SELECTED,  // divided by the share
    FLOOR_ERROR,        // the probability of the likelier answer being wrong
    FLOOR_LOG,          // - ln(1 - p), without 1 - p in front
    FLOOR_LOG_BOTH,     // - ln p - ln(1 - p)
    FLOOR_LOG_KEPT,     // - p ln p - ln(1 - p)
    FLOOR_LOG_OTHER,    // - ln p - (1 - p) ln(1 - p)
    FLOOR_OF_LANGUAGE,  // the entropy of language[w]
    FLOOR_OF_SEEN,      // the entropy of what is seen
    FLOOR_BY_P,         // weighted by p
    FLOOR_NO_LUCK,      // a w that is drawn again is not among those seen
} FloorRule;

static double entropy_of(double x) {
    return x > 0 && x < 1 ? -x * log(x) - (1 - x) * log(1 - x) : 0;
}

static double term_of(double x) { return x > 0 ? -x * log(x) : 0; }

static double floor_weight(FloorRule rule, const Place *p, int w) {
    double seen = (1 - p->share) * p->language[w] + p->share * p->generator[w];
    if (rule == FLOOR_WRITTEN) return p->language[w];
    if (rule == FLOOR_BY_P) {
        double best[V];
        best_by(BEST_RIGHT, p, best);
        return best[w];
    }
    if (rule == FLOOR_SAID) return p->generator[w];
    if (rule == FLOOR_DRAWN) return p->share * p->generator[w];
    if (rule == FLOOR_SUM) return 1;
    if (rule == FLOOR_UNWEIGHTED) return 1.0 / V;
    return rule == FLOOR_TWICE ? 2 * seen : rule == FLOOR_BY_V ? seen / V : seen;
}

static void floor_by(int rule, const void *of, double *to) {
    const Place *p = of;
    double best[V], mean = 0;
    best_by(BEST_RIGHT, of, best);
    *to = 0;
    for (int w = 0; w < V; w++) {
        double weight = floor_weight((FloorRule)rule, p, w), x = best[w],
               seen = floor_weight(FLOOR_RIGHT, p, w),
               replaced = rule == FLOOR_KEPT_TERM ? 0 : term_of(x),
               kept = rule == FLOOR_REPLACED_TERM ? 0 : term_of(1 - x);
        if (rule == FLOOR_ERROR) replaced = fmin(x, 1 - x), kept = 0;
        if (rule == FLOOR_OF_SEEN) weight = 1, replaced = term_of(seen), kept = 0;
        if (rule == FLOOR_OF_LANGUAGE)
            replaced = term_of(p->language[w]), kept = term_of(1 - p->language[w]);
        if (rule == FLOOR_LOG) replaced = 0, kept = x < 1 ? -log(1 - x) : 0;
        if (rule == FLOOR_LOG_KEPT) kept = x < 1 ? -log(1 - x) : 0;
        if (rule == FLOOR_LOG_OTHER) replaced = x > 0 ? -log(x) : 0;
        if (rule == FLOOR_LOG_BOTH)
            replaced = x > 0 ? -log(x) : 0, kept = x < 1 ? -log(1 - x) : 0;
        if (rule == FLOOR_NO_LUCK) {
            double other = x * seen, left = (1 - p->share) * p->language[w];
            weight = other + left;
            replaced = weight > 0 ? term_of(other / weight) : 0;
            kept = weight > 0 ? term_of(left / weight) : 0;
        }
        *to += (rule == FLOOR_REPLACED_PLAIN ? 1 : weight) * replaced
               + (rule == FLOOR_KEPT_PLAIN ? 1 : weight) * kept;
        mean += seen * x;
    }
    if (rule == FLOOR_BITS) *to /= log(2);
    if (rule == FLOOR_SIGN) *to = -*to;
    if (rule == FLOOR_SHARE) *to *= p->share;
    if (rule == FLOOR_OF_SELECTED) *to /= p->share;
    if (rule == FLOOR_OF_MEAN) *to = entropy_of(mean);
}

static const Slip FLOOR_SLIPS[] = {
    {FLOOR_BITS, "floor-bits", "in bits: nats are wanted"},
    {FLOOR_OF_MEAN, "entropy-of-mean",
     "of a detector that does not look: the mean of the entropies, not the entropy "
     "of the mean"},
    {FLOOR_WRITTEN, "written",
     "weighted by how often w is written there: by how often it is seen"},
    {FLOOR_UNWEIGHTED, "unweighted", "each token has its weight: how often it is seen"},
    {FLOOR_SUM, "unweighted", "each token has its weight: how often it is seen"},
    {FLOOR_KEPT_TERM, "floor-half",
     "the terms of replaced tokens are missing: - p ln p - (1 - p) ln(1 - p)"},
    {FLOOR_REPLACED_TERM, "floor-half",
     "the terms of tokens as they were are missing: - p ln p - (1 - p) ln(1 - p)"},
    {FLOOR_BY_V, "floor-by-v", "divided by V: the weights sum to 1 already"},
    {FLOOR_SIGN, "floor-sign", "a loss is not negative: -ln of the probabilities"},
    {FLOOR_TWICE, "floor-twice", "twice the floor"},
    {FLOOR_SAID, "said", "weighted by what the generator says: by how often w is seen"},
    {FLOOR_REPLACED_PLAIN, "unweighted",
     "both terms have the weight of how often w is seen: - p ln p has none"},
    {FLOOR_KEPT_PLAIN, "unweighted",
     "both terms have the weight of how often w is seen: - (1 - p) ln(1 - p) has "
     "none"},
    {FLOOR_DRAWN, "drawn-only",
     "weighted by how often w is drawn: by how often it is seen, drawn or not"},
    {FLOOR_SHARE, "floor-by-share",
     "multiplied by the share: how often a token is seen has it already"},
    {FLOOR_OF_SELECTED, "floor-by-share",
     "divided by the share: every token is a target, not only selected ones"},
    {FLOOR_OF_LANGUAGE, "floor-of-language",
     "the entropies are of the language: of whether w, which is seen, has replaced "
     "another"},
    {FLOOR_OF_SEEN, "floor-of-seen",
     "this is the entropy of which token is seen: of whether it has replaced another"},
    {FLOOR_BY_P, "unweighted",
     "weighted by p, that w has replaced another: by how often w is seen"},
    {FLOOR_NO_LUCK, "floor-no-luck",
     "as it was is also a w that is selected and drawn again: share x generator[w] of "
     "its places, beside 1 - share"},
    {FLOOR_LOG, "floor-not-weighed",
     "-ln(1 - p) for each w, as if none had been replaced: - p ln p - (1 - p) ln(1 - "
     "p)"},
    {FLOOR_LOG_BOTH, "floor-not-weighed",
     "both answers' losses were added: each comes with its probability, - p ln p - (1 "
     "- p) ln(1 - p)"},
    {FLOOR_LOG_KEPT, "floor-not-weighed",
     "1 - p is missing before its logarithm: - p ln p - (1 - p) ln(1 - p)"},
    {FLOOR_LOG_OTHER, "floor-not-weighed",
     "p is missing before its logarithm: - p ln p - (1 - p) ln(1 - p)"},
    {FLOOR_ERROR, "error-rate",
     "this is how often the likelier answer is wrong: the mean loss is wanted"},
};

static bool floor_right(const Place *p) {
    double want, got = detector_floor(p->language, p->generator, p->share, V);
    floor_by(FLOOR_RIGHT, p, &want);
    return want > TOLERANCE && fabs(got - want) <= TOLERANCE;
}

static void check_floor(Grade *g) {
    Place p = {LANGUAGE, SAID, 0.15}, narrow = {NARROW, NARROW, 0.15};
    double got = detector_floor(LANGUAGE, SAID, p.share, V);
    grade_numbers(g, 2, "the floor at a place of four tokens", &got, 1, TOLERANCE,
                  floor_by, &p, FLOOR_SLIPS, COUNT_OF(FLOOR_SLIPS));
    contrast_place(g, "the floor", floor_right);
    got = detector_floor(NARROW, NARROW, p.share, V);
    grade_mistake(g, isnan(got), "floor-nan", "0 ln 0 is NaN in C: it counts 0");
    grade_numbers(g, 1, "the floor where two tokens are never seen", &got, 1, TOLERANCE,
                  floor_by, &narrow, NULL, 0);
}

void check_replaced(Grade *g) {
    grade_part(g, check_drawn(g));
    grade_part(g, check_others(g));
    grade_part(g, check_labels(g));
    grade_part(g, check_loss(g));
    grade_part(g, check_special(g));
    grade_part(g, check_large(g));
    grade_part(g, check_optimum(g));
    grade_part(g, check_never_seen(g));
    grade_part(g, check_floor(g));
}
