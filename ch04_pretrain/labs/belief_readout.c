// What the model knows: the exact reader's beliefs, read from hidden vectors by one
// matrix. Lecture, section 4.26.
//
// A transformer reads Mess3, whose symbols it is to predict; nobody tells it of states.
// The forward algorithm's beliefs (hmm.h) are then sought in what leaves its last block.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/arithmetic.h"
#include "ch04_pretrain/hmm.h"
#include "ch04_pretrain/labs/small_run.h"
#include "ch04_pretrain/model_kinds.h"
#include "ch04_pretrain/readout.h"
#include "common/error.h"
#include "common/program/plot.h"

enum { CHANNELS = 32, LAYERS = 2, HEADS = 4, TIME = 16, BATCH = 32, STATES = 3 };
enum { FITTED = 256, CHECKED = 256, ROWS = FITTED + CHECKED, SEEN = ROWS * TIME };

static const Option options[] = {
    {"steps", "1000", "steps of training, 512 tokens and some 3 ms each"},
    {"ridge", "0.01", "of the read-out"},
    {0}};

// ---- what is to be read: the belief after each token of each row

static void beliefs_of(SmallRun *r, double *beliefs) {
    int row[TIME + 1];
    const Hmm *h = r->language->self;
    for (int n = 0; n < ROWS; n++) {
        data_row(&r->held_out_data, n, row);
        Reader reader = reader_new(&h->automaton, &ALWAYS);
        for (int i = 0; i < TIME; i++, beliefs += STATES) {
            if (i) reader_read(&reader, row[i]);  // row[0] is END: nothing is known
            memcpy(beliefs, reader.belief, STATES * sizeof *beliefs);
        }
        reader_free(&reader);
    }
}

// With M_ix = P(says x | in i), Mess3's next symbol has p = b M, and M is invertible: who
// predicts exactly has the belief in hand. M has d = P(says i | in i) on its diagonal and e
// elsewhere, so b_i = (p_i - e) / (d - e). Returns the largest error over the rows.
static double inverted(SmallRun *r, const double *beliefs) {
    const Hmm *h = r->language->self;
    double worst = 0, p[STATES], m[2];
    for (int x = 0; x < 2; x++) {
        Reader reader = reader_new(&h->automaton, &ALWAYS);
        for (int s = 0; s < STATES; s++) reader.belief[s] = s == 0;
        reader_next(&reader, p), m[x] = p[x];
        reader_free(&reader);
    }
    for (int i = 0; i < SEEN; i++, beliefs += STATES) {
        Reader reader = reader_new(&h->automaton, &ALWAYS);
        memcpy(reader.belief, beliefs, STATES * sizeof *beliefs);
        reader_next(&reader, p);
        for (int s = 0; s < STATES; s++)
            worst = nan_max(worst, fabs(beliefs[s] - (p[s] - m[1]) / (m[0] - m[1])));
        reader_free(&reader);
    }
    return worst;
}

// ---- from what

// What leaves the last block, SEEN x channels, and what the model says of the next symbol,
// SEEN x vocabulary.
static void hidden_of(SmallRun *r, Mat hidden, Mat said) {
    Tape *t = tape_new(&r->model.params);
    Batch b = objective_batch_new(&r->objective, ROWS, TIME);
    objective_fill(&b, &r->objective, &r->held_out_data, 0);
    Tokens in = batch_tokens(&b);
    Node *h = model_hidden(t, &r->model, &in);
    mat_copy(hidden, h->value);
    mat_copy(said, softmax_rows(t, model_logits(t, &r->model, h))->value);
    batch_free(&b), tape_free(t);
}

// Which of the four last tokens were which: what any network with this window could use
// without learning anything.
static void tokens_of(SmallRun *r, Mat window, int last) {
    int row[TIME + 1];
    mat_fill(window, 0);
    for (int n = 0; n < ROWS; n++) {
        data_row(&r->held_out_data, n, row);
        for (int i = 0; i < TIME; i++)
            for (int k = 0; k < last && k <= i; k++)
                *mat_at(window, n * TIME + i, k * r->data.vocabulary + row[i - k]) = 1;
    }
}

// Fits on the first rows; returns R^2 on the others, whose beliefs as read are left in
// `read`, CHECKED x TIME x STATES.
static double read_held_out(Mat x, const double *beliefs, double ridge, double *read) {
    Readout r;
    const double *rest = beliefs + (size_t)FITTED * TIME * STATES;
    if (!readout_fit(&r, mat_rows(x, 0, FITTED * TIME), beliefs, STATES, ridge))
        die("belief-readout: --ridge 0: a number of the vectors depends on the others");
    readout_apply(&r, mat_rows(x, FITTED * TIME, CHECKED * TIME), read);
    readout_free(&r);
    return r_squared(rest, read, CHECKED * TIME, STATES);
}

// ---- the figure: three triangles side by side

// A belief as a point of triangle number `which`.
static void place(const double *b, int which, double at[2]) {
    const double APART = 1.2;
    at[0] = APART * which + b[1] + b[2] / 2, at[1] = b[2] * sqrt(3) / 2;
}

// The three corners' colours, blue, vermilion and green, mixed as the belief is.
static int colour_of(const double *b) {
    const int corner[STATES][3] = {{0, 114, 178}, {213, 94, 0}, {0, 158, 115}};
    int rgb = 0;
    for (int k = 0; k < 3; k++) {
        double part = 0;
        for (int s = 0; s < STATES; s++) part += b[s] * corner[s][k];
        rgb = rgb * 256 + (int)part;
    }
    return rgb;
}

