// What a person at a terminal sees: colours, suggestions, names of files, progress. And
// that none of it reaches a pipe.
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/program/file.h"
#include "common/program/lab.h"
#include "common/program/nearest.h"
#include "common/program/plot.h"
#include "common/tests/child.h"

// ---- a program of two labs

static void steps_run(Lab *lab) {
    lab_progress_value(lab, 1, 4, "loss", 2.5);
    lab_progress(lab, 1, 3);
    lab_print(lab, "meanwhile");
    lab_progress(lab, 4, 4);
    claim_equal(lab, "1.1", "first", 3, 3);
    lab_print(lab, "between");
    claim_near(lab, "1.2", "second", 1, option_real(&lab->args, "x", 0, 9), 0);
    Plot *p = plot_new(lab, "steps", "x y");
    plot_row(p, 1, 2);
    plot_row(p, 2, 3);
    for (int i = 0; i < 3; i++) plot_points(p, "x", "y", "points");
    for (int i = 0; i < 8; i++) plot_line(p, "x", "y", "with lines");
    plot_series(p, "using 1:2 with points pointtype 7 title 'own'");
    plot_end(p);
    p = plot_new(lab, "more_steps", "x y");
    plot_row(p, 1, 2);
    plot_row(p, 2, 3);
    plot_line(p, "x", "y", "line");
    plot_end(p);
}
static const Option steps_options[] = {{"x", "1", "a number"}, {0}};
static const LabSpec steps_lab = {"long-steps", "1.1", "steps", steps_run,
                                  steps_options};
static void other_run(Lab *lab) { claim_equal(lab, "1.3", "other", 1, 1); }
static const LabSpec other_lab = {"other", "1.2", "other", other_run, NULL};
static const LabSpec *const two_labs[] = {&steps_lab, &other_lab, NULL};
static const ClaimPlace claims[] = {
    {"1.1", "long-steps"}, {"1.2", "long-steps"}, {"1.3", "other"}, {0}};
static void version(void) { printf("Unicode 99\n"); }

typedef struct {
    const char *words, *out;
} Line;

static void work(void *argument) {
    const Line *line = argument;
    char *copy = strdup(line->words), *argv[16] = {strdup("folder/a_program")};
    int argc = 1;
    for (char *w = strtok(copy, " "); w; w = strtok(NULL, " ")) argv[argc++] = w;
    char out[128];
    snprintf(out, sizeof out, "--out=%s", line->out);
    if (line->out) argv[argc++] = out;
    exit(program_main(&(Program){"A program", two_labs, NULL, NULL, version, claims},
                      argc, argv));
}

static Ran run(const char *words, const char *out) {
    return child_run(work, &(Line){words, out});
}

