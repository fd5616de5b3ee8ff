// Tasks: the split, what the demonstrators' answers are worth, and how much text a task
// takes to be learnt. Lecture, section 5.2.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch05_sft_rlhf/labs/small_sft.h"
#include "ch05_sft_rlhf/learning.h"
#include "common/numeric/hash.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"steps", "900", "of training on each task at most, 768 tokens each"},
    {"every", "50", "steps between two looks"},
    {"count", "40", "questions that are looked at"},
    {0}};

// ---- the split

enum { QUESTIONS = 4000 };

static uint64_t hash_of(const Conversation *c) {
    return hash_text(HASH_START, c->turns[0].question.data);
}

static int compare(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

// Questions of training that occur among the held-out ones.
static long long shared_questions(const SmallWorld *w, Rng *rng) {
    Instructions from = instructions_for_training(&w->story);
    from.turns = 1;
    uint64_t *train = allocate(QUESTIONS, sizeof *train);
    long long shared = 0;
    for (int i = 0; i < QUESTIONS; i++) {
        Conversation c = instruct(&from, rng);
        train[i] = hash_of(&c);
        conversation_free(&c);
    }
    qsort(train, QUESTIONS, sizeof *train, compare);
    from.held_out = true;
    for (int i = 0; i < QUESTIONS; i++) {
        Conversation c = instruct(&from, rng);
        uint64_t h = hash_of(&c);
        shared += bsearch(&h, train, QUESTIONS, sizeof h, compare) != NULL;
        conversation_free(&c);
    }
    free(train);
    return shared;
}

// Of questions as they are drawn. Lists alone: they have the most different ones.
static double share_held_out(const SmallWorld *w, Rng *rng) {
    int held_out = 0;
    for (int i = 0; i < QUESTIONS; i++) {
        Tale tale;
        tale_write(&tale, &w->story, rng, 44);
        Question q = task_question(TASK_REVERSE, &tale, rng);
        held_out += question_is_held_out(&q, &tale);
        question_free(&q);
    }
    return (double)held_out / QUESTIONS;
}

// ---- manners

static double value_of(Manners m) {
    return 1 + gold_openings[m.opening].value + gold_closings[m.closing].value;
}

static double share_of(Manners m) {
    return gold_openings[m.opening].share * gold_closings[m.closing].share;
}

// What demonstrators' answers are worth, and how often an answer of the best manner beats
// them: derived from the shares.
static void derive(double *reward, double *variance, double *best_wins) {
    double best = -INFINITY, square = 0;
    *reward = *best_wins = 0;
    for (int o = 0; o < OPENINGS; o++)
        for (int c = 0; c < CLOSINGS; c++) best = fmax(best, value_of((Manners){o, c}));
    for (int o = 0; o < OPENINGS; o++)
        for (int c = 0; c < CLOSINGS; c++) {
            double value = value_of((Manners){o, c}), share = share_of((Manners){o, c});
            *reward += share * value, square += share * value * value;
            *best_wins += share * (value < best ? 1 : 0.5);
        }
    *variance = square - *reward * *reward;
}

static void claim_manners(Lab *lab, const SmallWorld *w) {
    double reward, variance, best_wins, sum = 0, wins = 0;
    Instructions from = instructions_for_training(&w->story);
    from.turns = 1, from.systems = 0;
    derive(&reward, &variance, &best_wins);
    for (int i = 0; i < QUESTIONS; i++) {
        Conversation c = instruct(&from, &lab->rng);
        const Turn *t = &c.turns[0];
        double r = gold_reward(t->answer.data, true, t->exact.data);
        Text best = {0};
        gold_write(&best, t->exact.data, (Manners){0, 1});
        double of_best = gold_reward(best.data, true, t->exact.data);
        sum += r, wins += of_best > r ? 1 : of_best == r ? 0.5 : 0;
        free(best.data), conversation_free(&c);
    }
    // 4 standard errors
    claim_near(lab, "5.6", "gold reward of the demonstrations", reward, sum / QUESTIONS,
               4 * sqrt(variance / QUESTIONS));
    claim_near(lab, "5.7", "win rate of the best manner over them", best_wins,
               wins / QUESTIONS, 4 * sqrt(best_wins * (1 - best_wins) / QUESTIONS));
}

// ---- how much text a task takes

enum { MOST_POINTS = 200, CURVES = 4 };
static const TaskKind learnt[CURVES] = {TASK_HELLO, TASK_COUNT, TASK_FIRST,
                                        TASK_REVERSE};

typedef struct {
    double share[CURVES][MOST_POINTS];
    int points[CURVES];
    double tokens_per_point;
} Curves;

typedef struct {
    Curves *to;
    int curve, every, count;
    const SmallWorld *world;
    uint64_t seed;
} Look;

// Training on a task ends when it is learnt.
static bool look(void *self, const Model *m, long long step) {
    const Look *l = self;
    double *share = l->to->share[l->curve];
    int *points = &l->to->points[l->curve];
    if (step % l->every || *points == MOST_POINTS) return true;
    share[(*points)++] =
        small_marks(m, l->world, learnt[l->curve], l->count, l->seed).right;
    return learning_learnt_at(share, *points) < 0;
}

static void learn(Lab *lab, const SmallWorld *w, Curves *to) {
    static Model m;
    for (int k = 0; k < CURVES; k++) {
        SmallSft s =
            small_sft_usual(option_int(&lab->args, "steps", 1, 1000000), lab->seed);
        Look l = {to,
                  k,
                  (int)option_int(&lab->args, "every", 1, 1000000),
                  (int)option_int(&lab->args, "count", 1, 100000),
                  w,
                  lab->seed};
        SftData d = small_sft_data(w, &s, (TaskKind[]){learnt[k], TASK_KINDS});
        s.look = look, s.self = &l;
        to->tokens_per_point = (double)l.every * s.rows * s.time;
        small_sft(lab, &m, w, &s, d, NULL);
        model_free(&m);
    }
}

// Tokens until 95 % are right; all there are where that never happens.
static double tokens_to_95(const Curves *c, int curve) {
    int at = learning_learnt_at(c->share[curve], c->points[curve]);
    return ((at < 0 ? c->points[curve] : at) + 1) * c->tokens_per_point;
}

static bool is_learnt(const Curves *c, int curve) {
    return learning_learnt_at(c->share[curve], c->points[curve]) >= 0;
}

static void claim_learnt(Lab *lab, const Curves *c) {
    int easy = 0;
    for (int k = 0; k < CURVES; k++) {
        if (k < 3) easy += is_learnt(c, k);
        lab_print(lab, "%-8s 95 %% right after %s%.0f k tokens", tasks[learnt[k]].name,
                  is_learnt(c, k) ? "" : "more than ", tokens_to_95(c, k) / 1000);
    }
    claim_equal(lab, "5.9", "hello, count, first: how many are learnt", 3, easy);
    // Not derived: which of a few names is said is found sooner than which word comes
    // first, and that sooner than, word after word, which comes before.
    claim_at_least(lab, "5.8", "tokens to 95 %, the first of a list over a greeting", 2,
                   tokens_to_95(c, 2) / tokens_to_95(c, 0));
    claim_at_least(lab, "5.8", "tokens to 95 %, a list backwards over its first", 1.25,
                   tokens_to_95(c, 3) / tokens_to_95(c, 2));
}

static void draw(Lab *lab, const Curves *c) {
    Plot *p = plot_new(lab, "tasks", "kilotokens hello count first reverse");
    for (int i = 0; i < MOST_POINTS; i++) {
        double row[1 + CURVES] = {(i + 1) * c->tokens_per_point / 1000};
        bool any = false;
        for (int k = 0; k < CURVES; k++) {
            any |= i < c->points[k];
            row[1 + k] = i < c->points[k] ? c->share[k][i] : NAN;
        }
        if (any) plot_row_values(p, row);
    }
    plot_title(p, "How much text a task takes");
    plot_axes(p, "thousand tokens of training on this task alone",
              "share right, held out");
    plot_set(p, "yrange [0:1.05]");
    for (int k = 0; k < CURVES; k++) {
        const char *name = tasks[learnt[k]].name;
        plot_series(
            p,
            "using \"kilotokens\":\"%s\" with linespoints pointtype 7 pointsize 0.6 "
            "linecolor \"%s\" title '%s'",
            name, plot_line_colour(k), name);
    }
    plot_end(p);
}

static void run(Lab *lab) {
    static SmallWorld w;
    static Curves c;
    const double ONE_IN = 1.0 / 16;
    small_world(&w, lab->seed);
    // 4 standard errors; that lists repeat (rarely: 40^2 of two words) widens nothing
    claim_near(lab, "5.4", "share of questions that are held out", ONE_IN,
               share_held_out(&w, &lab->rng),
               4 * sqrt(ONE_IN * (1 - ONE_IN) / QUESTIONS));
    claim_equal(lab, "5.5", "held-out questions that occur in training", 0,
                shared_questions(&w, &lab->rng));
    claim_manners(lab, &w);
    c = (Curves){0};
    learn(lab, &w, &c);
    claim_learnt(lab, &c);
    draw(lab, &c);
    small_world_free(&w);
}

const LabSpec lab_tasks = {"tasks", "5.2", "Tasks with exact answers", run, options};
