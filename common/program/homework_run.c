// Runs a check in a process of its own, so that a crash or an endless loop costs one
// problem; its input is empty, its prints are kept, its findings come home by a pipe.
#include "common/program/homework_run.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/error.h"

enum {
    // a process that waits, or a busy machine, gets so many times the limit
    GRACE = 4,
    // bytes a problem may print: an endless loop must not fill the disk
    PRINT_LIMIT = 16 << 20,
    ALTERNATE_STACK = 128 << 10,
};
static const rlim_t MEMORY_LIMIT = (rlim_t)2 << 30;
static const uint32_t RESULT_MARK = 0x68773032;

Grade *homework_running;
static int home;  // in a child: the pipe

static double limit_of(const Problem *p) {
    return SANITIZED ? 4 * p->seconds : p->seconds;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// ---- In the child: what it sends

static void homework_deliver(Ending ending) {
    static Result r;  // static: an overflowing stack has no room for it
    r.mark = RESULT_MARK, r.ending = ending, r.findings = homework_running->found;
    while (write(home, &r, sizeof r) < 0 && errno == EINTR) {}
}

static bool trying;  // in the process of a contrast

_Noreturn void homework_finish(void) {
    if (trying) _exit(1);
    Grade *g = homework_running;
    Findings *f = &g->found;
    int points = g->problem->points;
    homework_end_part(g);
    if (g->failed) homework_settle_relation(g);
    bool clean = !g->failed && !f->cause[0] && !g->todo;
    if (clean && g->offered != points)
        snprintf(f->symptom, HINT_BYTES,
                 "a mistake in the grader: the steps add up to %d", g->offered);
    if (f->earned > points) f->earned = points;
    if (f->cause[0] && f->earned == points) f->earned = 0;
    if (f->cause[0] && !f->symptom[0]) memcpy(f->symptom, f->cause, HINT_BYTES);
    if (g->failed && !f->codes[0]) homework_add_code(f, "wrong");
    fflush(stdout);
    homework_deliver(FINISHED);
    _exit(0);
}

// ---- In the child: limits

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
        homework_deliver(TOO_MUCH_MEMORY);
        _exit(1);
    }
    double limit = limit_of(homework_running->problem);
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
    alarm((unsigned)(GRACE * limit_of(homework_running->problem)) + 2);
}

static uintptr_t stack_top, stack_bottom;
static struct sigaction before;  // the sanitizers' own way with a fault

// A fault in the unmapped space below the stack: too deep a recursion, or an array
// larger than the stack.
static void on_fault(int signal_number, siginfo_t *info, void *context) {
    uintptr_t address = (uintptr_t)info->si_addr, far = (uintptr_t)1 << 28,
              slack = 1 << 20;
    Grade *g = homework_running;
    if (homework_guard_hit(address, &g->found, g->under_way))
        homework_deliver(PAST_THE_END);
    else if (stack_top - far <= address && address <= stack_bottom + slack)
        homework_deliver(STACK_OVERFLOW);
    if (SANITIZED && before.sa_flags & SA_SIGINFO)
        before.sa_sigaction(signal_number, info, context);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

// An assertion. What it says is among what was printed; the case it was in is not.
static void on_abort(int signal_number) {
    Grade *g = homework_running;
    if (g->under_way) {
        g->found.cause[0] = '\0';
        strncat(g->found.cause, g->under_way, HINT_BYTES - 1);
        homework_deliver(ABORTED);
    }
    signal(signal_number, SIG_DFL);
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
    if (!SANITIZED) {  // they need address space, and a stack of their own
        limit_to(RLIMIT_DATA, MEMORY_LIMIT);
        struct rlimit stack;
        getrlimit(RLIMIT_STACK, &stack);
        stack_top = (uintptr_t)__builtin_frame_address(0);
        stack_bottom = stack_top - (uintptr_t)stack.rlim_cur;
        sigaltstack(&(stack_t){.ss_sp = alternate, .ss_size = sizeof alternate}, NULL);
    }
    struct sigaction action = {.sa_sigaction = on_fault,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGSEGV, &action, &before);
    sigaction(SIGBUS, &action, NULL);
    signal(SIGABRT, on_abort);  // abort() ends the process when this has returned
}

// ---- In the child: a simpler case, in a process of its own

// Without the handlers that would send home what happens here. A second of computing is
// plenty for a small case.
static void begin_trial(Grade *g) {
    static const int faults[] = {SIGSEGV, SIGBUS, SIGABRT, SIGPROF};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        signal(faults[i], SIG_DFL);
    setitimer(ITIMER_PROF, &(struct itimerval){.it_value = {.tv_sec = 1}}, NULL);
    alarm(10);
    int nothing = open("/dev/null", O_WRONLY);
    dup2(nothing, STDOUT_FILENO);
    dup2(nothing, STDERR_FILENO);
    close(home);
    trying = true;
    g->in_part = false;  // a stub ends the trial
}

int homework_trial(Grade *g) {
    if (g->mistaken || !g->shown) return -1;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) begin_trial(g);
    return (int)child;
}

