#include "common/program/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "common/numeric/threads.h"
#include "common/program/file.h"
#include "common/program/lab.h"
#include "common/program/list_json.h"
#include "common/program/nearest.h"

static const Option common_options[] = {
    {"seed", "1", "seed of all random numbers"},
    {"threads", "0", "threads; 0: one for each core"},
    {"out", NULL, "folder for figures and data (plots/ beside the program)"},
    {"as", NULL, "name of this run's files, so that runs can be kept"},
    {"terminal", "svg", "figures as svg, png, or dumb (drawn in this terminal)"},
    {"open", OPTION_FLAG, "show the figure when it is drawn"},
    {0}};
static const Option tour_options[] = {
    {"list", OPTION_FLAG, "list the labs"},
    {"json", OPTION_FLAG, "list them for programs, with what their options may be"},
    {"claim", NULL,
     "run the lab that states this claim, such as 2.36, with the lab's own options"},
    {"version", OPTION_FLAG, "how this program was built"},
    {0}};
static const Option thread_option[] = {
    {"threads", "0", "threads; 0: one for each core"}, {0}};

static char *folder;  // where the program stands

static void find_program_folder(const char *argv0) {
    const char *slash = strrchr(argv0, '/');
    size_t length = slash ? (size_t)(slash - argv0) + 1 : 0;
    folder = allocate(length + 1, 1);
    memcpy(folder, argv0, length);
}

const char *program_folder(void) { return folder ? folder : ""; }

static char *joined(const char *a, const char *b, const char *c) {
    size_t size = strlen(a) + strlen(b) + strlen(c) + 1;
    char *path = allocate(size, 1);
    snprintf(path, size, "%s%s%s", a, b, c);
    return path;
}

char *repository_file(const char *path) {
    // beside a chapter's folder; above build/WAY; where one is
    const char *places[] = {"../", "../../", ""};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char *candidate = joined(program_folder(), places[i], path);
        if (access(candidate, R_OK) == 0) return candidate;
        free(candidate);
    }
    return access(path, R_OK) == 0 ? strdup(path) : NULL;
}

// ---- the program

static void set_threads(const Args *args) {
    int threads = (int)option_int(args, "threads", 0, 1024);
    if (threads) threads_set(threads);
    if (threads > 1 && !threads_possible()) warn("built without OpenMP: one thread");
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
    options_print(common_options);
    if (program->options)
        printf("\noptions of the tour, and of the labs that list them:\n");
    options_print(program->options);
    printf("\nlabs:\n");
    print_list(program);
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
    set_threads(&args);
    if (args.file_count) die("%s: unexpected '%s'", spec->name, args.files[0]);
    Lab lab = {0};
    lab_begin(&lab, &args);
    lab_run(&lab, spec);
    args_free(&args);
    return lab_end(&lab);
}

// A lab with its own options at their defaults, but those that the tour was given too.
static void run_next(Lab *lab, const LabSpec *spec) {
    lab->args.tables[1] = NULL;
    lab->args.tables[2] = spec->options;
    lab_run(lab, spec);
}

static int run_tour(const Program *program, const Args *args) {
    Lab lab = {.tour = true};
    lab_begin(&lab, args);
    if (lab.open) die("--open goes with one lab");
    printf("%s\n", program->title);
    for (const LabSpec *const *l = program->labs; *l; l++) run_next(&lab, *l);
    return lab_end(&lab);
}

static bool states(const Program *program, const LabSpec *spec, const char *claim) {
    for (const ClaimPlace *c = program->claims; c && c->claim; c++)
        if (strcmp(c->claim, claim) == 0 && strcmp(c->lab, spec->name) == 0)
            return true;
    return false;
}

// Claims may be given as they are printed, [2.36], or without the brackets.
typedef struct {
    char id[32];
} ClaimId;

static ClaimId claim_id(const char *given) {
    ClaimId claim;
    size_t bracket = given[0] == '[';
    snprintf(claim.id, sizeof claim.id, "%.*s", (int)strcspn(given + bracket, "]"),
             given + bracket);
    return claim;
}

