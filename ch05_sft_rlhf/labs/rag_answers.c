// What is answered: from memory, from a library, and what is made up. Lecture, section
// 5.16.
//
// Three readers of one size. The first learns facts by heart and is shown none. The second
// reads a fact that answers the question, always. The third also reads facts that do not,
// and learns to say so. They are asked about people whom nobody was trained on: about
// facts that are in the library, and about facts that are nowhere.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch03_transformer/labs/defaults.h"
#include "ch05_sft_rlhf/answerer.h"
#include "ch05_sft_rlhf/labs/fact_store.h"
#include "ch05_sft_rlhf/rag_model.h"
#include "common/numeric/mean.h"
#include "common/numeric/small.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"people", "100", "in the library, with some of their four facts"},
    {"questions", "120", "of each kind"},
    {"steps", "1000", "of the readers' training, at most"},
    {"pairs", "3000", "that the retriever learns from"},
    {"few", "320", "pairs that a second retriever learns from, for the last figure"},
    {"read", "4", "facts per question"},
    {"kind", "sequence", "the sum over facts: sequence, fast or token"},
    {0}};

// ---- who answers

typedef struct {
    Vocabulary vocabulary;
    Model model;
    InferModel infer;
} OneReader;

static void show_progress(void *self, long long step, long long steps, double loss) {
    lab_progress_value(self, (double)step, (double)steps, "loss", loss);
}

static void reader_open(Lab *lab, OneReader *r, const ReaderPlan *plan) {
    Error err;
    Config c = reader_config(&r->vocabulary);
    Rng rng = rng_new(plan->seed);
    if (!model_new(&r->model, &c, &err)) die("%s", err.text);
    model_allocate(&r->model, &rng), params_allocate_grads(&r->model.params);
    reader_train(&r->model, &r->vocabulary, plan, show_progress, lab);
    if (!infer_of_model(&r->infer, &r->model, &err)) die("%s", err.text);
}

static void reader_close(OneReader *r) {
    infer_model_free(&r->infer), model_free(&r->model), vocabulary_free(&r->vocabulary);
}

typedef enum { CLOSED, TRUSTING, CAREFUL, READERS } Who;

// The same facts, found by a retriever that has learnt from many pairs, or from few.
typedef enum { SHELF_MANY, SHELF_FEW, SHELVES } ShelfKind;
typedef struct {
    Retriever retriever;
    Library library;
} Shelf;

typedef struct {
    OneReader readers[READERS];
    Vocabulary vocabulary;  // the retrievers'
    FactStore learnt;       // what the closed-book reader was trained on
    FactStore store;        // new people; every fifth fact of theirs is withheld
    FactStore strangers;    // more new people, of whom the library has nothing
    Shelf shelves[SHELVES];
    int questions, read;
    RagKind kind;
    Rng rng;
} World;

// ---- what they are trained on

// The first reader has met its people: their names are words of its own.
static void open_closed(Lab *lab, World *w, ReaderPlan plan) {
    OneReader *r = &w->readers[CLOSED];
    r->vocabulary = vocabulary_new();
    for (int i = 0; i < w->learnt.count; i += KNOWN_RELATIONS)
        vocabulary_add(&r->vocabulary, w->learnt.world[i].who);
    plan.closed = w->learnt.world, plan.closed_count = w->learnt.count;
    plan.steps = plan.steps * 3 / 10;
    reader_open(lab, r, &plan);
}

static void open_readers(Lab *lab, World *w) {
    ReaderPlan plan = reader_plan_usual;
    plan.steps = option_int(&lab->args, "steps", 10, 1000000), plan.seed = lab->seed;
    open_closed(lab, w, plan);
    w->readers[CAREFUL].vocabulary = vocabulary_new();
    reader_open(lab, &w->readers[CAREFUL], &plan);
    w->readers[TRUSTING].vocabulary = vocabulary_new();
    plan.unknown = 0, plan.steps = plan.steps * 4 / 10;
    reader_open(lab, &w->readers[TRUSTING], &plan);
}

static bool withheld(int fact) { return fact % 5 == 4; }

static void open_shelf(Shelf *to, const World *w, int pairs, uint64_t seed) {
    const char **texts = allocate((size_t)w->store.count, sizeof *texts);
    int count = 0;
    for (int i = 0; i < w->store.count; i++)
        if (!withheld(i)) texts[count++] = w->store.texts[i];
    retriever_teach(&to->retriever, &w->vocabulary, RAG_DIM, pairs,
                    bi_encoder_plan_usual.steps, seed);
    to->library = library_new(&to->retriever.encoder, texts, count);
    free(texts);
}

