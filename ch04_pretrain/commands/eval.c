// eval: a model's loss on a text, against the floor where it is known.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/by_class.h"
#include "ch04_pretrain/commands/commands.h"
#include "ch04_pretrain/commands/inputs.h"
#include "ch04_pretrain/evaluate.h"

enum { BATCH = 16 };

const Option eval_options[] = {
    {"checkpoint", NULL, "a model that `train` made"},
    {"data", NULL, "a text; or the language that the model was trained on"},
    {"by", "all",
     "all, position, or class (of words of a story, with the share that was the most "
     "likely word)"},
    {"objective", "auto", "auto: the one that the model was made for"},
    {"rows", "0",
     "so many rows of --context tokens; 0: all of a text, 512 of a language"},
    {"seed", "2", "of the language's rows, and of masks"},
    {"format", "text",
     "text; tsv: tokens, bytes, nats, nats_per_token, bpb, floor, excess, se"},
    {0}};

typedef struct {
    Pretrained *model;
    Rows rows;
    ObjectiveSettings objective;
    long long count;  // of rows
    bool tsv;
} Job;

// A column that is not known has a dash.
static void print_known(const char *name, bool known, double value, bool tsv,
                        const char *end) {
    if (!tsv) printf("%-16s", name);
    if (known) printf("%.9g", value);
    else printf("-");
    fputs(end, stdout);
}

static void print_all(const Job *job, const Evaluation *e) {
    double bytes = (double)job->rows.corpus.bytes, tokens = (double)e->tokens;
    // every byte is predicted once: only then are bits per byte what they say
    bool bpb = bytes > 0 && job->objective.kind == OBJECTIVE_CLM
               && job->count == job->rows.data.rows;
    const struct {
        const char *name;
        bool known;
        double value;
    } columns[] = {
        {"tokens", true, tokens},
        {"bytes", bytes > 0, bytes},
        {"nats", true, e->nats},
        {"nats_per_token", tokens > 0, evaluation_loss(e)},
        {"bpb", bpb, bpb ? evaluation_bits_per_byte(e, (long long)bytes) : 0},
        {"floor", e->has_floor, e->floor / tokens},
        {"excess", e->has_floor, e->has_floor ? evaluation_excess(e) : 0},
        {"se", e->has_floor, e->has_floor ? evaluation_excess_error(e) : 0}};
    int count = sizeof columns / sizeof *columns;
    for (int i = 0; job->tsv && i < count; i++)
        printf("%s%c", columns[i].name, i + 1 < count ? '\t' : '\n');
    for (int i = 0; i < count; i++)
        print_known(columns[i].name, columns[i].known, columns[i].value, job->tsv,
                    job->tsv && i + 1 < count ? "\t" : "\n");
    // no column: it is e^nats_per_token
    if (!job->tsv && tokens > 0)
        print_known("perplexity", true, exp(evaluation_loss(e)), false, "\n");
}

static void print_positions(const Job *job, const Evaluation *e) {
    const char *format = job->tsv ? "%d\t%lld\t%.9g\n" : "%8d %8lld %10.4f\n";
    printf(job->tsv ? "%s\t%s\t%s\n" : "%8s %8s %s\n", "position", "tokens",
           "nats_per_token");
    for (int i = 0; i < e->time; i++)
        if (e->position_tokens[i])
            printf(format, i, e->position_tokens[i],
                   e->by_position[i] / (double)e->position_tokens[i]);
}

static void print_classes(const Job *job) {
    const Language *l = &job->model->lexicon.language;
    if (l->kind != &language_kinds[LANGUAGE_STORY]
        || job->objective.kind != OBJECTIVE_CLM)
        die("--by class: expected a model trained by clm on --data story");
    Job *j = (Job *)job;
    ByClass c = evaluate_by_class(&job->model->model, &j->rows.data, l->self, 0,
                                  job->count, BATCH);
    const char *heads[] = {"class",  "tokens", "nats_per_token", "floor",
                           "excess", "se",     "right"};
    enum { HEADS = sizeof heads / sizeof *heads };
    for (int i = 0; i < HEADS; i++)
        printf(job->tsv ? "%s%s" : "%-15s%s", heads[i],
               i == HEADS - 1 ? "\n"
               : job->tsv     ? "\t"
                              : " ");
    for (int k = 0; k < WORD_KINDS; k++) {
        double nats = mean_of(c.nats[k]), excess = mean_of(c.excess[k]);
        printf(job->tsv ? "%s\t%.0f\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\n"
                        : "%-15s %-15.0f %-15.4f %-15.4f %-15.5f %-15.5f %.4f\n",
               word_kind_names[k], c.nats[k].count, nats, nats - excess, excess,
               mean_error(c.excess[k]), mean_of(c.right[k]));
    }
}

static ObjectiveKind objective_for(const Args *args, const Pretrained *p) {
    const char *name = option_text(args, "objective");
    return strcmp(name, "auto") == 0
               ? p->objective
               : (ObjectiveKind)option_choice(args, "objective", objective_names());
}

static void open_rows(Job *job, const Args *args, uint64_t seed) {
    ObjectiveKind kind = job->objective.kind;
    int time = pretrained_time(job->model, kind);
    if (time == 0)
        die("%s: a model for objective %s, not %s", option_text(args, "checkpoint"),
            objectives[job->model->objective].name, objectives[kind].name);
    rows_open(&job->rows, &job->model->lexicon, option_text(args, "data"), time, seed);
    long long all = job->rows.data.rows ? job->rows.data.rows : 512;
    job->count = option_int(args, "rows", 0, 1LL << 40);
    if (job->count == 0 || (job->rows.data.rows && job->count > all)) job->count = all;
}

int command_eval(const Args *args) {
    static const char *const formats[] = {"text", "tsv", NULL};
    static const char *const ways[] = {"all", "position", "class", NULL};
    if (args->file_count) die("eval: unexpected '%s'; --data FILE", args->files[0]);
    int by = option_choice(args, "by", ways);
    uint64_t seed = (uint64_t)option_int(args, "seed", 0, 1LL << 62);
    Job job = {.tsv = option_choice(args, "format", formats) == 1};
    if (!option_text(args, "data")) die("eval: --data FILE is needed");
    Pretrained model = checkpoint_of(args, "eval");
    job.model = &model;
    job.objective =
        (ObjectiveSettings){.kind = objective_for(args, &model), .rng = rng_new(seed)};
    open_rows(&job, args, seed);
    if (by == 2) print_classes(&job);
    else {
        Evaluation e =
            evaluate(&model.model, &job.rows.data, &job.objective, 0, job.count, BATCH);
        (by ? print_positions : print_all)(&job, &e);
        evaluation_free(&e);
    }
    rows_close(&job.rows), pretrained_free(&model);
    return 0;
}
