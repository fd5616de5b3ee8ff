// What files are at their edges: modes, numbers of open files, interrupted reads, links
// with whole paths, temporary names that are taken.
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/error.h"
#include "common/program/file.h"
#include "common/program/homework_run.h"  // SANITIZED
#include "common/tests/child.h"
#include "common/tests/files.h"

static void write_plainly(const char *path) {
    FILE *file = fopen(path, "w");
    if (file) fclose(file);
}

// What is made may be read by others, as far as the user's mask lets them.
Test(file_edges, modes_are_left_to_the_mask) {
    const int masks[] = {022, 077, 0};
    for (int i = 0; i < 3; i++) {
        char *folder = child_folder();
        mode_t before = umask((mode_t)masks[i]);
        Error err;
        struct stat info;
        write_file(inside(folder, "file"), "text");
        cr_assert(make_folder(inside(folder, "a/b"), &err));
        umask(before);
        cr_assert_eq(stat(inside(folder, "file"), &info), 0);
        cr_expect_eq(info.st_mode & 0777, 0666 & ~masks[i], "%o",
                     (unsigned)info.st_mode);
        const char *const made[] = {"a", "a/b"};
        for (int f = 0; f < 2; f++) {
            cr_assert_eq(stat(inside(folder, made[f]), &info), 0);
            cr_expect_eq(info.st_mode & 0777, 0777 & ~masks[i]);
        }
        child_folder_remove(folder);
    }
}

static int next_descriptor(void) {
    int fd = open("/dev/null", O_RDONLY);
    close(fd);
    return fd;
}

Test(file_edges, no_file_stays_open) {
    char *folder = child_folder();
    int before = next_descriptor();
    Error err;
    Output out;
    Bytes bytes;
    write_file(inside(folder, "file"), "text");
    holds(inside(folder, "file"), "text");
    cr_assert_not(file_read(&bytes, folder, &err));
    cr_assert(output_open(&out, inside(folder, "file"), &err));
    output_cancel(&out);
    cr_assert(output_check(inside(folder, "other"), &err));
    cr_assert_eq(next_descriptor(), before);
    child_folder_remove(folder);
}

static void ignore(int number) { (void)number; }

// The text comes late, and a clock interrupts the wait for it.
static void read_interrupted(void *unused) {
    (void)unused;
    int ends[2];
    if (pipe(ends) != 0) exit(3);
    if (fork() == 0) {
        usleep(200000);
        _exit(write(ends[1], "late", 4) == 4 ? 0 : 1);
    }
    close(ends[1]), dup2(ends[0], 0);
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = ignore}, NULL);
    struct timeval often = {.tv_usec = 20000};
    setitimer(ITIMER_REAL, &(struct itimerval){often, often}, NULL);
    Bytes bytes;
    Error err;
    if (!file_read(&bytes, "-", &err)) die("%s", err.text);
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
    if (strcmp(bytes.data, "late") != 0) exit(4);
    bytes_free(&bytes);
}

Test(file_edges, an_interrupted_read_goes_on) {
    Ran ran = child_run(read_interrupted, NULL);
    cr_assert_eq(ran.status, 0, "status %d: %s", ran.status, ran.text);
}

Test(file_edges, a_link_with_a_whole_path) {
    char *folder = child_folder(), *target = strdup(inside(folder, "sub/new"));
    cr_assert_eq(mkdir(inside(folder, "sub"), 0700), 0);
    cr_assert_eq(symlink(target, inside(folder, "link")), 0);
    write_file(inside(folder, "link"), "through");
    holds(target, "through");
    free(target);
    child_folder_remove(folder);
}

// ---- temporary names

// One left behind by an earlier program of the same number is in nobody's way.
Test(file_edges, a_temporary_name_that_is_taken) {
    char *folder = child_folder();
    Error err;
    Output out;
    cr_assert(output_open(&out, inside(folder, "file"), &err), "%s", err.text);
    fputs("new", out.stream);
    if (out.unnamed) {
        FILE *left = fopen(out.temporary, "w");
        fputs("left behind", left), fclose(left);
    }
    cr_assert(output_commit(&out, &err), "%s", err.text);
    holds(inside(folder, "file"), "new");
    cr_assert_eq(child_folder_count(folder), 1);
    child_folder_remove(folder);
}