static void shelf_close(Shelf *s) {
    library_free(&s->library), params_free(&s->retriever.params);
}

// ---- questions

// About what is in the library, or about what is nowhere: withheld, or a stranger's.
static const WorldFact *any_known(const World *w, Rng *rng) {
    int i;
    do i = rng_below(rng, w->store.count);
    while (withheld(i));
    return &w->store.world[i];
}

static const WorldFact *any_absent(const World *w, Rng *rng) {
    if (rng_uniform(rng) < 0.5)
        return &w->strangers.world[rng_below(rng, w->strangers.count)];
    int i;
    do i = rng_below(rng, w->store.count);
    while (!withheld(i));
    return &w->store.world[i];
}

static const WorldFact *any_learnt(const World *w, Rng *rng) {
    return &w->learnt.world[rng_below(rng, w->learnt.count)];
}

typedef const WorldFact *Draw(const World *w, Rng *rng);

typedef struct {
    int right, unknown, wrong;
    double *p;       // of each answer
    bool *is_right;  // and whether it was: of absent facts, "I do not know" is
    int count;
} Marks;

static void mark(Marks *m, const Answer *a, const WorldFact *fact, bool absent) {
    Terms said = terms_of(a->text.data), truth = terms_of(fact->value);
    bool right = !a->unknown && terms_equal(&said, &truth);
    m->right += right, m->unknown += a->unknown, m->wrong += !right && !a->unknown;
    m->is_right[m->count] = absent ? a->unknown : right;
    m->p[m->count++] = a->p;
    terms_free(&said), terms_free(&truth);
}

// Who is asked what, and how.
typedef struct {
    Who who;
    ShelfKind shelf;
    Draw *draw;
    bool absent;
    bool never;  // in wordings that nobody met; else half in the fact's words, half not
    const char *says;
} Case;

static Asking asking(const Case *c, int i) {
    if (c->never) return ASKED_AS_NEVER;
    return i % 2 ? ASKED_OTHERWISE : ASKED_IN_ITS_WORDS;
}

// The same questions for all readers.
static Marks ask(const World *w, const Case *c) {
    Marks m = {.p = allocate((size_t)w->questions, sizeof *m.p),
               .is_right = allocate((size_t)w->questions, sizeof *m.is_right)};
    const OneReader *r = &w->readers[c->who];
    Answerer a = {&r->vocabulary,
                  &r->infer,
                  c->who == CLOSED ? NULL : &w->shelves[c->shelf].library,
                  RETRIEVER_BI_ENCODER,
                  w->kind,
                  w->read};
    for (int i = 0; i < w->questions; i++) {
        Rng rng = rng_split(&w->rng, (uint64_t)i);
        const WorldFact *fact = c->draw(w, &rng);
        Text text = {0};
        world_ask(fact, asking(c, i), &rng, &text);
        Terms question = terms_of(text.data);
        Answer answer = answer_question(&a, &question);
        mark(&m, &answer, fact, c->absent);
        answer_free(&answer), terms_free(&question), free(text.data);
    }
    return m;
}

static void marks_free(Marks *m) { free(m->p), free(m->is_right); }

// ---- the table and its figure

typedef enum {
    LEARNT,
    NEW,
    TRUSTING_THERE,
    TRUSTING_NOWHERE,
    CAREFUL_THERE,
    CAREFUL_NOWHERE,
    NEVER_THERE,
    NEVER_NOWHERE,
    BARS,
    FEW_THERE = BARS,  // for the last figure
    FEW_NOWHERE,
    CASES
} CaseKind;

static const Case cases[] = {
    {CLOSED, 0, any_learnt, false, false, "from memory, learnt by heart"},
    {CLOSED, 0, any_known, false, false, "from memory, new facts"},
    {TRUSTING, SHELF_MANY, any_known, false, false, "looked up, there"},
    {TRUSTING, SHELF_MANY, any_absent, true, false, "looked up, nowhere"},
    {CAREFUL, SHELF_MANY, any_known, false, false, "taught to doubt, there"},
    {CAREFUL, SHELF_MANY, any_absent, true, false, "taught to doubt, nowhere"},
    {CAREFUL, SHELF_MANY, any_known, false, true, "in wordings never met, there"},
    {CAREFUL, SHELF_MANY, any_absent, true, true, "in wordings never met, nowhere"},
    {CAREFUL, SHELF_FEW, any_known, false, false, "found with few pairs, there"},
    {CAREFUL, SHELF_FEW, any_absent, true, false, "found with few pairs, nowhere"}};
