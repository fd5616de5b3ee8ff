// Fine-tuning against training from scratch: accuracy by the number of labels. Lecture,
// section 4.32.
//
// One small BERT is pretrained on stories. Then two tasks with few labels: of a text,
// whether it is as it was written or has neighbouring words exchanged; of each word,
// whether it is a girl, a boy, a toy, a place, or none of these.
#include <stdlib.h>

#include "ch04_pretrain/classifier.h"
#include "ch04_pretrain/labs/small_run.h"
#include "ch04_pretrain/model_kinds.h"
#include "ch04_pretrain/story.h"
#include "common/error.h"
#include "common/numeric/small.h"
#include "common/program/plot.h"

enum { CHANNELS = 32, LAYERS = 2, HEADS = 4, TIME = 32, BATCH = 32 };
enum { EXCHANGED = 4, TUNED = 16, CHECKED = 512, SIZES = 4, OTHER = REGISTERS };

static const Option options[] = {
    {"pretrain", "900", "steps of pretraining, 1,024 words and some 6 ms each"},
    {"steps", "120", "steps of each of 16 fine-tunings, 16 texts and some 2 ms each"},
    {0}};

static const int sizes[SIZES] = {8, 32, 128, 512};

// ---- the tasks

static int kind_of(const Story *s, int word) {
    for (int r = 0; r < REGISTERS; r++)
        if (word >= s->class_begin[r] && word < s->class_begin[r] + s->class_size[r])
            return r;
    return OTHER;
}

// Exchanges neighbours at EXCHANGED places, drawn anew; some may be exchanged back.
static void spoil(int *words, int n, Rng *rng) {
    for (int k = 0; k < EXCHANGED; k++) {
        int i = rng_below(rng, n - 1), word = words[i];
        words[i] = words[i + 1], words[i + 1] = word;
    }
}

// Beginnings of stories: END, and TIME - 1 words at most.
static Labelled labelled_of(const Story *s, LabelPlace place, int count,
                            const Rng *rng) {
    Labelled l = labelled_new(count, TIME, place);
    for (int i = 0; i < count; i++) {
        int *tokens = l.tokens + i * TIME;
        Rng own = rng_split(rng, (uint64_t)i);
        tokens[0] = s->end;
        l.lengths[i] = 1 + story_write(s, &own, tokens + 1, TIME - 1);
        if (place == LABEL_TEXT) l.labels[i] = rng_below(&own, 2);
        if (place == LABEL_TEXT && l.labels[i] == 0)
            spoil(tokens + 1, l.lengths[i] - 1, &own);
        for (int j = 0; j < TIME && place == LABEL_TOKENS; j++)
            l.labels[i * TIME + j] =
                j && j < l.lengths[i] ? kind_of(s, tokens[j]) : IGNORED;
    }
    return l;
}

static int labels_of(LabelPlace place) {
    return place == LABEL_TEXT ? 2 : REGISTERS + 1;
}

// ---- with the first `size` labels of the same texts

typedef struct {
    double pretrained[LABEL_PLACES][SIZES], scratch[LABEL_PLACES][SIZES];
    double common[LABEL_PLACES];  // whoever always says the most frequent label
} Results;

static double tuned(Lab *lab, const SmallRun *run, bool pretrained, Labelled train,
                    int size, const Labelled *check) {
    Classifier c;
    Error err;
    Rng rng = rng_new(lab->seed);
    TuneSettings s = {.steps = option_int(&lab->args, "steps", 1, 1000000),
                      .batch = TUNED,
                      .rate = 3e-3,
                      .rng = rng_new(lab->seed)};
    train.count = size;
    if (!classifier_new(&c, &run->model.config, pretrained ? &run->model : NULL,
                        train.place, labels_of(train.place), &rng, &err))
        die("%s", err.text);
    classifier_tune(&c, &train, &s);
    double right = classifier_right(&c, check);
    classifier_free(&c);
    return right;
}

static double most_frequent(const Labelled *l) {
    int count[REGISTERS + 1] = {0}, all = 0, most = 0;
    for (int i = 0; i < l->count; i++) {
        const int *labels;
        int n = labelled_row(l, i, &labels);
        for (int j = 0; j < n; j++)
            if (labels[j] >= 0) count[labels[j]]++, all++;
    }
    for (int k = 0; k <= REGISTERS; k++) most = int_max(most, count[k]);
    return (double)most / all;
}

