#include "ch02_attention/position.h"

#include <assert.h>
#include <stdlib.h>

// ---- the kinds

const PositionMethods position_none = {.place = POSITION_NOWHERE};

#define KIND(NAME, name) #name,
const char *const position_names[] = {POSITION_LIST(KIND) NULL};
#undef KIND
#define KIND(NAME, name) &position_##name,
static const PositionMethods *const kinds[] = {POSITION_LIST(KIND)};
#undef KIND
_Static_assert(sizeof kinds / sizeof *kinds == POSITION_KINDS, "each kind has methods");

static const PositionMethods *methods(PositionKind kind) {
    assert(kind < POSITION_KINDS);
    return kinds[kind];
}

const char *position_name(PositionKind kind) {
    assert(kind < POSITION_KINDS);
    return position_names[kind];
}

PositionPlace position_place(PositionKind kind) { return methods(kind)->place; }

bool position_check(const PositionSpec *spec, Error *err) {
    const PositionMethods *m = methods(spec->kind);
    return !m->check || m->check(spec, err);
}

PositionParameters position_parameters(const PositionSpec *spec) {
    const PositionMethods *m = methods(spec->kind);
    return m->parameters ? m->parameters(spec) : (PositionParameters){0};
}

// ---- making one

Position position_new(const PositionSpec *spec, Mat parameters) {
    Error why = {""};
    assert(position_check(spec, &why) && "position_new: no such position");
    PositionParameters learned = position_parameters(spec);
    assert((learned.rows == 0
            || (parameters.at && parameters.rows == learned.rows
                && parameters.cols == learned.cols))
           && "position_new: parameters of another shape");
    (void)why, (void)learned;
    Position p = {.kind = spec->kind,
                  .spec = *spec,
                  .parameters = parameters,
                  .owns_parameters = !parameters.at};
    if (methods(p.kind)->make) methods(p.kind)->make(&p);
    return p;
}

Position position_new_none(void) {
    return position_new(&(PositionSpec){POSITION_NONE}, (Mat){0});
}

void position_free(Position *p) {
    if (p->owns_parameters) mat_free(p->parameters);
    rope_tables_free(p->query);
    if (p->key.cosine.at != p->query.cosine.at) rope_tables_free(p->key);
    *p = (Position){0};
}

// ---- added to the input

// to[0 .. n-1] += from[0 .. n-1], each with its own step.
static void add_row(real *restrict to, ptrdiff_t to_step, const real *restrict from,
                    ptrdiff_t from_step, int n) {
    if (to_step == 1 && from_step == 1)
        for (int j = 0; j < n; j++) to[j] += from[j];
    else
        for (int j = 0; j < n; j++) to[j * to_step] += from[j * from_step];
}

static void add_rows(Mat to, Mat from) {
    for (int t = 0; t < to.rows; t++)
        add_row(mat_at(to, t, 0), to.col_stride, mat_at(from, t, 0), from.col_stride,
                to.cols);
}

void position_add(const Position *p, Mat x, int first) {
    if (position_place(p->kind) != POSITION_AT_INPUT) return;
    assert(x.cols == p->parameters.cols && "position_add: x is not T x d_model");
    assert(0 <= first && first <= p->parameters.rows - x.rows
           && "position_add: positions beyond the table's length");
    add_rows(x, mat_rows(p->parameters, first, x.rows));
}

void position_add_backward(const Position *p, Mat x_grad, int first, Mat table_grad) {
    if (position_place(p->kind) != POSITION_AT_INPUT || p->owns_parameters) return;
    assert(x_grad.cols == p->parameters.cols
           && "position_add_backward: x_grad is not T x d_model");
    assert(table_grad.rows == p->parameters.rows
           && table_grad.cols == p->parameters.cols
           && "position_add_backward: table_grad is not length x d_model");
    add_rows(mat_rows(table_grad, first, x_grad.rows), x_grad);
}

// ---- turning queries and keys

void position_turn(const Position *p, Mat x, int heads, int first, bool is_key) {
    if (position_place(p->kind) == POSITION_AT_QUERIES_AND_KEYS)
        rope_turn(x, heads, first, is_key ? p->key : p->query, p->spec.rope.pairing);
}

void position_turn_backward(const Position *p, Mat x_grad, int heads, int first,
                            bool is_key) {
    if (position_place(p->kind) == POSITION_AT_QUERIES_AND_KEYS)
        rope_turn_back(x_grad, heads, first, is_key ? p->key : p->query,
                       p->spec.rope.pairing);
}

// ---- added to the scores

static bool biases(const Position *p, int head, Mat scores) {
    if (position_place(p->kind) != POSITION_AT_SCORES) return false;
    assert(0 <= head && head < p->spec.heads && "position_bias: no such head");
    (void)head;
    return scores.rows > 0 && scores.cols > 0;
}

// A number for each distance s = query - key that scores (queries x keys) hold:
// values[s - least], least = s of the first query and the last key. The caller frees
// values.
typedef struct {
    double *values;
    int least, count;
} ByDistance;

static ByDistance by_distance_new(Mat scores, int first_query, int first_key) {
    int count = scores.rows + scores.cols - 1;
    return (ByDistance){allocate((size_t)count, sizeof(double)),
                        first_query - (first_key + scores.cols - 1), count};
}

// Row i's key 0 is furthest back; further keys are nearer.
static double *of_first_key(ByDistance b, Mat scores, int i) {
    return b.values + i + scores.cols - 1;
}

void position_bias(const Position *p, int head, Mat scores, int first_query,
                   int first_key) {
    if (!biases(p, head, scores)) return;
    ByDistance b = by_distance_new(scores, first_query, first_key);
    methods(p->kind)->bias(p, head, b.values, b.least, b.count);
    for (int i = 0; i < scores.rows; i++) {
        const double *value = of_first_key(b, scores, i);
        real *row = mat_at(scores, i, 0);
        if (scores.col_stride == 1)
            for (int j = 0; j < scores.cols; j++) row[j] += (real)value[-j];
        else
            for (int j = 0; j < scores.cols; j++)
                row[j * scores.col_stride] += (real)value[-j];
    }
    free(b.values);
}

// A value's gradient is the sum of scores_grad over all pairs at its distance.
void position_bias_backward(const Position *p, int head, Mat scores_grad,
                            int first_query, int first_key, Mat grad) {
    if (!biases(p, head, scores_grad)) return;
    assert(grad.rows == p->parameters.rows && grad.cols == p->parameters.cols
           && "position_bias_backward: grad is not of the parameters' shape");
    ByDistance b = by_distance_new(scores_grad, first_query, first_key);
    for (int i = 0; i < scores_grad.rows; i++) {
        double *value = of_first_key(b, scores_grad, i);
        for (int j = 0; j < scores_grad.cols; j++)
            value[-j] += *mat_at(scores_grad, i, j);
    }
    methods(p->kind)->bias_backward(p, head, b.values, b.least, b.count, grad);
    free(b.values);
}