_Static_assert(sizeof cases / sizeof *cases == CASES, "who is asked what");

static void draw_bars(Lab *lab, const World *w, const Marks *m) {
    Plot *p = plot_new(lab, "rag_answers", "case right unknown all");
    for (int i = 0; i < BARS; i++) {
        double n = w->questions;
        plot_row(p, i + 1, m[i].right / n, (m[i].right + m[i].unknown) / n, 1);
    }
    plot_axes(p, "", "share of questions");
    plot_set(p, "xrange [0.4:8.6]"), plot_set(p, "yrange [0:1.02]");
    plot_set(p, "boxwidth 0.7"), plot_set(p, "style fill solid 1.0 noborder");
    plot_set(p,
             "xtics (\"memory\\nlearnt\" 1, \"memory\\nnew\" 2, "
             "\"trusting\\nthere\" 3, \"trusting\\nnowhere\" 4, "
             "\"careful\\nthere\" 5, \"careful\\nnowhere\" 6, "
             "\"reworded\\nthere\" 7, \"reworded\\nnowhere\" 8)");
    plot_set(p, "bmargin 3");
    plot_set(p, "xtics font \",10\"");
    plot_series(p, "using \"case\":\"all\" with boxes linecolor \"" PLOT_VERMILION
                   "\" title 'made up'");
    plot_series(p, "using \"case\":\"unknown\" with boxes linecolor \"" PLOT_GREY
                   "\" title 'I do not know'");
    plot_series(p, "using \"case\":\"right\" with boxes linecolor \"" PLOT_BLUE
                   "\" title 'right'");
    plot_not_in_letters(p);
    plot_end(p);
}

// ---- how sure it is, and how often it is right

enum { BINS = 10 };
typedef struct {
    Mean p[BINS], right[BINS], all_p, all_right;
} Reliability;

// Of all answers to both kinds of question.
static Reliability reliability(const Marks *there, const Marks *nowhere) {
    Reliability r = {0};
    const Marks *both[] = {there, nowhere};
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < both[k]->count; i++) {
            double p = both[k]->p[i], right = both[k]->is_right[i];
            int bin = int_min((int)(p * BINS), BINS - 1);
            mean_add(&r.p[bin], p), mean_add(&r.all_p, p);
            mean_add(&r.right[bin], right), mean_add(&r.all_right, right);
        }
    return r;
}

// A point where there are enough answers for an error bar.
static void add_points(Plot *p, const Reliability *r, int set) {
    enum { LEAST = 5 };
    for (int b = 0; b < BINS; b++) {
        if (r->right[b].count < LEAST) continue;
        double row[] = {mean_of(r->p[b]),  NAN, NAN, NAN, mean_error(r->right[b]),
                        r->right[b].count, NAN};
        row[1 + set] = mean_of(r->right[b]);
        plot_row_values(p, row);
    }
}

static void draw_reliability(Lab *lab, const Reliability *r) {
    Plot *p = plot_new(lab, "rag_reliability", "p many few never error count level");
    for (int k = 0; k < 3; k++) add_points(p, &r[k], k);
    for (int level = 0; level <= 1; level++)
        plot_row(p, level, NAN, NAN, NAN, NAN, NAN, level);
    plot_title(p, "How sure, and how often right");
    plot_axes(p, "p of the answer", "share that is right");
    plot_set(p, "xrange [0:1.02]"), plot_set(p, "yrange [0:1.05]");
    plot_errors(p, "p", "many", "error", "3000 pairs");
    plot_errors(p, "p", "few", "error", "320 pairs");
    plot_errors(p, "p", "never", "error", "3000 pairs, wordings never met");
    plot_line(p, "p", "level", "as often right as it says");
    plot_end(p);
}

static void open_world(Lab *lab, World *w, int people) {
    static const char *const names[SHELVES] = {"pairs", "few"};
    int pairs[SHELVES];
    for (int k = 0; k < SHELVES; k++)
        pairs[k] = (int)option_int(&lab->args, names[k], 2, 100000);
    w->learnt = fact_store_new(24, false, &lab->rng);
    w->store = fact_store_new(people, true, &lab->rng);
    w->strangers = fact_store_new(people, true, &lab->rng);
    w->vocabulary = vocabulary_new();
    open_readers(lab, w);
    for (int k = 0; k < SHELVES; k++)
        open_shelf(&w->shelves[k], w, pairs[k], lab->seed);
}

