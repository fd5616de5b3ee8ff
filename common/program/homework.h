// Homework: the harness of all six graders, and the convention of their problems.
//
// A chapter's homework/ holds
//
//   hw02.h         what the student implements: one or a few functions a problem, with their contracts
//   hw02.c         the stubs; the one file the student edits; each body is HW_TODO(its, parameters);
//   grade_hw02.c   the grader: one check a problem, and the table of problems
//   solution.c     full marks; starts with #include "ch02_attention/homework/hw02.h"
//   mistakes/*.c   typical errors, one a file (below)
//
// A grader:
//
//   static void check_scores(Grade *g) {
//       Mat got = mat_new(3, 3);
//       scores(got, query, key);                                 // the student's function
//       grade_mistake(g, near(got, unscaled), "unscaled", "these are the unscaled scores");
//       grade_near_mat(g, 10, "the scores", got, want, 1e-5);     // a step and its points
//       grade_expect(g, 5, got.at[0] < 1, "score (0, 0) is %g", got.at[0]);
//   }
//   static const Problem problems[] = {
//       {"1", "Scaled scores", 15, 5, "easy", 20, check_scores}, {0}};
//   int main(int argc, char **argv) { return homework_main(argc, argv, "hw02", problems); }
//
// prints a line for each problem and the total:
//
//   1  Scaled scores     0/15  the scores: row 0, column 1 is 8, should be 4
//   hw02: 0/15
//   For the likely cause: make hw02 ARGS=-h2
//
// How a check counts:
//   A step that holds earns its points; the others go on counting. The points of all
//   steps add up to the problem's: the harness says so where they do not.
//   grade_mistake recognises a typical error. Points earned so far stay, steps after it
//   earn nothing, and a part with a mistake never gets all of its points. So it stands
//   right before the steps it explains.
//   grade_part(g, check_gradients(g, &x)) begins an independent part: what went wrong in
//   an earlier one (a mistake, a stub that is not done) has no say in this one.
//   A crash, a time-out, an exit() inside the check: 0 points, whatever was earned.
//
// What a check says: the symptom, which is the hint of the first step that fails (after
// the first mistake, if there is one), and the cause, which is the mistake's diagnosis.
// Where no mistake is recognised, the cause is what the numbers of a comparing step have
// in common with the right ones (homework_relation.h): "each number is right but for its
// sign"; or the simpler case in which they are right (grade_contrast).
// The default, as -h1, shows the symptom, -h2 the cause or that none is known; --json
// has both, and the codes of all mistakes that were found.
//
// What a check may do: everything. It runs in a process of its own, so that an endless
// loop or a crash costs one problem; its input is empty, its prints are kept away (-v
// shows them), its points come home through a pipe. `make hwNN` prints marks by a
// program without the student's code, which starts the one with it for each problem.
// That one has 2 GB of memory; nothing needs freeing. All computing happens inside
// checks: main must not use OpenMP before homework_main, since threads do not survive a
// fork. Seeds are fixed, so that the same file always gets the same lines.
//
// A planted mistake takes the solution, renames one of its functions out of the way,
// and defines it anew:
//
//   // loses: 1, says: unscaled
//   #include "ch02_attention/homework/hw02.h"
//   #define scores solved_scores
//   #include "../solution.c"
//   #undef scores
//   void scores(Mat s, Mat q, Mat k) { matmul(s, q, mat_transpose(k)); }
//
// hw02.h comes first, so that the rename leaves its declarations alone. Inside the
// solution every call keeps the correct function, so that no other problem suffers; the
// new one may call solved_scores. The first line names the problem and some words its
// line must contain; ", keeps: 5" at the end says how many points remain (0 if not
// said). The file loses no other points, and its symptom does not give the cause away:
// tools/check_homework.sh proves it.
#pragma once
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/numeric/mat.h"

typedef struct Grade Grade;

typedef struct {
    const char *id;     // "1", "2b"; what the command line takes
    const char *title;  // ASCII, without a '/'
    int points;         // what the check's steps add up to
    // limit of computing; of waiting, or on a busy machine, four times as much
    double seconds;
    const char *difficulty;  // "easy", "medium", "hard"
    int minutes;             // a student's expected time
    void (*check)(Grade *);
} Problem;

