// classify: a pretrained masked model learns labels from a file, and gives them to
// another: a label for each text, or one for each word.
#include <stdio.h>
#include <stdlib.h>

#include "ch04_pretrain/commands/commands.h"
#include "ch04_pretrain/commands/inputs.h"
#include "ch04_pretrain/labelled_file.h"

const Option classify_options[] = {
    {"checkpoint", NULL, "a model that was trained with --objective mlm"},
    {"labels", "text",
     "text: a label per text; tokens: one per word, LABEL LABEL ..<TAB>TEXT"},
    {"steps", "200", "of fine-tuning"},
    {"batch", "16", "texts per step"},
    {"rate", "3e-3", "peak of the learning rate"},
    {"scratch", OPTION_FLAG,
     "begin with random numbers instead: what pretraining is worth"},
    {"seed", "1", "of the new matrices, and of which text when"},
    {"format", "text", "text; tsv: text, (word,) label, given, probability"},
    {0}};

typedef struct {
    Pretrained model;
    LabelNames names;
    LabelPlace place;
    Labelled train, test;
} Job;

static void read_texts(Job *job, const Args *args) {
    int cut = 0, also = 0;
    LabelledFormat format = {job->place, false, job->model.model.config.context};
    Error err;
    if (!labelled_read(&job->train, &job->names, &format, &job->model.lexicon,
                       args->files[0], &cut, &err))
        die("%s", err.text);
    if (job->names.count < 2)
        die("%s: every %s has the label %s: expected two labels at least",
            args->files[0], job->place == LABEL_TEXT ? "text" : "word",
            job->names.names[0]);
    format.only = true;
    if (!labelled_read(&job->test, &job->names, &format, &job->model.lexicon,
                       args->files[1], &also, &err))
        die("%s", err.text);
    if (cut + also)
        warn("%d texts are longer than the model's %d tokens: their ends are not read",
             cut + also, format.most);
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
                        scratch ? NULL : &job->model.model, job->place,
                        job->names.count, &rng, &err))
        die("%s", err.text);
    classifier_tune(&c, &job->train, &s);
    return c;
}

// What the classifier says of all of them.
typedef struct {
    int *given;
    double *p;
    int right, all;
} Answers;

static void print_texts(const Job *job, Answers *a, bool tsv) {
    const Labelled *l = &job->test;
    if (tsv) printf("text\tlabel\tgiven\tprobability\n");
    for (int i = 0; i < l->count; i++) {
        const char *label = job->names.names[l->labels[i]],
                   *said = job->names.names[a->given[i]];
        bool right = a->given[i] == l->labels[i];
        a->all++, a->right += right;
        if (tsv) printf("%d\t%s\t%s\t%.9g\n", i + 1, label, said, a->p[i]);
        else
            printf("%-12s %.4f  %s ", said, a->p[i], right ? " " : "(no)"),
                lexicon_print(&job->model.lexicon, stdout, l->tokens + i * l->time,
                              l->lengths[i]),
                printf("\n");
    }
}

// The word whose first token is `at`, with all of its tokens, for people.
static void print_word(const Job *job, const int *tokens, const int *labels, int at,
                       int length) {
    char name[LEXICON_TEXT];
    for (int j = at; j < length && (j == at || labels[j] < 0); j++) {
        const char *piece = lexicon_name(&job->model.lexicon, tokens[j], name);
        printf("%s", piece + (j == at && *piece == ' '));
    }
}

static void print_words(const Job *job, Answers *a, bool tsv) {
    const Labelled *l = &job->test;
    if (tsv) printf("text\tword\tlabel\tgiven\tprobability\n");
    for (int i = 0; i < l->count; i++) {
        const int *labels, *tokens = l->tokens + i * l->time;
        int n = labelled_row(l, i, &labels), word = 0;
        for (int j = 0; j < n; j++) {
            if (labels[j] < 0) continue;
            int at = i * l->time + j, given = a->given[at];
            const char *said = job->names.names[given];
            a->all++, a->right += given == labels[j];
            if (tsv)
                printf("%d\t%d\t%s\t%s\t%.9g\n", i + 1, ++word,
                       job->names.names[labels[j]], said, a->p[at]);
            else
                print_word(job, tokens, labels, j, n),
                    printf("/%s%s ", said, given == labels[j] ? "" : "(no)");
        }
        if (!tsv) printf("\n");
    }
}

static void print_labels(const Job *job, const Classifier *c, bool tsv) {
    const Labelled *l = &job->test;
    size_t count = (size_t)l->count * (size_t)(job->place == LABEL_TEXT ? 1 : l->time);
    Answers a = {.given = allocate(count, sizeof *a.given),
                 .p = allocate(count, sizeof *a.p)};
    classifier_predict(c, l, a.given, a.p);
    if (job->place == LABEL_TEXT) print_texts(job, &a, tsv);
    else print_words(job, &a, tsv);
    if (!tsv)
        printf("%d of %d as in the file, after %d texts of %d labels\n", a.right, a.all,
               job->train.count, job->names.count);
    free(a.given), free(a.p);
}

int command_classify(const Args *args) {
    static const char *const formats[] = {"text", "tsv", NULL};
    if (args->file_count != 2)
        die("classify: expected two files of LABEL<TAB>TEXT, to learn from and to "
            "label");
    bool tsv = option_choice(args, "format", formats) == 1;
    LabelPlace place = (LabelPlace)option_choice(args, "labels", label_place_names);
    Job job = {.model = checkpoint_of(args, "classify"), .place = place};
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
