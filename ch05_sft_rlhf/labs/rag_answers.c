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
#include "common/numeric/mean.h"
#include "common/numeric/small.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"people", "100", "in the library, with some of their four facts"},
    {"questions", "200", "of each kind"},
    {"steps", "1000", "of the readers' training, at most"},
    {"pairs", "3000", "that the retriever learns from"},
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

typedef struct {
    OneReader readers[READERS];
    Vocabulary vocabulary;  // the retriever's
    Params params;
    BiEncoder encoder;
    FactStore learnt;   // what the closed-book reader was trained on
    FactStore store;    // new people; every fifth fact of theirs is withheld
    FactStore strangers;  // more new people, of whom the library has nothing
    Library library;
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
    plan.unknown = 0, plan.steps /= 2;
    reader_open(lab, &w->readers[TRUSTING], &plan);
}

static void open_retriever(Lab *lab, World *w) {
    BiEncoderPlan plan = bi_encoder_plan_usual;
    int count = (int)option_int(&lab->args, "pairs", 0, 100000);
    w->vocabulary = vocabulary_new();
    w->encoder = bi_encoder_add(&w->params, &w->vocabulary, 128);
    params_allocate(&w->params), params_init(&w->params, &w->rng);
    params_allocate_grads(&w->params), bi_encoder_begin(&w->encoder);
    plan.seed = lab->seed;
    RetrievalPairs pairs = retrieval_pairs(count, lab->seed);
    if (count) bi_encoder_train(&w->encoder, &pairs, &plan);
    retrieval_pairs_free(&pairs);
}

static bool withheld(int fact) { return fact % 5 == 4; }

