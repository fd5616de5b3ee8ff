// rag: questions answered by looking them up in a table of facts.
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch05_sft_rlhf/answerer.h"
#include "ch05_sft_rlhf/commands/commands.h"
#include "ch05_sft_rlhf/commands/watch.h"
#include "ch05_sft_rlhf/rag_model.h"

const Option rag_options[] = {
    {"facts", NULL, "a table with a column 'fact', and perhaps question and answer"},
    {"question", NULL, "may be repeated; without any, a line of the input each"},
    {"test", OPTION_FLAG, "ask the table's own questions, and count right answers"},
    {"read", "4", "facts that are read per question"},
    {"retriever", "bi-encoder", "how they are found: bi-encoder or bm25"},
    {"kind", "sequence", "the sum over facts: sequence, fast or token"},
    {"least", "0", "an answer less likely than this becomes 'I do not know'"},
    {"checkpoint", NULL, "what -o wrote; without it, a model is trained in seconds"},
    {"output", NULL, "keeps the model", .letter = 'o'},
    {"steps", "1000", "of the reader's training"},
    {"seed", "1", "of the training"},
    {0}};

typedef struct {
    RagModel model;
    InferModel reader;
    Facts facts;
    Library library;
    Answerer answerer;
    double least;
} Desk;

// ---- one question

// Without an answer's own memory; the retrieved facts first, then what is said.
static void print_answer(const Desk *d, const char *question, const Answer *a) {
    printf("> %s\n", question);
    for (int i = 0; i < a->found.count; i++) {
        const Fact *f = &d->facts.list[a->found.which[i]];
        printf("  %.3f  score %6.2f  %s:%lld  %s\n", exp(a->found.log_prior[i]),
               a->found.score[i], d->facts.path, f->line, f->text);
    }
    printf("%s\tp %.3f\t'I do not know' %.3f\n",
           a->p < d->least ? "I do not know" : a->text.data, a->p, a->p_unknown);
    stdout_flush();
}

static bool words_fit(const Terms *words, Error *err) {
    return (words->count >= 1 && words->count <= READER_WORDS)
           || error_set(err, "a question of %d words: expected 1 to %d", words->count,
                        READER_WORDS);
}

static void ask(const Desk *d, const char *question, const char *where) {
    Error err;
    Terms words = terms_of(question);
    if (!words_fit(&words, &err)) die("%s: %s", where, err.text);
    Answer a = answer_question(&d->answerer, &words);
    print_answer(d, question, &a);
    answer_free(&a), terms_free(&words);
}

static void ask_lines(const Desk *d) {
    char *line = NULL, where[64];
    size_t capacity = 0;
    ssize_t n;
    for (long long number = 1; (n = getline(&line, &capacity, stdin)) >= 0; number++) {
        if (n && line[n - 1] == '\n') line[--n] = '\0';
        snprintf(where, sizeof where, "standard input:%lld", number);
        if (!text_is_blank(line)) ask(d, line, where);
    }
    free(line);
}

// ---- the table's own questions

typedef struct {
    int asked, right, unknown, first, among;
} Score;

static void score_one(Score *s, const Desk *d, int fact) {
    const Fact *f = &d->facts.list[fact];
    Terms question = terms_of(f->question), expected = terms_of(f->answer);
    Answer a = answer_question(&d->answerer, &question);
    Terms said = terms_of(a.text.data);
    bool unknown = a.unknown || a.p < d->least,
         right = !unknown && terms_equal(&said, &expected);
    s->asked++, s->right += right, s->unknown += unknown;
    s->first += a.found.which[0] == fact;
    for (int i = 0; i < a.found.count; i++) s->among += a.found.which[i] == fact;
    printf("%lld\t%s\t%s\t%.4f\n", f->line,
           right     ? "right"
           : unknown ? "unknown"
                     : "wrong",
           unknown ? "I do not know" : a.text.data, a.p);
    answer_free(&a), terms_free(&question), terms_free(&expected), terms_free(&said);
}

static void test(const Desk *d) {
    Score s = {0};
    for (size_t i = 0; i < d->facts.count; i++)
        if (d->facts.list[i].question) s.asked++;
    if (!s.asked)
        die("rag: --test: %s has no questions: expected columns question and answer",
            d->facts.path);
    s.asked = 0;
    printf("line\tverdict\tanswer\tp\n");
    for (size_t i = 0; i < d->facts.count; i++)
        if (d->facts.list[i].question) score_one(&s, d, (int)i);
    printf(
        "# %d questions: %d right, %d wrong, %d 'I do not know'; the fact found "
        "first %d times, among %d %d times\n",
        s.asked, s.right, s.asked - s.right - s.unknown, s.unknown, s.first,
        d->answerer.facts, s.among);
}

// ---- before and after

static void open_model(Desk *d, const Args *args) {
    Error err;
    const char *path = option_text(args, "checkpoint");
    long long steps = option_int(args, "steps", 1, 1000000),
              seed = option_int(args, "seed", 0, LONG_MAX);
    if (path) {
        if (!rag_model_load(path, &d->model, &err)) die("%s", err.text);
    } else {
        RagPlan plan = rag_plan_usual((uint64_t)seed);
        plan.reader.steps = steps;
        Watch watch = watch_begin("reader", NULL);
        rag_model_train(&d->model, &plan, watch_step, &watch);
    }
    if (!infer_of_model(&d->reader, &d->model.model, &err)) die("%s", err.text);
}

static void open_library(Desk *d, const Args *args) {
    const char **texts = allocate(d->facts.count + 1, sizeof *texts);
    for (size_t i = 0; i < d->facts.count; i++) texts[i] = d->facts.list[i].text;
    d->library = library_new(&d->model.retriever, texts, (int)d->facts.count);
    free(texts);
    d->answerer =
        (Answerer){&d->model.vocabulary,
                   &d->reader,
                   &d->library,
                   (RetrieverKind)option_choice(args, "retriever", retriever_names),
                   (RagKind)option_choice(args, "kind", rag_names),
                   (int)option_int(args, "read", 1, READER_FACTS)};
    d->least = option_real(args, "least", 0, 1);
}

static void ask_all(const Desk *d, const Args *args) {
    const char *question;
    if (option_flag(args, "test")) test(d);
    else if (!option_text(args, "question")) ask_lines(d);
    else
        for (size_t i = 0; (question = option_nth(args, "question", i)); i++)
            ask(d, question, "--question");
}

int command_rag(const Args *args) {
    static Desk d;
    Error err;
    const char *facts = option_text(args, "facts"), *to = option_text(args, "output");
    if (args->file_count) die("rag: unexpected '%s'", args->files[0]);
    if (!facts && !to)
        die("rag: --facts FILE is needed: what questions are looked up in");
    // what is wrong is said before anything is trained
    if (facts && !facts_read(&d.facts, facts, &err)) die("%s", err.text);
    option_choice(args, "retriever", retriever_names);
    option_choice(args, "kind", rag_names);
    option_int(args, "read", 1, READER_FACTS), option_real(args, "least", 0, 1);
    if (to)
        output_of(args, "rag", "the model",
                  (const char *[]){"checkpoint", "facts", NULL});
    open_model(&d, args);
    if (to && !rag_model_save(to, &d.model, &err)) die("%s", err.text);
    if (facts) {
        open_library(&d, args), ask_all(&d, args);
        library_free(&d.library), facts_free(&d.facts);
    }
    infer_model_free(&d.reader), rag_model_free(&d.model);
    return 0;
}
