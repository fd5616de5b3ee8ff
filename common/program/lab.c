#include "common/program/lab.h"

#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "common/numeric/hash.h"
#include "common/numeric/threads.h"
#include "common/program/file.h"

static const Option common_options[] = {
    {"seed", "1", "seed of all random numbers"},
    {"threads", "0", "threads; 0: one for each core"},
    {"out", NULL, "folder for figures and data (plots/ beside the program)"},
    {"terminal", "svg", "figures as svg, png, or dumb (drawn in this terminal)"},
    {0}};
static const Option tour_options[] = {
    {"list", OPTION_FLAG, "list the labs"},
    {"version", OPTION_FLAG, "what this program is built on"},
    {0}};
static const Option thread_option[] = {
    {"threads", "0", "threads; 0: one for each core"}, {0}};

// where the program stands, with a slash at the end, or ""
static char *program_folder;

static void find_program_folder(const char *argv0) {
    const char *slash = strrchr(argv0, '/');
    size_t length = slash ? (size_t)(slash - argv0) + 1 : 0;
    program_folder = allocate(length + 1, 1);
    memcpy(program_folder, argv0, length);
}

static char *joined(const char *a, const char *b, const char *c) {
    size_t size = strlen(a) + strlen(b) + strlen(c) + 1;
    char *path = allocate(size, 1);
    snprintf(path, size, "%s%s%s", a, b, c);
    return path;
}

char *repository_file(const char *path) {
    const char *places[] = {"../", "../../../", ""};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char *candidate = joined(program_folder ? program_folder : "", places[i], path);
        if (access(candidate, R_OK) == 0) return candidate;
        free(candidate);
    }
    return access(path, R_OK) == 0 ? strdup(path) : NULL;
}

// ---- claims

static void claim_row(Lab *lab, const char *id, const char *what, const char *predicted,
                      const char *measured, const char *tolerance, bool ok) {
    lab->claims++;
    lab->failed += !ok;
    char bracketed[16];
    snprintf(bracketed, sizeof bracketed, "[%s]", id);
    printf("  %-7s %-52s %16s %14s  %-9s %s\n", bracketed, what, predicted, measured,
           tolerance, ok ? "ok" : "FAIL");
}

enum { NUMBER = 32 };  // room for a number as text

static const char *shown(char *text, const char *before, double number) {
    snprintf(text, NUMBER, "%s%.8g", before, number);
    return text;
}

void claim_near(Lab *lab, const char *id, const char *what, double predicted,
                double measured, double tolerance) {
    char left[NUMBER], middle[NUMBER], right[NUMBER];
    if (tolerance == 0) snprintf(right, sizeof right, "exact");
    else snprintf(right, sizeof right, "+-%.2g", tolerance);
    bool same = measured == predicted;  // infinities have no difference
    claim_row(lab, id, what, shown(left, "", predicted), shown(middle, "", measured),
              right, same || fabs(measured - predicted) <= tolerance);
}

void claim_at_most(Lab *lab, const char *id, const char *what, double bound,
                   double measured) {
    char left[NUMBER], middle[NUMBER];
    claim_row(lab, id, what, shown(left, "<= ", bound), shown(middle, "", measured),
              "bound", measured <= bound);
}

void claim_at_least(Lab *lab, const char *id, const char *what, double bound,
                    double measured) {
    char left[NUMBER], middle[NUMBER];
    claim_row(lab, id, what, shown(left, ">= ", bound), shown(middle, "", measured),
              "bound", measured >= bound);
}

void claim_equal(Lab *lab, const char *id, const char *what, long long predicted,
                 long long measured) {
    char left[NUMBER], middle[NUMBER];
    snprintf(left, sizeof left, "%lld", predicted);
    snprintf(middle, sizeof middle, "%lld", measured);
    claim_row(lab, id, what, left, middle, "exact", predicted == measured);
}

// ---- what a lab prints

void lab_print(Lab *lab, const char *format, ...) {
    (void)lab;
    va_list args;
    va_start(args, format);
    fputs("  ", stdout);
    vprintf(format, args);
    fputc('\n', stdout);
    va_end(args);
}

void lab_progress(Lab *lab, double done, double total) {
    if (!isatty(STDERR_FILENO)) return;
    fprintf(stderr, "\r%s: %3.0f %%%s", lab->spec->name, 100 * done / total,
            done < total ? "" : "\r\033[K");
    fflush(stderr);
}

// ---- the program

static void set_threads(const Args *args) {
    int threads = (int)option_int(args, "threads", 0, 1024);
    if (threads) threads_set(threads);
    if (threads > 1 && !threads_possible()) warn("built without OpenMP: one thread");
}

