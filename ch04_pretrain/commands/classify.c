// classify: a pretrained masked model learns labels from a file, and gives them to another.
#include <stdio.h>
#include <stdlib.h>

#include "ch04_pretrain/commands/commands.h"
#include "ch04_pretrain/commands/inputs.h"
#include "ch04_pretrain/labelled_file.h"

const Option classify_options[] = {
    {"checkpoint", NULL, "a model that was trained with --objective mlm"},
    {"steps", "200", "of fine-tuning"},
    {"batch", "16", "texts per step"},
    {"rate", "3e-3", "peak of the learning rate"},
    {"scratch", OPTION_FLAG,
     "begin with random numbers instead: what pretraining is worth"},
    {"seed", "1", "of the new matrices, and of which text when"},
    {"format", "text", "text; tsv: text, label, given, probability"},
    {0}};

typedef struct {
    Pretrained model;
    LabelNames names;
    Labelled train, test;
} Job;

static void read_texts(Job *job, const Args *args) {
    int cut = 0, also = 0, most = job->model.model.config.context;
    Error err;
    if (!labelled_read(&job->train, &job->names, false, &job->model.lexicon,
                       args->files[0], most, &cut, &err))
        die("%s", err.text);
    if (job->names.count < 2)
        die("%s: every text has the label %s: expected two labels at least",
            args->files[0], job->names.names[0]);
    if (!labelled_read(&job->test, &job->names, true, &job->model.lexicon,
                       args->files[1], most, &also, &err))
        die("%s", err.text);
    if (cut + also)
        warn("%d texts are longer than the model's %d tokens: their ends are not read",
             cut + also, most);
}

static Classifier learn(const Job *job, const Args *args) {
    Classifier c;
    Error err;
    uint64_t seed = (uint64_t)option_int(args, "seed", 0, 1LL << 53);
    Rng rng = rng_new(seed);
    bool scratch = option_flag(args, "scratch");
    TuneSettings s = {.steps = option_int(args, "steps", 1, 10000000),
                      .batch = (int)option_int(args, "batch", 1, 4096),
                      .rate = option_real(args, "rate", 1e-8, 1),
                      .rng = rng_split(&rng, 1)};
    if (!classifier_new(&c, &job->model.model.config,
                        scratch ? NULL : &job->model.model, LABEL_TEXT,
                        job->names.count, &rng, &err))
        die("%s", err.text);
    classifier_tune(&c, &job->train, &s);
    return c;
}

static void print_labels(const Job *job, const Classifier *c, bool tsv) {
    const Labelled *l = &job->test;
    int *given = allocate((size_t)l->count, sizeof *given), right = 0;
    double *p = allocate((size_t)l->count, sizeof *p);
    classifier_predict(c, l, given, p);
    if (tsv) printf("text\tlabel\tgiven\tprobability\n");
    for (int i = 0; i < l->count; i++) {
        const char *label = job->names.names[l->labels[i]],
                   *said = job->names.names[given[i]];
        right += given[i] == l->labels[i];
        if (tsv) printf("%d\t%s\t%s\t%.9g\n", i + 1, label, said, p[i]);
        else
            printf("%-12s %.4f  %s ", said, p[i],
                   given[i] == l->labels[i] ? " " : "(no)"),
                lexicon_print(&job->model.lexicon, stdout, l->tokens + i * l->time,
                              l->lengths[i]),
                printf("\n");
    }
    if (!tsv)
        printf("%d of %d as in the file, after %d texts of %d labels\n", right,
               l->count, job->train.count, job->names.count);
    free(given), free(p);
}

int command_classify(const Args *args) {
    static const char *const formats[] = {"text", "tsv", NULL};
    if (args->file_count != 2)
        die("classify: expected two files of LABEL<TAB>TEXT, to learn from and to "
            "label");
    bool tsv = option_choice(args, "format", formats) == 1;
    Job job = {.model = checkpoint_of(args, "classify")};
    if (job.model.objective != OBJECTIVE_MLM)
        die("%s: a model of objective %s: expected one of mlm",
            option_text(args, "checkpoint"), objectives[job.model.objective].name);
    read_texts(&job, args);
    Classifier c = learn(&job, args);
    print_labels(&job, &c, tsv);
    classifier_free(&c), labelled_free(&job.train), labelled_free(&job.test);
    label_names_free(&job.names), pretrained_free(&job.model);
    return 0;
}
