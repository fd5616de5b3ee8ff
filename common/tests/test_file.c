#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/program/file.h"
#include "common/tests/child.h"
#include "common/tests/files.h"

Test(file, read_and_write) {
    char path[] = "/tmp/course-test-XXXXXX";
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
    const char *below = inside(path, "x");
    cr_assert_not(output_open(&out, below, &err));
    cr_assert(strstr(err.text, below));
    cr_assert_not(make_folder(below, &err));
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

// ---- names

Test(file, a_name_as_long_as_the_system_takes) {
    char *folder = child_folder(), name[256];
    memset(name, 'n', 255), name[255] = '\0';
    write_file(inside(folder, name), "long");
    holds(inside(folder, name), "long");
    child_folder_remove(folder);
}

// A link stays a link, also one that points to what is not there yet, and over links.
Test(file, a_dangling_link_is_followed) {
    char *folder = child_folder();
    cr_assert_eq(mkdir(inside(folder, "sub"), 0700), 0);
    cr_assert_eq(symlink("sub/second", inside(folder, "first")), 0);
    cr_assert_eq(symlink("new", inside(folder, "sub/second")), 0);
    write_file(inside(folder, "first"), "through");
    holds(inside(folder, "sub/new"), "through");
    struct stat info;
    cr_assert(lstat(inside(folder, "first"), &info) == 0 && S_ISLNK(info.st_mode));
    Error err;
    Output out;
    cr_assert_eq(symlink("loop", inside(folder, "loop")), 0);
    cr_assert_not(output_open(&out, inside(folder, "loop"), &err));
    child_folder_remove(folder);
}

// ---- what cannot be written is said before, and why

static bool refused(const char *path, const char *why) {
    Error err = {""}, same = {""};
    Output out;
    if (output_check(path, &err) || output_open(&out, path, &same)) return false;
    return strstr(err.text, why) && strcmp(err.text, same.text) == 0;
}

// In a child there are no assertions: the status says which one failed.
static void check_as_nobody(void *folder) {
    child_become_nobody();
    if (!refused(inside(folder, "locked/new"), "no file can be made in")) exit(3);
    if (!refused(inside(folder, "locked/mine"), "no file can be made in")) exit(4);
    if (!refused(inside(folder, "fixed"), "Permission denied")) exit(5);
    if (!refused(inside(folder, "blind/new"), "cannot be written")) exit(6);
    if (!refused(inside(folder, "blind/sub/new"), "cannot be written")) exit(7);
}

Test(file, what_cannot_be_written_is_said_before) {
    char *folder = child_folder();
    cr_assert_eq(mkdir(inside(folder, "locked"), 0700), 0);
    write_file(inside(folder, "locked/mine"), "");
    write_file(inside(folder, "fixed"), "");
    chmod(inside(folder, "locked/mine"), 0666), chmod(inside(folder, "fixed"), 0444);
    chmod(inside(folder, "locked"), 0555), chmod(folder, 0777);
    cr_assert_eq(mkdir(inside(folder, "blind"), 0700), 0);
    chmod(inside(folder, "blind"), 0222);  // it may be changed, if one could find it
    cr_assert(refused(inside(folder, "none/x"), "there is no folder"));
    cr_assert(refused(inside(folder, "fixed/x"), "Not a directory"));
    cr_assert(refused(inside(folder, "locked"), "it is a folder"));
    cr_assert(refused("", "empty"));
    Ran ran = child_run(check_as_nobody, folder);
    cr_assert_eq(ran.status, 0, "%s", ran.text);
    Error err;
    cr_assert(output_check("-", &err) && output_check(inside(folder, "new"), &err));
    cr_assert_eq(child_folder_count(folder), 3);  // to look makes nothing
    child_folder_remove(folder);
}

Test(file, one_file_by_two_names) {
    char *folder = child_folder();
    write_file(inside(folder, "a"), ""), write_file(inside(folder, "b"), "");
    cr_assert_eq(symlink("a", inside(folder, "link")), 0);
    char a[256], link[256];
    snprintf(a, sizeof a, "%s", inside(folder, "a"));
    snprintf(link, sizeof link, "%s", inside(folder, "link"));
    cr_assert(same_file(a, a) && same_file(a, link));
    cr_assert_not(same_file(a, inside(folder, "b")));
    cr_assert_not(same_file(a, inside(folder, "none")));
    child_folder_remove(folder);
}

Test(file, folders) {
    char *folder = child_folder();
    Error err;
    cr_assert(make_folder(inside(folder, "a/b/c"), &err), "%s", err.text);
    cr_assert(make_folder(inside(folder, "a/b/c"), &err) && make_folder("/", &err));
    write_file(inside(folder, "a/file"), "");
    cr_assert_not(make_folder(inside(folder, "a/file"), &err));
    cr_assert(strstr(err.text, "a/file: Not a directory"), "%s", err.text);
    cr_assert_not(make_folder(inside(folder, "a/file/b"), &err));
    cr_assert_not(make_folder("", &err));
    cr_assert(strstr(err.text, "empty"));
    child_folder_remove(folder);
}

// ---- however the program ends, nothing half-written is left

typedef struct {
    const char *path;
    int signal;  // 0: exit, -1: die, -2: cancel
    bool committed;
} Ending;

static void end_writing(void *argument) {
    const Ending *e = argument;
    Error err;
    Output out, other;
    // A job in the background is started with SIGINT and SIGQUIT ignored.
    if (e->signal > 0) signal(e->signal, SIG_DFL);
    if (!output_open(&out, e->path, &err)) abort();
    fputs("half", out.stream), fflush(out.stream);
    char temporary[4096];
    snprintf(temporary, sizeof temporary, "%s", out.temporary);
    if (e->committed) {
        // Afterwards the temporary name is somebody else's.
        if (!output_commit(&out, &err)) abort();
        FILE *f = fopen(temporary, "w");
        fclose(f);
        char second[4096];
        snprintf(second, sizeof second, "%s.2", e->path);
        if (!output_open(&other, second, &err)) abort();
    }
    if (e->signal == -1) die("an end");
    if (e->signal == -2) output_cancel(&out);
    if (e->signal > 0) raise(e->signal);
    exit(0);
}

Test(file, nothing_half_written_is_left) {
    const int endings[] = {0,       -1,      -2,      SIGTERM, SIGINT,  SIGHUP,
                           SIGQUIT, SIGPIPE, SIGXFSZ, SIGABRT, SIGUSR1, SIGKILL};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char *folder = child_folder();
        Ending e = {inside(folder, "file"), endings[i], false};
        Ran ran = child_run(end_writing, &e);
        cr_expect_eq(child_folder_count(folder), 0, "signal %d leaves a file",
                     endings[i]);
        int want = endings[i] > 0 ? 128 + endings[i] : endings[i] == -1 ? 2 : 0;
        cr_expect_eq(ran.status, want, "signal %d: status %d", endings[i], ran.status);
        child_folder_remove(folder);
    }
}

