#include "ch03_transformer/tape.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/arena.h"
#include "ch03_transformer/parallel.h"
#include "common/error.h"
#include "common/large.h"
#include "common/numeric/timing.h"

// Memory for a gradient. `users` nodes look at it; with none it waits for the next.
struct GradBuffer {
    real *at;
    size_t size;  // numbers
    int users;
    bool used;  // since the last reset
    GradBuffer *next;
};

enum { OPERATIONS_MOST = 64 };

struct Tape {
    Params *params;
    Node **nodes;  // in the order of their making
    size_t count, capacity;
    Arena arena;
    GradBuffer *buffers;
    bool training, going_back;
    int recompute;
    GradSink sink;  // open NULL: Params.grads
    int *uses;      // sink: of each parameter, how many backward has still to meet
    Rng rng;
    TapeCounts counts;
    bool profile;
    // running: whose forward, or backward, the clock is on
    OperationTime times[OPERATIONS_MOST], *running;
    int times_count;
    double since;
};

// ---- time

static OperationTime *time_of(Tape *t, const Operation *op) {
    const char *name = op ? op->name : "leaf";
    for (int i = 0; i < t->times_count; i++)
        if (t->times[i].name == name) return &t->times[i];
    assert(t->times_count < OPERATIONS_MOST);
    t->times[t->times_count] = (OperationTime){.name = name};
    return &t->times[t->times_count++];
}

// An operation makes its node and then computes: its forward lasts until the next node.
static void clock_forward(Tape *t, const Operation *op) {
    if (!t->profile) return;
    double now = now_seconds();
    if (t->running) t->running->forward += now - t->since;
    t->running = time_of(t, op);
    t->running->calls++;
    t->since = now;
}

static void clock_stop(Tape *t) {
    if (t->running) t->running->forward += now_seconds() - t->since;
    t->running = NULL;
}

void tape_profile(Tape *t, bool on) {
    t->profile = on;
    t->times_count = 0;
    t->running = NULL;
}

int tape_times(Tape *t, OperationTime *times, int most) {
    int n = t->times_count < most ? t->times_count : most;
    memcpy(times, t->times, (size_t)n * sizeof *times);
    return n;
}

// ---- memory

void *tape_allocate(Tape *t, size_t bytes) {
    return memset(arena_take(&t->arena, bytes), 0, bytes);
}

Mat tape_mat(Tape *t, int rows, int cols) {
    size_t bytes = mat_bytes(rows, cols);
    t->counts.activation_bytes += bytes;
    if (t->counts.activation_bytes > t->counts.activation_most)
        t->counts.activation_most = t->counts.activation_bytes;
    return mat_view(arena_take(&t->arena, bytes), rows, cols);
}

// A free buffer of about the right size, or a new one.
static GradBuffer *buffer_take(Tape *t, Mat shape) {
    size_t size = (size_t)shape.rows * (size_t)shape.cols;
    GradBuffer *best = NULL;
    for (GradBuffer *b = t->buffers; b; b = b->next)
        if (!b->users && b->size >= size && b->size / 2 <= size
            && (!best || b->size < best->size))
            best = b;
    if (!best) {
        best = allocate(1, sizeof *best);
        *best = (GradBuffer){
            .at = large_new(size * sizeof(real)), .size = size, .next = t->buffers};
        t->buffers = best;
        t->counts.grad_bytes += size * sizeof(real);
    }
    best->users = 1, best->used = true;
    return best;
}

static void buffer_release(Node *n) {
    if (n->buffer) n->buffer->users--;
    n->buffer = NULL;
    n->grad.at = NULL;
}

// Those that the last step did not use are given back: shapes have changed.
static void buffers_trim(Tape *t, bool all) {
    for (GradBuffer **at = &t->buffers; *at;) {
        GradBuffer *b = *at;
        if (b->used && !all) {
            b->used = false, b->users = 0;
            at = &b->next;
        } else {
            *at = b->next;
            t->counts.grad_bytes -= b->size * sizeof(real);
            free(b->at), free(b);
        }
    }
}

// ---- the tape

Tape *tape_new(Params *params) {
    Tape *t = allocate(1, sizeof *t);
    t->params = params;
    return t;
}

void tape_reset(Tape *t) {
    clock_stop(t);
    t->count = 0;
    arena_reset(&t->arena);
    buffers_trim(t, false);
    if (t->uses) memset(t->uses, 0, (size_t)t->params->count * sizeof *t->uses);
    t->counts = (TapeCounts){.grad_bytes = t->counts.grad_bytes};
}

void tape_free(Tape *t) {
    if (!t) return;
    buffers_trim(t, true);
    arena_free(&t->arena);
    free(t->nodes), free(t->uses), free(t);
}

