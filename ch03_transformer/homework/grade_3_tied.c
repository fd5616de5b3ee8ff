// Problem 3: tied weights, backward.
#include <stdlib.h>

#include "ch03_transformer/homework/grade.h"

enum { VOCABULARY = 7, DIM = 5, INPUTS = 9, OUTPUTS = 4 };
static const double INPUT_SCALE = 2.5, LOGIT_SCALE = 0.3;
// 3 and 0 come again, 0 at once; 2 and 4 never
static const int IDS[INPUTS] = {3, 0, 0, 5, 3, 1, 0, 6, 3};

typedef struct {
    Mat input_grad, logits_grad, hidden, table;
} Tied;

typedef enum {
    TIED_RIGHT,
    TIED_LAST,  // an id that comes again keeps its last gradient
    TIED_NO_INPUT_SCALE,
    TIED_INPUT_TWICE,  // input_scale squared
    TIED_NO_LOGIT_SCALE,
    TIED_SCALES_ON_BOTH,
    TIED_INPUT_ONLY,
    TIED_OUTPUT_ONLY,
    TIED_FEW_INPUTS,   // as many tokens as there are rows of h
    TIED_ROW_INDEX,    // row i for row ids[i]
    TIED_OTHER_SCALE,  // logit_scale at the input
    TIED_EXCHANGED,    // input_scale at the head, too
    TIED_BY_INPUT,     // divided by input_scale
    TIED_BY_LOGIT,     // divided by logit_scale
    TIED_LOGIT_TWICE,
    TIED_HEAD_TWICE,  // the head's gradient twice
    TIED_HEAD_SIGN,
    TIED_INPUT_SIGN,
    TIED_ONCE_IN_A_RUN,  // a token that comes again at once counts once
    TIED_ONCE,           // a token that comes again counts once
} TiedRule;

static Mat table_reference(const Tied *x, TiedRule rule, double start) {
    Table sum = table_new(VOCABULARY, DIM);
    double in = rule == TIED_NO_INPUT_SCALE ? 1 : INPUT_SCALE,
           out = rule == TIED_NO_LOGIT_SCALE ? 1 : LOGIT_SCALE;
    if (rule == TIED_SCALES_ON_BOTH) in = out = INPUT_SCALE * LOGIT_SCALE;
    if (rule == TIED_OTHER_SCALE || rule == TIED_EXCHANGED) in = LOGIT_SCALE;
    if (rule == TIED_EXCHANGED) out = INPUT_SCALE;
    if (rule == TIED_BY_INPUT) in = 1 / in;
    if (rule == TIED_BY_LOGIT) out = 1 / out;
    if (rule == TIED_LOGIT_TWICE) out *= out;
    if (rule == TIED_HEAD_TWICE) out *= 2;
    if (rule == TIED_HEAD_SIGN) out = -out;
    if (rule == TIED_INPUT_SIGN) in = -in;
    if (rule == TIED_INPUT_TWICE) in *= in;
    if (rule == TIED_INPUT_ONLY) out = 0;
    if (rule == TIED_OUTPUT_ONLY) in = 0;
    int inputs = rule == TIED_FEW_INPUTS ? OUTPUTS : INPUTS;
    for (int i = 0; i < inputs; i++) {
        for (int c = 0; c < DIM && rule == TIED_LAST; c++)
            sum.at[IDS[i] * DIM + c] = -start;
        bool before = false;
        for (int k = 0; k < i; k++)
            before |= IDS[k] == IDS[i] && (rule == TIED_ONCE || k == i - 1);
        if (before && (rule == TIED_ONCE || rule == TIED_ONCE_IN_A_RUN)) continue;
        add_row(sum, rule == TIED_ROW_INDEX ? i % VOCABULARY : IDS[i], in,
                x->input_grad, i);
    }
    for (int m = 0; m < OUTPUTS; m++)
        for (int v = 0; v < VOCABULARY; v++)
            add_row(sum, v, out * at(x->logits_grad, m, v), x->hidden, m);
    return mat_of(sum, start);
}

static Mat hidden_reference(const Tied *x, double logit_scale, double start) {
    Table sum = table_new(OUTPUTS, DIM);
    for (int m = 0; m < OUTPUTS; m++)
        for (int v = 0; v < VOCABULARY; v++)
            add_row(sum, m, logit_scale * at(x->logits_grad, m, v), x->table, v);
    return mat_of(sum, start);
}

typedef struct {
    Mat table, hidden;
} TiedGrad;

