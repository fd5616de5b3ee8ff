// A check's steps: what is earned, and what is said.
#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/program/homework_relation.h"
#include "common/program/homework_run.h"

static bool has_code(const char *codes, const char *code) {
    size_t size = strlen(code);
    for (const char *at = codes; *at; at += strcspn(at, ","), at += *at == ',')
        if (strncmp(at, code, size) == 0 && (at[size] == ',' || !at[size])) return true;
    return false;
}

void homework_add_code(Findings *f, const char *code) {
    size_t used = strlen(f->codes);
    if (has_code(f->codes, code) || used + strlen(code) + 2 > sizeof f->codes) return;
    snprintf(f->codes + used, sizeof f->codes - used, "%s%s", used ? "," : "", code);
}

// ---- Steps

// Adds a step; true if its hint is wanted: of the first that fails, and of the first
// that fails after the first mistake.
static bool step(Grade *g, int points, bool good) {
    assert(points >= 0);
    g->offered += points;
    if (good && !g->mistaken) g->found.earned += points;
    bool wanted = !good && (g->awaiting || (!g->failed && !g->found.symptom[0]));
    if (!good) g->awaiting = false;
    g->failed |= !good;
    g->shown = wanted;
    return wanted;
}

bool grade_expect(Grade *g, int points, bool condition, const char *hint, ...) {
    if (!step(g, points, condition)) return condition;
    va_list args;
    va_start(args, hint);
    vsnprintf(g->found.symptom, HINT_BYTES, hint, args);
    va_end(args);
    return condition;
}

bool grade_mistake(Grade *g, bool condition, const char *code, const char *diagnosis,
                   ...) {
    if (!condition || g->mistaken) return condition;
    g->mistaken = true;
    homework_add_code(&g->found, code);
    if (g->found.cause[0]) return condition;  // one at a time
    g->awaiting = true;
    va_list args;
    va_start(args, diagnosis);
    vsnprintf(g->found.cause, HINT_BYTES, diagnosis, args);
    va_end(args);
    return condition;
}

static void keep_relation(Grade *g, const char *what, const Relation *r) {
    g->relation_code = r->code;
    snprintf(g->relation, HINT_BYTES, "%s: %s", what, r->says);
}

void homework_contrast(Grade *g, const char *code, const char *says, ...) {
    g->shown = false;
    g->relation_code = code;
    va_list args;
    va_start(args, says);
    vsnprintf(g->relation, HINT_BYTES, says, args);
    va_end(args);
}

void homework_relate(Grade *g, const char *what, const double *got, const double *want,
                     int n, double tolerance, bool relative, double base) {
    Relation r;
    if (g->mistaken || g->relation[0]) return;
    if (homework_relation(&r, got, want, n, tolerance, relative, base))
        keep_relation(g, what, &r);
}

void homework_settle_relation(Grade *g) {
    if (g->found.cause[0] || !g->relation[0]) return;
    memcpy(g->found.cause, g->relation, HINT_BYTES);
    homework_add_code(&g->found, g->relation_code);
}

// ---- Parts

// Said once, in a part that has points to lose.
static void settle_inputs(Grade *g) {
    const char *name = homework_changed_input();
    if (!name || g->input_told || g->mistaken || g->offered == g->part_offered) return;
    g->input_told = true;
    grade_mistake(
        g, true, "input-changed",
        "%s was changed: it is the caller's, who may need it once more. Work on "
        "a copy, or on each number as it is read",
        name);
    grade_expect(g, 0, false, "after the call %s is not what it was before", name);
}

// A part with a mistake never gets all of its points, though no step may have noticed.
void homework_end_part(Grade *g) {
    settle_inputs(g);
    int offered = g->offered - g->part_offered;
    if (g->mistaken && g->found.earned - g->part_earned == offered)
        g->found.earned = g->part_earned;
    g->mistaken = false;
    g->in_part = false;
    g->part_earned = g->found.earned, g->part_offered = g->offered;
}

jmp_buf *homework_part(Grade *g) {
    homework_end_part(g);
    g->in_part = true;
    return &g->next_part;
}

