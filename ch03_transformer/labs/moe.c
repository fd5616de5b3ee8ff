// A mixture of experts: what a token costs, and who does the work. Lecture, section
// 3.4.
//
//     K of E experts per token: K / E of the operations of all E, and the router's 2 n d E
//     balance = E sum_e tau_e p_e = 1 + E sum_e (tau_e - 1/E) (p_e - 1/E)
//
// Operations are counted by the tape against one layer as wide as all experts. The
// balance is 1 if tau or p is uniform, E / K at most; "1 is its minimum" is wrong, and
// a router that leaves half of the experts idle brings it to 4 / (E + 2). Then the same
// router is trained on tokens of which some kinds are rare, with the balance in its
// loss and without. Fedus, Zoph, Shazeer (2021), arXiv:2101.03961; Jiang et al. (2024),
// arXiv:2401.04088.
#include "ch03_transformer/moe.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch03_transformer/arithmetic.h"
#include "ch03_transformer/optimiser.h"
#include "common/error.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"experts", "8", "E, an even number from 4"},
    {"chosen", "1", "K, in the training"},
    {"factor", "0.3", "the balance counts this much in the loss"},
    {"steps", "150", "of training"},
    {0}};

enum { D = 16, HIDDEN = 32 };

static Moe experts_new(Params *p, int experts, int chosen, FfnKind kind, int channels,
                       int hidden) {
    MoeShape shape = {experts,
                      chosen,
                      channels,
                      hidden,
                      kind,
                      false,
                      normal(0.3 / sqrt(channels)),
                      normal(1 / sqrt(channels)),
                      normal(1 / sqrt(hidden))};
    return moe_new(p, &shape, "moe");
}

// ---- operations and weights

typedef struct {
    long long weights, forward, backward;
} Cost;

// Of `rows` random rows through a mixture; chosen 0: through one layer that is E times
// as wide.
static Cost cost(Lab *lab, int experts, int chosen, int rows) {
    Params p = {0};
    Moe m = {0};
    Ffn wide = {0};
    if (chosen) m = experts_new(&p, experts, chosen, FFN_GELU, D, HIDDEN);
    else
        wide = ffn_new(&p, FFN_GELU, D, experts * HIDDEN, false, normal(1), normal(1),
                       "wide");
    params_allocate(&p), params_allocate_grads(&p), params_init(&p, &lab->rng);
    Tape *t = tape_new(&p);
    Mat x = mat_new(rows, D);
    Rng rng = rng_split(&lab->rng, 1);
    rng_fill_normal(&rng, x, 1);
    Node *in = variable_node(t, x),
         *y = chosen ? moe(t, &m, in, NULL) : ffn(t, &wide, in);
    tape_backward_from(t, y, x);
    TapeCounts counts = tape_counts(t);
    Cost c = {(long long)p.size, (long long)counts.flops_forward,
              (long long)counts.flops_backward};
    tape_free(t), mat_free(x), params_free(&p);
    return c;
}

static void claim_cost(Lab *lab, int experts) {
    enum { TOKENS = 50 };
    Cost all = cost(lab, experts, 0, TOKENS);
    long long forward = 0, backward = 0, weights = 0,
              router = 2LL * TOKENS * D * experts;
    for (int k = 1; k <= experts; k++) {
        Cost c = cost(lab, experts, k, TOKENS);
        forward += experts * (c.forward - router) != k * all.forward;
        backward += experts * (c.backward - 2 * router) != k * all.backward;
        weights += c.weights != all.weights + D * experts;
    }
    claim_equal(lab, "3.28", "forward is not K / E of all experts: of E values of K", 0,
                forward);
    claim_equal(lab, "3.28", "backward is not", 0, backward);
    claim_equal(lab, "3.28", "weights are not those of all experts and the router", 0,
                weights);
}

// Mixtral 8x7B: d = 4096, 32 layers, 8 experts of width 14336 with 2 chosen, 32 heads
// of 128 with 8 for keys and values, 32000 tokens, embedding and head apart. Published:
// 46.7 and 12.9 billion, good to half of the last digit.
static void claim_mixtral(Lab *lab) {
    const long long d = 4096, layers = 32, hidden = 14336, experts = 8, chosen = 2;
    Params p = {0};
    // counted only: no memory
    experts_new(&p, (int)experts, (int)chosen, FFN_SWIGLU, (int)d, (int)hidden);
    long long attention = 2 * d * d + 2 * d * 8 * 128, norms = 2 * d,
              outside = 2 * 32000 * d + d;
    long long total = layers * ((long long)p.size + attention + norms) + outside;
    long long idle = layers * (experts - chosen) * 3 * d * hidden;
    params_free(&p);
    claim_near(lab, "3.28", "Mixtral 8x7B: parameters, billions", 46.7,
               (double)total * 1e-9, 0.05);
    claim_near(lab, "3.28", "of which a token uses", 12.9,
               (double)(total - idle) * 1e-9, 0.05);
}

