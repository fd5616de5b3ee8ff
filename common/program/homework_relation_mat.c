// What a wrong matrix has in common with the right one: rows and columns, where
// homework_relation.c sees numbers.
#include <math.h>
#include <stdio.h>

#include "common/program/homework_relation.h"

typedef struct {
    Mat got, want;
    double tolerance, base;
    const char *rows, *row;  // "rows", "row"; of the transposed, "columns", "column"
    const char *moved, *scaled, *one, *side;
} Pair;

static double number(Mat m, int i, int j, double base) {
    return (double)*mat_at(m, i, j) - base;
}

// Row i of got is factor x row j of want.
static bool row_is(const Pair *p, int i, int j, double factor) {
    for (int c = 0; c < p->want.cols; c++) {
        double by = factor * number(p->want, j, c, p->base);
        if (!(fabs(number(p->got, i, c, p->base) - by)
              <= 2 * p->tolerance * fmax(1, fabs(factor))))
            return false;
    }
    return true;
}

static bool say(Relation *to, const char *code, const char *format, const char *a,
                const char *b) {
    to->code = code;
    snprintf(to->says, sizeof to->says, format, a, b);
    return true;
}

// ---- each row with those before it

static bool is_running(const Pair *p) {
    if (p->want.rows < 3) return false;
    for (int c = 0; c < p->want.cols; c++) {
        double sum = 0;
        for (int i = 0; i < p->want.rows; i++) {
            sum += number(p->want, i, c, p->base);
            if (!(fabs(number(p->got, i, c, p->base) - sum)
                  <= 2 * (i + 1) * p->tolerance))
                return false;
        }
    }
    return true;
}

// ---- another order of the rows

// The row of want that row i of got is; -1: none, or more than one.
static int row_found(const Pair *p, int i) {
    int found = -1;
    for (int j = 0; j < p->want.rows; j++) {
        if (!row_is(p, i, j, 1)) continue;
        if (found >= 0) return -1;
        found = j;
    }
    return found;
}

static bool other_order(Relation *to, const Pair *p) {
    int first = -1, from = 0;
    bool reversed = true;
    if (p->want.rows < 3) return false;
    for (int i = 0; i < p->want.rows; i++) {
        int j = row_found(p, i);
        if (j < 0) return false;
        if (j != i && first < 0) first = i, from = j;
        reversed &= j == p->want.rows - 1 - i;
    }
    if (first < 0) return false;
    to->code = p->moved;
    if (reversed)
        snprintf(to->says, sizeof to->says,
                 "these are the right %s, from the last to the first", p->rows);
    else
        snprintf(
            to->says, sizeof to->says,
            "these are the right %s in another order: in %s %d stands what belongs "
            "in %s %d",
            p->rows, p->row, first, p->row, from);
    return true;
}

// ---- a factor for each row

// Of row i, by its largest number; NAN: there is none large enough.
static double factor_of(const Pair *p, int i) {
    int most = 0;
    for (int c = 1; c < p->want.cols; c++)
        if (fabs(number(p->want, i, c, p->base))
            > fabs(number(p->want, i, most, p->base)))
            most = c;
    double want = number(p->want, i, most, p->base);
    return fabs(want) > 100 * p->tolerance ? number(p->got, i, most, p->base) / want
                                           : NAN;
}

static bool own_factors(Relation *to, const Pair *p) {
    if (p->want.rows < 2 || p->want.cols < 3) return false;
    double first = factor_of(p, 0), other = first;
    int at = 0;
    for (int i = 0; i < p->want.rows; i++) {
        double factor = factor_of(p, i);
        if (!(fabs(factor) > 1e-6 && fabs(factor) < 1e6) || !row_is(p, i, i, factor))
            return false;
        if (fabs(factor - first) > fabs(other - first)) other = factor, at = i;
    }
    if (fabs(other - first) < 1e-3 * fabs(first)) return false;
    to->code = p->scaled;
    snprintf(to->says, sizeof to->says,
             "each %s is right but for a factor of its own, %.3g in %s 0, %.3g in %s "
             "%d: by what is a %s multiplied or divided?",
             p->row, first, p->row, other, p->row, at, p->row);
    return true;
}

// ---- one row alone

static bool one_row(Relation *to, const Pair *p) {
    int wrong = 0, at = 0, n = p->want.rows;
    if (n < 3 || n * p->want.cols < 6) return false;
    for (int i = 0; i < n; i++)
        if (!row_is(p, i, i, 1)) wrong++, at = i;
    if (wrong != 1 || (at > 0 && at < n - 1)) return false;
    return say(to, p->one,
               at == 0
                   ? "all %s are right but the first one: where does a loop begin, "
                     "and is the first %s a case of its own?"
                   : "all %s are right but the last one: where does a loop end, and "
                     "is the last %s a case of its own?",
               p->rows, p->row);
}

