// Problem 3: tied weights, backward.
#include <math.h>

#include "ch03_transformer/homework/grade.h"

enum { VOCABULARY = 7, DIM = 5, INPUTS = 9, FEW_INPUTS = 2, OUTPUTS = 4 };
static const double INPUT_SCALE = 2.5, LOGIT_SCALE = 0.3;
// 3 and 0 come again, 0 at once; 2 and 4 never
static const int IDS[INPUTS] = {3, 0, 0, 5, 3, 1, 0, 6, 3};

typedef struct {
    Mat input_grad, logits_grad, hidden, table;
    const int *ids;
    double input_scale, logit_scale;
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
    TIED_LESS_ONE,       // without the last input
    TIED_FROM_ONE,       // without the first input
    TIED_FROM_ID,        // the gradient of input ids[i], not of input i
    TIED_INPUT_MEAN,     // the look-up's gradient divided by the number of inputs
    TIED_HEAD_MEAN,      // the head's divided by the number of its rows
    TIED_HEAD_LESS_ONE,  // the head without the last row of hidden
    TIED_HEAD_READ,      // the head's gradient to tokens that were read alone
    TIED_HEAD_FEW,       // as many rows of hidden as there are inputs
} TiedRule;

// The factors of the look-up and of the head.
typedef struct {
    double in, out;
} Scales;

static Scales scales_of(const Tied *x, TiedRule rule) {
    const double a = x->input_scale, b = x->logit_scale;
    switch (rule) {
        case TIED_NO_INPUT_SCALE: return (Scales){1, b};
        case TIED_INPUT_TWICE: return (Scales){a * a, b};
        case TIED_BY_INPUT: return (Scales){1 / a, b};
        case TIED_INPUT_SIGN: return (Scales){-a, b};
        case TIED_INPUT_MEAN: return (Scales){a / x->input_grad.rows, b};
        case TIED_OUTPUT_ONLY: return (Scales){0, b};
        case TIED_NO_LOGIT_SCALE: return (Scales){a, 1};
        case TIED_LOGIT_TWICE: return (Scales){a, b * b};
        case TIED_BY_LOGIT: return (Scales){a, 1 / b};
        case TIED_HEAD_TWICE: return (Scales){a, 2 * b};
        case TIED_HEAD_SIGN: return (Scales){a, -b};
        case TIED_HEAD_MEAN: return (Scales){a, b / OUTPUTS};
        case TIED_INPUT_ONLY: return (Scales){a, 0};
        case TIED_SCALES_ON_BOTH: return (Scales){a * b, a * b};
        case TIED_OTHER_SCALE: return (Scales){b, b};
        case TIED_EXCHANGED: return (Scales){b, a};
        default: return (Scales){a, b};
    }
}

// Whether token k comes before input i: anywhere, or right before it.
static bool read_before(const int *ids, int k, int i, bool anywhere) {
    for (int j = anywhere ? 0 : i - 1; j < i; j++)
        if (j >= 0 && ids[j] == k) return true;
    return false;
}

static void add_look_up(Table sum, const Tied *x, TiedRule rule, double factor,
                        double start) {
    const int *ids = x->ids;
    int inputs = x->input_grad.rows, from = rule == TIED_FROM_ONE;
    if (rule == TIED_FEW_INPUTS && inputs > OUTPUTS) inputs = OUTPUTS;
    if (rule == TIED_LESS_ONE) inputs--;
    for (int i = from; i < inputs; i++) {
        for (int c = 0; c < DIM && rule == TIED_LAST; c++)
            sum.at[ids[i] * DIM + c] = -start;
        bool once = rule == TIED_ONCE || rule == TIED_ONCE_IN_A_RUN;
        if (once && read_before(ids, ids[i], i, rule == TIED_ONCE)) continue;
        add_row(sum, rule == TIED_ROW_INDEX ? i % VOCABULARY : ids[i], factor,
                x->input_grad, rule == TIED_FROM_ID ? ids[i] % x->input_grad.rows : i);
    }
}