// "It holds" is a signal, which no exit() of the student's looks like.
_Noreturn void homework_tried(bool condition) {
    signal(SIGUSR1, SIG_DFL);
    if (condition) raise(SIGUSR1);
    _exit(1);
}

bool homework_holds(int trial) {
    int status;
    while (waitpid(trial, &status, 0) < 0)
        if (errno != EINTR) return false;
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1;
}

_Noreturn void homework_check(const Problem *problem, int pipe) {
    static Grade grade;
    grade = (Grade){.problem = problem};
    homework_running = &grade, home = pipe;
    // so that what was printed before a crash can be seen
    setvbuf(stdout, NULL, _IOLBF, 0);
    limit_memory();
    limit_time();
    problem->check(&grade);
    homework_finish();
}

static _Noreturn void start_check(const Problem *problem, int pipe, int prints) {
    int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    dup2(prints, STDOUT_FILENO);
    dup2(prints, STDERR_FILENO);
    const char *program = homework_program();
    if (!program) homework_check(problem, pipe);
    dup2(pipe, HOMEWORK_PIPE);
    execl(program, program, HOMEWORK_CHECK, problem->id, (char *)NULL);
    die("%s: %s", program, strerror(errno));
}

// ---- In the parent

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

// Until the child is over, or its time.
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

// Why a child died without having delivered; a word for it.
static const char *explain(char *hint, const Run *run, double seconds) {
    int signal_number = WIFSIGNALED(run->status) ? WTERMSIG(run->status) : 0;
    bool failed = signal_number || WEXITSTATUS(run->status) != 0;
    Ending ending =
        run->received == sizeof run->result ? (Ending)run->result.ending : FINISHED;
    Part report = sanitizer_report(run), last = last_line(run);
#define SAY(...) snprintf(hint, HINT_BYTES, __VA_ARGS__)
    if (run->timed_out || signal_number == SIGPROF || signal_number == SIGALRM) {
        SAY("took longer than %g s: an endless loop?", seconds);
        return "time";
    }
    if (ending == TOO_MUCH_MEMORY) {
        SAY("out of memory: more than %d GB", (int)(MEMORY_LIMIT >> 30));
        return "memory";
    }
    if (signal_number == SIGXFSZ) {
        SAY("printed more than %d MB: an endless loop?", PRINT_LIMIT >> 20);
        return "time";
    }
    if (ending == STACK_OVERFLOW)
        SAY("crashed (stack overflow: endless recursion, or a very large local "
            "array?)");
    else if (failed && report.length > 0)
        SAY("crashed (%.*s)", report.length, report.at);
    else if (signal_number == SIGABRT && last.length > 0)
        SAY("crashed (abort): %.*s", last.length, last.at);
    else if (signal_number != 0) SAY("crashed (%s)", crash_name(signal_number));
    else if (failed && last.length > 0)  // die() says why
        SAY("exited before the check was over: %.*s", last.length, last.at);
    else SAY("exited before the check was over");
#undef SAY
    return signal_number ? "crash" : "exit";
}

