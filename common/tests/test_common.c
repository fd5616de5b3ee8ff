#include <criterion/criterion.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/numeric/rng.h"
#include "common/program/file.h"
#include "common/program/lab.h"
#include "common/program/plot.h"

// ---- random numbers

// The mean of n draws of variance v is within 5 standard errors of the truth.
static void mean_is(double sum, int n, double mean, double variance, const char *what) {
    cr_assert_leq(fabs(sum / n - mean), 5 * sqrt(variance / n), "%s: %g, not %g", what,
                  sum / n, mean);
}

Test(rng, moments) {
    enum { N = 200000 };
    Rng rng = rng_new(3);
    double uniform = 0, square = 0, normal = 0, normal2 = 0, normal4 = 0;
    for (int i = 0; i < N; i++) {
        double u = rng_uniform(&rng), z = rng_normal(&rng);
        cr_assert(u >= 0 && u < 1);
        uniform += u, square += u * u;
        normal += z, normal2 += z * z, normal4 += z * z * z * z;
    }
    mean_is(uniform, N, 0.5, 1.0 / 12, "uniform");
    mean_is(square, N, 1.0 / 3, 4.0 / 45, "uniform, squared");
    mean_is(normal, N, 0, 1, "normal");
    mean_is(normal2, N, 1, 2, "normal, squared");
    mean_is(normal4, N, 3, 96, "normal, to the fourth");
}

// The first outputs of xoshiro256++ from the state 1, 2, 3, 4, as the authors' own code
// gives them.
Test(rng, is_xoshiro256) {
    Rng rng = {{1, 2, 3, 4}};
    uint64_t want[] = {41943041u, 58720359u, 3588806011781223u, 3591011842654386u};
    for (int i = 0; i < 4; i++) cr_assert_eq(rng_bits(&rng), want[i]);
}

Test(rng, categorical_below_and_shuffle) {
    enum { N = 60000 };
    Rng rng = rng_new(4);
    double p[] = {0.5, 0, 1.5, 1}, seen[4] = {0}, below[7] = {0}, first[5] = {0};
    for (int i = 0; i < N; i++) {
        seen[rng_categorical(&rng, p, 4)]++;
        below[rng_below(&rng, 7)]++;
        int items[] = {0, 1, 2, 3, 4};
        rng_shuffle(&rng, items, 5);
        first[items[0]]++;
    }
    for (int i = 0; i < 4; i++)
        mean_is(seen[i], N, p[i] / 3, p[i] / 3 * (1 - p[i] / 3), "categorical");
    for (int i = 0; i < 7; i++) mean_is(below[i], N, 1.0 / 7, 6.0 / 49, "below");
    for (int i = 0; i < 5; i++) mean_is(first[i], N, 0.2, 0.16, "shuffle");
    cr_assert_eq(seen[1], 0);
}

Test(rng, streams_differ_and_repeat) {
    Rng parent = rng_new(1), a = rng_split(&parent, 0), b = rng_split(&parent, 1),
        again = rng_split(&parent, 0);
    int same = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t x = rng_bits(&a);
        same += x == rng_bits(&b);
        cr_assert_eq(x, rng_bits(&again));
    }
    cr_assert_eq(same, 0);
}

// ---- matrices

Test(mat, views_share_memory) {
    Mat m = mat_new(3, 4);
    *mat_at(m, 1, 2) = 7;
    cr_assert_eq(*mat_at(mat_transpose(m), 2, 1), 7);
    cr_assert_eq(*mat_at(mat_rows(m, 1, 2), 0, 2), 7);
    cr_assert_eq(*mat_at(mat_cols(m, 2, 2), 1, 0), 7);
    cr_assert_eq(*mat_at(mat_cols(mat_transpose(m), 1, 1), 2, 0), 7);
    mat_fill(mat_cols(m, 0, 2), 1);
    cr_assert(*mat_at(m, 2, 1) == 1 && *mat_at(m, 2, 2) == 0);
    cr_assert_eq((uintptr_t)m.at % 64, 0);
    mat_free(m);
}

// ---- files

Test(file, read_and_write) {
    char path[] = "/tmp/course-test-XXXXXX", inside[64];
    close(mkstemp(path));
    Error err;
    Output out;
    cr_assert(output_open(&out, path, &err));
    fputs("new", out.stream);
    Bytes bytes;
    // nothing is seen before the commit
    cr_assert(file_read(&bytes, path, &err) && bytes.size == 0);
    bytes_free(&bytes);
    cr_assert(output_commit(&out, &err));
    cr_assert(file_read(&bytes, path, &err) && bytes.size == 3
              && memcmp(bytes.data, "new\0\0", 5) == 0);
    bytes_free(&bytes);
    cr_assert(output_open(&out, path, &err));
    fputs("other", out.stream);
    output_cancel(&out);
    cr_assert(file_read(&bytes, path, &err) && bytes.size == 3);
    bytes_free(&bytes);
    snprintf(inside, sizeof inside, "%s/x", path);
    cr_assert_not(output_open(&out, inside, &err));
    cr_assert(strstr(err.text, inside));
    cr_assert_not(make_folder(inside, &err));
    remove(path);
    cr_assert_not(file_read(&bytes, path, &err));
    cr_assert(strstr(err.text, path));
    cr_assert_not(file_read(&bytes, "/tmp", &err));
}