// ---- all rows of one side, or all numbers beyond a diagonal

// Far from what it should be, not only beyond what is allowed.
static bool is_far(const Pair *p, int i) {
    for (int c = 0; c < p->want.cols; c++)
        if (fabs(number(p->got, i, c, 0) - number(p->want, i, c, 0))
            > 100 * p->tolerance)
            return true;
    return false;
}

static bool one_side(Relation *to, const Pair *p) {
    int n = p->want.rows, first = n, last = -1, wrong = 0;
    for (int i = 0; i < n; i++) {
        if (row_is(p, i, i, 1)) continue;
        if (!is_far(p, i)) return false;
        if (first == n) first = i;
        last = i, wrong++;
    }
    bool side = (first == 0) != (last == n - 1);
    if (!side || wrong != last - first + 1 || wrong < 2 || n - wrong < 2) return false;
    to->code = p->side;
    snprintf(
        to->says, sizeof to->says,
        "%s %d to %d are wrong, the others are right: does a loop begin too late or "
        "end too early, or what else is different about these?",
        p->rows, first, last);
    return true;
}

// How many numbers of row i are right from its first on, if all after them are wrong;
// -1.
static int right_up_to(const Pair *p, int i) {
    int right = 0, n = p->want.cols;
    for (int c = 0; c < n; c++) {
        double off = number(p->got, i, c, 0) - number(p->want, i, c, 0);
        if (!(fabs(off) <= 2 * p->tolerance)) continue;
        if (right != c) return -1;
        right++;
    }
    return right;
}

static bool up_to_diagonal(Relation *to, const Pair *p) {
    int shift = 0, telling = 0;
    for (int i = 0; i < p->want.rows; i++) {
        int right = right_up_to(p, i);
        if (right < 0) return false;
        if (right == 0 || right == p->want.cols) continue;
        if (telling++ > 0 && right - 1 - i != shift) return false;
        shift = right - 1 - i;
    }
    if (telling < 3) return false;
    to->code = "to-the-diagonal";
    snprintf(to->says, sizeof to->says,
             "row i is right up to column i%+d alone: does a loop or a mask end at the "
             "diagonal, and should it?",
             shift);
    return true;
}

static bool transposed(const Pair *p) {
    bool telling = false;
    if (p->want.rows != p->want.cols || p->want.rows < 3) return false;
    for (int i = 0; i < p->want.rows; i++)
        for (int j = 0; j < p->want.cols; j++) {
            double by = number(p->want, j, i, 0);
            if (!(fabs(number(p->got, i, j, 0) - by) <= 2 * p->tolerance)) return false;
            telling |= fabs(by - number(p->want, i, j, 0)) > 100 * p->tolerance;
        }
    return telling;
}

static bool rows_alike(Relation *to, const Pair *p) {
    if (is_running(p))
        return say(
            to, "all-running",
            "to each %s those before it were added: what is summed up for one %s "
            "begins with 0 for the next",
            p->row, p->row);
    return other_order(to, p) || own_factors(to, p) || one_row(to, p);
}

bool homework_relation_mat(Relation *to, Mat got, Mat want, double tolerance,
                           double base) {
    Pair rows = {got,   want,         tolerance,     base,      "rows",
                 "row", "rows-moved", "rows-scaled", "one-row", "rows-of-a-side"};
    Pair columns = {mat_transpose(got), mat_transpose(want),
                    tolerance,          base,
                    "columns",          "column",
                    "columns-moved",    "columns-scaled",
                    "one-column",       "columns-of-a-side"};
    bool nan = false;
    for (int i = 0; i < want.rows; i++)
        for (int j = 0; j < want.cols; j++) {
            nan |= isnan(*mat_at(got, i, j));
            if (!isfinite(*mat_at(want, i, j))) return false;
            if (isinf(*mat_at(got, i, j))) return false;
        }
    if (nan)
        return say(to, "not-a-number",
                   "what is not a number comes of 0/0, of the root or logarithm of a "
                   "negative %s, or of an index below 0, before the first %s",
                   "number", "element");
    if (want.rows == 0 || want.cols == 0) return false;
    if (transposed(&rows))
        return say(to, "all-transposed",
                   "these are the right numbers with %s and %s exchanged", "rows",
                   "columns");
    return rows_alike(to, &rows) || rows_alike(to, &columns)
           || up_to_diagonal(to, &rows) || one_side(to, &rows)
           || one_side(to, &columns);
}