// "mat_cols: columns outside the matrix" of an assertion's line, which ends with
//     FILE:12: mat_cols: Assertion `... && "mat_cols: columns outside ..."' failed.
// The cause: a contract of the chapter that was not kept, in that function's words, after
// those of the case.
static void explain_assertion(Findings *f, const char *in_case) {
    const char *at = strstr(f->symptom, "Assertion `"), *text = at, *next;
    if (!at || strstr(f->symptom, "homework")) return;
    while ((next = strstr(text + 1, "&& \""))) text = next;
    if (text == at) return;
    text += strlen("&& \"");
    snprintf(
        f->cause, HINT_BYTES,
        "%s%s%.*s: what that function was given is not what its header allows. Rows "
        "for columns, another array's size, or an index that counts something else?",
        in_case, *in_case ? ": " : "", (int)strcspn(text, "\""), text);
    strcpy(f->codes, "contract");
}

// What usually is behind a process that did not come back.
static void explain_ending(Findings *f) {
    if (f->cause[0] != '\0') return;
    if (strcmp(f->codes, "time") == 0)
        snprintf(f->cause, HINT_BYTES,
                 "it does not come to an end. Perhaps a condition that never comes "
                 "true: real numbers compared with == or !=, a bracket that no longer "
                 "becomes narrower, a counter that nothing changes");
    // glibc's words for a heap that was written over
    bool heap = strstr(f->symptom, "malloc()") || strstr(f->symptom, "free():")
                || strstr(f->symptom, "realloc()") || strstr(f->symptom, "corrupted");
    if (strcmp(f->codes, "crash") == 0 && heap)
        snprintf(f->cause, HINT_BYTES,
                 "crashed: an array that you allocated is too short, or was freed "
                 "twice. How many elements are written to it? SANITIZE=1 shows where");
}

// A hint is one line.
static void on_one_line(char *hint) {
    hint[HINT_BYTES - 1] = '\0';
    for (char *c = hint; *c; c++)
        if ((unsigned char)*c < ' ') *c = ' ';
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
        start_check(problem, ends[1], fileno(prints));
    }
    close(ends[1]);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    wait_for(&run, child, ends[0], GRACE * limit_of(problem));
    close(ends[0]);
    read_prints(&run, prints);
    fclose(prints);
    return run;
}

const char *homework_program(void) {
    const char *program = getenv("HOMEWORK_PROGRAM");
    return program && *program ? program : NULL;
}

static Outcome not_compiled(void) {
    Outcome o = {.printed = allocate(1, 1),
                 .findings = {.symptom = "the file does not compile",
                              .codes = "does-not-compile"}};
    return o;
}

Outcome homework_run(const Problem *problem) {
    const char *program = homework_program();
    if (program && access(program, X_OK) != 0) return not_compiled();
    Run run = run_problem(problem);
    Outcome o = {.printed = run.printed, .size = run.size};
    bool delivered =
        run.received == sizeof run.result && run.result.mark == RESULT_MARK;
    Ending ending = delivered ? (Ending)run.result.ending : FINISHED;
    if (delivered && (ending == FINISHED || ending == PAST_THE_END))
        o.findings = run.result.findings;
    else strcpy(o.findings.codes, explain(o.findings.symptom, &run, limit_of(problem)));
    if (ending == PAST_THE_END) o.findings.earned = 0;
    if (!delivered) explain_assertion(&o.findings, "");
    if (ending == ABORTED) explain_assertion(&o.findings, run.result.findings.cause);
    if (!delivered) explain_ending(&o.findings);
    on_one_line(o.findings.symptom), on_one_line(o.findings.cause);
    return o;
}
