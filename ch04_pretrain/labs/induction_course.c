#include "ch04_pretrain/labs/induction_course.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/induction.h"
#include "common/error.h"
#include "common/numeric/small.h"
#include "common/program/plot.h"

enum { LAYERS = 2, MOST_HEADS = 8, LOOKED_AT = 64, SHOWN = 40 };

// ---- looking at attention: the nodes of one forward pass

static struct {
    Node *node[LAYERS];
    int count;
} watched;

static Node *watched_attend(Tape *t, Node *q, Node *k, Node *v, Node *position,
                            const Heads *heads) {
    Node *y = attend(t, q, k, v, position, heads);
    watched.node[watched.count++] = y;
    return y;
}

typedef struct {
    double previous[LAYERS][MOST_HEADS], induction[LAYERS][MOST_HEADS];
} Scores;

// A forward pass of the first held-out rows, whose nodes are then watched.
static Batch pass(SmallRun *r, Tape *t) {
    assert(r->model.config.layers == LAYERS && r->model.config.heads <= MOST_HEADS);
    Batch b = objective_batch_new(&r->objective, LOOKED_AT, r->time);
    objective_fill(&b, &r->objective, &r->held_out_data, 0);
    Tokens in = batch_tokens(&b);
    watched.count = 0;
    model_set_attend(&r->model, watched_attend);
    model_hidden(t, &r->model, &in);
    model_set_attend(&r->model, attend);
    return b;
}

// The means over the rows.
static Scores scores_of(SmallRun *r) {
    Scores s = {0};
    Tape *t = tape_new(&r->model.params);
    Batch b = pass(r, t);
    Mat map = mat_new(r->time, r->time);
    for (int l = 0; l < LAYERS; l++)
        for (int h = 0; h < r->model.config.heads; h++)
            for (int n = 0; n < LOOKED_AT; n++) {
                attend_map(map, watched.node[l], n, h);
                s.previous[l][h] += previous_score(map) / LOOKED_AT;
                s.induction[l][h] +=
                    induction_score(map, b.tokens + n * r->time) / LOOKED_AT;
            }
    mat_free(map), batch_free(&b), tape_free(t);
    return s;
}

// The map of one head of the second layer in row 0, and the row's tokens.
static void map_of(SmallRun *r, int head, Mat map, int *tokens) {
    Tape *t = tape_new(&r->model.params);
    Batch b = pass(r, t);
    attend_map(map, watched.node[1], 0, head);
    memcpy(tokens, b.tokens, (size_t)r->time * sizeof *tokens);
    batch_free(&b), tape_free(t);
}

// The head with the highest score.
static int best_of(const SmallRun *r, const double *score) {
    int best = 0;
    for (int h = 1; h < r->model.config.heads; h++)
        if (score[h] > score[best]) best = h;
    return best;
}

// ---- along training

void induction_course_add(InductionCourse *c, SmallRun *r) {
    Scores s = scores_of(r);
    int i = r->count - 1;
    c->previous[i] = s.previous[0][best_of(r, s.previous[0])];
    c->induction[i] = s.induction[1][best_of(r, s.induction[1])];
}

// The last point at which the excess is still most of the plateau's.
static int plateau(const SmallRun *r, double unigram) {
    int last = 0;
    for (int i = 0; i < r->count; i++)
        if (r->points[i].excess > 0.8 * unigram) last = i;
    return last;
}

static void claim_course(Lab *lab, const SmallRun *r, const InductionCourse *c,
                         double unigram) {
    int end = r->count - 1, rest = plateau(r, unigram), after = int_min(rest + 2, end);
    // Not derived: that it rests, and how suddenly it stops. Two points are a factor of
    // two in tokens.
    claim_near(lab, "4.135", "on the plateau: as one who counts symbols", unigram,
               r->points[rest].excess, unigram / 4);
    claim_at_most(lab, "4.135", "at twice the tokens: excess, at most half",
                  unigram / 2, r->points[after].excess);
    claim_at_most(lab, "4.136", "induction score, a point before the plateau ends", 0.3,
                  c->induction[rest ? rest - 1 : 0]);
    claim_at_least(lab, "4.136", "induction score at the end", 0.6, c->induction[end]);
    claim_at_least(lab, "4.136", "weight on the token before, first layer, at the end",
                   0.5, c->previous[end]);
}

static void draw_course(Lab *lab, const SmallRun *r, const InductionCourse *c,
                        double unigram) {
    Plot *p = plot_new(lab, "induction", "tokens excess unigram previous induction");
    for (int i = 0; i < r->count; i++)
        plot_row(p, r->points[i].tokens, r->points[i].excess / unigram, 1,
                 c->previous[i], c->induction[i]);
    plot_title(p, "Two heads, while the excess falls");
    plot_axes(p, "tokens of training", "ratio, weight, score");
    plot_set(p, "logscale x"), plot_set(p, "yrange [-0.1:1.4]");
    plot_line(p, "tokens", "unigram", "counts symbols of the row");
    plot_points(p, "tokens", "excess", "excess, as a share of the line's");
    plot_points(p, "tokens", "previous", "head of layer 1: weight on the token before");
    plot_points(p, "tokens", "induction", "head of layer 2: induction score");
    plot_end(p);
}

// The map of the best head of layer 2 in one row: filled squares are weights, and circles
// where the pairs are.
static void draw_map(Lab *lab, SmallRun *r) {
    int *tokens = allocate((size_t)r->time, sizeof *tokens);
    Mat map = mat_new(r->time, r->time);
    Scores s = scores_of(r);
    map_of(r, best_of(r, s.induction[1]), map, tokens);
    Plot *p = plot_new(lab, "induction_map", "key query size pair_key pair_query");
    for (int i = 0; i < SHOWN; i++)
        for (int j = 0; j <= i; j++) {
            double weight = (double)*mat_at(map, i, j);
            bool pair = follows_same(tokens, i, j);
            if (weight > 0.02 || pair)
                plot_row(p, j, i, 2.2 * sqrt(weight), pair ? (double)j : NAN, i);
        }
    plot_title(p, "Where the induction head looks");
    plot_axes(p, "key: position looked at", "query: position that looks");
    plot_set(p, "yrange [%d:-1]", SHOWN), plot_set(p, "xrange [-1:%d]", SHOWN);
    plot_set(p, "size ratio 1"), plot_set(p, "nogrid");
    plot_series(p,
                "using \"key\":\"query\":\"size\" with points pointtype 5 pointsize "
                "variable linecolor \"" PLOT_ORANGE "\" title 'weight'");
    plot_series(
        p,
        "using \"pair_key\":\"pair_query\" with points pointtype 6 pointsize 0.5 "
        "linecolor \"" PLOT_BLUE "\" title 'followed the same symbol'");
    plot_not_in_letters(p);
    plot_end(p);
    mat_free(map), free(tokens);
}

void induction_course_end(Lab *lab, const InductionCourse *c, SmallRun *r,
                          double unigram) {
    claim_course(lab, r, c, unigram);
    draw_course(lab, r, c, unigram), draw_map(lab, r);
}