// The gradients begin with `start`.
static TiedGrad run_tied_from(const Tied *x, double start) {
    Mat table_grad = guarded_mat("table_grad", filled(VOCABULARY, DIM, (real)start)),
        hidden_grad = guarded_mat("hidden_grad", filled(OUTPUTS, DIM, (real)start));
    tied_backward(table_grad, hidden_grad, grade_guarded("ids", IDS, sizeof IDS),
                  input_mat("input_grad", x->input_grad), INPUT_SCALE,
                  input_mat("logits_grad", x->logits_grad), LOGIT_SCALE,
                  input_mat("hidden", x->hidden), input_mat("table", x->table));
    return (TiedGrad){kept_mat(table_grad), kept_mat(hidden_grad)};
}

static TiedGrad run_tied(const Tied *x) { return run_tied_from(x, START); }

// At most INPUTS + OUTPUTS terms a number, none larger than 2.5 times the gradients and
// hidden states involved.
static double table_tolerance(const Tied *x) {
    double in = INPUT_SCALE * largest(x->input_grad),
           out = INPUT_SCALE * largest(x->logits_grad) * largest(x->hidden);
    return rounding(INPUTS + OUTPUTS, START + INPUTS * in + OUTPUTS * out);
}
static double hidden_tolerance(const Tied *x) {
    return rounding(VOCABULARY,
                    START + VOCABULARY * largest(x->logits_grad) * largest(x->table));
}

// Added to what was there, or written over it: that is a question of its own.
static bool table_by(Mat got, const Tied *x, TiedRule rule) {
    double tolerance = table_tolerance(x);
    return near_mat(got, table_reference(x, rule, START), tolerance)
           || near_mat(got, table_reference(x, rule, 0), tolerance);
}

typedef struct {
    TiedRule rule;
    const char *code, *says;
} TiedMistake;

#define SCALES_ON_BOTH \
    { \
        TIED_SCALES_ON_BOTH, "scales-on-both", \
            "both scales on both gradients: each belongs to its own use of the table" \
    }
static const TiedMistake HEAD_MISTAKES[] = {
    {TIED_INPUT_ONLY, "look-up-only",
     "the table learns as look-up only: the head's gradient, logits_grad^T hidden, is "
     "missing"},
    {TIED_NO_LOGIT_SCALE, "no-logit-scale",
     "logit_scale is missing: the logits are logit_scale h E^T"},
    {TIED_EXCHANGED, "scales-exchanged", "the two scales are exchanged"},
    {TIED_BY_LOGIT, "by-logit-scale", "divided by logit_scale: multiplied by it"},
    {TIED_LOGIT_TWICE, "logit-scale-twice",
     "logit_scale came in twice: once in E's gradient"},
    {TIED_HEAD_TWICE, "head-twice", "the head's gradient is there twice"},
    {TIED_HEAD_SIGN, "head-sign", "the head's gradient has the other sign"},
    SCALES_ON_BOTH,
    {TIED_RIGHT, NULL, NULL},
};
static const TiedMistake LOOK_UP_MISTAKES[] = {
    {TIED_OUTPUT_ONLY, "head-only",
     "the table learns as head only: the look-up's gradient is missing, or the head's "
     "was "
     "written over it"},
    {TIED_LAST, "last-token",
     "a token that comes again has its last gradient only: they add up in its row"},
    {TIED_ONCE, "first-token",
     "a token that comes again has its first gradient only: they add up in its row"},
    {TIED_ONCE_IN_A_RUN, "run-once",
     "a token that comes twice in a row was counted once: each input adds its "
     "gradient"},
    {TIED_INPUT_TWICE, "input-scale-twice",
     "input_scale came in twice: once in E's gradient"},
    {TIED_NO_INPUT_SCALE, "no-input-scale",
     "input_scale is missing: the input is input_scale E, so E's gradient has it too"},
    SCALES_ON_BOTH,
    {TIED_ROW_INDEX, "row-index",
     "token i's gradient goes to row ids[i] of the table, not to row i"},
    {TIED_OTHER_SCALE, "other-scale", "the look-up has input_scale, not logit_scale"},
    {TIED_EXCHANGED, "scales-exchanged", "the two scales are exchanged"},
    {TIED_BY_INPUT, "by-input-scale", "divided by input_scale: multiplied by it"},
    {TIED_INPUT_SIGN, "look-up-sign", "the look-up's gradient has the other sign"},
    {TIED_FEW_INPUTS, "few-inputs",
     "the look-up stopped after as many tokens as hidden has rows: input_grad.rows is "
     "a number of its own"},
    {TIED_RIGHT, NULL, NULL},
};