_Noreturn void homework_todo(const char *function, ...) {
    Grade *g = homework_running;
    if (!g) die("%s is not done yet", function);
    if (!g->todo) homework_add_code(&g->found, "todo");
    if (!g->todo && !g->found.cause[0])
        snprintf(g->found.symptom, HINT_BYTES, "not done yet (%s)", function);
    g->todo = true;
    if (g->in_part) longjmp(g->next_part, 1);
    homework_finish();
}

void grade_case(Grade *g, const char *says) { g->under_way = says; }

// ---- Comparing

typedef struct {
    char text[80];
} Short;

// %g, but NaN has one spelling on every machine.
static Short number_in(double x, int digits) {
    Short s;
    if (isnan(x)) snprintf(s.text, sizeof s.text, "not a number (NaN)");
    else snprintf(s.text, sizeof s.text, "%.*g", digits, x);
    return s;
}

// "1.5, should be 1.25", with digits enough to see that they differ.
typedef struct {
    char text[2 * sizeof(Short) + 16];
} Both;
static Both should_be(double got, double want) {
    int digits = 6;
    while (digits < 17 && got != want
           && strcmp(number_in(got, digits).text, number_in(want, digits).text) == 0)
        digits += 3;
    Both s;
    snprintf(s.text, sizeof s.text, "%s, should be %s", number_in(got, digits).text,
             number_in(want, digits).text);
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
    homework_relate(g, what, &got, &want, 1, tolerance, false, 0);
    return grade_expect(g, points, near(got, want, tolerance), "%s: %s%s", what,
                        should_be(got, want).text, off_by(got, want, tolerance).text);
}

// Row by row, or column by column.
static double *numbers_of(Mat m, bool by_column) {
    double *all = allocate((size_t)m.rows * (size_t)m.cols + 1, sizeof *all);
    for (int i = 0; i < m.rows; i++)
        for (int j = 0; j < m.cols; j++)
            all[by_column ? j * m.rows + i : i * m.cols + j] = *mat_at(m, i, j);
    return all;
}

static void relate_mats(Grade *g, const char *what, Mat got, Mat want, double tolerance,
                        double base) {
    double *a = numbers_of(got, false), *b = numbers_of(want, false);
    homework_relate(g, what, a, b, want.rows * want.cols, tolerance, false, base);
    free(a), free(b);
    Relation r;
    if (g->mistaken || g->relation[0]) return;
    if (homework_relation_mat(&r, got, want, tolerance, base))
        keep_relation(g, what, &r);
}

bool grade_near_mat(Grade *g, int points, const char *what, Mat got, Mat want,
                    double tolerance) {
    return grade_near_added(g, points, what, got, want, tolerance, 0);
}

bool grade_near_added(Grade *g, int points, const char *what, Mat got, Mat want,
                      double tolerance, double base) {
    if (got.rows != want.rows || got.cols != want.cols)
        return grade_expect(g, points, false, "%s: %d x %d, should be %d x %d", what,
                            got.rows, got.cols, want.rows, want.cols);
    for (int i = 0; i < want.rows; i++)
        for (int j = 0; j < want.cols; j++) {
            double a = *mat_at(got, i, j), b = *mat_at(want, i, j);
            if (near(a, b, tolerance)) continue;
            relate_mats(g, what, got, want, tolerance, base);
            return grade_expect(g, points, false, "%s: row %d, column %d is %s%s", what,
                                i, j, should_be(a, b).text,
                                off_by(a, b, tolerance).text);
        }
    step(g, points, true);
    return true;
}

bool grade_readings(Grade *g, int points, const char *what, const Reading *readings,
                    int count) {
    char text[HINT_BYTES] = "";
    int off = 0;
    for (int i = 0; i < count; i++) {
        const Reading *r = &readings[i];
        if (near(r->got, r->want, r->tolerance) || ++off > 2) continue;
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s is %s", used ? "; " : "",
                 r->name, should_be(r->got, r->want).text);
    }
    return grade_expect(g, points, off == 0, "%s: %s", what, text);
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
