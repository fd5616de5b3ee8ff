#include "common/program/homework.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/error.h"

// A sanitizer reports crashes itself, needs terabytes of address space, and is slow.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) \
    || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

enum {
    HINT_BYTES = 320,
    // a process that waits, or a busy machine, gets so many times the limit
    GRACE = 4,
    // bytes a problem may print: an endless loop must not fill the disk
    PRINT_LIMIT = 16 << 20,
    SHOW_LIMIT = 16 << 10,  // bytes of it that -v shows
    ALTERNATE_STACK = 128 << 10,
};
static const rlim_t MEMORY_LIMIT = (rlim_t)2 << 30;
static const uint32_t RESULT_MARK = 0x68773031;

// What a child sends home. Smaller than PIPE_BUF everywhere (512), so that one write
// carries it whole.
typedef enum { FINISHED, STACK_OVERFLOW, TOO_MUCH_MEMORY } Ending;
typedef struct {
    uint32_t mark;
    int32_t ending, earned;
    char hint[HINT_BYTES];
} Result;
_Static_assert(sizeof(Result) <= 512, "a Result must fit into one write");

struct Grade {
    const Problem *problem;
    int pipe;
    int earned, offered;
    bool failed, mistaken, todo;
    char hint[HINT_BYTES];
};

static Grade *running;  // in a child: the check under way