// ---- the balance of routers made by hand

// x is the identity, so that the router's matrix is the table of logits: token i has
// row i.
static double balance_of(int experts, int chosen,
                         double (*logit)(int token, int expert, int experts)) {
    Params p = {0};
    Moe m = experts_new(&p, experts, chosen, FFN_RELU, experts, 1);
    params_allocate(&p);
    Mat table = params_value(&p, m.router.weight), x = mat_new(experts, experts);
    for (int i = 0; i < experts; i++) {
        *mat_at(x, i, i) = 1;
        for (int e = 0; e < experts; e++)
            *mat_at(table, i, e) = (real)logit(i, e, experts);
    }
    Tape *t = tape_new(&p);
    Routing r;
    moe(t, &m, constant_node(t, x), &r);
    double balance = (double)*moe_balance(t, &r)->value.at;
    tape_free(t), mat_free(x), params_free(&p);
    return balance;
}

#define SURE 100.0  // e^-100 is nothing beside 1 in float

static double indifferent(int i, int e, int n) { return (void)i, (void)e, (void)n, 0; }
static double each_its_own(int i, int e, int n) { return (void)n, i == e ? 1 : 0; }
static double all_to_one(int i, int e, int n) {
    return (void)i, (void)n, e == 0 ? SURE : 0;
}
// Two tokens for each of the first E/2 experts. Each likes its own and, equally well,
// all the idle ones: ties go to the first.
static double half_idle(int i, int e, int n) {
    return e == i / 2 || e >= n / 2 ? SURE : 0;
}

static void claim_balance(Lab *lab, int experts) {
    // E^2 products of a share and a p, each with three roundings, and a sum of E:
    // relative.
    double tolerance = (experts + 8) * 0x1p-24, lowest = 4.0 / (experts + 2);
    claim_near(lab, "3.29", "p uniform, every token to one expert: balance", 1,
               balance_of(experts, 1, indifferent), tolerance);
    claim_near(lab, "3.29", "tau uniform, p not certain: balance", 1,
               balance_of(experts, 1, each_its_own), tolerance);
    claim_near(lab, "3.29", "all to one, certainly: E", experts,
               balance_of(experts, 1, all_to_one), experts * tolerance);
    claim_near(lab, "3.29", "half of the experts idle: 4 / (E + 2)", lowest,
               balance_of(experts, 1, half_idle), tolerance);
}

// ---- training

enum { RUNS = 6, BATCH = 256, FRESH = 4096, CLUSTERS = 8 };

typedef struct {
    Mat centre, map;  // CLUSTERS x D; CLUSTERS D x D
    double weight[CLUSTERS];
} Task;

// Token kinds with weights 1, 1/2, 1/3, ...; each has its own linear map to be learned.
static Task task_new(Rng *rng) {
    Task task = {mat_new(CLUSTERS, D), mat_new(CLUSTERS * D, D), {0}};
    rng_fill_normal(rng, task.centre, 1), rng_fill_normal(rng, task.map, 1 / sqrt(D));
    for (int c = 0; c < CLUSTERS; c++) task.weight[c] = 1.0 / (c + 1);
    return task;
}

static void task_draw(const Task *task, Rng *rng, Mat x, Mat y) {
    rng_fill_normal(rng, x, 0.5);
    mat_fill(y, 0);
    for (int i = 0; i < x.rows; i++) {
        int c = rng_categorical(rng, task->weight, CLUSTERS);
        for (int a = 0; a < D; a++) {
            real value = *mat_at(x, i, a) += *mat_at(task->centre, c, a);
            for (int b = 0; b < D; b++)
                *mat_at(y, i, b) += value * *mat_at(task->map, c * D + a, b);
        }
    }
}

typedef struct {
    double share[MOE_MOST_EXPERTS];  // tau on fresh tokens, the busiest expert first
    double loss, balance;            // there; the loss without the balance
    double identity;                 // |balance - (1 + E sum (tau - 1/E) (p - 1/E))|
} Outcome;