static void draw(Lab *lab, const double *truth, const double *trained,
                 const double *untrained) {
    Plot *p =
        plot_new(lab, "belief_readout", "x y read_x read_y control_x control_y colour");
    enum { CELLS = 300 };
    static bool drawn[CELLS + 1][CELLS + 1];
    memset(drawn, 0, sizeof drawn);
    for (int i = 0; i < CHECKED * TIME; i++) {
        double at[3][2];
        const double *b = truth + (size_t)i * STATES;
        place(b, 0, at[0]);
        // most beliefs are near the corners: no cell of the true triangle twice
        bool *cell = &drawn[(int)(at[0][0] * CELLS)][(int)(at[0][1] * CELLS)];
        if (*cell) continue;
        *cell = true;
        place(trained + (size_t)i * STATES, 1, at[1]);
        place(untrained + (size_t)i * STATES, 2, at[2]);
        plot_row(p, at[0][0], at[0][1], at[1][0], at[1][1], at[2][0], at[2][1],
                 colour_of(b));
    }
    plot_title(p,
               "Beliefs: true, read from a trained model, and from an untrained one");
    plot_axes(p, "", "");
    plot_set(p, "size ratio -1"), plot_set(p, "xrange [-0.05:3.6]");
    plot_set(p, "yrange [-0.35:1.0]"), plot_set(p, "border 0"), plot_set(p, "nogrid");
    plot_set(p, "noxtics"), plot_set(p, "noytics"), plot_set(p, "nokey");
    plot_set(p, "label 1 'true' at 0.5,-0.28 center");
    plot_set(p, "label 2 'read from trained' at 1.7,-0.28 center");
    plot_set(p, "label 3 'read from untrained' at 2.9,-0.28 center");
    const char *pairs[] = {"using \"x\":\"y\":\"colour\"",
                           "using \"read_x\":\"read_y\":\"colour\"",
                           "using \"control_x\":\"control_y\":\"colour\""};
    for (int k = 0; k < 3; k++)
        plot_series(p,
                    "%s with points pointtype 7 pointsize 0.25 lc rgb variable notitle",
                    pairs[k]);
    plot_not_in_letters(p);
    plot_end(p);
}

// ---- all of it

typedef struct {
    double trained, untrained, said, window;  // R^2 on held-out rows
    double *truth, *read, *control, *spare;
} Found;

static double *beliefs_new(int rows) {
    return allocate((size_t)rows * TIME * STATES, sizeof(double));
}

static void measure(Lab *lab, SmallRun *r, Found *f) {
    enum { LAST = 4 };
    double ridge = option_real(&lab->args, "ridge", 0, 1e6);
    Mat x = mat_new(SEEN, CHANNELS), said = mat_new(SEEN, r->data.vocabulary),
        window = mat_new(SEEN, LAST * r->data.vocabulary);
    beliefs_of(r, f->truth), tokens_of(r, window, LAST);
    hidden_of(r, x, said);
    f->untrained = read_held_out(x, f->truth, ridge, f->control);
    small_run_to(lab, r, r->settings.steps), small_run_add_point(r);
    hidden_of(r, x, said);
    f->trained = read_held_out(x, f->truth, ridge, f->read);
    f->said = read_held_out(said, f->truth, fmax(ridge, 1e-6), f->spare);
    f->window = read_held_out(window, f->truth, fmax(ridge, 1e-6), f->spare);
    mat_free(x), mat_free(said), mat_free(window);
}

static void claim_found(Lab *lab, const Found *f, double inverted) {
    lab_print(lab,
              "held-out R^2: hidden vectors %.5f; untrained %.5f; what it says %.5f; "
              "the last four symbols %.5f",
              f->trained, f->untrained, f->said, f->window);
    // Not derived: what a run of so many tokens knows. 1 would be the exact reader.
    claim_at_least(lab, "4.130", "R^2 of beliefs from hidden vectors, held-out rows",
                   0.99, f->trained);
    // three products and a division by 0.71, of numbers up to 1
    claim_near(lab, "4.132", "beliefs from the exact next symbol, largest error", 0,
               inverted, 1e-14);
    // An untrained network mixes what it sees, and a matrix may unmix it: the control is
    // high, and its error must be several times as large all the same.
    claim_at_least(lab, "4.131", "untrained: 1 - R^2, at least 5 times as large",
                   5 * (1 - f->trained), 1 - f->untrained);
    claim_at_least(lab, "4.131",
                   "the last four symbols: 1 - R^2, at least twice as large",
                   2 * (1 - f->trained), 1 - f->window);
}

static void run(Lab *lab) {
    Language l = language_new(LANGUAGE_HMM, NULL);
    SmallRun r = {
        .language = &l,
        .config = model_kinds[MODEL_LLAMA].config(1, 1, CHANNELS, LAYERS, HEADS),
        .objective = {.kind = OBJECTIVE_CLM},
        .settings =
            small_run_settings(BATCH, option_int(&lab->args, "steps", 20, 1000000)),
        .time = TIME,
        .held_out = CHECKED,
        .seed = lab->seed};
    Found f = {.truth = beliefs_new(ROWS),
               .read = beliefs_new(CHECKED),
               .control = beliefs_new(CHECKED),
               .spare = beliefs_new(CHECKED)};
    small_run_begin(&r);
    measure(lab, &r, &f);
    claim_found(lab, &f, inverted(&r, f.truth));
    draw(lab, f.truth + (size_t)FITTED * TIME * STATES, f.read, f.control);
    free(f.truth), free(f.read), free(f.control), free(f.spare);
    small_run_free(&r), language_free(&l);
}

const LabSpec lab_belief_readout = {"belief-readout", "4.26", "What the model knows",
                                    run, options};