static void lab_setup(Lab *lab, const Args *args) {
    lab->args = *args;
    lab->seed = (uint64_t)option_int(args, "seed", 0, INT64_MAX);
    const char *out = option_text(args, "out");
    lab->out = out ? joined(out, "", "") : joined(program_folder, "plots", "");
    const char *const terminals[] = {"svg", "png", "dumb", NULL};
    lab->terminal = terminals[option_choice(args, "terminal", terminals)];
    set_threads(args);
    Error err;
    if (!make_folder(lab->out, &err)) die("%s", err.text);
}

static void lab_run(Lab *lab, const LabSpec *spec) {
    lab->spec = spec;
    Rng all = rng_new(lab->seed);
    lab->rng = rng_split(&all, hash_text(HASH_START, spec->name));
    printf("\n%s  %s  (%s)\n", spec->section, spec->title, spec->name);
    spec->run(lab);
    if (fflush(stdout) != 0) die("standard output: cannot be written");
}

// The last line, and the exit status.
static int lab_finish(Lab *lab) {
    printf("\n%d claims, %d failed; figures in %s\n", lab->claims, lab->failed,
           lab->out);
    if (fflush(stdout) != 0) die("standard output: cannot be written");
    free(lab->out);
    return lab->failed ? 1 : 0;
}

static void print_list(const Program *program) {
    for (const LabSpec *const *l = program->labs; *l; l++)
        printf("%-6s %-18s %s\n", (*l)->section, (*l)->name, (*l)->title);
}

static void print_help(const Program *program) {
    printf("%s\n\n", program->title);
    printf("  %s                    the tour: every lab, its claims and figures\n",
           program_name());
    printf("  %s LAB [OPTION...]    one lab; LAB --help lists its options\n",
           program_name());
    for (const Command *c = program->commands; c && c->name; c++)
        printf("  %s %s %s\n      %s\n", program_name(), c->name, c->usage, c->title);
    printf("\noptions of the tour and of every lab:\n");
    options_print(tour_options);
    options_print(program->options);
    options_print(common_options);
    printf("\nlabs:\n");
    print_list(program);
}

static void print_version(const Program *program) {
    printf("%s\n", program->title);
    if (program->print_version) program->print_version();
}

static int run_command(const Command *command, int argc, char **argv) {
    Args args;
    args_parse(&args, argc, argv, command->options, thread_option, NULL);
    if (args.help) {
        printf("%s %s %s\n    %s\n", program_name(), command->name, command->usage,
               command->title);
        options_print(command->options);
        options_print(thread_option);
        args_free(&args);
        return 0;
    }
    set_threads(&args);
    int status = command->run(&args);
    args_free(&args);
    return status;
}

static int run_one(const LabSpec *spec, int argc, char **argv) {
    Args args;
    args_parse(&args, argc, argv, common_options, NULL, spec->options);
    if (args.help) {
        printf("%s %s: %s (lecture, section %s)\n", program_name(), spec->name,
               spec->title, spec->section);
        options_print(spec->options);
        options_print(common_options);
        args_free(&args);
        return 0;
    }
    if (args.file_count) die("%s: unexpected '%s'", spec->name, args.files[0]);
    Lab lab = {0};
    lab_setup(&lab, &args);
    lab_run(&lab, spec);
    args_free(&args);
    return lab_finish(&lab);
}

// Every lab with its own options at their defaults.
static int run_tour(const Program *program, const Args *args) {
    Lab lab = {0};
    lab_setup(&lab, args);
    printf("%s\n", program->title);
    for (const LabSpec *const *l = program->labs; *l; l++) {
        lab.args.tables[2] = (*l)->options;
        lab_run(&lab, *l);
    }
    return lab_finish(&lab);
}

int program_main(const Program *program, int argc, char **argv) {
    const char *slash = strrchr(argv[0], '/');
    program_name_set(slash ? slash + 1 : argv[0]);
    find_program_folder(argv[0]);
    signal(SIGPIPE, SIG_IGN);  // a closed pipe is a failed write, and reported as one
    const char *word = argc > 1 && argv[1][0] != '-' ? argv[1] : NULL;
    for (const Command *c = program->commands; word && c && c->name; c++)
        if (strcmp(c->name, word) == 0) return run_command(c, argc - 2, argv + 2);
    for (const LabSpec *const *l = program->labs; word && *l; l++)
        if (strcmp((*l)->name, word) == 0) return run_one(*l, argc - 2, argv + 2);
    if (word) die("no lab or command '%s'; --help lists them", word);

    Args args;
    args_parse(&args, argc - 1, argv + 1, common_options, program->options,
               tour_options);
    if (args.file_count) die("unexpected '%s'; --help tells more", args.files[0]);
    int status = 0;
    if (args.help) print_help(program);
    else if (option_flag(&args, "list")) print_list(program);
    else if (option_flag(&args, "version")) print_version(program);
    else status = run_tour(program, &args);
    args_free(&args);
    return status;
}
