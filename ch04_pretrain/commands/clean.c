// clean: documents that are worth reading, and what went for which reason.
#include "ch04_pretrain/clean.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/commands/commands.h"
#include "ch04_pretrain/mixture.h"
#include "common/program/file.h"

// A rule's option is its line in clean_rules; each rule has its place here.
#define RULE_OPTION(rule, name, value, help) [rule] = {name, value, help}
const Option clean_options[] = {
    RULE_OPTION(RULE_WORDS, "words", "20", "fewest words of a document"),
    RULE_OPTION(RULE_LETTERS, "letters", "0.6",
                "least share of letters among its characters"),
    RULE_OPTION(RULE_LINES, "lines", "0.3",
                "largest share of lines that it has had before"),
    RULE_OPTION(RULE_RUNS, "runs", "0.3",
                "largest share of words in five that it has had before"),
    RULE_OPTION(RULE_SCRIPT, "script-share", "0.8",
                "least share of --script among its letters"),
    {"script", "any",
     "latin, greek, cyrillic, ..., han; any: --script-share is not asked"},
    {"html", "auto", "pages become text: auto (where a page begins like one), no, yes"},
    {"near", "0.8", "similarity from which a document is another one again"},
    {"bands", "20", "of the search for near ones"},
    {"rows", "5", "of a band"},
    {"trusted", NULL, "a text of the wanted kind: what is not like it goes"},
    {"trusted-share", "0.95",
     "of its own documents that each of the two filters lets pass"},
    {"weights", NULL, "share of the output that is to come from each file: 0.7,0.3"},
    {"seed", "1", "of hash functions, of the classifier, and of what weights choose"},
    {"format", "text", "of the report: text, or tsv: file, reason, documents, bytes"},
    {"output", NULL, "the file to write", .letter = 'o'},
    {0}};

enum { MOST_FILES = 1000 };

static int script_of_args(const Args *args) {
    const char *choices[SCRIPT_COUNT + 2] = {"any"};
    for (int s = 0; s < SCRIPT_COUNT; s++) choices[s + 1] = script_names[s];
    return option_choice(args, "script", choices) - 1;
}

// weights[args->file_count]; false: none are given.
static bool weights_of_args(const Args *args, double *weights) {
    const double NEARLY = 1e-3;
    if (!option_text(args, "weights")) return false;
    int files = (int)args->file_count,
        count = option_list(args, "weights", weights, MOST_FILES, 0, 1);
    double sum = mixture_sum(weights, count);
    if (count != files)
        die("--weights: expected %d numbers, one for each file, found %d", files,
            count);
    if (!(fabs(sum - 1) <= NEARLY))
        die("--weights: expected numbers that add up to 1, these add up to %g", sum);
    return true;
}

static CleanSettings settings_of_args(const Args *args, double *weights) {
    static const char *const html[] = {"auto", "no", "yes", NULL};
    CleanSettings s = clean_defaults();
    s.bounds[RULE_WORDS] = option_real(args, "words", 0, 1e9);
    for (int r = RULE_WORDS + 1; r < CLEAN_RULES; r++)
        s.bounds[r] = option_real(args, clean_rules[r].name, 0, 1);
    s.script = script_of_args(args);
    s.html = option_choice(args, "html", html);
    s.seed = (uint64_t)option_int(args, "seed", 0, 1LL << 62);
    s.near = near_settings(s.seed);
    s.near.least = option_real(args, "near", 0, 1);
    s.near.bands = (int)option_int(args, "bands", 1, 1000);
    s.near.rows = (int)option_int(args, "rows", 1, 100);
    s.trusted = option_text(args, "trusted");
    s.trusted_share = option_real(args, "trusted-share", 0, 1);
    if (weights_of_args(args, weights)) s.weights = weights;
    return s;
}

// ---- the report

static void print_tsv(const Cleaning *c, const Args *args) {
    printf("file\treason\tdocuments\tbytes\n");
    for (int i = 0; i < c->sources; i++)
        for (int r = 0; r <= CLEAN_REASONS; r++) {
            size_t bytes, count = clean_count(c, i, r, &bytes);
            printf("%s\t%s\t%zu\t%zu\n", args->files[i], clean_reason_name(r), count,
                   bytes);
        }
}

static void print_row(const char *what, size_t count, size_t bytes) {
    printf("%-12s %10zu %14zu\n", what, count, bytes);
}

static void print_weights(const Cleaning *c, const Args *args) {
    size_t all, bytes, gone;
    clean_count(c, -1, CLEAN_REASONS, &all);
    printf("\n%10s %10s  %s\n", "share", "epochs", "file");
    for (int i = 0; i < c->sources; i++) {
        clean_count(c, i, CLEAN_REASONS, &bytes);
        clean_count(c, i, REASON_WEIGHT, &gone);
        double here = (double)bytes;
        printf("%10.4f %10.4f  %s\n", here / (double)all,
               bytes + gone ? here / (double)(bytes + gone) : 0, args->files[i]);
    }
}

static void print_text(const Cleaning *c, const Args *args, const CleanSettings *s) {
    size_t bytes = 0, each;
    for (size_t i = 0; i < c->all.count; i++) bytes += c->all.list[i].size;
    printf("%-12s %10s %14s\n", "", "documents", "bytes");
    print_row("read", c->all.count, bytes);
    for (int r = 0; r <= CLEAN_REASONS; r++) {
        size_t count = clean_count(c, -1, r, &each);
        if (count || r == CLEAN_REASONS) print_row(clean_reason_name(r), count, each);
    }
    if (c->pages) printf("%zu were pages of HTML\n", c->pages);
    if (!isnan(c->bound)) printf("perplexity: at most %.3f bits per byte\n", c->bound);
    if (s->weights) print_weights(c, args);
}

// ---- the command

static void check_files(const Args *args, const char *output) {
    if (!args->file_count) die("clean: expected files to clean");
    if (args->file_count > MOST_FILES) die("clean: at most %d files", MOST_FILES);
    if (!output) die("clean: -o FILE is needed: where the documents go");
    for (size_t i = 0; i < args->file_count; i++)
        if (same_file(args->files[i], output))
            die("%s: expected another file for what is left than one of those that are "
                "read",
                output);
}

int command_clean(const Args *args) {
    static const char *const formats[] = {"text", "tsv", NULL};
    double weights[MOST_FILES];
    const char *output = option_text(args, "output");
    Cleaning c;
    Output out;
    Error err;
    check_files(args, output);
    bool tsv = option_choice(args, "format", formats) == 1;
    CleanSettings s = settings_of_args(args, weights);
    if (!output_check(output, &err)) die("%s", err.text);
    if (!clean(&c, args->files, (int)args->file_count, &s, &err)) die("%s", err.text);
    if (tsv) print_tsv(&c, args);
    else print_text(&c, args, &s);
    stdout_flush();
    if (clean_count(&c, -1, CLEAN_REASONS, NULL) == 0)
        die("%s: not written: nothing is left of %zu document%s", output, c.all.count,
            c.all.count == 1 ? "" : "s");
    if (!output_open(&out, output, &err)) die("%s", err.text);
    clean_write(&c, out.stream);
    if (!output_commit(&out, &err)) die("%s", err.text);
    clean_free(&c);
    return 0;
}