static void add_head(Table sum, const Tied *x, TiedRule rule, double factor) {
    int rows = x->hidden.rows - (rule == TIED_HEAD_LESS_ONE),
        inputs = x->input_grad.rows;
    if (rule == TIED_HEAD_FEW && inputs < rows) rows = inputs;
    for (int m = 0; m < rows; m++)
        for (int v = 0; v < VOCABULARY; v++)
            if (rule != TIED_HEAD_READ || read_before(x->ids, v, inputs, true))
                add_row(sum, v, factor * at(x->logits_grad, m, v), x->hidden, m);
}

static Mat table_reference(const Tied *x, TiedRule rule, double start) {
    Table sum = table_new(VOCABULARY, DIM);
    Scales by = scales_of(x, rule);
    add_look_up(sum, x, rule, by.in, start);
    add_head(sum, x, rule, by.out);
    return mat_of(sum, start);
}

static Mat hidden_reference(const Tied *x, double logit_scale, double start) {
    int rows = x->hidden.rows;
    Table sum = table_new(rows, DIM);
    for (int m = 0; m < rows; m++)
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
        hidden_grad =
            guarded_mat("hidden_grad", filled(x->hidden.rows, DIM, (real)start));
    tied_backward(table_grad, hidden_grad,
                  grade_guarded("ids", x->ids, INPUTS * sizeof *x->ids),
                  input_mat("input_grad", x->input_grad), x->input_scale,
                  input_mat("logits_grad", x->logits_grad), x->logit_scale,
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

// Added to what was there, written over it, or scaled with it: that is a question of
// its own.
enum { STARTS = 5 };
static double start_of(const Tied *x, int i) {
    double a = x->input_scale, b = x->logit_scale;
    const double starts[STARTS] = {START, 0, START * b, START * a, START * a * b};
    return starts[i];
}

static bool table_by(Mat got, const Tied *x, TiedRule rule) {
    double tolerance = table_tolerance(x);
    for (int i = 0; i < STARTS; i++)
        if (near_mat(got, table_reference(x, rule, start_of(x, i)), tolerance))
            return true;
    return false;
}

// ---- simpler cases

typedef enum {
    FROM_ZERO,
    SCALES_ONE,
    EACH_ONCE,
    EQUAL_ROWS,
    ONE_INPUT,
    ONE_OUTPUT
} Simpler;

static bool simpler_right(Tied x, Simpler what, bool hidden) {
    static const int once[INPUTS] = {3, 0, 5, 1, 6, 2, 4}, zero[INPUTS] = {0};
    double start = what == FROM_ZERO ? 0 : START;
    if (what == SCALES_ONE) x.input_scale = x.logit_scale = 1;
    if (what == EACH_ONCE)
        x.ids = once, x.input_grad = mat_rows(x.input_grad, 0, VOCABULARY);
    if (what == EQUAL_ROWS) x.input_grad = mat_rows(x.input_grad, 0, OUTPUTS);
    if (what == ONE_INPUT) x.ids = zero, x.input_grad = mat_rows(x.input_grad, 0, 1);
    if (what == ONE_OUTPUT)
        x.hidden = mat_rows(x.hidden, 0, 1),
        x.logits_grad = mat_rows(x.logits_grad, 0, 1);
    TiedGrad got = run_tied_from(&x, start);
    if (hidden)
        return near_mat(got.hidden, hidden_reference(&x, x.logit_scale, start),
                        hidden_tolerance(&x));
    return near_mat(got.table, table_reference(&x, TIED_RIGHT, start),
                    table_tolerance(&x));
}

// After a step that failed.
static void contrast(Grade *g, const Tied *x, bool hidden) {
    static const struct {
        Simpler what;
        const char *code, *says;
    } cases[] = {
        {FROM_ZERO, "only-from-zero",
         "right where the gradients begin with 0: what becomes of what was there? It "
         "stays as it is, and the new terms are added"},
        {SCALES_ONE, "only-scales-1",
         "right where both scales are 1: which scale has each term, and how often?"},
        {EACH_ONCE, "only-once",
         "right where no token comes again: what becomes of the gradient that its row "
         "has already?"},
        {EQUAL_ROWS, "only-equal-rows",
         "right with as many inputs as rows of hidden: which of the two counts where?"},
        {ONE_OUTPUT, "only-one-output",
         "right where hidden has one row: what do the other rows add, and to which "
         "rows "
         "of the table?"},
        {ONE_INPUT, "only-one-input",
         "right for a single input: what does the second one add, and is it weighed as "
         "the first?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        grade_contrast(g, simpler_right(*x, cases[i].what, hidden), cases[i].code,
                       "%s: %s", hidden ? "hidden_grad" : "table_grad", cases[i].says);
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
    {TIED_HEAD_MEAN, "head-mean",
     "the head's gradient was divided by the number of hidden's rows: it is their sum"},
    {TIED_HEAD_LESS_ONE, "head-last-row", "the last row of hidden is missing"},
    {TIED_HEAD_READ, "head-of-read",
     "the head's gradient went to tokens that were read alone: each logit pulls at its "
     "row, so all rows change"},
    {TIED_HEAD_FEW, "head-few",
     "the head stopped after as many rows of hidden as there are inputs: hidden.rows "
     "is a number of its own"},
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
    {TIED_INPUT_MEAN, "look-up-mean",
     "the look-up's gradient was divided by the number of inputs: it is their sum"},
    {TIED_LESS_ONE, "last-input", "the last input is missing"},
    {TIED_FROM_ONE, "first-input", "the first input is missing"},
    {TIED_FROM_ID, "from-id",
     "row ids[i] of the table gets row i of input_grad, not its row ids[i]"},
    {TIED_FEW_INPUTS, "few-inputs",
     "the look-up stopped after as many tokens as hidden has rows: input_grad.rows is "
     "a number of its own"},
    {TIED_RIGHT, NULL, NULL},
};

// As if hidden_grad, before or after its own sums, were hidden.
static bool from_hidden_grad(const Tied *x) {
    TiedGrad got = run_tied(x);
    Mat hiddens[] = {filled(OUTPUTS, DIM, START), got.hidden};
    for (int i = 0; i < 2; i++) {
        Tied other = *x;
        other.hidden = hiddens[i];
        if (table_by(got.table, &other, TIED_RIGHT)) return true;
    }
    return false;
}

static void recognise_table(Grade *g, Mat got, const Tied *x,
                            const TiedMistake *mistakes) {
    for (const TiedMistake *m = mistakes; m->code; m++)
        grade_mistake(g, table_by(got, x, m->rule), m->code, "%s", m->says);
}

// Whether the table is right; else it is said how it is wrong.
static bool check_table(Grade *g, const char *what, const Tied *x,
                        const TiedMistake *mistakes) {
    Mat got = run_tied(x).table, want = table_reference(x, TIED_RIGHT, START);
    if (table_by(got, x, TIED_RIGHT)) return grade_expect(g, 3, true, "%s", what);
    recognise_table(g, got, x, mistakes);
    grade_mistake(g, from_hidden_grad(x), "from-hidden-gradient",
                  "table_grad: hidden_grad is read as if it were hidden");
    grade_near_added(g, 3, what, got, want, table_tolerance(x), START);
    contrast(g, x, false);
    return false;
}

// Fewer inputs than rows of hidden.
static void check_few(Grade *g, const Tied *both) {
    Tied few = *both;
    few.input_grad = mat_rows(both->input_grad, 0, FEW_INPUTS);
    Mat got = run_tied(&few).table;
    if (table_by(got, &few, TIED_RIGHT)) return;
    recognise_table(g, got, &few, HEAD_MISTAKES);
    recognise_table(g, got, &few, LOOK_UP_MISTAKES);
    grade_mistake(g, true, "few-inputs",
                  "with fewer inputs than rows of hidden the table is wrong: "
                  "input_grad.rows and hidden.rows are two numbers");
    grade_near_added(g, 0, "two inputs, four rows of hidden: table_grad", got,
                     table_reference(&few, TIED_RIGHT, START), table_tolerance(&few),
                     START);
}

// As if table_grad were the table: before its own sums, after one of them, or after
// both.
static bool from_table_grad(const TiedGrad *got, const Tied *x) {
    Mat tables[] = {filled(VOCABULARY, DIM, START), got->table,
                    table_reference(x, TIED_INPUT_ONLY, START),
                    table_reference(x, TIED_OUTPUT_ONLY, START)};
    for (int i = 0; i < 4; i++) {
        Tied other = *x;
        other.table = tables[i];
        if (near_mat(got->hidden, hidden_reference(&other, LOGIT_SCALE, START),
                     hidden_tolerance(&other)))
            return true;
    }
    return false;
}

static void check_hidden(Grade *g, const Tied *both) {
    TiedGrad grads = run_tied(both);
    Mat got = grads.hidden, want = hidden_reference(both, LOGIT_SCALE, START);
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
                   {0.3 / OUTPUTS, "logit_scale / hidden.rows"},
                   {0.3 / VOCABULARY, "logit_scale / table.rows"},
                   {-0.3, "-logit_scale"},
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
    for (int i = 1; i < STARTS; i++) {
        Mat other = hidden_reference(both, LOGIT_SCALE, start_of(both, i));
        if (near_mat(got, other, tolerance)) want = other;
    }
    if (!grade_near_added(g, 3, "hidden_grad", got, want, tolerance, START))
        contrast(g, both, true);
}

// Whether what was there, START everywhere, is in the result times a factor that is
// neither 1 nor 0.
static bool start_scaled(Mat got, Mat from_zero, double tolerance, double *factor) {
    Mat added = copied(got);
    mat_add_scaled(added, -1, from_zero);
    *factor = at(added, 0, 0) / START;
    bool even = near_mat(added, filled(got.rows, got.cols, *added.at), tolerance);
    return even && fabs(*factor) * START > tolerance
           && fabs(*factor - 1) * START > tolerance;
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
    double factor;
    bool scaled = start_scaled(got.table, zero.table, table_off, &factor)
                  || start_scaled(got.hidden, zero.hidden, hidden_off, &factor);
    grade_mistake(g, scaled, "start-scaled",
                  "what was in a gradient before was multiplied by %.3g, a scale: it "
                  "stays as it is, and only what is added is scaled",
                  factor);
    grade_expect(
        g, 3, good,
        "the gradients begin with %g everywhere, and that must be in the result",
        START);
}

static void check_both(Grade *g, const Tied *both) {
    bool right = table_by(run_tied(both).table, both, TIED_RIGHT);
    if (right) check_few(g, both);
    check_table(g, "both: table_grad", both, LOOK_UP_MISTAKES);
}

void check_tied(Grade *g) {
    Rng rng = rng_new(31);
    Tied both = {random_mat(&rng, INPUTS, DIM),
                 random_mat(&rng, OUTPUTS, VOCABULARY),
                 random_mat(&rng, OUTPUTS, DIM),
                 random_mat(&rng, VOCABULARY, DIM),
                 IDS,
                 INPUT_SCALE,
                 LOGIT_SCALE};
    Tied input = both, output = both;
    input.logits_grad = mat_new(OUTPUTS, VOCABULARY),
    output.input_grad = mat_new(INPUTS, DIM);
    grade_part(g, check_hidden(g, &both));
    grade_part(g, check_table(g, "the head alone: table_grad", &output, HEAD_MISTAKES));
    grade_part(
        g, check_table(g, "the look-up alone: table_grad", &input, LOOK_UP_MISTAKES));
    grade_part(g, check_both(g, &both));
    grade_part(g, check_added(g, &both));
}