static double limit_of(const Problem *p) {
    return SANITIZED ? 4 * p->seconds : p->seconds;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// ---- In the child: the steps of a check
// -----------------------------------------------------------------

static void deliver(Ending ending) {
    static Result r;  // static: an overflowing stack has no room for it
    r.mark = RESULT_MARK, r.ending = ending, r.earned = running->earned;
    memcpy(r.hint, running->hint, HINT_BYTES);
    while (write(running->pipe, &r, sizeof r) < 0 && errno == EINTR) {}
}

static _Noreturn void finish(void) {
    Grade *g = running;
    int points = g->problem->points;
    if (!g->failed && !g->mistaken && !g->todo && g->offered != points)
        snprintf(g->hint, HINT_BYTES, "a mistake in the grader: the steps add up to %d",
                 g->offered);
    if (g->earned > points) g->earned = points;
    // no step noticed: the problem fails even so
    if (g->mistaken && g->earned == points) g->earned = 0;
    fflush(stdout);
    deliver(FINISHED);
    _exit(0);
}

// Adds a step; true if its hint is wanted.
static bool step(Grade *g, int points, bool good) {
    assert(points >= 0);
    g->offered += points;
    if (good && !g->mistaken) g->earned += points;
    bool first = !good && !g->failed && !g->mistaken;
    g->failed |= !good;
    return first;
}

bool grade_expect(Grade *g, int points, bool condition, const char *hint, ...) {
    if (!step(g, points, condition)) return condition;
    va_list args;
    va_start(args, hint);
    vsnprintf(g->hint, HINT_BYTES, hint, args);
    va_end(args);
    return condition;
}

bool grade_mistake(Grade *g, bool condition, const char *diagnosis, ...) {
    if (!condition || g->mistaken) return condition;
    g->mistaken = true;
    va_list args;
    va_start(args, diagnosis);
    vsnprintf(g->hint, HINT_BYTES, diagnosis, args);
    va_end(args);
    return condition;
}

_Noreturn void homework_todo(const char *function, ...) {
    if (!running) die("%s is not done yet", function);
    running->todo = true;
    if (!running->mistaken)
        snprintf(running->hint, HINT_BYTES, "not done yet (%s)", function);
    finish();
}

typedef struct {
    char text[80];
} Short;

// %g, but NaN has one spelling on every machine.
static Short number(double x) {
    Short s;
    if (isnan(x)) snprintf(s.text, sizeof s.text, "not a number (NaN)");
    else snprintf(s.text, sizeof s.text, "%.6g", x);
    return s;
}

static Short off_by(double got, double want, double tolerance) {
    Short s = {""};
    if (isfinite(got) && isfinite(want))
        snprintf(s.text, sizeof s.text, " (off by %.2g, allowed %.2g)",
                 fabs(got - want), tolerance);
    return s;
}

static bool near(double got, double want, double tolerance) {
    return got == want || fabs(got - want) <= tolerance;
}

bool grade_near(Grade *g, int points, const char *what, double got, double want,
                double tolerance) {
    return grade_expect(g, points, near(got, want, tolerance), "%s: %s, should be %s%s",
                        what, number(got).text, number(want).text,
                        off_by(got, want, tolerance).text);
}

bool grade_near_mat(Grade *g, int points, const char *what, Mat got, Mat want,
                    double tolerance) {
    if (got.rows != want.rows || got.cols != want.cols)
        return grade_expect(g, points, false, "%s: %d x %d, should be %d x %d", what,
                            got.rows, got.cols, want.rows, want.cols);
    for (int i = 0; i < want.rows; i++)
        for (int j = 0; j < want.cols; j++) {
            double a = *mat_at(got, i, j), b = *mat_at(want, i, j);
            if (near(a, b, tolerance)) continue;
            return grade_expect(
                g, points, false, "%s: row %d, column %d is %s, should be %s%s", what,
                i, j, number(a).text, number(b).text, off_by(a, b, tolerance).text);
        }
    step(g, points, true);
    return true;
}

bool grade_equal_ints(Grade *g, int points, const char *what, const int *got,
                      int got_count, const int *want, int want_count) {
    if (!got && got_count > 0) return grade_expect(g, points, false, "%s: NULL", what);
    int i = 0;
    while (i < got_count && i < want_count && got[i] == want[i]) i++;
    if (i < got_count && i < want_count)
        return grade_expect(g, points, false, "%s: [%d] is %d, should be %d", what, i,
                            got[i], want[i]);
    return grade_expect(g, points, got_count == want_count,
                        "%s: %d of them, should be %d%s", what, got_count, want_count,
                        i ? " (those in common agree)" : "");
}

// A few bytes from `from` on, as C would write them in a string.
static Short excerpt(const unsigned char *bytes, size_t size, size_t from) {
    Short s = {"\""};
    size_t length = 1;
    for (size_t i = from; i < size && i < from + 12; i++) {
        bool plain =
            bytes[i] >= ' ' && bytes[i] < 127 && bytes[i] != '"' && bytes[i] != '\\';
        const char *format = plain ? "%c" : "\\x%02x";
        length +=
            (size_t)snprintf(s.text + length, sizeof s.text - length, format, bytes[i]);
    }
    snprintf(s.text + length, sizeof s.text - length, "%s",
             from + 12 < size ? "...\"" : "\"");
    return s;
}

bool grade_equal_bytes(Grade *g, int points, const char *what, const void *got,
                       size_t got_size, const void *want, size_t want_size) {
    const unsigned char *a = got, *b = want;
    if (!a && got_size > 0) return grade_expect(g, points, false, "%s: NULL", what);
    size_t i = 0;
    while (i < got_size && i < want_size && a[i] == b[i]) i++;
    if (i == got_size && i == want_size) {
        step(g, points, true);
        return true;
    }
    size_t from = i > 4 ? i - 4 : 0;  // a little of what agrees, to find the place
    if (i < got_size && i < want_size)
        return grade_expect(g, points, false, "%s: byte %zu differs: %s, should be %s",
                            what, i, excerpt(a, got_size, from).text,
                            excerpt(b, want_size, from).text);
    return grade_expect(g, points, false,
                        "%s: %zu bytes, should be %zu: ends %s, should end %s", what,
                        got_size, want_size, excerpt(a, got_size, from).text,
                        excerpt(b, want_size, from).text);
}

// ---- In the child: limits
// -------------------------------------------------------------------------------

static double started;

static double cpu_seconds(const struct rusage *use) {
    return (double)use->ru_utime.tv_sec + (double)use->ru_stime.tv_sec
           + 1e-6 * ((double)use->ru_utime.tv_usec + (double)use->ru_stime.tv_usec);
}

static bool memory_is_gone(const struct rusage *use) {
#ifdef __APPLE__
    return (rlim_t)use->ru_maxrss > MEMORY_LIMIT;  // bytes
#else
    return (rlim_t)use->ru_maxrss > MEMORY_LIMIT >> 10;
#endif
}

// Comes every so often while the check computes. Memory is watched here because macOS
// and the sanitizers do not know RLIMIT_DATA. CPU time counts every thread: eight of
// them use up the limit in an eighth of it, one on a busy machine needs longer. So the
// limit is reached when both clocks say so.
static void on_tick(int signal_number) {
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    if (memory_is_gone(&use)) {
        deliver(TOO_MUCH_MEMORY);
        _exit(1);
    }
    double limit = limit_of(running->problem);
    if (now() - started < limit || cpu_seconds(&use) < limit) return;
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void limit_time(void) {
    started = now();
    struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
    sigaction(SIGPROF, &action, NULL);
    struct timeval often = {.tv_usec = 20000};
    setitimer(ITIMER_PROF, &(struct itimerval){often, often}, NULL);
    // should the parent be gone
    alarm((unsigned)(GRACE * limit_of(running->problem)) + 2);
}

static uintptr_t stack_top, stack_bottom;

// A fault in the unmapped space below the stack: too deep a recursion, or an array
// larger than the stack.
static void on_fault(int signal_number, siginfo_t *info, void *context) {
    (void)context;
    uintptr_t address = (uintptr_t)info->si_addr, far = (uintptr_t)1 << 28,
              slack = 1 << 20;
    if (stack_top - far <= address && address <= stack_bottom + slack)
        deliver(STACK_OVERFLOW);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void limit_to(int resource, rlim_t value) {
    struct rlimit limit;
    if (getrlimit(resource, &limit) != 0) return;
    if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > value)
        limit.rlim_cur = value;
    setrlimit(resource, &limit);
}

static void limit_memory(void) {
    static char alternate[ALTERNATE_STACK];
    limit_to(RLIMIT_CORE, 0);
    limit_to(RLIMIT_FSIZE, PRINT_LIMIT);
    // "unlimited" would let a recursion take all memory
    limit_to(RLIMIT_STACK, 64 << 20);
    if (SANITIZED) return;
    limit_to(RLIMIT_DATA, MEMORY_LIMIT);
    struct rlimit stack;
    getrlimit(RLIMIT_STACK, &stack);
    stack_top = (uintptr_t)__builtin_frame_address(0);
    stack_bottom = stack_top - (uintptr_t)stack.rlim_cur;
    sigaltstack(&(stack_t){.ss_sp = alternate, .ss_size = sizeof alternate}, NULL);
    struct sigaction action = {.sa_sigaction = on_fault,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
}

static _Noreturn void run_check(const Problem *problem, int pipe, int prints) {
    static Grade grade;
    grade = (Grade){.problem = problem, .pipe = pipe};
    running = &grade;
    int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    dup2(prints, STDOUT_FILENO);
    dup2(prints, STDERR_FILENO);
    // so that what was printed before a crash can be seen
    setvbuf(stdout, NULL, _IOLBF, 0);
    limit_memory();
    limit_time();
    problem->check(&grade);
    finish();
}

// ---- In the parent
// --------------------------------------------------------------------------------------

typedef struct {
    Result result;
    size_t received;  // bytes of it
    bool timed_out;
    int status;     // as from waitpid
    char *printed;  // what the child printed, with a 0 at its end
    size_t size;
} Run;

// Takes what is in the pipe; false at its end.
static bool receive(Run *run, int pipe) {
    for (;;) {
        size_t missing = sizeof run->result - run->received;
        if (missing == 0) return false;
        ssize_t got = read(pipe, (char *)&run->result + run->received, missing);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return got < 0 && errno == EAGAIN;
        run->received += (size_t)got;
    }
}

static void wait_for(Run *run, pid_t child, int pipe, double seconds) {
    double deadline = now() + seconds;
    for (bool open = true;;) {
        bool over = waitpid(child, &run->status, WNOHANG) == child;
        // after waitpid: what a dead child sent is in the pipe
        open = open && receive(run, pipe);
        if (over) return;
        if (now() > deadline) {
            run->timed_out = true;
            kill(child, SIGKILL);
            deadline = HUGE_VAL;
        }
        struct pollfd ready = {.fd = pipe, .events = POLLIN};
        poll(&ready, open ? 1 : 0, open ? 10 : 1);
    }
}

static void read_prints(Run *run, FILE *prints) {
    fseek(prints, 0, SEEK_END);
    long size = ftell(prints);
    rewind(prints);
    run->printed = allocate((size_t)(size > 0 ? size : 0) + 1, 1);
    run->size = fread(run->printed, 1, size > 0 ? (size_t)size : 0, prints);
    for (size_t i = 0; i < run->size; i++)  // garbage must not reach the terminal
        if ((unsigned char)run->printed[i] < ' ' && run->printed[i] != '\n'
            && run->printed[i] != '\t')
            run->printed[i] = '?';
}

static Run run_problem(const Problem *problem) {
    Run run = {0};
    FILE *prints = tmpfile();
    int ends[2];
    if (!prints || pipe(ends) != 0)
        die("no temporary file or pipe: %s", strerror(errno));
    fflush(NULL);  // or the child would print it once more
    pid_t child = fork();
    if (child < 0) die("cannot start a process: %s", strerror(errno));
    if (child == 0) {
        close(ends[0]);
        run_check(problem, ends[1], fileno(prints));
    }
    close(ends[1]);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    wait_for(&run, child, ends[0], GRACE * limit_of(problem));
    close(ends[0]);
    read_prints(&run, prints);
    fclose(prints);
    return run;
}

static const char *crash_name(int signal_number) {
    switch (signal_number) {
        case SIGSEGV: return "segmentation fault";
        case SIGBUS: return "bus error";
        case SIGABRT: return "abort";
        case SIGFPE: return "arithmetic error: an integer division by zero?";
        case SIGILL: return "illegal instruction";
        case SIGTRAP: return "trap";
        case SIGKILL: return "killed: out of memory?";
        default: return strsignal(signal_number);
    }
}

// Part of what was printed, for "%.*s".
typedef struct {
    const char *at;
    int length;
} Part;

// The last line printed: an assertion's text, "free(): invalid pointer", "out of
// memory: ...".
static Part last_line(const Run *run) {
    const char *end = run->printed + run->size;
    while (end > run->printed && strchr(" \t\n", end[-1])) end--;
    const char *start = end;
    while (start > run->printed && start[-1] != '\n') start--;
    return (Part){start, end - start < HINT_BYTES ? (int)(end - start) : HINT_BYTES};
}

// What a sanitizer said: "heap-buffer-overflow hw02.c:12 in scores", "hw02.c:7:5:
// runtime error: ..."; or nothing. A place in the sanitizer's own library is left out.
static Part sanitizer_report(const Run *run) {
    static const char start[] = "SUMMARY: AddressSanitizer: ",
                      runtime_error[] = "runtime error: ";
    const char *found = strstr(run->printed, start),
               *leaked = found ? strstr(found, " leaked") : NULL;
    if (found && !leaked) {
        found += strlen(start);
        Part report = {found, (int)strcspn(found, "\n")};
        const char *end = found + report.length;
        const char *library = strstr(found, "sanitizer"), *binary = strchr(found, '(');
        if ((library && library < end) || (binary && binary < end))
            report.length = (int)strcspn(found, " ");
        return report;
    }
    found = strstr(run->printed, runtime_error);
    if (!found) return (Part){"", 0};
    while (found > run->printed && found[-1] != '\n') found--;
    return (Part){found, (int)strcspn(found, "\n")};
}

// Why a child died without having delivered.
static void explain(char *hint, size_t size, const Run *run, double seconds) {
    int signal_number = WIFSIGNALED(run->status) ? WTERMSIG(run->status) : 0;
    bool failed = signal_number || WEXITSTATUS(run->status) != 0;
    Ending ending =
        run->received == sizeof run->result ? (Ending)run->result.ending : FINISHED;
    Part report = sanitizer_report(run), last = last_line(run);
    if (run->timed_out || signal_number == SIGPROF || signal_number == SIGALRM)
        snprintf(hint, size, "took longer than %g s: an endless loop?", seconds);
    else if (ending == TOO_MUCH_MEMORY)
        snprintf(hint, size, "out of memory: more than %d GB",
                 (int)(MEMORY_LIMIT >> 30));
    else if (ending == STACK_OVERFLOW)
        snprintf(hint, size,
                 "crashed (stack overflow: endless recursion, or a very large local "
                 "array?)");
    else if (signal_number == SIGXFSZ)
        snprintf(hint, size, "printed more than %d MB: an endless loop?",
                 PRINT_LIMIT >> 20);
    else if (failed && report.length > 0)
        snprintf(hint, size, "crashed (%.*s)", report.length, report.at);
    else if (signal_number == SIGABRT && last.length > 0)
        snprintf(hint, size, "crashed (abort): %.*s", last.length, last.at);
    else if (signal_number != 0)
        snprintf(hint, size, "crashed (%s)", crash_name(signal_number));
    else if (failed && last.length > 0)  // die() says why
        snprintf(hint, size, "exited before the check was over: %.*s", last.length,
                 last.at);
    else snprintf(hint, size, "exited before the check was over");
}

static void show_prints(const Run *run) {
    size_t shown = run->size < SHOW_LIMIT ? run->size : SHOW_LIMIT;
    for (size_t i = 0; i < shown; i++) {
        if (i == 0 || run->printed[i - 1] == '\n') printf("   | ");
        putchar(run->printed[i]);
    }
    if (shown > 0 && run->printed[shown - 1] != '\n') putchar('\n');
    if (shown < run->size) printf("   | ... and %zu bytes more\n", run->size - shown);
}

// Runs one problem, prints its line, returns its points.
static int grade_problem(const Problem *p, int title_width, bool verbose) {
    Run run = run_problem(p);
    char hint[HINT_BYTES];
    int earned = 0;
    bool delivered =
        run.received == sizeof run.result && run.result.mark == RESULT_MARK;
    if (delivered && run.result.ending == FINISHED) {
        earned = run.result.earned;
        memcpy(hint, run.result.hint, HINT_BYTES);
        hint[HINT_BYTES - 1] = '\0';
    } else {
        explain(hint, sizeof hint, &run, limit_of(p));
    }
    for (char *c = hint; *c; c++)
        if ((unsigned char)*c < ' ') *c = ' ';
    printf("%-2s %-*s %4d/%d", p->id, title_width, p->title, earned, p->points);
    printf("%s%s\n", *hint ? "  " : "", hint);
    if (verbose) show_prints(&run);
    fflush(stdout);
    free(run.printed);
    return earned;
}

static int usage(FILE *to, const char *name, const Problem *problems) {
    fprintf(to, "usage: grade_%s [-v] [PROBLEM]\n", name);
    fprintf(to, "  -v       show what your functions print\n  PROBLEM ");
    for (const Problem *p = problems; p->id; p++)
        fprintf(to, "%s %s", p == problems ? "" : ",", p->id);
    fputc('\n', to);
    return to == stdout ? 0 : 2;
}

int homework_main(int argc, char **argv, const char *name, const Problem *problems) {
    program_name_set(name);
    bool verbose = false;
    const char *only = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-v") == 0) verbose = true;
        else if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0)
            return usage(stdout, name, problems);
        else if (only || argv[i][0] == '-') return usage(stderr, name, problems);
        else only = argv[i];
    }
    int width = 16, found = 0, earned = 0, total = 0;
    for (const Problem *p = problems; p->id; p++) {
        assert(p->points > 0 && p->seconds > 0 && p->check && !strchr(p->title, '/'));
        if ((int)strlen(p->title) > width) width = (int)strlen(p->title);
        if (!only || strcmp(only, p->id) == 0) found++;
    }
    if (found == 0) {
        if (only) warn("there is no problem %s", only);
        return usage(stderr, name, problems);
    }
    for (const Problem *p = problems; p->id; p++) {
        if (only && strcmp(only, p->id) != 0) continue;
        earned += grade_problem(p, width, verbose);
        total += p->points;
    }
    printf("%s: %d/%d\n", name, earned, total);
    return fflush(stdout) == 0 && earned == total ? 0 : 1;
}