void tape_training(Tape *t, bool training, uint64_t seed) {
    t->training = training;
    t->rng = rng_new(seed);
}

bool tape_is_training(const Tape *t) { return t->training; }
uint64_t tape_draw(Tape *t) { return rng_bits(&t->rng); }
Rng tape_rng(const Tape *t) { return t->rng; }
void tape_set_rng(Tape *t, Rng rng) { t->rng = rng; }
void tape_recompute(Tape *t, int blocks) { t->recompute = blocks; }
int tape_recomputes(const Tape *t) { return t->recompute; }

TapeCounts tape_counts(const Tape *t) {
    TapeCounts c = t->counts;
    c.arena_bytes = arena_bytes(&t->arena);
    c.nodes = (int)t->count;
    return c;
}

void tape_count_flops(Tape *t, double flops) {
    if (t->going_back) t->counts.flops_backward += flops;
    else t->counts.flops_forward += flops;
    if (t->running) t->running->flops += flops;
}

Node *node_of(Tape *t, const Operation *op, Mat value, Node *a, Node *b, Node *c) {
    clock_forward(t, op);
    Node *n = tape_allocate(t, sizeof *n);
    *n = (Node){.value = value,
                .grad = {NULL, value.rows, value.cols, value.cols, 1},
                .op = op,
                .from = {a, b, c},
                .param = -1};
    n->needs_grad = wants_grad(a) || wants_grad(b) || wants_grad(c);
    reserve(t->nodes, t->capacity, t->count + 1);
    return t->nodes[t->count++] = n;
}

Node *node_new(Tape *t, const Operation *op, int rows, int cols, Node *a, Node *b,
               Node *c) {
    return node_of(t, op, tape_mat(t, rows, cols), a, b, c);
}

// ---- leaves

Node *constant_node(Tape *t, Mat value) {
    return node_of(t, NULL, value, NULL, NULL, NULL);
}

Node *variable_node(Tape *t, Mat value) {
    Node *n = constant_node(t, value);
    n->needs_grad = true;
    return n;
}

Node *param(Tape *t, int index) {
    assert(t->params && "param: the tape was made without parameters, tape_new(NULL)");
    Node *n = constant_node(t, params_value(t->params, index));
    n->grad = params_grad(t->params, index);
    n->needs_grad = n->grad.at != NULL;
    if (!t->sink.open) return n;
    n->param = index, n->needs_grad = true, n->grad.at = NULL;
    // what a pull makes again was counted when it was first made
    if (!t->going_back) t->uses[index]++;
    return n;
}

Node *param_transposed(Tape *t, int index) {
    Node *n = param(t, index);
    n->value = mat_transpose(n->value), n->grad = mat_transpose(n->grad);
    return n;
}

// ---- gradients of parameters that go to a sink

void tape_grads_to(Tape *t, GradSink sink) {
    assert(t->params && !t->count && "tape_grads_to: too late");
    free(t->uses);
    t->uses = allocate((size_t)t->params->count, sizeof *t->uses);
    t->sink = sink;
}

static void open_params(Tape *t, const Node *n) {
    for (int i = 0; i < NODE_MOST_INPUTS; i++) {
        Node *p = n->from[i];
        if (!p || p->param < 0 || p->grad.at) continue;
        p->grad = p->value;  // its strides: it may be transposed
        p->grad.at = t->sink.open(t->sink.of, p->param);
    }
}

// All that use this node were met.
static void leave_param(Tape *t, Node *p) {
    assert(!p->buffer
           && "an operation with a parameter that it does not say it is from");
    p->grad.at = NULL;
    if (--t->uses[p->param] == 0) t->sink.close(t->sink.of, p->param);
}

static void meet_params(Tape *t, Node *n) {
    if (n->param >= 0) leave_param(t, n);
    if (n->op && n->grad.at) open_params(t, n);
}

static void close_unused(Tape *t) {
    for (int i = 0; i < t->params->count; i++)
        if (!t->uses[i]) t->sink.close(t->sink.of, i);
}

// ---- backward

static void pull(Tape *t, Node *n) {
    bool timed = t->profile;
    double start = timed ? now_seconds() : 0;
    if (timed) t->running = time_of(t, n->op);
    t->profile = false;  // whatever a pull runs is its own time
    n->op->pull(t, n);
    t->profile = timed;
    if (!timed) return;
    t->running->backward += now_seconds() - start;
    t->running = NULL;
}