// Runs the problems of a table that ends with {0}:
//     grade_hw02 [-h1|-h2] [-v] [PROBLEM],  grade_hw02 --json [PROBLEM]
// Returns main's status: 0 full marks, 1 not (yet), 2 the command line was wrong.
int homework_main(int argc, char **argv, const char *name, const Problem *problems);

// A step: earns its points if the condition holds, else leaves the hint. Returns the
// condition.
bool grade_expect(Grade *g, int points, bool condition, const char *hint, ...)
    __attribute__((format(printf, 4, 5)));
// Recognises a typical error: if the condition holds, this is the diagnosis, and `code`
// its name for scripts: lower case, digits and hyphens. Returns the condition.
bool grade_mistake(Grade *g, bool condition, const char *code, const char *diagnosis,
                   ...) __attribute__((format(printf, 4, 5)));

// After a step that failed, the first to do so, and that no mistake explains: a simpler
// case in which the student's function is right, which says where to look. It goes
// before what the numbers have in common. Its code begins with "only-", its words with
// "right where":
//     bool right = grade_near(g, 5, "the advantage", got, want, 1e-9);
//     grade_contrast(g, !right && right_at(1.0), "only-gamma-1",
//                    "right where gamma is 1: what does each later step get?");
// The condition is computed only after such a step, and in a process of its own: a
// function that crashes there, or never ends, is not right there, and that costs
// nothing.
#define grade_contrast(g, condition, ...) \
    do { \
        int trial_ = homework_trial(g); \
        if (trial_ == 0) homework_tried(condition); \
        if (trial_ > 0 && homework_holds(trial_)) homework_contrast(g, __VA_ARGS__); \
    } while (0)
// -1: no contrast is wanted; 0: this is the process that tries, else its number.
int homework_trial(Grade *g);
_Noreturn void homework_tried(bool condition);
bool homework_holds(int trial);
void homework_contrast(Grade *g, const char *code, const char *says, ...)
    __attribute__((format(printf, 3, 4)));

// An independent part of a check: evaluates the call. A stub inside ends the part only.
#define grade_part(g, ...) \
    do { \
        if (setjmp(*homework_part(g)) == 0) { \
            __VA_ARGS__; \
        } \
    } while (0)
jmp_buf *homework_part(Grade *g);

// Says which case is computed now: should a function of the course stop the program there
// because its contract was not kept, or the end of an array be passed, the cause begins
// with these words. NULL: none any more.
void grade_case(Grade *g, const char *says);

// A copy of the bytes for the student's function, placed so that reaching past its end is
// a crash, and is named. It stays until the next call with this name. At most 16 names.
void *grade_guarded(const char *name, const void *from, size_t size);
// The same of real numbers. Before the first of them lie NaNs; input: the student's
// function must leave them as they are, and a part where it does not loses its points.
real *grade_guarded_reals(const char *name, const real *from, size_t n, bool input);

// Steps that compare and find the words for the hint themselves; `what` names the
// thing: "the loss". |got - want| <= tolerance; equal infinities are near, NaN is near
// nothing.
bool grade_near(Grade *g, int points, const char *what, double got, double want,
                double tolerance);
// The same for each element; the hint shows the first that is off. Shapes must agree.
bool grade_near_mat(Grade *g, int points, const char *what, Mat got, Mat want,
                    double tolerance);
// Of numbers that were added to what was there, `base` everywhere.
bool grade_near_added(Grade *g, int points, const char *what, Mat got, Mat want,
                      double tolerance, double base);
// Several numbers in one step: the hint shows the first two that are off.
typedef struct {
    const char *name;
    double got, want, tolerance;
} Reading;
bool grade_readings(Grade *g, int points, const char *what, const Reading *readings,
                    int count);
// Same count, same values; the hint shows the first difference. NULL is only right
// where nothing is wanted.
bool grade_equal_ints(Grade *g, int points, const char *what, const int *got,
                      int got_count, const int *want, int want_count);
bool grade_equal_bytes(Grade *g, int points, const char *what, const void *got,
                       size_t got_size, const void *want, size_t want_size);

// The body of a stub: uses up the parameters (at least one), marks the problem "not
// done yet" and ends its part; does not return, so a stub needs no return value. For a
// function without parameters: homework_todo(__func__).
#define HW_TODO(...) homework_todo(__func__, __VA_ARGS__)
_Noreturn void homework_todo(const char *function, ...);
