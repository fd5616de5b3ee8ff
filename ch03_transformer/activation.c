#include "ch03_transformer/activation.h"

#include <assert.h>
#include <math.h>

#include "ch03_transformer/parallel.h"

// ---- each function and its slope, lane by lane

VEC_INLINE Vec sigmoid(Vec x) { return 1 / (1 + vec_exp(-x)); }

VEC_INLINE Vec relu_value(Vec x) { return vec_select(x > 0, x, (Vec){0}); }
VEC_INLINE Vec relu_slope(Vec x) { return vec_select(x > 0, vec_splat(1), (Vec){0}); }

#ifdef REAL_IS_DOUBLE
VEC_INLINE Vec vec_erf(Vec x) {
    for (int i = 0; i < VEC_LANES; i++) x[i] = erf(x[i]);
    return x;
}
#else
// Near 0 an odd polynomial; beyond 475/512, 1 - e^(a polynomial).
VEC_INLINE Vec vec_erf(Vec x) {
    Vec y = vec_abs(x), z = x * x;
    Vec near = ((((-5.96761703e-4f * z + 4.99119423e-3f) * z - 2.67681349e-2f) * z
                 + 1.12819925e-1f)
                    * z
                - 3.76125336e-1f)
                   * z
               + 1.28379166e-1f;
    Vec far = (-1.72853470e-5f * y + 3.83197126e-4f) * z
              + (-3.88396438e-3f * y + 2.42546219e-2f);
    far = ((far * y - 1.06777877e-1f) * y - 6.34846687e-1f) * y - 1.28717512e-1f;
    far = 1 - vec_exp(far * y - y);
    far = (Vec)((VecInt)far | vec_sign_bits(x));
    return vec_select(y > 0.927734375f, far, near * x + x);
}
#endif

VEC_INLINE Vec gelu_value(Vec x) { return x * (1 + vec_erf(x * (real)M_SQRT1_2)) / 2; }
VEC_INLINE Vec gelu_slope(Vec x) {
    const real peak = (real)(M_SQRT1_2 * M_2_SQRTPI / 2);  // phi(0) = 1 / sqrt(2 pi)
    return (1 + vec_erf(x * (real)M_SQRT1_2)) / 2
           + x * peak * vec_exp(x * x * (real)-0.5);
}

#define GELU_A ((real)(M_SQRT1_2 * M_2_SQRTPI))  // sqrt(2 / pi)
#define GELU_B ((real)0.044715)
VEC_INLINE Vec gelu_tanh_value(Vec x) {
    return x * sigmoid(2 * GELU_A * (x + GELU_B * x * x * x));
}
VEC_INLINE Vec gelu_tanh_slope(Vec x) {
    Vec s = sigmoid(2 * GELU_A * (x + GELU_B * x * x * x));
    return s + x * s * (1 - s) * (2 * GELU_A * (1 + 3 * GELU_B * x * x));
}

VEC_INLINE Vec silu_value(Vec x) { return x * sigmoid(x); }
VEC_INLINE Vec silu_slope(Vec x) {
    Vec s = sigmoid(x);
    return s + x * s * (1 - s);
}

VEC_INLINE Vec hyperbolic_value(Vec x) { return vec_tanh(x); }
VEC_INLINE Vec hyperbolic_slope(Vec x) {
    Vec y = vec_tanh(x);
    return 1 - y * y;
}

// min(x, 0) - ln(1 + e^-|x|): no overflow, and no 1 + small. Few numbers ever pass
// here; ln may be libm's.
VEC_INLINE Vec log_sigmoid_value(Vec x) {
    Vec e = vec_exp(-vec_abs(x));
    for (int i = 0; i < VEC_LANES; i++) e[i] = (real)log1p((double)e[i]);
    return vec_select(x < 0, x, (Vec){0}) - e;
}
VEC_INLINE Vec log_sigmoid_slope(Vec x) { return sigmoid(-x); }

// ---- f(x) * by, in one operation: neither f(x) nor its gradient is kept

// A row: its inputs and gradients. dx, dby: NULL where nobody wants one; add: += and not =.
typedef struct {
    const real *x, *by, *dy;
    real *dx, *dby;
    bool add, add_by;
} Gated;

static void gated_pull(Tape *t, Node *y, void (*row)(Gated g, int n)) {
    Node *x = y->from[0], *by = y->from[1];
    Mat dy = y->grad, dx = {0}, dby = {0};
    Gated g = {0};
    if (wants_grad(by)) dby = grad_write(t, by, &g.add_by);
    if (wants_grad(x)) dx = grad_in_place(t, x, y, &g.add);
#pragma omp parallel for if (worth_threads(dy))
    for (int i = 0; i < dy.rows; i++) {
        Gated one = g;
        one.x = mat_at(x->value, i, 0), one.by = mat_at(by->value, i, 0);
        one.dy = mat_at(dy, i, 0);
        one.dx = dx.at ? mat_at(dx, i, 0) : NULL;
        one.dby = dby.at ? mat_at(dby, i, 0) : NULL;
        row(one, dy.cols);
    }
}

