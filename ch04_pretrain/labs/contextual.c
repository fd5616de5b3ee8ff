// One word, two vectors: what two recurrent models, one in each direction, know of a word
// where it stands. Lecture, section 4.31.
//
// In the stories "looked" is two verbs: "Anna looked sad." and "Anna looked under the bed."
// A table of word vectors has one vector for both.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/labs/recurrent_run.h"
#include "ch04_pretrain/story.h"
#include "common/error.h"
#include "common/numeric/principal.h"
#include "common/numeric/small.h"
#include "common/program/plot.h"

enum { CHANNELS = 48, TIME = 48, BATCH = 16, ROWS = 512, MOST = 400 };
enum { FORWARD, BACKWARD, DIRECTIONS, BOTH = DIRECTIONS, VIEWS };

static const Option options[] = {
    {"steps", "400",
     "steps of training in each direction, 768 words and some 4 ms each"},
    {0}};

// ---- where the word occurs, and in which sense

typedef enum { SENSE_SEEM, SENSE_SEARCH, SENSES } Sense;

typedef struct {
    int row[MOST], at[MOST];  // position in the row of TIME + 1 tokens
    Sense sense[MOST];
    int count, of[SENSES];
    double *vector[DIRECTIONS];  // [MOST x CHANNELS]
} Places;

static bool is_spot(const Story *s, int word) {
    static const char *const first[] = {"in", "under", "behind", "on"};
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        if (word == story_word_id(s, first[i], strlen(first[i]))) return true;
    return false;
}

// The next word says which it is.
static void find_places(Places *p, SmallRun *run) {
    const Story *s = run->language->self;
    int looked = story_word_id(s, "looked", 6), row[TIME + 1];
    for (int n = 0; n < ROWS; n++) {
        data_row(&run->held_out_data, n, row);
        for (int i = 1; i < TIME && p->count < MOST; i++) {
            if (row[i] != looked) continue;
            Sense sense = is_spot(s, row[i + 1]) ? SENSE_SEARCH : SENSE_SEEM;
            p->row[p->count] = n, p->at[p->count] = i, p->sense[p->count++] = sense;
            p->of[sense]++;
        }
    }
}

// ---- vectors

// What the network holds when it has just read the word. Backward it begins at token TIME.
static void read_vectors(Places *p, RecurrentRun *r, SmallRun *run) {
    CellState states[TIME];
    Batch b = recurrent_run_batch(r, run, &run->held_out_data, 0, ROWS);
    recurrent_states(r->tape, &r->net, b.tokens, ROWS, TIME, states);
    for (int k = 0; k < p->count; k++) {
        int step = r->backward ? TIME - p->at[k] : p->at[k];
        for (int j = 0; j < CHANNELS; j++)
            p->vector[r->backward][k * CHANNELS + j] =
                (double)*mat_at(states[step].h->value, p->row[k], j);
    }
    tape_reset(r->tape), batch_free(&b);
}

static void train(Lab *lab, SmallRun *run, bool backward, Places *p) {
    RecurrentRun r;
    recurrent_run_new(&r, run, CELL_LSTM, CHANNELS, backward);
    for (long long step = 0; step < run->settings.steps; step++) {
        recurrent_run_step(&r, run, step);
        lab_progress(lab, (double)step, (double)run->settings.steps);
    }
    lab_print(lab, "%s: %.4f nats per word", backward ? "backward" : "forward",
              recurrent_run_held_out(&r, run, ROWS));
    read_vectors(p, &r, run);
    recurrent_run_free(&r);
}

// ---- what the vectors tell

static double product_of(const Places *p, int view, int a, int b) {
    double sum = 0;
    for (int d = 0; d < DIRECTIONS; d++)
        for (int j = 0; j < CHANNELS && (view == d || view == BOTH); j++)
            sum += p->vector[d][a * CHANNELS + j] * p->vector[d][b * CHANNELS + j];
    return sum;
}

static double cosine(const Places *p, int view, int a, int b) {
    return product_of(p, view, a, b)
           / sqrt(product_of(p, view, a, a) * product_of(p, view, b, b));
}