static void open_library(World *w) {
    const char **texts = allocate((size_t)w->store.count, sizeof *texts);
    int count = 0;
    for (int i = 0; i < w->store.count; i++)
        if (!withheld(i)) texts[count++] = w->store.texts[i];
    w->library = library_new(&w->encoder, texts, count);
    free(texts);
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
    double *p;     // of each answer
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

// The same questions for all readers: half in the fact's words, half otherwise.
static Marks ask(const World *w, Who who, Draw *draw, bool absent) {
    Marks m = {.p = allocate((size_t)w->questions, sizeof *m.p),
               .is_right = allocate((size_t)w->questions, sizeof *m.is_right)};
    const OneReader *r = &w->readers[who];
    Answerer a = {&r->vocabulary, &r->infer, who == CLOSED ? NULL : &w->library,
                  RETRIEVER_BI_ENCODER, w->kind, w->read};
    for (int i = 0; i < w->questions; i++) {
        Rng rng = rng_split(&w->rng, (uint64_t)i);
        const WorldFact *fact = draw(w, &rng);
        Text text = {0};
        world_ask(fact, i % 2 ? ASKED_OTHERWISE : ASKED_IN_ITS_WORDS, &rng, &text);
        Terms question = terms_of(text.data);
        Answer answer = answer_question(&a, &question);
        mark(&m, &answer, fact, absent);
        answer_free(&answer), terms_free(&question), free(text.data);
    }
    return m;
}

static void marks_free(Marks *m) { free(m->p), free(m->is_right); }

// ---- the table and its figure

enum { CASES = 6 };
static const struct {
    Who who;
    Draw *draw;
    bool absent;
    const char *says;
} cases[CASES] = {{CLOSED, any_learnt, false, "from memory, learnt by heart"},
                  {CLOSED, any_known, false, "from memory, new facts"},
                  {TRUSTING, any_known, false, "looked up, there"},
                  {TRUSTING, any_absent, true, "looked up, nowhere"},
                  {CAREFUL, any_known, false, "taught to doubt, there"},
                  {CAREFUL, any_absent, true, "taught to doubt, nowhere"}};

static void draw_bars(Lab *lab, const World *w, const Marks *m) {
    Plot *p = plot_new(lab, "rag_answers", "case right unknown all");
    for (int i = 0; i < CASES; i++) {
        double n = w->questions;
        plot_row(p, i + 1, m[i].right / n, (m[i].right + m[i].unknown) / n, 1);
    }
    plot_axes(p, "", "share of questions");
    plot_set(p, "xrange [0.4:6.6]"), plot_set(p, "yrange [0:1.02]");
    plot_set(p, "boxwidth 0.7"), plot_set(p, "style fill solid 0.75 noborder");
    plot_set(p, "xtics ('memory:\\nlearnt' 1, 'memory:\\nnew' 2, 'trusting:\\nthere' 3, "
                "'trusting:\\nnowhere' 4, 'careful:\\nthere' 5, 'careful:\\nnowhere' 6)");
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

// Of all answers of both kinds of question: mean p, the share that is right.
static void draw_reliability(Lab *lab, const Marks *there, const Marks *nowhere) {
    enum { BINS = 10 };
    Mean p[BINS] = {{0}}, right[BINS] = {{0}}, all_p = {0}, all_right = {0};
    const Marks *both[] = {there, nowhere};
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < both[k]->count; i++) {
            int bin = int_min((int)(both[k]->p[i] * BINS), BINS - 1);
            mean_add(&p[bin], both[k]->p[i]), mean_add(&all_p, both[k]->p[i]);
            mean_add(&right[bin], both[k]->is_right[i]);
            mean_add(&all_right, both[k]->is_right[i]);
        }
    Plot *plot = plot_new(lab, "rag_reliability", "p right error count");
    for (int b = 0; b < BINS; b++)
        if (right[b].count > 0)
            plot_row(plot, mean_of(p[b]), mean_of(right[b]),
                     right[b].count > 1 ? mean_error(right[b]) : 0, right[b].count);
    lab_print(lab, "mean p %.3f, right %.3f", mean_of(all_p), mean_of(all_right));
    plot_axes(plot, "p of the answer", "share that is right");
    plot_set(plot, "xrange [0:1]"), plot_set(plot, "yrange [0:1.05]");
    plot_errors(plot, "p", "right", "error", "answers of the careful reader");
    plot_series(plot, "using \"p\":\"p\" with lines linecolor \"" PLOT_BLUE
                      "\" title 'as often right as it says'");
    plot_end(plot);
}

static void run(Lab *lab) {
    static World w;
    Marks m[CASES];
    int people = (int)option_int(&lab->args, "people", 2, 5000);
    w = (World){.questions = (int)option_int(&lab->args, "questions", 10, 100000),
                .read = (int)option_int(&lab->args, "read", 1, READER_FACTS),
                .kind = (RagKind)option_choice(&lab->args, "kind", rag_names),
                .rng = rng_split(&lab->rng, 1)};
    w.learnt = fact_store_new(24, false, &lab->rng);
    w.store = fact_store_new(people, true, &lab->rng);
    w.strangers = fact_store_new(people, true, &lab->rng);
    open_readers(lab, &w), open_retriever(lab, &w), open_library(&w);
    for (int i = 0; i < CASES; i++) {
        m[i] = ask(&w, cases[i].who, cases[i].draw, cases[i].absent);
        lab_print(lab, "%-30s right %.3f  I do not know %.3f  made up %.3f",
                  cases[i].says, (double)m[i].right / w.questions,
                  (double)m[i].unknown / w.questions, (double)m[i].wrong / w.questions);
    }
    draw_bars(lab, &w, m), draw_reliability(lab, &m[4], &m[5]);
    for (int i = 0; i < CASES; i++) marks_free(&m[i]);
    for (int k = 0; k < READERS; k++) reader_close(&w.readers[k]);
    library_free(&w.library), params_free(&w.params), vocabulary_free(&w.vocabulary);
    fact_store_free(&w.learnt), fact_store_free(&w.store), fact_store_free(&w.strangers);
}

const LabSpec lab_rag_answers = {"rag-answers", "5.16",
                                 "From memory, looked up, and made up", run, options};
