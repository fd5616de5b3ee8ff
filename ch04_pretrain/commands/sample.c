// sample: what a trained model writes.
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch04_pretrain/beam.h"
#include "ch04_pretrain/commands/commands.h"
#include "ch04_pretrain/commands/inputs.h"
#include "ch04_pretrain/generate.h"
#include "common/numeric/small.h"

enum { TOGETHER = 16 };  // texts that go through the model at once

const Option sample_options[] = {
    {"checkpoint", NULL, "a model that `train` made"},
    {"prompt", "", "how the text begins"},
    {"tokens", "100", "how many to write, at most"},
    {"samples", "1", "how many texts"},
    {"temperature", "0.8", "logits are divided by it; 0: the most likely token"},
    {"top-k", "0", "from the k most likely tokens; 0: all"},
    {"top-p", "0.95", "from the most likely tokens that have this probability; 1: all"},
    {"min-p", "0", "from tokens with this share of the most likely one's probability"},
    {"repetition-penalty", "1",
     "divides the logits above 0 of tokens of prompt and text, multiplies others"},
    {"presence-penalty", "0", "subtracted from the logits of tokens that were written"},
    {"frequency-penalty", "0", "the same, for each time they were written"},
    {"beam", "0", "the most likely texts, found with so many beams; 0: sampling"},
    {"length-power", "1", "beams are ranked by log-probability / length^this"},
    {"logprobs", OPTION_FLAG, "each token with its log-probability"},
    {"format", "text", "text; tsv: sample, position, token, text, log_prob, share"},
    {"seed", "1", "of the sampling"},
    {0}};

static Sampling sampling_of(const Args *args) {
    Sampling s = filters_of(args, 0);
    s.penalties = (Penalties){option_real(args, "repetition-penalty", 0.01, 100),
                              option_real(args, "presence-penalty", -100, 100),
                              option_real(args, "frequency-penalty", -100, 100)};
    s.rng = rng_new((uint64_t)option_int(args, "seed", 0, LONG_MAX));
    return s;
}

typedef struct {
    Pretrained model;
    InferModel view;
    Ids prompt;  // END first
    const char *path;
    int tokens, samples;
    bool table, tsv;
} Job;

// ---- sampling

static void print_row(const Job *job, int sample, int position, const Written *w) {
    char name[LEXICON_TEXT];
    lexicon_name(&job->model.lexicon, w->token, name);
    if (job->tsv)
        printf("%d\t%d\t%d\t%s\t%.9g\t%.9g\n", sample, position, w->token, name,
               w->log_prob, w->share);
    else printf("%-20s %9.4f %8.4f\n", name, w->log_prob, w->share);
}

// One text of several that are written together.
typedef struct {
    Generator g;
    Sampling s;
    Written *written;
    int count;
} Text;

static void text_begin(const Job *job, Text *t, int sample, const Sampling *s) {
    Error err;
    *t = (Text){.s = *s,
                .written = allocate((size_t)job->view.context + 1, sizeof *t->written)};
    t->s.rng = rng_split(&s->rng, (uint64_t)sample);
    if (!generator_new(&t->g, &job->view, job->model.lexicon.end, job->prompt.at,
                       (int)job->prompt.size, &err))
        die("%s: %s", job->path, err.text);
}

// Damaged weights show in the logits.
static void check_numbers(const Job *job, const Generator *g) {
    Error err;
    if (!infer_finite(&g->state, &err)) die("%s: %s", job->path, err.text);
}

static void text_print(const Job *job, const Text *t, int sample) {
    for (int i = 0; job->table && i < t->count; i++)
        print_row(job, sample, t->g.prompt + i, &t->written[i]);
    if (!job->table)
        lexicon_print(&job->model.lexicon, stdout, t->g.text.at, (int)t->g.text.size);
    if (!job->tsv) printf("\n");
    stdout_flush();
}

// A token for each text that still goes on; how many do.
static int write_tokens(const Job *job, Text *texts, int count) {
    Generator *g[TOGETHER];
    Sampling *s[TOGETHER];
    Written w[TOGETHER];
    Text *of[TOGETHER];
    bool going[TOGETHER];
    int active = 0, left = 0;
    for (int i = 0; i < count; i++) {
        Text *t = &texts[i];
        bool over = t->count && t->written[t->count - 1].token == t->g.end;
        if (over || t->count == job->tokens) continue;
        of[active] = t, g[active] = &t->g, s[active++] = &t->s;
    }
    generators_next(g, s, active, w, going);
    for (int i = 0; i < active; i++) {
        check_numbers(job, g[i]);
        if (w[i].token >= 0) of[i]->written[of[i]->count++] = w[i];
        left += going[i];
    }
    return left;
}