static int run_claim(const Program *program, const Args *args, const char *given) {
    ClaimId claim = claim_id(given);
    Lab lab = {0};
    lab_begin(&lab, args);
    bool found = false;
    for (const LabSpec *const *l = program->labs; *l; l++) {
        if (!states(program, *l, claim.id)) continue;
        found = true;
        run_next(&lab, *l);
    }
    if (!found)
        die("--claim %s: no lab of this chapter states it; 2.36 is one of chapter 2's",
            claim.id);
    return lab_end(&lab);
}

// ---- the tour's options, and those of the labs that state a claim

// The value of --claim, or NULL: which options there are depends on it.
static const char *claim_given(int argc, char **argv) {
    const char *claim = NULL;
    for (int i = 0; i < argc; i++)
        if (strncmp(argv[i], "--claim=", 8) == 0) claim = argv[i] + 8;
        else if (strcmp(argv[i], "--claim") == 0 && i + 1 < argc) claim = argv[i + 1];
    return claim;
}

typedef struct {
    Option *at;  // ends with {0}
    size_t count, capacity;
} Options;

static void options_join(Options *to, const Option *from) {
    for (; from && from->name; from++) {
        reserve(to->at, to->capacity, to->count + 2);
        to->at[to->count++] = *from;
        to->at[to->count] = (Option){0};
    }
}

static Options options_of_tour(const Program *program, const char *claim) {
    Options all = {0};
    options_join(&all, tour_options);
    for (const LabSpec *const *l = program->labs; claim && *l; l++)
        if (states(program, *l, claim_id(claim).id)) options_join(&all, (*l)->options);
    return all;
}

static void print_version(const Program *program) {
#ifdef __clang__
    static const char compiler[] = "clang " __clang_version__;
#else
    static const char compiler[] = "gcc " __VERSION__;
#endif
    printf("%s\n", program->title);
    printf("compiled by %s, %s OpenMP\n", compiler,
           threads_possible() ? "with" : "without");
    if (program->print_version) program->print_version();
}

static int run_options(const Program *program, int argc, char **argv) {
    Args args;
    Options own = options_of_tour(program, claim_given(argc, argv));
    args_parse(&args, argc, argv, common_options, program->options, own.at);
    if (args.file_count) die("unexpected '%s'; --help tells more", args.files[0]);
    set_threads(&args);
    const char *claim = option_text(&args, "claim");
    int status = 0;
    if (args.help) print_help(program);
    else if (option_flag(&args, "json")) list_json(program, common_options);
    else if (option_flag(&args, "list")) print_list(program);
    else if (option_flag(&args, "version")) print_version(program);
    else if (claim) status = run_claim(program, &args, claim);
    else status = run_tour(program, &args);
    args_free(&args);
    free(own.at);
    return status;
}

static int run_word(const Program *program, const char *word, int argc, char **argv) {
    Nearest meant = nearest_to(word, strlen(word), "");
    for (const Command *c = program->commands; c && c->name; c++) {
        if (strcmp(c->name, word) == 0) return run_command(c, argc, argv);
        nearest_try(&meant, c->name);
    }
    for (const LabSpec *const *l = program->labs; *l; l++) {
        if (strcmp((*l)->name, word) == 0) return run_one(*l, argc, argv);
        nearest_try(&meant, (*l)->name);
    }
    die("no lab or command '%s'%s", word, nearest_text(&meant));
}

int program_main(const Program *program, int argc, char **argv) {
    standard_streams_occupy();
    const char *slash = strrchr(argv[0], '/');
    program_name_set(slash ? slash + 1 : argv[0]);
    find_program_folder(argv[0]);
    bool word = argc > 1 && argv[1][0] != '-';
    int status = word ? run_word(program, argv[1], argc - 2, argv + 2)
                      : run_options(program, argc - 1, argv + 1);
    stdout_flush();
    free(folder);
    folder = NULL;
    return status;
}
