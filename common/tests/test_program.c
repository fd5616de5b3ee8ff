// Labs, claims, options, figures: programs run in a child, their output and status
// looked at.
#include <criterion/criterion.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/numeric/threads.h"
#include "common/program/file.h"
#include "common/program/lab.h"
#include "common/program/plot.h"
#include "common/tests/child.h"

static void claims_run(Lab *lab) {
    claim_near(lab, "1.1", "near", 1, 1 + option_real(&lab->args, "error", 0, 9), 0.5);
    claim_near(lab, "1.2", "a number", 1, option_flag(&lab->args, "nan") ? NAN : 1,
               0.5);
    claim_at_most(lab, "1.3", "bound", 2,
                  (double)option_int(&lab->args, "size", 1, 99));
    claim_equal(lab, "1.4", "count", 3, 3);
    Plot *p = plot_new(lab, "a_plot", "x y");
    plot_row(p, 1, 2);
    plot_row(p, 2, copysign(NAN, -1));
    plot_row(p, -1234567.891, 0.1);
    plot_line(p, "x", "y", "line");
    plot_end(p);
}

static const Option claims_options[] = {{"error", "0", "error"},
                                        {"nan", OPTION_FLAG, "nan"},
                                        {"size", "2", "size", .letter = 's'},
                                        {0}};
static const LabSpec claims_lab = {"claims", "1.1", "claims", claims_run,
                                   claims_options};

// Prints what a lab's surroundings are.
static void draws_run(Lab *lab) {
    lab_print(lab, "random bits %llx, threads %d",
              (unsigned long long)rng_bits(&lab->rng), threads_count());
}
static const LabSpec draws_lab = {"draws", "1.2", "draws", draws_run, NULL},
                     draws_more_lab = {"draws-more", "1.2", "draws", draws_run, NULL};

enum { LIST = 3 };
static int words_run(const Args *args) {
    double numbers[LIST + 1] = {[LIST] = -1};
    int count = option_list(args, "list", numbers, LIST, 0, 100);
    printf("list");
    for (int i = 0; i < count; i++) printf(" %g", numbers[i]);
    printf(", guard %g, big %lld, threads %d, files", numbers[LIST],
           option_int(args, "big", INT64_MIN, INT64_MAX), threads_count());
    for (size_t i = 0; i < args->file_count; i++) printf(" '%s'", args->files[i]);
    for (size_t i = 0; option_nth(args, "each", i); i++)
        printf(", each %s", option_nth(args, "each", i));
    printf("\n");
    return 0;
}
static const Option words_options[] = {{"list", "1", "numbers"},
                                       {"big", "1", "a whole number"},
                                       {"each", NULL, "may be repeated"},
                                       {0}};
static const Command commands[] = {
    {"words", "WORD...", "says what it was given", words_run, words_options}, {0}};

static const LabSpec *const all_labs[] = {&claims_lab, &draws_lab, &draws_more_lab,
                                          NULL};
static const Option program_options[] = {{"size", "5", "of the whole tour"}, {0}};
static const Program program = {"A program", all_labs, commands, program_options};