Test(file, a_committed_temporary_name_is_forgotten) {
    const int endings[] = {0, SIGTERM};
    for (int i = 0; i < 2; i++) {
        char *folder = child_folder();
        Ending e = {inside(folder, "file"), endings[i], true};
        child_run(end_writing, &e);
        holds(e.path, "half");
        // the file and what has the temporary name now
        cr_assert_eq(child_folder_count(folder), 2);
        child_folder_remove(folder);
    }
}

static void write_much(void *path) {
    standard_streams_occupy();
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){4096, 4096});
    Error err;
    Output out;
    if (!output_open(&out, path, &err)) abort();
    for (int i = 0; i < 10000; i++) fputc('x', out.stream);
    if (!output_commit(&out, &err)) die("%s", err.text);
}

Test(file, a_limit_of_size_is_a_failed_write) {
    char *folder = child_folder();
    Ran ran = child_run(write_much, inside(folder, "file"));
    cr_assert_eq(ran.status, 2, "status %d: %s", ran.status, ran.text);
    cr_assert(strstr(ran.text, "file: cannot be written: File too large"), "%s",
              ran.text);
    cr_assert_eq(child_folder_count(folder), 0);
    child_folder_remove(folder);
}

// ---- the three streams

static void write_with_all_closed(void *path) {
    close(0), close(1), close(2);
    standard_streams_occupy();
    warn("must not reach the file");
    printf("nor this\n");
    Error err;
    Output out;
    if (!output_open(&out, path, &err)) exit(3);
    fputs("good", out.stream);
    fprintf(stderr, "nor that\n");
    if (!output_commit(&out, &err)) exit(4);
    Bytes bytes;
    if (file_read(&bytes, "-", &err)) exit(5);
    if (!strstr(err.text, "standard input: it is closed")) exit(6);
    stdout_flush();  // status 2: what was printed is lost
}

Test(file, closed_streams_stay_closed) {
    char *folder = child_folder();
    Ran ran = child_run(write_with_all_closed, inside(folder, "file"));
    cr_assert_eq(ran.status, 2, "status %d: %s", ran.status, ran.text);
    holds(inside(folder, "file"), "good");
    child_folder_remove(folder);
}

static void print_for_ever(void *pipe_end) {
    dup2(*(int *)pipe_end, 1);
    for (long i = 0; i < 1000000; i++) {
        printf("x");
        stdout_flush();
    }
}

// Whether the parent ignores SIGPIPE or not, a reader that has gone is the end.
Test(file, a_reader_that_has_gone_ends_the_program) {
    for (int ignored = 0; ignored < 2; ignored++) {
        int ends[2];
        cr_assert_eq(pipe(ends), 0);
        close(ends[0]);
        signal(SIGPIPE, ignored ? SIG_IGN : SIG_DFL);
        Ran ran = child_run(print_for_ever, &ends[1]);
        close(ends[1]);
        cr_assert_eq(ran.status, ignored ? 2 : 128 + SIGPIPE, "%d: %s", ran.status,
                     ran.text);
        cr_assert_eq(strstr(ran.text, "standard output: Broken pipe") != NULL, ignored);
    }
}

// ---- messages

static void die_in_lines(void *argument) { die("--base %s: no", (char *)argument); }

Test(error, a_message_is_one_line) {
    Ran ran = child_run(die_in_lines, "a\nb\tc\033[2J");
    cr_assert_eq(ran.status, 2);
    const char *line = "course: --base a b c [2J: no\n";
    cr_assert_eq(strncmp(ran.text, line, strlen(line)), 0, "%s", ran.text);
}