// A place is remembered for each file being written, and given back.
Test(file_edges, many_files_one_after_the_other) {
    char *folder = child_folder();
    Error err;
    Output out;
    for (int i = 0; i < 200; i++) {
        write_file(inside(folder, "file"), "text");
        cr_assert(output_open(&out, inside(folder, "other"), &err), "%s", err.text);
        output_cancel(&out);
    }
    cr_assert_eq(child_folder_count(folder), 1);
    child_folder_remove(folder);
}

typedef struct {
    const char *folder;
    int signal;  // 0: exit
} LastSignal;

enum { NO_RIGHTS = 77 };

// Without /proc no file can do without a name: as on systems that have no such thing.
// Only root can leave it behind, and the search for leaks cannot do without it.
static bool leave_proc(const char *folder) { return !SANITIZED && chroot(folder) == 0; }

static void end_without_proc(void *argument) {
    const LastSignal *e = argument;
    Error err;
    Output out;
    if (!leave_proc(e->folder)) exit(NO_RIGHTS);
    // A job in the background is started with SIGINT and SIGQUIT ignored.
    if (e->signal) signal(e->signal, SIG_DFL);
    if (!output_open(&out, "/file", &err)) die("%s", err.text);
    fputs("half", out.stream), fflush(out.stream);
    if (out.unnamed || access(out.temporary, F_OK) != 0) exit(3);
    if (e->signal) raise(e->signal);
    exit(0);
}

Test(file_edges, a_named_temporary_is_removed_at_the_end) {
    const int endings[] = {0,       SIGTERM, SIGINT,  SIGHUP, SIGQUIT,
                           SIGPIPE, SIGXFSZ, SIGABRT, SIGUSR1};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char *folder = child_folder();
        LastSignal e = {folder, endings[i]};
        Ran ran = child_run(end_without_proc, &e);
        if (ran.status == NO_RIGHTS) {
            child_folder_remove(folder);
            return;
        }
        int want = endings[i] ? 128 + endings[i] : 0;
        cr_expect_eq(ran.status, want, "signal %d: status %d: %s", endings[i],
                     ran.status, ran.text);
        cr_expect_eq(child_folder_count(folder), 0, "signal %d leaves a file",
                     endings[i]);
        child_folder_remove(folder);
    }
}

// A name that is taken is passed over; a file that is given up leaves none.
static void names_without_proc(void *folder) {
    Error err;
    Output out;
    if (!leave_proc(folder)) exit(NO_RIGHTS);
    char taken[64];
    for (int i = 0; i < 3; i++) {
        snprintf(taken, sizeof taken, "/.part-%ld-%d", (long)getpid(), i);
        write_plainly(taken);
    }
    if (!output_open(&out, "/file", &err)) die("%s", err.text);
    if (access(out.temporary, F_OK) != 0) exit(3);
    output_cancel(&out);
}

Test(file_edges, named_temporaries_without_proc) {
    char *folder = child_folder();
    Ran ran = child_run(names_without_proc, folder);
    if (ran.status != NO_RIGHTS) {
        cr_assert_eq(ran.status, 0, "%s", ran.text);
        cr_assert_eq(child_folder_count(folder), 3);
    }
    child_folder_remove(folder);
}

// ---- memory

// 4 (2^62 + 1) wraps round to 4, of which there is plenty.
static void ask_for_too_much(void *unused) {
    (void)unused;
    free(reallocate(NULL, SIZE_MAX / 4 + 2, 4));
}

Test(error, a_size_that_wraps_round_is_refused) {
    Ran ran = child_run(ask_for_too_much, NULL);
    cr_assert_eq(ran.status, 2, "status %d", ran.status);
    cr_assert(strstr(ran.text, "out of memory"), "%s", ran.text);
}