// To the first node. A pull may add nodes; when it returns they are gone.
static void walk_back(Tape *t, size_t first, Node *from, Mat grad) {
    assert(grad.rows == from->value.rows && grad.cols == from->value.cols
           && "tape_backward: another shape");
    bool add;
    mat_copy(grad_write(t, from, &add), grad);
    for (size_t i = t->count; i-- > first;) {
        Node *n = t->nodes[i];
        if (t->sink.open) meet_params(t, n);
        if (!n->op || !n->grad.at) continue;
        pull(t, n);
        if (!n->keeps_grad) buffer_release(n);
    }
}

void tape_backward_from(Tape *t, Node *from, Mat grad) {
    assert(
        !t->going_back
        && "tape_backward_from: in a pull of the same tape: it is going back already");
    clock_stop(t);
    if (!from->needs_grad) return;  // nothing to learn
    if (t->sink.open) close_unused(t);
    t->going_back = true;
    walk_back(t, 0, from, grad);
    t->going_back = false;
}

void tape_backward_since(Tape *t, TapeMark mark, Node *from, Mat grad) {
    assert(t->going_back && "tape_backward_since: not in a pull");
    if (from->needs_grad) walk_back(t, mark.nodes, from, grad);
}

TapeMark tape_mark(const Tape *t) {
    return (TapeMark){t->count, t->counts.activation_bytes, arena_mark(&t->arena)};
}

void tape_release(Tape *t, TapeMark mark) {
    for (size_t i = mark.nodes; i < t->count; i++) buffer_release(t->nodes[i]);
    t->count = mark.nodes;
    t->counts.activation_bytes = mark.activation_bytes;
    arena_release(&t->arena, mark.memory);
}

void tape_backward(Tape *t, Node *loss) {
    assert(loss->value.rows == 1 && loss->value.cols == 1
           && "tape_backward: the loss is not one number");
    tape_backward_from(t, loss, mat_view(&(real){1}, 1, 1));
}

// ---- gradients of nodes

static void mat_zero(Mat m) {
#pragma omp parallel for if (worth_threads(m))
    for (int i = 0; i < m.rows; i++)
        memset(mat_at(m, i, 0), 0, (size_t)m.cols * sizeof(real));
}

static void mat_copy_rows(Mat to, Mat from) {
#pragma omp parallel for if (worth_threads(to))
    for (int i = 0; i < to.rows; i++)
        memcpy(mat_at(to, i, 0), mat_at(from, i, 0), (size_t)to.cols * sizeof(real));
}

Mat grad_write(Tape *t, Node *n, bool *add) {
    assert(n->needs_grad && "grad_add: a node that wants no gradient: see wants_grad");
    *add = n->grad.at != NULL;
    if (!*add) {
        n->buffer = buffer_take(t, n->value);
        n->grad = mat_view(n->buffer->at, n->value.rows, n->value.cols);
        // shared: a copy of its own, now that it changes
    } else if (n->buffer && n->buffer->users > 1) {
        GradBuffer *shared = n->buffer;
        n->buffer = buffer_take(t, n->value);
        mat_copy_rows(mat_view(n->buffer->at, n->value.rows, n->value.cols), n->grad);
        n->grad.at = n->buffer->at;
        shared->users--;
    }
    return n->grad;
}

Mat grad_add(Tape *t, Node *n) {
    bool add;
    Mat grad = grad_write(t, n, &add);
    if (!add) mat_zero(grad);
    return grad;
}

Mat grad_in_place(Tape *t, Node *n, Node *self, bool *add) {
    assert(n->value.rows == self->value.rows && n->value.cols == self->value.cols);
    bool free_to_take = self->buffer && self->buffer->users == 1 && !self->keeps_grad;
    if (n->grad.at || !free_to_take) return grad_write(t, n, add);
    n->buffer = self->buffer, n->grad = self->grad;
    self->buffer = NULL;
    *add = false;
    return n->grad;
}

void grad_matmul(Tape *t, Node *n, Mat a, Mat b) {
    if (!wants_grad(n)) return;
    bool add;
    Mat grad = grad_write(t, n, &add);
    (add ? matmul_add : matmul)(grad, a, b);
    tape_count_flops(t, 2.0 * a.rows * a.cols * b.cols);
}

void grad_share(Tape *t, Node *n, Node *self) {
    if (!wants_grad(n)) return;
    if (!n->grad.at && self->buffer) {
        n->buffer = self->buffer, n->grad = self->grad;
        n->buffer->users++;
        return;
    }
    bool add;
    Mat to = grad_write(t, n, &add), from = self->grad;
#pragma omp parallel for if (worth_threads(to))
    for (int i = 0; i < to.rows; i++) {
        real *x = mat_at(to, i, 0);
        const real *y = mat_at(from, i, 0);
        if (add)
            for (int j = 0; j < to.cols; j++) x[j] += y[j];
        else memcpy(x, y, (size_t)to.cols * sizeof(real));
    }
}