// The same, on a terminal.
static Ran run_on_terminal(const char *words, const char *out) {
    Ran ran = {""};
    fflush(NULL);
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    cr_assert(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    pid_t child = fork();
    if (child == 0) {
        int end = open(ptsname(terminal), O_RDWR | O_NOCTTY);
        dup2(end, 1), dup2(end, 2), close(end), close(terminal);
        work(&(Line){words, out});
    }
    for (size_t size = 0;;) {
        ssize_t got = read(terminal, ran.text + size, sizeof ran.text - 1 - size);
        if (got <= 0) break;
        size += (size_t)got;
    }
    close(terminal);
    waitpid(child, &ran.status, 0);
    ran.status = WEXITSTATUS(ran.status);
    return ran;
}

static int count(const char *text, const char *what) {
    int n = 0;
    for (; (text = strstr(text, what)); text += strlen(what)) n++;
    return n;
}

// ---- claims

Test(terminal, claims_have_heads_once_a_lab) {
    char *folder = child_folder();
    Ran ran = run("", folder);
    cr_assert_eq(ran.status, 0, "%s", ran.text);
    cr_assert_eq(count(ran.text, "what it says"), 2, "%s", ran.text);
    const char *head = strstr(ran.text, "  claim  "),
               *row = strstr(ran.text, "  [1.1]");
    cr_assert(head && row && head < row);
    // right-aligned columns end where their heads do
    cr_assert_eq(strstr(head, "predicted") + 9 - head, strchr(row + 9, '3') + 1 - row);
    cr_assert_eq(count(ran.text, "ok\n"), 3);
    cr_assert_eq(count(ran.text, "FAIL"), 0);
    child_folder_remove(folder);
}

Test(terminal, colours_are_for_terminals) {
    char *folder = child_folder();
    setenv("TERM", "xterm", 1), unsetenv("NO_COLOR");
    Ran piped = run("other", folder), seen = run_on_terminal("other", folder);
    cr_assert_eq(strchr(piped.text, '\033'), NULL);
    cr_assert(strstr(seen.text, "\033[32mok\033[0m"), "%s", seen.text);
    setenv("NO_COLOR", "1", 1);
    cr_assert_not(strstr(run_on_terminal("other", folder).text, "\033[32m"));
    setenv("NO_COLOR", "", 1);  // as good as not set
    cr_assert(strstr(run_on_terminal("other", folder).text, "\033[32m"));
    setenv("TERM", "dumb", 1);
    cr_assert_not(strstr(run_on_terminal("other", folder).text, "\033[32m"));
    child_folder_remove(folder);
}

Test(terminal, a_failed_claim_is_red) {
    char *folder = child_folder();
    setenv("TERM", "xterm", 1), unsetenv("NO_COLOR");
    Ran seen = run_on_terminal("long-steps --x 2", folder);
    cr_assert_eq(seen.status, 1);
    cr_assert(strstr(seen.text, "\033[1;31mFAIL\033[0m"), "%s", seen.text);
    child_folder_remove(folder);
}

Test(terminal, a_claim_finds_its_lab) {
    char *folder = child_folder();
    Ran ran = run("--claim [1.3]", folder);
    cr_assert_eq(ran.status, 0);
    cr_assert(strstr(ran.text, "[1.3]") && strstr(ran.text, "1 claims, 0 failed"));
    cr_assert_not(strstr(ran.text, "[1.1]"));
    cr_assert(strstr(run("--claim 1.2 --seed 3", folder).text, "2 claims, 0 failed"));
    // its options are the lab's
    cr_assert(strstr(run("--claim 1.2 --x 1.0", folder).text, "2 claims, 0 failed"));
    ran = run("--x=2 --claim=[1.2]", folder);
    cr_assert(ran.status == 1 && strstr(ran.text, "2 claims, 1 failed"), "%s",
              ran.text);
    ran = run("--claim 1.3 --x 2", folder);
    cr_assert(ran.status == 2 && strstr(ran.text, "unknown option --x"), "%s",
              ran.text);
    ran = run("--claim 1.4", folder);
    cr_assert(ran.status == 2
              && strstr(ran.text, "--claim 1.4: no lab of this chapter states it"));
    ran = run("--claim 1", folder);
    cr_assert(ran.status == 2 && strstr(ran.text, "--claim 1: no lab of this chapter"));
    child_folder_remove(folder);
}

// ---- did you mean

Test(terminal, did_you_mean) {
    static const char *const cases[][2] = {
        {"long_steps", "did you mean long-steps?"},
        {"long-stpes", "did you mean long-steps?"},
        {"long", "did you mean long-steps?"},
        {"lnog", "did you mean long-steps?"},
        {"lon-step", "did you mean long-steps?"},
        {"long-stp", "did you mean long-steps?"},
        {"othr", "did you mean other?"},
        {"zzzz", "no lab or command 'zzzz'; --help lists them\n"},
        {"other --sed 3", "unknown option --sed; did you mean --seed? --help"},
        {"other --outt=3", "did you mean --out?"},
        {"--lists", "did you mean --list?"},
        {"other --zzzzzz", "unknown option --zzzzzz; --help lists them\n"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Ran ran = run(cases[i][0], NULL);
        cr_assert_eq(ran.status, 2);
        cr_assert(strstr(ran.text, cases[i][1]), "%s: %s", cases[i][0], ran.text);
    }
}

static size_t apart(const char *word, const char *name) {
    Nearest nearest = nearest_to(word, strlen(word), "");
    nearest.distance = 100;
    nearest_try(&nearest, name);
    return nearest.distance;
}

Test(terminal, the_first_of_equally_near_names) {
    Nearest nearest = nearest_to("aab", 3, "");
    nearest_try(&nearest, "aaz"), nearest_try(&nearest, "aac");
    cr_assert_str_eq(nearest.name, "aaz");
    nearest_try(&nearest, "aab");
    cr_assert_str_eq(nearest.name, "aab");
    // too long to be meant
    char name[200] = "";
    memset(name, 'a', 190);
    nearest_try(&nearest, name);
    cr_assert_str_eq(nearest.name, "aab");
    nearest = nearest_to(name, 190, "");
    nearest_try(&nearest, "aaa");
    cr_assert_null(nearest.name);
}

Test(terminal, distances) {
    cr_assert_eq(apart("abc", "abc"), 0);
    cr_assert_eq(apart("a_c", "a-c"), 0);
    cr_assert_eq(apart("kitten", "sitting"), 3);
    cr_assert_eq(apart("abcd", "acbd"), 1);
    cr_assert_eq(apart("ca", "abc"), 3);  // no letter is moved twice
    cr_assert_eq(apart("", "abc"), 3);
    cr_assert_eq(apart("trian", "train"), 1);
    // a beginning of a name, itself misspelt
    cr_assert_eq(apart("attention", "attention-map"), 1);
    cr_assert_eq(apart("attenion", "attention-map"), 2);
    cr_assert_eq(apart("atetnion-mp", "attention-map"), 3);
    cr_assert_eq(apart("at", "attention-map"), 11);
    char longest[64];
    memset(longest, 'a', 63), longest[63] = '\0';
    cr_assert_eq(apart(longest, "a"), 100);  // not looked at, and nothing overrun
}

// ---- names of files

static bool exists(const char *folder, const char *name) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

Test(terminal, as_names_the_files) {
    char *folder = child_folder();
    Ran ran = run("long-steps --as my_run-2", folder);
    cr_assert_eq(ran.status, 0, "%s", ran.text);
    cr_assert(exists(folder, "my_run-2.tsv") && exists(folder, "my_run-2.gp"));
    cr_assert(exists(folder, "my_run-2_more_steps.tsv"));
    cr_assert_not(exists(folder, "steps.tsv"));
    run("--as all", folder);
    cr_assert(exists(folder, "all_steps.tsv"));
    static const char *const bad[] = {"a/b", "../a", ".a", "-a", "a\"b", "a;b"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char words[64];
        snprintf(words, sizeof words, "long-steps --as=%s", bad[i]);
        ran = run(words, folder);
        cr_assert(ran.status == 2 && strstr(ran.text, "expected letters"), "%s",
                  bad[i]);
    }
    cr_assert_eq(run("long-steps --as=", folder).status, 2);
    char longest[32 + 101];
    snprintf(longest, sizeof longest, "other --as=%0101d", 0);
    cr_assert_eq(run(longest, folder).status, 2);
    longest[strlen(longest) - 1] = '\0';
    cr_assert_eq(run(longest, folder).status, 0);
    child_folder_remove(folder);
}

Test(terminal, overwriting_another_run_is_said) {
    char *folder = child_folder();
    const char *said = "is overwritten; --as NAME keeps both";
    cr_assert_eq(count(run("long-steps", folder).text, said), 0);
    cr_assert_eq(count(run("long-steps --threads 1", folder).text, said), 0);
    cr_assert_eq(count(run("long-steps --x 1", folder).text, said), 0);  // the default
    cr_assert_eq(count(run("long-steps --x 1.0", folder).text, said), 2);
    Ran ran = run("long-steps --seed 2", folder);
    cr_assert(strstr(ran.text, "made by 'a_program long-steps --x 1.0'"), "%s",
              ran.text);
    cr_assert_eq(count(run("", folder).text, said), 1);  // a tour says it once
    cr_assert_eq(count(run("", folder).text, said), 0);
    child_folder_remove(folder);
}

// ---- figures

Test(terminal, no_two_series_share_a_letter) {
    char *folder = child_folder(), path[256];
    run("long-steps --terminal dumb", folder);
    snprintf(path, sizeof path, "%s/steps.gp", folder);
    Bytes gp;
    Error err;
    cr_assert(file_read(&gp, path, &err), "%s", err.text);
    int points[32] = {0}, lines[32] = {0};
    for (const char *p = gp.data; (p = strstr(p, "pointtype ")); p++)
        points[atoi(p + 10) % 32]++;
    for (const char *p = gp.data; (p = strstr(p, "linetype ")); p++)
        lines[atoi(p + 9) % 32]++;
    int used = 0;
    for (int i = 0; i < 32; i++) {
        cr_assert(points[i] <= 1 && lines[i] <= 1);
        used += points[i] + lines[i];
    }
    cr_assert_eq(used, 12, "%s", gp.data);  // 3 points, 8 lines (two as points), 1 own
    bytes_free(&gp);
    child_folder_remove(folder);
}

// The first line of a file that another process is about to write: nobody waits for it,
// and on a busy machine it takes its time.
static bool comes_to_hold(const char *path, char *line, int size) {
    for (int i = 0; i < 2400; i++) {
        FILE *f = fopen(path, "r");
        bool whole = f && fgets(line, size, f) && strchr(line, '\n');
        if (f) fclose(f);
        if (whole) return true;
        usleep(50000);
    }
    return false;
}

Test(terminal, open_shows_the_figure) {
    char *folder = child_folder(), path[512], line[256];
    snprintf(path, sizeof path, "%s/xdg-open", folder);
    FILE *f = fopen(path, "w");
    fprintf(f, "#!/bin/sh\necho \"$1\" >>%s/opened\necho noise\n", folder);
    fclose(f), chmod(path, 0755);
    snprintf(path, sizeof path, "%s:%s", folder, getenv("PATH"));
    setenv("PATH", path, 1);
    unsetenv("DISPLAY"), unsetenv("WAYLAND_DISPLAY");
    Ran ran = run("long-steps --open", folder);
    if (exists(folder, "steps.svg"))
        cr_assert(strstr(ran.text, "no display here"), "%s", ran.text);
    setenv("DISPLAY", ":0", 1);
    ran = run("long-steps --open", folder);
    cr_assert_eq(ran.status, 0, "%s", ran.text);
    cr_assert_not(strstr(ran.text, "noise"));
    if (!exists(folder, "steps.svg")) return;  // no gnuplot
    snprintf(path, sizeof path, "%s/opened", folder);
    cr_assert(comes_to_hold(path, line, sizeof line) && strstr(line, "steps.svg"));
    ran = run("--open", folder);
    cr_assert(ran.status == 2 && strstr(ran.text, "goes with one lab"));
    char *old = strdup(getenv("PATH"));
    setenv("PATH", "/nowhere", 1);
    ran = run("long-steps --open", folder);
    cr_assert_eq(ran.status, 0, "%s", ran.text);
    cr_assert_eq(count(ran.text, "gnuplot is not installed"), 1, "%s", ran.text);
    setenv("PATH", old, 1), free(old);
    child_folder_remove(folder);
}

// ---- the rest

Test(terminal, progress_shows_a_quantity_and_only_to_people) {
    char *folder = child_folder();
    Ran seen = run_on_terminal("long-steps", folder), piped = run("long-steps", folder);
    cr_assert(strstr(seen.text, "\rlong-steps:  25 %, loss 2.5\033[K"), "%s",
              seen.text);
    cr_assert_not(strstr(piped.text, "loss"));
    // what is printed meanwhile does not stand behind it
    cr_assert(strstr(seen.text, "33 %\033[K\r\033[K  meanwhile"), "%s", seen.text);
    child_folder_remove(folder);
}

Test(terminal, version) {
    Ran ran = run("--version", NULL);
    cr_assert_eq(ran.status, 0);
    cr_assert(strstr(ran.text, "A program\ncompiled by "), "%s", ran.text);
    cr_assert(strstr(ran.text, "Unicode 99"));
}
