// Inside homework: what the parts of the harness share. Graders include homework.h.
//
//     homework.c         the command line, the printed lines, JSON
//     homework_run.c     a process a problem: its limits, what it sends home
//     homework_steps.c   in that process: the steps of a check
//     homework_relation.c      what wrong numbers have in common with the right ones
//     homework_relation_mat.c  the same of rows and columns
//     homework_guard.c   arrays whose ends are watched
#pragma once
#include <setjmp.h>
#include <stdint.h>

#include "common/program/homework.h"

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

enum { HINT_BYTES = 320, CODES_BYTES = 160 };

// What a check leaves: its points, and what it has to say.
typedef struct {
    char symptom[HINT_BYTES];  // what is seen: the first step that failed
    char cause[HINT_BYTES];    // the likely mistake, or ""
    char codes[CODES_BYTES];   // of all mistakes found: "no-d,unscaled"
    int32_t earned;
} Findings;

// What a child sends home, in one write: its pipe is empty and holds more than this.
typedef enum {
    FINISHED,
    STACK_OVERFLOW,
    TOO_MUCH_MEMORY,
    PAST_THE_END,
    ABORTED,  // in the case that `cause` names
} Ending;
typedef struct {
    uint32_t mark;
    int32_t ending;
    Findings findings;
} Result;
_Static_assert(sizeof(Result) <= 4096, "a Result must fit into an empty pipe");

struct Grade {
    const Problem *problem;
    Findings found;
    int offered;                    // points of the steps so far
    int part_earned, part_offered;  // where this part began
    bool failed, todo;
    bool mistaken;    // in this part
    bool awaiting;    // the next step that fails shows what the mistake does
    bool input_told;  // that one was changed
    bool in_part;
    jmp_buf next_part;
    // of the first step whose numbers had something in common with the right ones, or
    // are right in a simpler case: the cause, where no mistake was recognised in the
    // end
    char relation[HINT_BYTES];
    const char *relation_code;
    bool shown;  // the hint is that of the last step: a contrast may explain it
    const char *under_way;  // the case that is computed, or NULL
};

// In a child.
extern Grade *homework_running;  // the check under way
_Noreturn void homework_finish(void);
void homework_end_part(Grade *g);
void homework_add_code(Findings *f, const char *code);
// A step of several numbers has failed: what they have in common with the right ones,
// if anything (homework_relation.h).
void homework_relate(Grade *g, const char *what, const double *got, const double *want,
                     int n, double tolerance, bool relative, double base);
void homework_settle_relation(Grade *g);
// The name of the first input that was changed so far, or NULL.
const char *homework_changed_input(void);
// Whether the address is just outside a guarded array; then what to say about it, in
// which case (or NULL).
bool homework_guard_hit(uintptr_t address, Findings *f, const char *in_case);

// A student's code can run before main, or take the place of a function of the C
// library, so marks are printed by a program that does not have it. HOMEWORK_PROGRAM in
// its environment is the program that does, and is started as
//     PROGRAM --check PROBLEM,  with the pipe home as descriptor 3
// once for each problem. Without it the check runs in a fork of this one.
#define HOMEWORK_CHECK "--check"
enum { HOMEWORK_PIPE = 3 };
const char *homework_program(void);  // or NULL
_Noreturn void homework_check(const Problem *problem, int pipe);

// In the parent. Runs a problem in a process of its own. A HOMEWORK_PROGRAM that is not
// there did not compile.
typedef struct {
    Findings findings;
    char *printed;  // by the child, with a 0 at its end; the caller frees it
    size_t size;
} Outcome;
Outcome homework_run(const Problem *problem);