static Node *gated(Tape *t, const Operation *operation,
                   void (*row)(real *y, const real *x, const real *by, int n), Node *x,
                   Node *by) {
    assert(x->value.rows == by->value.rows && x->value.cols == by->value.cols
           && "gated: two nodes differ in shape");
    Node *y = node_new(t, operation, x->value.rows, x->value.cols, x, by, NULL);
    Mat to = y->value;
#pragma omp parallel for if (worth_threads(to))
    for (int i = 0; i < to.rows; i++)
        row(mat_at(to, i, 0), mat_at(x->value, i, 0), mat_at(by->value, i, 0), to.cols);
    return y;
}

// ---- what they share

#define ACTIVATION(name, title) \
    VEC_FUNCTION static void name##_forward(real *y, const real *x, int n) { \
        for (; n > 0; n -= VEC_LANES, x += VEC_LANES, y += VEC_LANES) \
            vec_store_some(y, n, name##_value(vec_load_some(x, n))); \
    } \
    VEC_FUNCTION static void name##_backward(real *dx, bool add, const real *dy, \
                                             const real *x, int n) { \
        for (; n > 0; \
             n -= VEC_LANES, x += VEC_LANES, dx += VEC_LANES, dy += VEC_LANES) \
            vec_put(dx, n, name##_slope(vec_load_some(x, n)) * vec_load_some(dy, n), \
                    add); \
    } \
    static void name##_pull(Tape *t, Node *y) { \
        bool add; \
        Mat x = y->from[0]->value, dy = y->grad, \
            dx = grad_in_place(t, y->from[0], y, &add); \
        _Pragma("omp parallel for if (worth_threads(x))") for (int i = 0; i < x.rows; \
                                                               i++) \
            name##_backward(mat_at(dx, i, 0), add, mat_at(dy, i, 0), mat_at(x, i, 0), \
                            x.cols); \
    } \
    static Node *name##_node(Tape *t, Node *x) { \
        static const Operation operation = {title, name##_pull}; \
        Node *y = \
            node_new(t, &operation, x->value.rows, x->value.cols, x, NULL, NULL); \
        Mat from = x->value, to = y->value; \
        _Pragma("omp parallel for if (worth_threads(from))") for (int i = 0; \
                                                                  i < from.rows; i++) \
            name##_forward(mat_at(to, i, 0), mat_at(from, i, 0), from.cols); \
        return y; \
    } \
    VEC_FUNCTION static void name##_gate(real *y, const real *x, const real *by, \
                                         int n) { \
        for (; n > 0; n -= VEC_LANES, x += VEC_LANES, by += VEC_LANES, y += VEC_LANES) \
            vec_store_some(y, n, \
                           name##_value(vec_load_some(x, n)) * vec_load_some(by, n)); \
    } \
    VEC_FUNCTION static void name##_gate_back(Gated g, int n) { \
        for (int j = 0; j < n; j += VEC_LANES) { \
            int rest = n - j; \
            Vec x = vec_load_some(g.x + j, rest), by = vec_load_some(g.by + j, rest), \
                dy = vec_load_some(g.dy + j, rest); \
            if (g.dby) vec_put(g.dby + j, rest, name##_value(x) * dy, g.add_by); \
            if (g.dx) vec_put(g.dx + j, rest, name##_slope(x) * by * dy, g.add); \
        } \
    } \
    static void name##_gated_pull(Tape *t, Node *y) { \
        gated_pull(t, y, name##_gate_back); \
    } \
    static Node *name##_gated(Tape *t, Node *x, Node *by) { \
        static const Operation operation = {title ", gating", name##_gated_pull}; \
        return gated(t, &operation, name##_gate, x, by); \
    }

ACTIVATION(relu, "relu")
ACTIVATION(gelu, "gelu")
ACTIVATION(gelu_tanh, "gelu, tanh")
ACTIVATION(silu, "silu")
ACTIVATION(hyperbolic, "tanh")
ACTIVATION(log_sigmoid, "log sigmoid")

#define ROW(kind, text, name) \
    [ACTIVATION_##kind] = {text, name##_forward, name##_node, name##_gated}
const Activation activation_kinds[] = {ROW(RELU, "relu", relu),
                                       ROW(GELU, "gelu", gelu),
                                       ROW(GELU_TANH, "gelu-tanh", gelu_tanh),
                                       ROW(SILU, "silu", silu),
                                       ROW(TANH, "tanh", hyperbolic),
                                       ROW(LOG_SIGMOID, "log-sigmoid", log_sigmoid)};
#undef ROW
_Static_assert(sizeof activation_kinds / sizeof *activation_kinds == ACTIVATION_KINDS,
               "an activation without its functions");

Node *relu(Tape *t, Node *x) { return relu_node(t, x); }
Node *gelu(Tape *t, Node *x) { return gelu_node(t, x); }
Node *gelu_tanh(Tape *t, Node *x) { return gelu_tanh_node(t, x); }
Node *silu(Tape *t, Node *x) { return silu_node(t, x); }
Node *tanh_node(Tape *t, Node *x) { return hyperbolic_node(t, x); }
Node *log_sigmoid(Tape *t, Node *x) { return log_sigmoid_node(t, x); }