static void measure(Lab *lab, SmallRun *run, LabelPlace place, Results *r) {
    const Story *s = run->language->self;
    // texts: of labels on every word a few hundred hold thousands
    const int checked = place == LABEL_TEXT ? CHECKED : CHECKED / 4;
    Rng mine = rng_split(&lab->rng, 0), others = rng_split(&lab->rng, 1);
    Labelled train = labelled_of(s, place, sizes[SIZES - 1], &mine),
             check = labelled_of(s, place, checked, &others);
    r->common[place] = most_frequent(&check);
    for (int k = 0; k < SIZES; k++) {
        r->pretrained[place][k] = tuned(lab, run, true, train, sizes[k], &check);
        r->scratch[place][k] = tuned(lab, run, false, train, sizes[k], &check);
        lab_print(lab, "%-6s %4d texts with labels: pretrained %.4f, from scratch %.4f",
                  label_place_names[place], sizes[k], r->pretrained[place][k],
                  r->scratch[place][k]);
    }
    labelled_free(&train), labelled_free(&check);
}

// Not derived: what so few labels are worth.
static void claim_results(Lab *lab, const Results *r) {
    const double *tokens = r->pretrained[LABEL_TOKENS],
                 *text = r->pretrained[LABEL_TEXT],
                 *text_scratch = r->scratch[LABEL_TEXT];
    enum { EIGHT = 0, SOME = SIZES - 2, ALL = SIZES - 1 };
    lab_print(lab, "always the most frequent label: text %.3f, tokens %.3f",
              r->common[LABEL_TEXT], r->common[LABEL_TOKENS]);
    claim_at_least(lab, "4.148", "each word, 8 texts: pretrained, above from scratch",
                   r->scratch[LABEL_TOKENS][EIGHT] + 0.02, tokens[EIGHT]);
    // of 512 texts each, with a standard error of 0.02
    claim_at_least(lab, "4.149",
                   "intact or not, 512 texts: pretrained, above from scratch",
                   text_scratch[ALL] + 0.1, text[ALL]);
    claim_at_least(lab, "4.149", "128 texts pretrained, above 512 from scratch",
                   text_scratch[ALL], text[SOME]);
}

static void draw(Lab *lab, const Results *r) {
    Plot *p = plot_new(lab, "fine_tuning",
                       "labels common text text_scratch tokens tokens_scratch");
    for (int k = 0; k < SIZES; k++)
        plot_row(p, sizes[k], r->common[LABEL_TEXT], r->pretrained[LABEL_TEXT][k],
                 r->scratch[LABEL_TEXT][k], r->pretrained[LABEL_TOKENS][k],
                 r->scratch[LABEL_TOKENS][k]);
    plot_axes(p, "texts with labels", "share of right labels, held out");
    plot_set(p, "logscale x 2"), plot_set(p, "yrange [0.4:1.02]");
    const struct {
        const char *column, *colour, *title;
        int shape;
    } series[] = {{"text", PLOT_BLUE, "intact or not, pretrained", 7},
                  {"text_scratch", PLOT_SKY, "intact or not, from scratch", 6},
                  {"tokens", PLOT_VERMILION, "each word, pretrained", 5},
                  {"tokens_scratch", PLOT_ORANGE, "each word, from scratch", 4}};
    for (size_t i = 0; i < sizeof series / sizeof *series; i++)
        plot_series(p,
                    "using \"labels\":\"%s\" with linespoints pointtype %d linecolor "
                    "\"%s\" title '%s'",
                    series[i].column, series[i].shape, series[i].colour,
                    series[i].title);
    plot_end(p);
}

static void run(Lab *lab) {
    Language l = language_new(LANGUAGE_STORY, NULL);
    long long steps = option_int(&lab->args, "pretrain", 20, 1000000);
    SmallRun r = {
        .language = &l,
        .config = model_kinds[MODEL_BERT].config(1, 1, CHANNELS, LAYERS, HEADS),
        .objective = {.kind = OBJECTIVE_MLM},
        .settings = small_run_settings(BATCH, steps),
        .time = TIME,
        .held_out = CHECKED,
        .seed = lab->seed};
    Results results;
    r.settings.rate = 6e-3;
    small_run_begin(&r), small_run_to(lab, &r, steps);
    for (int place = 0; place < LABEL_PLACES; place++)
        measure(lab, &r, (LabelPlace)place, &results);
    claim_results(lab, &results), draw(lab, &results);
    small_run_free(&r), language_free(&l);
}

const LabSpec lab_fine_tuning = {"fine-tuning", "4.32", "Few labels", run, options};