static int larger_first(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

static Node *squared_error(Tape *t, const Moe *m, Mat x, Mat y, Routing *r) {
    Node *off = subtract(t, moe(t, m, constant_node(t, x), r), constant_node(t, y));
    return mean(t, product(t, off, off));
}

static Outcome look(Tape *t, const Moe *m, const Task *task, Rng *rng) {
    Mat x = mat_new(FRESH, D), y = mat_new(FRESH, D);
    task_draw(task, rng, x, y);
    Outcome o = {0};
    Routing r;
    o.loss = (double)*squared_error(t, m, x, y, &r)->value.at;
    o.balance = (double)*moe_balance(t, &r)->value.at;
    double covariance = 0, even = 1.0 / r.experts;
    for (int e = 0; e < r.experts; e++) {
        double p = 0;
        for (int i = 0; i < FRESH; i++)
            p += (double)*mat_at(r.probability->value, i, e) / FRESH;
        o.share[e] = (double)r.count[e] / FRESH / r.chosen;
        covariance += (o.share[e] - even) * (p - even);
    }
    o.identity = fabs(o.balance - (1 + r.experts * covariance));
    qsort(o.share, (size_t)r.experts, sizeof *o.share, larger_first);
    tape_reset(t), mat_free(x), mat_free(y);
    return o;
}

// The same task, tokens and first weights for every factor.
static Outcome train(Rng rng, int experts, int chosen, int steps, double factor) {
    Params p = {0};
    Moe m = experts_new(&p, experts, chosen, FFN_GELU, D, HIDDEN);
    params_allocate(&p), params_allocate_grads(&p), params_init(&p, &rng);
    Optimiser adam = optimiser_new(&p, (OptimiserSettings){.kind = OPTIMISER_ADAM});
    Task task = task_new(&rng);
    Tape *t = tape_new(&p);
    Mat x = mat_new(BATCH, D), y = mat_new(BATCH, D);
    for (int step = 0; step < steps; step++) {
        Routing r;
        task_draw(&task, &rng, x, y);
        Node *loss = squared_error(t, &m, x, y, &r);
        tape_backward(t, add(t, loss, scale(t, moe_balance(t, &r), factor)));
        optimiser_step(&adam, &p, 0.01);
        params_zero_grads(&p), tape_reset(t);
    }
    Outcome o = look(t, &m, &task, &rng);
    mat_free(x), mat_free(y), mat_free(task.centre), mat_free(task.map);
    tape_free(t), optimiser_free(&adam), params_free(&p);
    return o;
}

static void figure(Lab *lab, const Outcome *o, int experts, double factor) {
    Plot *p = plot_new(lab, "moe", "rank even without with without_place with_place");
    for (int run = 0; run < RUNS; run++)
        for (int e = 0; e < experts; e++)
            plot_row(p, e + 1, 1.0 / experts, o[2 * run].share[e],
                     o[2 * run + 1].share[e], e + 0.9, e + 1.1);
    char with[64];
    snprintf(with, sizeof with, "with %g times the balance", factor);
    plot_title(p, "How a router shares out the tokens");
    plot_axes(p, "expert, the busiest first", "share of the tokens");
    plot_set(p, "xrange [0.5:%d.5]", experts), plot_set(p, "yrange [0:]");
    plot_line(p, "rank", "even", "1 / E");
    plot_points(p, "without_place", "without", "without the balance in the loss");
    plot_points(p, "with_place", "with", with);
    plot_end(p);
}

static void claim_training(Lab *lab, int experts) {
    int chosen = (int)option_int(&lab->args, "chosen", 1, experts / 2);
    int steps = (int)option_int(&lab->args, "steps", 100, 5000);
    double factor = option_real(&lab->args, "factor", 0.1, 100);
    Outcome o[2 * RUNS];
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < 2 * RUNS; i++)
        o[i] = train(rng_split(&lab->rng, (uint64_t)(2 + i / 2)), experts, chosen,
                     steps, i % 2 ? factor : 0);
    double identity = 0, busiest[2] = {0}, loss[2] = {0}, balance[2] = {0};
    for (int i = 0; i < 2 * RUNS; i++) {
        // As in claim_balance; the balance is at most E.
        identity =
            nan_max(identity, o[i].identity / ((experts + 8) * 0x1p-24 * o[i].balance));
        busiest[i % 2] += o[i].share[0] / RUNS, loss[i % 2] += o[i].loss / RUNS,
            balance[i % 2] += o[i].balance / RUNS;
    }
    claim_at_most(lab, "3.29", "1 + E sum (tau - 1/E) (p - 1/E): off / rounding", 1,
                  identity);
    // No law says by how much the busiest expert's share falls. Half of what it has too
    // much is asked for, far more than the runs differ by.
    double even = 1.0 / experts;
    claim_at_most(lab, "3.29", "busiest share, less 1/E: half of it without, with",
                  (busiest[0] - even) / 2, busiest[1] - even);
    lab_print(lab,
              "without, with: busiest %.3f, %.3f, balance %.3f, %.3f, squared error "
              "%.4f, %.4f; means of %d runs",
              busiest[0], busiest[1], balance[0], balance[1], loss[0], loss[1], RUNS);
    figure(lab, o, experts, factor);
}

static void run(Lab *lab) {
    int experts = (int)option_int(&lab->args, "experts", 4, MOE_MOST_EXPERTS);
    if (experts % 2) die("--experts %d: expected an even number", experts);
    claim_cost(lab, experts);
    claim_mixtral(lab);
    claim_balance(lab, experts);
    claim_training(lab, experts);
}

const LabSpec lab_moe = {"moe", "3.4",
                         "A mixture of experts: its price, and who does the work", run,
                         options};