static void world_close(World *w) {
    for (int k = 0; k < READERS; k++) reader_close(&w->readers[k]);
    for (int k = 0; k < SHELVES; k++) shelf_close(&w->shelves[k]);
    fact_store_free(&w->learnt), fact_store_free(&w->store);
    fact_store_free(&w->strangers), vocabulary_free(&w->vocabulary);
}

static double share(int count, int of) { return (double)count / of; }

static void claim_answers(Lab *lab, const Marks *m, int n) {
    // a guess among RELATION_VALUES words that fit, and five standard errors; who says a
    // word of another kind is right less often
    double chance = 1.0 / RELATION_VALUES;
    claim_at_least(lab, "5.150", "from memory, learnt by heart: right", 0.9,
                   share(m[LEARNT].right, n));
    claim_at_most(lab, "5.150", "from memory, new facts: right",
                  chance + 5 * sqrt(chance * (1 - chance) / n), share(m[NEW].right, n));
    claim_at_least(lab, "5.151", "looked up: right", 0.9,
                   share(m[CAREFUL_THERE].right, n));
    claim_at_least(lab, "5.152", "never taught to doubt, nowhere: made up", 0.9,
                   share(m[TRUSTING_NOWHERE].wrong, n));
    claim_at_least(lab, "5.153", "taught to doubt, nowhere: I do not know", 0.9,
                   share(m[CAREFUL_NOWHERE].unknown, n));
}

static void claim_doubt(Lab *lab, const Reliability *r) {
    const Reliability *few = &r[SHELF_FEW], *never = &r[SHELVES];
    lab_print(lab,
              "mean p / right: many pairs %.3f / %.3f, few %.3f / %.3f, wordings "
              "never met %.3f / %.3f",
              mean_of(r->all_p), mean_of(r->all_right), mean_of(few->all_p),
              mean_of(few->all_right), mean_of(never->all_p),
              mean_of(never->all_right));
    // how far p is from the truth, where the wordings are those it has learnt
    double off_few = fabs(mean_of(few->all_p) - mean_of(few->all_right)),
           off_never = mean_of(never->all_p) - mean_of(never->all_right);
    claim_at_most(lab, "5.154",
                  "few pairs: |mean p - right|, over that of new wordings", 0.25,
                  off_few / off_never);
    // half of the questions have an answer; who always doubts is right about the others
    claim_at_least(lab, "5.155", "wordings never met: mean p less share that is right",
                   0.25, off_never);
    claim_at_most(lab, "5.155", "the same: share that is right", 0.75,
                  mean_of(never->all_right));
}

static void run(Lab *lab) {
    static World w;
    Marks m[CASES];
    w = (World){.questions = (int)option_int(&lab->args, "questions", 10, 100000),
                .read = (int)option_int(&lab->args, "read", 1, READER_FACTS),
                .kind = (RagKind)option_choice(&lab->args, "kind", rag_names),
                .rng = rng_split(&lab->rng, 1)};
    open_world(lab, &w, (int)option_int(&lab->args, "people", 2, 5000));
    for (int i = 0; i < CASES; i++) {
        m[i] = ask(&w, &cases[i]);
        lab_print(lab, "%-32s right %.3f  I do not know %.3f  made up %.3f",
                  cases[i].says, (double)m[i].right / w.questions,
                  (double)m[i].unknown / w.questions, (double)m[i].wrong / w.questions);
        lab_progress(lab, i + 1, CASES);
    }
    Reliability r[] = {reliability(&m[CAREFUL_THERE], &m[CAREFUL_NOWHERE]),
                       reliability(&m[FEW_THERE], &m[FEW_NOWHERE]),
                       reliability(&m[NEVER_THERE], &m[NEVER_NOWHERE])};
    if (lab_at_defaults(lab)) claim_answers(lab, m, w.questions), claim_doubt(lab, r);
    draw_bars(lab, &w, m), draw_reliability(lab, r);
    for (int i = 0; i < CASES; i++) marks_free(&m[i]);
    world_close(&w);
}

const LabSpec lab_rag_answers = {"rag-answers", "5.16",
                                 "From memory, looked up, and made up", run, options};
