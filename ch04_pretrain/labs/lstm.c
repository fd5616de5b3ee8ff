// Two cells: how far a gradient reaches through them, and what they can keep.
// Lecture, section 4.30.
#include "ch04_pretrain/lstm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/clip.h"
#include "ch03_transformer/cross_entropy.h"
#include "ch03_transformer/optimiser.h"
#include "ch03_transformer/schedule.h"
#include "ch04_pretrain/labs/small_run.h"
#include "common/error.h"
#include "common/program/plot.h"

enum { FAR = 48, WIDE = 64, ROWS = 8, TOKENS = 16 };
enum { CHANNELS = 32, BATCH = 32, SYMBOLS = 4, DISTANCE = 24 };
#define RATE 5e-3

static const Option options[] = {
    {"steps", "500", "steps of training, 32 texts and some 2 ms each"}, {0}};

// ---- gradients through time, before any training

static double norm_of(Mat m) {
    double sum = 0;
    for (int i = 0; i < m.rows; i++)
        for (int j = 0; j < m.cols; j++)
            sum += (double)*mat_at(m, i, j) * (double)*mat_at(m, i, j);
    return sqrt(sum);
}

// reach[s], s < FAR: the length of d(r . state after FAR tokens) / d(state s tokens
// before), over that for s = 0; r random. cell: of an LSTM's c, else of h.
static void reach_of(const Recurrent *r, bool cell, const Rng *rng, double *reach) {
    Tape *t = tape_new((Params *)&r->params);
    Rng own = *rng;
    int tokens[ROWS * FAR];
    CellState states[FAR];
    for (int i = 0; i < ROWS * FAR; i++) tokens[i] = rng_below(&own, TOKENS);
    recurrent_states(t, r, tokens, ROWS, FAR, states);
    Mat direction = tape_mat(t, ROWS, WIDE);
    rng_fill_normal(&own, direction, 1);
    for (int i = 0; i < FAR; i++) (cell ? states[i].c : states[i].h)->keeps_grad = true;
    Node *last = cell ? states[FAR - 1].c : states[FAR - 1].h;
    tape_backward_from(t, last, direction);
    for (int s = 0; s < FAR; s++) {
        Node *then = cell ? states[FAR - 1 - s].c : states[FAR - 1 - s].h;
        reach[s] = norm_of(then->grad) / norm_of(direction);
    }
    tape_free(t);
}

// All that a gate multiplies h' by becomes 0: c is then the only way through time.
static void cut_states(Recurrent *r) {
    for (int k = 0; k < r->params.count; k++) {
        const Param *p = &r->params.list[k];
        if (strstr(p->name, ".state.weight") || strstr(p->name, "keep.input.weight"))
            mat_fill(params_value(&r->params, k), 0);
    }
}

typedef struct {
    double plain[FAR], lstm[FAR], cut[FAR];
} Reach;

static Reach measure_reach(Lab *lab) {
    Reach reach;
    Recurrent plain, lstm;
    Rng rng = rng_new(lab->seed);
    recurrent_new(&plain, CELL_PLAIN, TOKENS, WIDE, &rng);
    recurrent_new(&lstm, CELL_LSTM, TOKENS, WIDE, &rng);
    reach_of(&plain, false, &lab->rng, reach.plain);
    reach_of(&lstm, true, &lab->rng, reach.lstm);
    cut_states(&lstm);
    reach_of(&lstm, true, &lab->rng, reach.cut);
    recurrent_free(&plain), recurrent_free(&lstm);
    return reach;
}

static double kept(int distance) { return pow(1 / (1 + exp(-LSTM_KEEP)), distance); }

static void claim_reach(Lab *lab, const Reach *r) {
    double worst = 0;
    for (int s = 0; s < FAR; s++) worst = nan_max(worst, fabs(r->cut[s] / kept(s) - 1));
    // each step rounds f and the gradient once, in float
    claim_at_most(lab, "4.143", "c alone: s(b)^distance, largest relative error",
                  4 * FAR * 6e-8, worst);
    // Not derived: U's other ways through time add to the line or take from it.
    claim_at_least(lab, "4.143", "LSTM, 40 steps: gradient, at least half of s(b)^40",
                   kept(40) / 2, r->lstm[40]);
    claim_at_most(lab, "4.144", "plain, 40 steps: gradient, of the LSTM's",
                  r->lstm[40] / 1e4, r->plain[40]);
}

static void draw_reach(Lab *lab, const Reach *r) {
    Plot *p = plot_new(lab, "lstm_reach", "distance kept cut lstm plain");
    for (int s = 0; s < FAR; s++)
        plot_row(p, s, kept(s), r->cut[s], r->lstm[s], r->plain[s]);
    plot_title(p, "How far a gradient reaches, before training");
    plot_axes(p, "distance, tokens", "length of the gradient, of that at distance 0");
    plot_set(p, "logscale y");
    plot_line(p, "distance", "kept", "s(b)^{distance}, derived");
    plot_points(p, "distance", "cut", "LSTM, c alone");
    plot_points(p, "distance", "lstm", "LSTM");
    plot_points(p, "distance", "plain", "plain cell");
    plot_end(p);
}