static void program_work(void *arguments) {
    char *argv[16] = {strdup("folder/a_program")};
    int argc = 1;
    for (char *word = strtok(arguments, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    exit(program_main(&program, argc, argv));
}

// The program with these words; labs and tours write to their own folder.
static Ran run(const char *arguments) {
    char *line = malloc(strlen(arguments) + 64);
    bool command = strncmp(arguments, "words", 5) == 0 || strstr(arguments, "--out");
    sprintf(line, "%s %s", arguments, command ? "" : "--out=/tmp/course-test-plots");
    Ran ran = child_run(program_work, line);
    free(line);
    return ran;
}

static void ran_with(const char *arguments, int status, const char *text) {
    Ran ran = run(arguments);
    cr_assert_eq(ran.status, status, "'%s' gave status %d:\n%s", arguments, ran.status,
                 ran.text);
    cr_assert(strstr(ran.text, text), "'%s' gave no '%s':\n%s", arguments, text,
              ran.text);
}

Test(lab, claims_decide_the_exit_status) {
    ran_with("", 0, "4 claims, 0 failed");
    ran_with("claims --error 0.5", 0, "4 claims, 0 failed");
    ran_with("claims --error 0.6", 1, "FAIL");
    ran_with("claims --nan", 1, "FAIL");
    ran_with("claims --size 3", 1, "FAIL");
    ran_with("claims -s 3", 1, "FAIL");
    ran_with("claims --size=1", 0, "ok");
}

// A bound may be reached, by no hair be passed.
static void bounds_run(Lab *lab) {
    claim_at_most(lab, "1.1", "reached", 2, 2);
    claim_at_least(lab, "1.2", "reached", 2, 2);
    claim_near(lab, "1.3", "reached", 2, 2.5, 0.5);
    claim_near(lab, "1.4", "infinite", INFINITY, INFINITY, 0);
    claim_near(lab, "1.10", "small", 1, 1, 1e-7);
    claim_at_most(lab, "1.5", "passed", 2, 2 + 1e-15);
    claim_at_least(lab, "1.6", "passed", 2, 2 - 1e-15);
    claim_at_most(lab, "1.7", "no number", 2, NAN);
    claim_at_least(lab, "1.8", "no number", 2, NAN);
    claim_equal(lab, "1.9", "one off", 1LL << 60, (1LL << 60) + 1);
}
static const LabSpec bounds_lab = {"bounds", "1", "bounds", bounds_run, NULL};
static void bounds_work(void *unused) {
    (void)unused;
    const LabSpec *const labs[] = {&bounds_lab, NULL};
    char *argv[] = {"a_program", "bounds", "--out=/tmp/course-test-plots", NULL};
    exit(program_main(&(Program){"Bounds", labs, NULL, NULL}, 3, argv));
}

Test(lab, bounds_may_be_reached) {
    Ran ran = child_run(bounds_work, NULL);
    cr_assert_eq(ran.status, 1);
    cr_assert(strstr(ran.text, "10 claims, 5 failed"), "%s", ran.text);
    cr_assert(strstr(ran.text, " +-0.5 ") && strstr(ran.text, " +-1e-07 "), "%s",
              ran.text);
    cr_assert(strstr(ran.text, "1152921504606846976 1152921504606846977"), "%s",
              ran.text);
}

Test(lab, a_nan_among_many_stays) {
    double worst = 0, least = 9, numbers[] = {1, NAN, 2};
    for (int i = 0; i < 3; i++)
        worst = nan_max(worst, numbers[i]), least = nan_min(least, numbers[i]);
    cr_assert(isnan(worst) && isnan(least));
    cr_assert(nan_max(1, 2) == 2 && nan_max(2, 1) == 2 && nan_min(1, 2) == 1
              && nan_min(2, 1) == 1);
}

Test(lab, options_are_checked) {
    ran_with("claims --size 100", 2,
             "a_program: --size 100: expected a whole number from 1 to 99");
    ran_with("claims --size x", 2, "expected a whole number");
    ran_with("claims --error 1e999", 2, "expected a number");
    ran_with("claims --sise 3", 2, "unknown option --sise");
    ran_with("claims --nan=3", 2, "takes no value");
    ran_with("--sise 3", 2, "unknown option --sise");
    ran_with("draws --size 3", 2, "unknown option --size");
    ran_with("claimz", 2, "no lab or command 'claimz'");
    ran_with("claims more", 2, "unexpected 'more'");
    ran_with("--seed 2 more", 2, "unexpected 'more'; --help tells more");
    ran_with("--terminal x", 2, "--terminal x: expected one of svg, png, dumb");
    ran_with("--list", 0, "claims");
    ran_with("--help", 0, "LAB --help");
    ran_with("--help", 0, "of the whole tour");
    ran_with("claims --help", 0, "--error 0");
    ran_with("claims --help", 0, "  -s, --size 2 ");
    ran_with("-h", 0, "LAB --help");
    ran_with("claims -h", 0, "--error 0");
    ran_with("words --each a --list", 2, "--list needs a value: numbers");
}

Test(plot, leaves_data_and_script) {
    ran_with("", 0, "a_plot");
    Bytes tsv, gp;
    Error err;
    cr_assert(file_read(&tsv, "/tmp/course-test-plots/a_plot.tsv", &err), "%s",
              err.text);
    cr_assert_str_eq(tsv.data, "x\ty\n1\t2\n2\tnan\n-1234567.891\t0.1\n");
    cr_assert(file_read(&gp, "/tmp/course-test-plots/a_plot.gp", &err));
    cr_assert(strstr(gp.data, "using \"x\":\"y\" with lines"));
    bytes_free(&tsv), bytes_free(&gp);
}

// ---- what programs are told

static const char *const sizes[] = {"small", "large", NULL};
static void kinds_run(Lab *lab) {
    double list[3];
    option_choice(&lab->args, "choice", sizes);
    option_list(&lab->args, "list", list, 3, 0, 0.5);
    option_flag(&lab->args, "flag"), option_text(&lab->args, "text");
    claim_equal(lab, "1.1", "measured", 1, 2);
    Plot *p = plot_new(lab, "not_drawn", "x");
    plot_line(p, "x", "x", "line");
    plot_end(p);
    option_int(&lab->args, "late", -3, 3);
    abort();  // all is known
}
static const Option kinds_options[] = {
    {"choice", "small", "a \"word\""},  {"list", "0.1,0.2", "numbers"},
    {"flag", OPTION_FLAG, "yes or no"}, {"text", NULL, "any"},
    {"late", "2", "read last"},         {0}};
static const LabSpec kinds_lab = {"kinds", "1.3", "All kinds", kinds_run,
                                  kinds_options};
static void kinds_work(void *unused) {
    (void)unused;
    const LabSpec *const labs[] = {&kinds_lab, &draws_lab, NULL};
    char *argv[] = {"a_program", "--list", "--json", NULL};
    exit(program_main(&(Program){"Kinds", labs, NULL, NULL}, 3, argv));
}

Test(list_json, says_what_options_may_be) {
    Ran ran = child_run(kinds_work, NULL);
    cr_assert_eq(ran.status, 0);
    cr_expect_str_eq(
        ran.text,
        "{\"program\": \"a_program\", \"title\": \"Kinds\", \"labs\": [\n"
        " {\"name\": \"kinds\", \"section\": \"1.3\", \"title\": \"All kinds\", "
        "\"options\": [\n"
        "  {\"name\": \"choice\", \"value\": \"small\", \"help\": \"a \\\"word\\\"\", "
        "\"kind\": \"choice\", \"choices\": [\"small\", \"large\"]},\n"
        "  {\"name\": \"list\", \"value\": \"0.1,0.2\", \"help\": \"numbers\", "
        "\"kind\": "
        "\"list\", \"least\": 0, \"most\": 0.5, \"numbers\": 3},\n"
        "  {\"name\": \"flag\", \"value\": \"\", \"help\": \"yes or no\", \"kind\": "
        "\"flag\"},\n"
        "  {\"name\": \"text\", \"value\": null, \"help\": \"any\", \"kind\": "
        "\"text\"},\n"
        "  {\"name\": \"late\", \"value\": \"2\", \"help\": \"read last\", \"kind\": "
        "\"int\", \"least\": -3, \"most\": 3}]},\n"
        " {\"name\": \"draws\", \"section\": \"1.2\", \"title\": \"draws\", "
        "\"options\": "
        "[]}]}\n");
}

static void described_run(Lab *lab) {
    Plot *p = plot_new(lab, "described", "x y error");
    plot_row(p, 1, 2, 3);
    plot_axes(p, "an \"x\"", "y`s");
    plot_set(p, "logscale xy 2"), plot_set(p, "logscale x"), plot_set(p, "logscale y2");
    plot_set(p, "key off");
    plot_line(p, "x", "y", "a `line` of \"words\"");
    plot_errors(p, "x", "y", "error", "points");
    plot_series(p,
                "using \"x\":($2 == 1 ? 3 : NaN) axes x1y2 with lines dt 2 lc rgb "
                "'red' title 'b: (c'");
    plot_series(p, "using 1:2 every 8 with boxes notitle");
    plot_end(p);
}
static const LabSpec described_lab = {"described", "1", "A \\ title", described_run,
                                      NULL};
static void described_work(void *unused) {
    (void)unused;
    const LabSpec *const labs[] = {&described_lab, NULL};
    char *argv[] = {"a_program", "described", "--out=/tmp/course-test-plots", NULL};
    exit(program_main(&(Program){"Described", labs, NULL, NULL}, 3, argv));
}

Test(plot, describes_its_series) {
    child_run(described_work, NULL);
    Bytes json;
    Error err;
    cr_assert(file_read(&json, "/tmp/course-test-plots/described.json", &err), "%s",
              err.text);
    cr_expect_str_eq(
        json.data,
        "{\"title\": \"A \\\\ title\",\n \"table\": \"described.tsv\",\n"
        " \"x\": \"an \\\"x\\\"\",\n \"y\": \"y`s\",\n"
        " \"log\": {\"x\": 10, \"y\": 2, \"y2\": 10}, \"set\": [\"key off\"],\n "
        "\"series\": [\n"
        "  {\"using\": [\"x\", \"y\"], \"with\": \"lines\", \"width\": \"2\", "
        "\"colour\": "
        "\"#0072b2\", \"title\": \"a `line` of \\\"words\\\"\"},\n"
        "  {\"using\": [\"x\", \"y\", \"error\"], \"with\": \"yerrorbars\", \"point\": "
        "\"7\", "
        "\"size\": \"0.9\", \"colour\": \"#000000\", \"title\": \"points\"},\n"
        "  {\"using\": [\"x\", \"($2 == 1 ? 3 : NaN)\"], \"axes\": \"x1y2\", \"with\": "
        "\"lines\", \"dash\": \"2\", \"colour\": \"red\", \"title\": \"b: (c\"},\n"
        "  {\"using\": [\"1\", \"2\"], \"every\": \"8\", \"with\": \"boxes\"}]}\n");
    bytes_free(&json);
}

// An option that two tables have is the first one's, and written once.
Test(options, an_option_of_two_tables_is_written_once) {
    static const Option first[] = {{"size", "5", "of all"}, {"other", "1", ""}, {0}},
                        second[] = {{"size", "6", "of one"}, {"third", "1", ""}, {0}};
    char *words[] = {"--size", "3", "--third=2"}, *text = NULL;
    static const char *const without[] = {"other", NULL};
    size_t size;
    Args args;
    args_parse(&args, 3, words, first, NULL, second);
    FILE *stream = open_memstream(&text, &size);
    options_write(stream, &args, without);
    fclose(stream);
    cr_expect_str_eq(text, " --size 3 --third 2");
    free(text), args_free(&args);
    args_parse(&args, 0, NULL, first, NULL, second);
    cr_expect_str_eq(option_text(&args, "size"), "5");
    args_free(&args);
}

static int readings;
static void count_reading(const OptionReading *reading) {
    (void)reading;
    readings++;
}

// A default that is given counts as the default; asking says nothing of what an option is.
Test(options, at_their_defaults) {
    static const Option table[] = {{"size", "5", ""}, {"file", NULL, ""}, {0}};
    static const struct {
        char *words[2];
        int count;
        bool same;
    } cases[] = {{{NULL}, 0, true},
                 {{"--size", "5"}, 2, true},
                 {{"--size", "6"}, 2, false},
                 {{"--file", ""}, 2, false}};
    option_watcher = count_reading;
    for (int i = 0; i < 4; i++) {
        Args args;
        args_parse(&args, cases[i].count, (char **)cases[i].words, table, NULL, NULL);
        cr_expect(options_at_defaults(&args, table) == cases[i].same, "case %d", i);
        args_free(&args);
    }
    option_watcher = NULL;
    cr_expect(readings == 0);
}

// ---- the kinds of mistakes that a program's options invite

Test(options, a_value_may_hold_an_equals_sign) {
    ran_with("words --each=a=b --each ==", 0, "each a=b, each ==");
}

Test(options, the_last_of_several_values_wins) {
    ran_with("claims --size 9 --size 1", 0, "0 failed");
    ran_with("claims --size 1 --size 9", 1, "FAIL");
    ran_with("words --each a --each b --big 1 --big 7", 0, "big 7, threads");
    ran_with("words --each a --each b", 0, "each a, each b");
}

Test(options, words_after_two_dashes_are_files) {
    ran_with("words -- --big 3 -x --", 0, "files '--big' '3' '-x' '--'");
    ran_with("words a -- b", 0, "files 'a' 'b'");
    ran_with("words -", 0, "files '-'");
}

Test(options, a_list_too_long_is_refused_before_it_is_written) {
    ran_with("words --list 1,2,3", 0, "list 1 2 3, guard -1");
    ran_with("words --list 1,2,3,4", 2, "--list: expected at most 3 numbers");
    ran_with("words --list 1,,3", 2, "expected a number");
    ran_with("words --list 1,", 2, "expected a number");
    ran_with("words --list=", 2, "expected a number");
    ran_with("words --list 1,101", 2, "from 0 to 100");
}

Test(options, whole_numbers_have_64_bits_everywhere) {
    ran_with("words --big 9223372036854775807", 0, "big 9223372036854775807");
    ran_with("words --big -9223372036854775808", 0, "big -9223372036854775808");
    ran_with("words --big 9223372036854775808", 2, "expected a whole number");
    ran_with("draws --seed 9223372036854775807", 0, "draws");
    ran_with("words --big 5x", 2, "expected a whole number");
    ran_with("words --big=", 2, "expected a whole number");
}

static void blank_before_a_number(void *number) {
    char *argv[] = {"a_program", "words", "--list", number, NULL};
    exit(program_main(&program, 4, argv));
}

// What is accepted as a number is drawn and saved as it was typed.
Test(options, no_blank_hides_in_a_number) {
    static const char *const numbers[] = {"1,\n2", "\t1", " 1", "1 ", "1,2\n"};
    for (int i = 0; i < 5; i++) {
        Ran ran = child_run(blank_before_a_number, (void *)numbers[i]);
        cr_assert_eq(ran.status, 2, "'%s' is taken", numbers[i]);
    }
}

// What a help text says of the choices "small" and "large".
static void choose(void *help) {
    const Option table[] = {{"size", "small", help}, {0}};
    Args args;
    args_parse(&args, 0, NULL, table, NULL, NULL);
    exit(option_choice(&args, "size", sizes));
}

Test(options, a_help_that_names_a_choice_names_all) {
    cr_expect_eq(child_run(choose, "small or large").status, 0);
    cr_expect_eq(child_run(choose, "how large it is").status, 128 + SIGABRT);
    cr_expect_eq(child_run(choose, "larger, or smaller").status, 0);
    cr_expect_eq(child_run(choose, "small, ...").status, 0);
}

Test(options, threads_are_set_everywhere) {
    if (!threads_possible()) return;
    ran_with("--threads 3", 0, "threads 3\n");
    ran_with("draws --threads 3", 0, "threads 3\n");
    ran_with("words --threads 3", 0, "threads 3,");
    ran_with("words --threads 3 --threads 2", 0, "threads 2,");
    cr_assert_null(strstr(run("draws --threads 3").text, "without OpenMP"));
}

// ---- labs

Test(lab, its_random_numbers_do_not_depend_on_the_labs_before) {
    Ran tour = run(""), alone = run("draws"), other = run("draws --seed 2");
    const char *mark = "random bits ";
    char *in_tour = strstr(tour.text, mark), *by_itself = strstr(alone.text, mark),
         *another = strstr(other.text, mark);
    cr_assert(in_tour && by_itself && another);
    cr_assert_eq(strncmp(in_tour, by_itself, 24), 0);
    cr_assert_neq(strncmp(by_itself, another, 24), 0);
    // nor are they another lab's, of the same section and title
    char *next = strstr(in_tour + 1, mark);
    cr_assert(next && strncmp(in_tour, next, 24) != 0);
}

static void to_full_disk(void *arguments) {
    int full = open("/dev/full", O_WRONLY);
    if (full < 0) exit(2);
    dup2(full, 1);
    program_work(arguments);
}

Test(lab, everything_printed_is_checked) {
    static const char *const all[] = {"--list",
                                      "--help",
                                      "draws --help",
                                      "words",
                                      "words --help",
                                      "draws --out=/tmp/course-test-plots",
                                      "--out=/tmp/course-test-plots"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char *line = strdup(all[i]);
        Ran ran = child_run(to_full_disk, line);
        free(line);
        cr_assert_eq(ran.status, 2, "'%s' on a full disk: status %d", all[i],
                     ran.status);
    }
}

// Only the last line meets the full disk.
static void last_line_only(void *folder) {
    Lab lab = {0};
    (void)folder;
    printf("%d claims\n", lab.claims);
    dup2(open("/dev/full", O_WRONLY), 1);
    stdout_flush();
}

Test(lab, the_last_line_is_checked) {
    if (access("/dev/full", W_OK) != 0) return;
    cr_assert_eq(child_run(last_line_only, NULL).status, 2);
}

Test(lab, the_folder_for_figures) {
    ran_with("draws --out=", 2, "--out: a folder's name is empty");
    ran_with("draws --out=/dev/null", 2, "--out: /dev/null: Not a directory");
    ran_with("draws --out=/dev/null/x", 2, "Not a directory");
}

// ---- the program's own folder

static int where_run(const Args *args) {
    (void)args;
    char *path = repository_file("a_text");
    printf("found %s\n", path ? path : "nothing");
    free(path);
    return 0;
}
static const Command where_commands[] = {{"where", "", "finds", where_run, NULL}, {0}};
static const Program program_of_where = {"Where", all_labs, where_commands, NULL};

static void find_file(void *argv0) {
    char *argv[] = {argv0, "where", NULL};
    exit(program_main(&program_of_where, 2, argv));
}

// A program finds the repository's files beside its folder: in its chapter's, where it is
// copied to, and in build/WAY, where it is linked.
Test(program, finds_the_repository_s_files) {
    char *folder = child_folder(), path[3][256];
    const char *const places[] = {"chapter", "build", "build/gcc"};
    for (int i = 0; i < 3; i++) {
        snprintf(path[0], sizeof path[0], "%s/%s", folder, places[i]);
        cr_assert_eq(mkdir(path[0], 0700), 0);
    }
    snprintf(path[0], sizeof path[0], "%s/a_text", folder);
    snprintf(path[1], sizeof path[1], "%s/chapter/a_program", folder);
    snprintf(path[2], sizeof path[2], "%s/build/gcc/a_program", folder);
    Ran ran = child_run(find_file, path[1]);
    cr_assert(strstr(ran.text, "found nothing"), "%s", ran.text);
    fclose(fopen(path[0], "w"));
    for (int i = 1; i < 3; i++) {
        ran = child_run(find_file, path[i]);
        cr_assert(strstr(ran.text, "found ") && strstr(ran.text, "a_text"), "%s: %s",
                  path[i], ran.text);
    }
    child_folder_remove(folder);
}

static void without_out(void *argv0) {
    char *argv[] = {argv0, "draws", NULL};
    exit(program_main(&program, 2, argv));
}

Test(program, figures_go_beside_it) {
    char *folder = child_folder(), path[256];
    snprintf(path, sizeof path, "%s/a_program", folder);
    Ran ran = child_run(without_out, path);
    cr_assert_eq(ran.status, 0, "%s", ran.text);
    snprintf(path, sizeof path, "%s/plots", folder);
    struct stat info;
    cr_assert(stat(path, &info) == 0 && S_ISDIR(info.st_mode));
    cr_assert_eq(child_folder_count(folder), 1);
    child_folder_remove(folder);
}

// ---- figures

static void nothing_run(Lab *lab) {
    Plot *p = plot_new(lab, "nothing", "x y z");
    plot_row(p, 1, NAN, NAN);
    plot_set(p, "logscale xy");
    plot_line(p, "x", "y", "line");
    plot_end(p);
}
static void quotes_run(Lab *lab) {
    Plot *p = plot_new(lab, "quotes", "x y");
    plot_row(p, 1, 2);
    plot_row(p, 2, 3);
    plot_title(p, "a \"b\" c' `touch /tmp/course-test-plots/run` \\ d\ne\tf");
    plot_axes(p, "x \"`", "y\n'");
    plot_line(p, "x", "y", "\"; exit 3 #");
    plot_end(p);
}
static void broken_run(Lab *lab) {
    Plot *p = plot_new(lab, "broken", "x y");
    plot_row(p, 1, 2);
    plot_set(p, "nonsense");
    plot_line(p, "x", "y", "line");
    plot_end(p);
    lab_print(lab, "and on");
}
static void lines_run(Lab *lab, const char *name, int lines) {
    Plot *p = plot_new(lab, name, "x y");
    plot_row(p, 1, 2);
    for (int i = 0; i < lines; i++) plot_line(p, "x", "y", "a_{t}, of 17 letters");
    plot_end(p);
}
static void three_run(Lab *lab) { lines_run(lab, "three", 3); }
static void four_run(Lab *lab) { lines_run(lab, "four", 4); }
static void silent_run(Lab *lab) { lab_print(lab, "no figure"); }
static const LabSpec three_lab = {"three", "1", "three", three_run, NULL},
                     four_lab = {"four", "1", "four", four_run, NULL},
                     silent_lab = {"silent", "1", "silent", silent_run, NULL};
static const LabSpec nothing_lab = {"nothing", "1", "nothing", nothing_run, NULL},
                     quotes_lab = {"quotes", "1", "it's \"so\"", quotes_run, NULL},
                     broken_lab = {"broken", "1", "broken", broken_run, NULL};

typedef struct {
    const LabSpec *lab;
    const char *option;
} Plotting;
static void plot_work(void *plotting) {
    const Plotting *how = plotting;
    const LabSpec *const labs[] = {how->lab, NULL};
    char *argv[] = {"a_program", "--out=/tmp/course-test-plots", (char *)how->option,
                    NULL};
    exit(program_main(&(Program){"Figures", labs, NULL, NULL}, 3, argv));
}

static Ran plotted_as(const LabSpec *lab, const char *option) {
    return child_run(plot_work, &(Plotting){lab, option});
}
static Ran plotted(const LabSpec *lab) { return plotted_as(lab, "--terminal=svg"); }

Test(plot, nothing_to_draw_is_said) {
    Ran ran = plotted(&nothing_lab);
    cr_assert_eq(ran.status, 0, "%s", ran.text);
    cr_assert(strstr(ran.text, "figure: nothing to draw"), "%s", ran.text);
    cr_assert_not(strstr(ran.text, "warning"), "%s", ran.text);
}

// More than three titles: gnuplot is told that they are narrower than it takes them for.
Test(plot, a_long_key_has_columns) {
    static const char *const widths[] = {"width -1\n", "width -2.9 "};
    const LabSpec *const labs[] = {&three_lab, &four_lab};
    for (int i = 0; i < 2; i++) {
        Ran ran = plotted(labs[i]);
        cr_assert_eq(ran.status, 0, "%s", ran.text);
        Bytes script;
        Error err;
        char path[64];
        snprintf(path, sizeof path, "/tmp/course-test-plots/%s.gp", labs[i]->name);
        cr_assert(file_read(&script, path, &err), "%s", err.text);
        cr_assert(strstr(script.data, widths[i]), "%s", script.data);
        bytes_free(&script);
    }
}

// One point has no range of y: a warning of gnuplot's, and nobody's fault.
Test(plot, only_a_failing_gnuplot_is_heard) {
    Ran ran = plotted(&three_lab);
    cr_assert_not(strstr(ran.text, "empty"), "%s", ran.text);
    ran = plotted(&broken_lab);
    if (strstr(ran.text, "gnuplot is not installed")) return;
    cr_assert(strstr(ran.text, "nonsense"), "%s", ran.text);
}

Test(plot, a_table_is_called_data) {
    Ran ran = plotted_as(&three_lab, "--terminal=dumb");
    cr_assert(strstr(ran.text, "  data: /tmp/course-test-plots/three.tsv"), "%s",
              ran.text);
    cr_assert(strstr(ran.text, "; figures in /tmp/course-test-plots"), "%s", ran.text);
    cr_assert_not(strstr(plotted(&silent_lab).text, "figures in"));
}

Test(plot, a_text_is_text) {
    remove("/tmp/course-test-plots/run");
    Ran ran = plotted(&quotes_lab);
    cr_assert_eq(ran.status, 0, "%s", ran.text);
    cr_assert_neq(access("/tmp/course-test-plots/run", F_OK), 0);
    Bytes svg;
    Error err;
    if (!file_read(&svg, "/tmp/course-test-plots/quotes.svg", &err))
        return;  // no gnuplot
    cr_assert(strstr(svg.data, "exit 3 #"), "the series' title is not drawn");
    bytes_free(&svg);
}

Test(plot, a_failing_gnuplot_is_not_passed_over) {
    Ran ran = plotted(&broken_lab);
    if (strstr(ran.text, "gnuplot is not installed")) return;
    cr_assert_eq(ran.status, 2, "%s", ran.text);
    cr_assert(strstr(ran.text, "gnuplot could not draw"), "%s", ran.text);
    cr_assert_not(strstr(ran.text, "and on"));
}