// A pipe stays a pipe, a link stays a link, and a file keeps its mode.
Test(file, what_is_not_a_plain_file_stays) {
    char folder[] = "/tmp/course-test-XXXXXX", pipe_path[64], link_path[64], plain[64];
    cr_assert(mkdtemp(folder));
    snprintf(pipe_path, sizeof pipe_path, "%s/pipe", folder);
    snprintf(link_path, sizeof link_path, "%s/link", folder);
    snprintf(plain, sizeof plain, "%s/plain", folder);
    cr_assert(mkfifo(pipe_path, 0600) == 0 && symlink("plain", link_path) == 0);
    FILE *f = fopen(plain, "w");
    fclose(f), chmod(plain, 0640);

    Error err;
    Output out;
    int reader = open(pipe_path, O_RDONLY | O_NONBLOCK);
    cr_assert(output_open(&out, pipe_path, &err), "%s", err.text);
    fputs("through", out.stream);
    cr_assert(output_commit(&out, &err), "%s", err.text);
    char got[16] = "";
    cr_assert(read(reader, got, sizeof got) == 7 && strcmp(got, "through") == 0);
    close(reader);

    cr_assert(output_open(&out, link_path, &err), "%s", err.text);
    fputs("new", out.stream);
    cr_assert(output_commit(&out, &err), "%s", err.text);
    struct stat info;
    cr_assert(lstat(link_path, &info) == 0 && S_ISLNK(info.st_mode));
    cr_assert(stat(plain, &info) == 0 && info.st_size == 3
              && (info.st_mode & 0777) == 0640);
    cr_assert(lstat(pipe_path, &info) == 0 && S_ISFIFO(info.st_mode));
    remove(pipe_path), remove(link_path), remove(plain), remove(folder);
}

// ---- options, claims, programs: run in a child, its output and status looked at

typedef struct {
    char text[8192];
    int status;
} Ran;

static void claims_run(Lab *lab) {
    claim_near(lab, "1.1", "near", 1, 1 + option_real(&lab->args, "error", 0, 9), 0.5);
    claim_near(lab, "1.2", "a number", 1, option_flag(&lab->args, "nan") ? NAN : 1,
               0.5);
    claim_at_most(lab, "1.3", "bound", 2,
                  (double)option_int(&lab->args, "size", 1, 99));
    claim_equal(lab, "1.4", "count", 3, 3);
    Plot *p = plot_new(lab, "a_plot", "x y");
    plot_row(p, 1, 2);
    plot_row(p, 2, NAN);
    plot_line(p, "x", "y", "line");
    plot_end(p);
}

static const Option claims_options[] = {{"error", "0", "error"},
                                        {"nan", OPTION_FLAG, "nan"},
                                        {"size", "2", "size", .letter = 's'},
                                        {0}};
static const LabSpec claims_lab = {"claims", "1.1", "claims", claims_run,
                                   claims_options};
static const LabSpec *const all_labs[] = {&claims_lab, NULL};
static const Program program = {"A program", all_labs, NULL, NULL};

static Ran run(const char *arguments) {
    static char out[] = "--out=/tmp/course-test-plots";
    Ran ran = {""};
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 1), dup2(ends[1], 2), close(ends[0]), close(ends[1]);
        char *copy = strdup(arguments), *argv[16] = {strdup("folder/a_program")};
        int argc = 1;
        for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
            argv[argc++] = word;
        argv[argc++] = out;
        int status = program_main(&program, argc, argv);
        fflush(stdout);
        _exit(status);
    }
    close(ends[1]);
    for (size_t size = 0;;) {
        ssize_t got = read(ends[0], ran.text + size, sizeof ran.text - 1 - size);
        if (got <= 0) break;
        size += (size_t)got;
    }
    close(ends[0]);
    waitpid(child, &ran.status, 0);
    ran.status = WEXITSTATUS(ran.status);
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
    ran_with("--size 3", 2, "unknown option --size");
    ran_with("claimz", 2, "no lab or command 'claimz'");
    ran_with("claims more", 2, "unexpected 'more'");
    ran_with("--terminal x", 2, "--terminal x: expected one of svg, png, dumb");
    ran_with("--list", 0, "claims");
    ran_with("--help", 0, "LAB --help");
    ran_with("claims --help", 0, "--error 0");
}

Test(plot, leaves_data_and_script) {
    ran_with("", 0, "a_plot");
    Bytes tsv, gp;
    Error err;
    cr_assert(file_read(&tsv, "/tmp/course-test-plots/a_plot.tsv", &err), "%s",
              err.text);
    cr_assert_str_eq(tsv.data, "x\ty\n1\t2\n2\tnan\n");
    cr_assert(file_read(&gp, "/tmp/course-test-plots/a_plot.gp", &err));
    cr_assert(strstr(gp.data, "using \"x\":\"y\" with lines"));
    bytes_free(&tsv), bytes_free(&gp);
}