// ---- a source that asks for its first symbol again

// A symbol, DISTANCE others, a mark, and the first symbol again: to be predicted after the
// mark. Who has kept it loses nothing; who has not loses ln SYMBOLS.
enum { INPUTS = DISTANCE + 2 };

typedef struct {
    int tokens[BATCH * INPUTS], targets[BATCH * INPUTS];
} Recall;

static void recall_draw(Recall *r, const Rng *rng, long long batch) {
    for (int n = 0; n < BATCH; n++) {
        Rng own = rng_split(rng, (uint64_t)(batch * BATCH + n));
        int *token = r->tokens + n * INPUTS, *target = r->targets + n * INPUTS;
        for (int i = 0; i < INPUTS; i++)
            token[i] = i < INPUTS - 1 ? rng_below(&own, SYMBOLS) : SYMBOLS,
            target[i] = i < INPUTS - 1 ? IGNORED : token[0];
    }
}

typedef struct {
    double texts[RUN_POINTS], loss[CELL_KINDS][RUN_POINTS];
    int count;
} Course;

static double held_out(Recurrent *net, Tape *t, const Rng *rng) {
    enum { BATCHES = 8, FIRST = 1 << 30 };  // batches that are never trained on
    double sum = 0;
    Recall *r = allocate(1, sizeof *r);
    for (int b = 0; b < BATCHES; b++) {
        recall_draw(r, rng, FIRST + b);
        sum += (double)*recurrent_loss(t, net, r->tokens, r->targets, BATCH, INPUTS)
                   ->value.at;
        tape_reset(t);
    }
    free(r);
    return sum / BATCHES;
}

static void train(Lab *lab, CellKind cell, Course *c) {
    long long at[RUN_POINTS], step = 0,
                              steps = option_int(&lab->args, "steps", 20, 1000000);
    Recurrent net;
    Recall *r = allocate(1, sizeof *r);
    Rng rng = rng_new(lab->seed);
    Schedule schedule = {RATE, RATE / 20, steps / 50, steps};
    c->count = small_run_steps(steps, at);
    recurrent_new(&net, cell, SYMBOLS + 1, CHANNELS, &rng);
    Tape *t = tape_new(&net.params);
    Optimiser o = optimiser_new(&net.params, (OptimiserSettings){OPTIMISER_ADAM});
    for (int i = 0; i < c->count; i++) {
        for (; step < at[i]; step++) {
            recall_draw(r, &rng, step);
            tape_backward(
                t, recurrent_loss(t, &net, r->tokens, r->targets, BATCH, INPUTS));
            params_clip(&net.params, 1);
            optimiser_step(&o, &net.params, schedule_rate(&schedule, step + 1));
            params_zero_grads(&net.params), tape_reset(t);
        }
        c->texts[i] = (double)step * BATCH;
        c->loss[cell][i] = held_out(&net, t, &rng);
        lab_progress_value(lab, (double)step, (double)steps, "loss", c->loss[cell][i]);
    }
    tape_free(t), optimiser_free(&o), recurrent_free(&net), free(r);
}

static void claim_course(Lab *lab, const Course *c) {
    int last = c->count - 1;
    lab_print(lab, "after %.0f texts: loss plain %.4f, LSTM %.4f; forgotten %.4f",
              c->texts[last], c->loss[CELL_PLAIN][last], c->loss[CELL_LSTM][last],
              log(SYMBOLS));
    // Not derived: what a run of these texts can do
    claim_at_most(lab, "4.145", "LSTM: nats above the floor", 0.02,
                  c->loss[CELL_LSTM][last]);
    claim_at_least(lab, "4.145", "plain: of ln V, which is to know nothing",
                   0.9 * log(SYMBOLS), c->loss[CELL_PLAIN][last]);
}

static void draw_course(Lab *lab, const Course *c) {
    Plot *p = plot_new(lab, "lstm", "texts plain lstm forgotten floor");
    for (int i = 0; i < c->count; i++)
        plot_row(p, c->texts[i], c->loss[CELL_PLAIN][i], c->loss[CELL_LSTM][i],
                 log(SYMBOLS), 0);
    plot_title(p, "The first symbol again");
    plot_axes(p, "texts of training", "nats");
    plot_set(p, "logscale x"), plot_set(p, "yrange [-0.1:*]");
    plot_set(p, "rmargin 4");  // for the last number below the axis
    plot_line(p, "texts", "forgotten", "ln V: forgotten");
    plot_line(p, "texts", "floor", "floor");
    plot_points(p, "texts", "plain", "plain cell");
    plot_points(p, "texts", "lstm", "LSTM");
    plot_end(p);
}

static void run(Lab *lab) {
    Course c = {0};
    Reach reach = measure_reach(lab);
    claim_reach(lab, &reach), draw_reach(lab, &reach);
    for (int cell = 0; cell < CELL_KINDS; cell++) train(lab, (CellKind)cell, &c);
    claim_course(lab, &c), draw_course(lab, &c);
}

const LabSpec lab_lstm = {"lstm", "4.30", "A cell that keeps", run, options};