// The share of places whose nearest other place has the same sense; and the mean cosine of
// all pairs.
static double same_sense(const Places *p, int view, double *mean) {
    int same = 0;
    *mean = 0;
    for (int a = 0; a < p->count; a++) {
        int best = -1;
        double most = -2;
        for (int b = 0; b < p->count; b++) {
            if (b == a) continue;
            double c = cosine(p, view, a, b);
            *mean += c / (p->count * (p->count - 1.0));
            if (c > most) most = c, best = b;
        }
        same += p->sense[best] == p->sense[a];
    }
    return (double)same / p->count;
}

static void claim_senses(Lab *lab, const Places *p) {
    double share[VIEWS], mean[VIEWS];
    double n = p->count, common = int_max(p->of[0], p->of[1]) / n;
    for (int v = 0; v < VIEWS; v++) share[v] = same_sense(p, v, &mean[v]);
    lab_print(lab,
              "looked: %d times, %d of them a search; one vector for all is right in "
              "%.3f",
              p->count, p->of[SENSE_SEARCH], common);
    lab_print(lab, "nearest has the same sense: forward %.3f, backward %.3f, both %.3f",
              share[FORWARD], share[BACKWARD], share[BOTH]);
    // five standard errors of the share that the more frequent sense has
    claim_at_least(lab, "4.146", "both: same sense, above one vector for all",
                   common + 5 * sqrt(common * (1 - common) / n), share[BOTH]);
    claim_at_least(lab, "4.146", "backward, which has read on: same sense", 0.95,
                   share[BACKWARD]);
    claim_at_most(lab, "4.147", "one word in many places: mean cosine", 0.96,
                  mean[BOTH]);
}

static void draw(Lab *lab, const Places *p) {
    enum { WIDE = DIRECTIONS * CHANNELS };
    double *x = allocate((size_t)p->count * WIDE, sizeof *x), axes[2][WIDE],
           variance[2], mean[WIDE];
    for (int k = 0; k < p->count; k++)
        for (int d = 0; d < DIRECTIONS; d++)
            memcpy(x + k * WIDE + d * CHANNELS, p->vector[d] + k * CHANNELS,
                   CHANNELS * sizeof *x);
    principal_axes(axes[0], variance, mean, x, p->count, WIDE, 2);
    Plot *plot = plot_new(lab, "contextual", "x seem search");
    for (int k = 0; k < p->count; k++) {
        double at[2] = {0};
        for (int a = 0; a < 2; a++)
            for (int j = 0; j < WIDE; j++)
                at[a] += (x[k * WIDE + j] - mean[j]) * axes[a][j];
        plot_row(plot, at[0], p->sense[k] == SENSE_SEEM ? at[1] : NAN,
                 p->sense[k] == SENSE_SEARCH ? at[1] : NAN);
    }
    plot_title(plot, "\"looked\" in many stories, its two widest directions");
    plot_axes(plot, "", "");
    plot_points(plot, "x", "seem", "looked sad");
    plot_points(plot, "x", "search", "looked in, under, behind, on");
    plot_end(plot);
    free(x);
}

static void run(Lab *lab) {
    const double RATE = 1e-2;
    Language l = language_new(LANGUAGE_STORY, NULL);
    long long steps = option_int(&lab->args, "steps", 20, 1000000);
    SmallRun run = {.language = &l,
                    .objective = {.kind = OBJECTIVE_CLM},
                    .settings = small_run_settings(BATCH, steps),
                    .time = TIME,
                    .held_out = ROWS,
                    .seed = lab->seed};
    Places *p = allocate(1, sizeof *p);
    run.settings.rate = RATE;
    small_run_data(&run);
    find_places(p, &run);
    for (int d = 0; d < DIRECTIONS; d++) {
        p->vector[d] = allocate((size_t)MOST * CHANNELS, sizeof(double));
        train(lab, &run, d == BACKWARD, p);
    }
    claim_senses(lab, p), draw(lab, p);
    for (int d = 0; d < DIRECTIONS; d++) free(p->vector[d]);
    data_free(&run.data), data_free(&run.held_out_data);
    free(p), language_free(&l);
}

const LabSpec lab_contextual = {"contextual", "4.31", "One word, two vectors", run,
                                options};