static void check_table(Grade *g, const char *what, const Tied *x,
                        const TiedMistake *mistakes) {
    Mat got = run_tied(x).table, want = table_reference(x, TIED_RIGHT, START);
    bool right = table_by(got, x, TIED_RIGHT);
    for (const TiedMistake *m = mistakes; m->code; m++)
        grade_mistake(g, !right && table_by(got, x, m->rule), m->code, "%s", m->says);
    if (right) grade_expect(g, 3, right, "%s", what);
    else grade_near_added(g, 3, what, got, want, table_tolerance(x), START);
}

// As if table_grad, before its own sums or after them, were the table.
static bool from_table_grad(const TiedGrad *got, const Tied *x) {
    Tied early = *x, late = *x;
    early.table = filled(VOCABULARY, DIM, START), late.table = got->table;
    return near_mat(got->hidden, hidden_reference(&early, LOGIT_SCALE, START),
                    hidden_tolerance(&early))
           || near_mat(got->hidden, hidden_reference(&late, LOGIT_SCALE, START),
                       hidden_tolerance(&late));
}

static void check_hidden(Grade *g, const Tied *both) {
    TiedGrad grads = run_tied(both);
    Mat got = grads.hidden, want = hidden_reference(both, LOGIT_SCALE, START);
    Mat bare = hidden_reference(both, LOGIT_SCALE, 0);
    double tolerance = hidden_tolerance(both);
    grade_mistake(g, near_mat(got, filled(OUTPUTS, DIM, START), 0), "hidden-nothing",
                  "hidden_grad got nothing: it is logit_scale dlogits E");
    grade_mistake(g,
                  near_mat(got, hidden_reference(both, 1, START), tolerance)
                      || near_mat(got, hidden_reference(both, 1, 0), tolerance),
                  "hidden-no-scale", "hidden_grad: logit_scale is missing");
    static const struct {
        double factor;
        const char *name;
    } factors[] = {{0.3 * 0.3, "logit_scale squared"},
                   {1 / 0.3, "1 / logit_scale"},
                   {2.5, "input_scale"},
                   {2.5 * 0.3, "both scales"}};
    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++) {
        Mat other = hidden_reference(both, factors[i].factor, START);
        grade_mistake(g, near_mat(got, other, tolerance * (1 + factors[i].factor)),
                      "hidden-other-scale",
                      "hidden_grad has the factor %s: it is logit_scale, once",
                      factors[i].name);
    }
    grade_mistake(g, from_table_grad(&grads, both), "hidden-from-gradient",
                  "hidden_grad: table_grad is read as if it were table");
    if (near_mat(got, bare, tolerance)) want = bare;
    grade_near_added(g, 3, "hidden_grad", got, want, tolerance, START);
}

// What a gradient was before, START or 0, must be in the result.
static void check_added(Grade *g, const Tied *x) {
    TiedGrad got = run_tied(x), zero = run_tied_from(x, 0);
    Mat table = copied(zero.table), hidden = copied(zero.hidden);
    mat_add_scaled(table, 1, filled(VOCABULARY, DIM, START));
    mat_add_scaled(hidden, 1, filled(OUTPUTS, DIM, START));
    double table_off = 2 * table_tolerance(x), hidden_off = 2 * hidden_tolerance(x);
    bool good = near_mat(got.table, table, table_off)
                && near_mat(got.hidden, hidden, hidden_off);
    // Overwritten: the same numbers, whatever was there.
    grade_mistake(g,
                  !good
                      && (near_mat(got.table, zero.table, table_off)
                          || near_mat(got.hidden, zero.hidden, hidden_off)),
                  "assigns", "gradients are added to what is there: +=, not =");
    grade_expect(
        g, 3, good,
        "the gradients begin with %g everywhere, and that must be in the result",
        START);
}

void check_tied(Grade *g) {
    Rng rng = rng_new(31);
    Tied both = {random_mat(&rng, INPUTS, DIM), random_mat(&rng, OUTPUTS, VOCABULARY),
                 random_mat(&rng, OUTPUTS, DIM), random_mat(&rng, VOCABULARY, DIM)};
    Tied input = both, output = both;
    input.logits_grad = mat_new(OUTPUTS, VOCABULARY),
    output.input_grad = mat_new(INPUTS, DIM);
    grade_part(g, check_hidden(g, &both));
    grade_part(g, check_table(g, "the head alone: table_grad", &output, HEAD_MISTAKES));
    grade_part(
        g, check_table(g, "the look-up alone: table_grad", &input, LOOK_UP_MISTAKES));
    grade_part(g, check_table(g, "both: table_grad", &both, LOOK_UP_MISTAKES));
    grade_part(g, check_added(g, &both));
}