static void write_together(const Job *job, int first, int count, const Sampling *s) {
    Text texts[TOGETHER];
    for (int i = 0; i < count; i++) text_begin(job, &texts[i], first + i, s);
    while (write_tokens(job, texts, count) > 0) continue;
    for (int i = 0; i < count; i++) {
        text_print(job, &texts[i], first + i);
        generator_free(&texts[i].g), free(texts[i].written);
    }
}

// A single text is printed as it comes. Words of a language are not: where capitals and
// spaces go is a matter of the whole.
static void write_alone(const Job *job, const Sampling *s) {
    Text t;
    Written w;
    text_begin(job, &t, 0, s);
    for (int i = 0, going = 1; going && i < job->tokens; i++) {
        going = generator_next(&t.g, &t.s, &w);
        check_numbers(job, &t.g);
        if (i == 0)
            lexicon_print(&job->model.lexicon, stdout, job->prompt.at,
                          (int)job->prompt.size);
        if (w.token >= 0) lexicon_print(&job->model.lexicon, stdout, &w.token, 1);
        stdout_flush();
    }
    printf("\n");
    generator_free(&t.g), free(t.written);
}

static void write_all(const Job *job, const Sampling *s) {
    bool streams = !job->table && !job->model.lexicon.language.kind;
    if (job->tsv) printf("sample\tposition\ttoken\ttext\tlog_prob\tshare\n");
    if (job->samples == 1 && streams) {
        write_alone(job, s);
        return;
    }
    for (int first = 0; first < job->samples; first += TOGETHER)
        write_together(job, first, int_min(job->samples - first, TOGETHER), s);
}

// ---- beams

// On one line: in a table a newline is \n.
static void print_escaped(const Lexicon *l, const Ids *ids) {
    char *text = NULL, *escaped;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (!stream) die("out of memory");
    lexicon_print(l, stream, ids->at, (int)ids->size);
    if (fclose(stream) != 0) die("out of memory");
    escaped = allocate(4 * size + 1, 1);
    escape(escaped, text, size);
    fputs(escaped, stdout);
    free(text), free(escaped);
}

static void print_beam(const Job *job, int rank, const Beam *b) {
    Ids all = {0};
    for (size_t i = 0; i < job->prompt.size; i++) ids_append(&all, job->prompt.at[i]);
    for (int i = 0; i < b->length; i++) ids_append(&all, b->tokens[i]);
    if (job->tsv)
        printf("%d\t%d\t%.9g\t%.9g\t", rank, b->length, b->log_prob, b->score);
    else if (job->table) printf("%9.4f %8.4f  ", b->log_prob, b->score);
    if (job->table) print_escaped(&job->model.lexicon, &all);
    else lexicon_print(&job->model.lexicon, stdout, all.at, (int)all.size);
    printf("\n");
    free(all.at);
}

static void search(const Job *job, int width, double power) {
    const InferModel *view = &job->view;
    Predictor p;
    Error err;
    const Lexicon *l = &job->model.lexicon;
    int prompt = (int)job->prompt.size;
    if (prompt > view->context)
        die("%s: a prompt of %d tokens: the model has %d positions", job->path, prompt,
            view->context);
    // the last token is not read again: it needs no position
    int most = view->context - prompt + 1;
    if (job->tokens < most) most = job->tokens;
    if (!predictor_of_model(&p, view, l->end, job->prompt.at, prompt, width,
                            view->context, &err))
        die("%s: %s", job->path, err.text);
    Beams b = beam_search(&p, width, most, power);
    if (b.count == 0) die("%s: a NaN or infinity among the logits", job->path);
    if (job->tsv) printf("beam\ttokens\tlog_prob\tscore\ttext\n");
    for (int i = 0; i < b.count && i < job->samples; i++)
        print_beam(job, i, &b.list[i]);
    beams_free(&b), predictor_free(&p);
}

int command_sample(const Args *args) {
    static const char *const formats[] = {"text", "tsv", NULL};
    if (args->file_count) die("sample: unexpected '%s'", args->files[0]);
    Job job = {.path = option_text(args, "checkpoint"),
               .tokens = (int)option_int(args, "tokens", 1, INT_MAX),
               .samples = (int)option_int(args, "samples", 1, INT_MAX),
               .tsv = option_choice(args, "format", formats) == 1};
    job.table = job.tsv || option_flag(args, "logprobs");
    Sampling s = sampling_of(args);
    int width = (int)option_int(args, "beam", 0, 1000);
    double power = option_real(args, "length-power", 0, 10);
    Error err;
    job.model = checkpoint_of(args, "sample");
    job.prompt = prompt_of(&job.model.lexicon, option_text(args, "prompt"));
    if (!infer_of_model(&job.view, &job.model.model, &err))
        die("%s: %s", job.path, err.text);
    if (width) search(&job, width, power);
    else write_all(&job, &s);
    free(job.prompt.at), infer_model_free(&job.view), pretrained_free(&job.model);
    return 0;
}
