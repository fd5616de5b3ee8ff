// The part of Criterion that our tests use, for machines that there is no Criterion for: 32-bit ones, big-endian ones
// in an emulator (tools/check_all.sh). Each test runs in a process of its own. Prints what failed, and the same last
// line as Criterion. --filter SUITE/NAME runs those whose name has this in it, --without those whose name has not.
#pragma once
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct SmallTest {
    const char *name;
    void (*run)(void);
    struct SmallTest *after;
} SmallTest;

// One list and one main, whichever of the files they come from.
__attribute__((weak)) SmallTest *small_tests;
enum { SMALL_FAILED = 1, SMALL_SKIPPED = 77 };

#define Test(suite, test, ...) \
    static void small_##suite##_##test(void); \
    __attribute__((constructor)) static void small_##suite##_##test##_add(void) { \
        static SmallTest entry = {#suite "/" #test, small_##suite##_##test, NULL}; \
        entry.after = small_tests; \
        small_tests = &entry; \
    } \
    static void small_##suite##_##test(void)

__attribute__((format(printf, 4, 5), unused)) static void small_say(
    const char *file, int line, const char *what, const char *format, ...) {
    printf("[----] %s:%d: %s", file, line, what);
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n"), fflush(stdout);
}
// The message may be missing: cr_assert(x), cr_assert(x, "why %d", 1).
#define small_check(holds, what, ...) \
    do { \
        if (!(holds)) { \
            small_say(__FILE__, __LINE__, what, " " __VA_ARGS__); \
            _exit(SMALL_FAILED); \
        } \
    } while (0)

#define cr_assert(x, ...) small_check(x, #x, __VA_ARGS__)
#define cr_assert_not(x, ...) small_check(!(x), "not " #x, __VA_ARGS__)
#define cr_assert_null(x, ...) small_check((x) == NULL, #x " is NULL", __VA_ARGS__)
#define cr_assert_eq(a, b, ...) small_check((a) == (b), #a " == " #b, __VA_ARGS__)
#define cr_assert_neq(a, b, ...) small_check((a) != (b), #a " != " #b, __VA_ARGS__)
#define cr_assert_gt(a, b, ...) small_check((a) > (b), #a " > " #b, __VA_ARGS__)
#define cr_assert_lt(a, b, ...) small_check((a) < (b), #a " < " #b, __VA_ARGS__)
#define cr_assert_leq(a, b, ...) small_check((a) <= (b), #a " <= " #b, __VA_ARGS__)
#define cr_assert_geq(a, b, ...) small_check((a) >= (b), #a " >= " #b, __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...) \
    small_check(strcmp(a, b) == 0, #a " reads " #b, __VA_ARGS__)
#define cr_assert_str_empty(a, ...) cr_assert_str_eq(a, "", __VA_ARGS__)
#define cr_assert_float_eq(a, b, within, ...) \
    small_check(fabs((double)(a) - (double)(b)) <= (within), #a " near " #b, \
                __VA_ARGS__)
#define cr_expect cr_assert
#define cr_expect_not cr_assert_not
#define cr_expect_null cr_assert_null
#define cr_expect_eq cr_assert_eq
#define cr_expect_str_eq cr_assert_str_eq
#define cr_skip(...) _exit(SMALL_SKIPPED)

__attribute__((weak)) int main(int argc, char **argv) {
    const char *part = argc == 3 ? argv[2] : "";
    bool without = argc == 3 && strcmp(argv[1], "--without") == 0;
    int tested = 0, failed = 0;
    for (SmallTest *t = small_tests; t; t = t->after) {
        if ((strstr(t->name, part) != NULL) == without) continue;
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            t->run();
            exit(0);
        }
        int status;
        if (child < 0 || waitpid(child, &status, 0) < 0) return 2;
        tested++;
        if (status == 0 || (WIFEXITED(status) && WEXITSTATUS(status) == SMALL_SKIPPED))
            continue;
        failed++;
        printf("[FAIL] %s%s\n", t->name, WIFSIGNALED(status) ? ": a signal" : "");
    }
    printf("Synthesis: Tested: %d | Passing: %d | Failing: %d | Crashing: 0\n", tested,
           tested - failed, failed);
    return failed > 0;
}
