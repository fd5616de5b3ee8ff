// What a rank can reach: Eckart and Young's bound, and a trained adapter. Lecture,
// section 5.12.
//
// A frozen layer W, and a task for which it should be W + D. With x = I, white inputs,
// the loss is |D - s A B|^2, and of all matrices of rank r the nearest to D leaves
//
//     sum over i > r of sigma_i^2
//
// Three D of equal length: one of rank 4, one whose singular values halve, and one that
// turns everything, whose singular values are all equal.
#include <math.h>

#include "ch03_transformer/arithmetic.h"
#include "ch03_transformer/labs/defaults.h"
#include "ch05_sft_rlhf/learner.h"
#include "ch05_sft_rlhf/lora.h"
#include "common/program/plot.h"

static const Option options[] = {{"steps", "1500", "of Adam for each adapter"},
                                 {"rate", "0.05", "its learning rate at the beginning"},
                                 {0}};

enum { SIDE = 12, RANK_OF_FIRST = 4, SPECTRA = 3, RANKS = 7 };
static const int ranks[RANKS] = {1, 2, 3, 4, 6, 8, 12};

static double rank_four(int i) { return i < RANK_OF_FIRST; }
static double halving(int i) { return pow(0.5, 0.5 * i); }
static double flat(int i) { return (void)i, 1; }

typedef struct {
    const char *name, *title;
    double (*sigma)(int i);
} Spectrum;
static const Spectrum spectra[SPECTRA] = {{"rank_4", "rank 4", rank_four},
                                          {"halving", "sigma^2 halves", halving},
                                          {"flat", "a rotation", flat}};

// ---- D, with known singular values

// Columns become orthonormal: Gram and Schmidt, twice.
static void orthonormal(Mat q) {
    for (int j = 0; j < q.cols; j++)
        for (int twice = 0; twice < 2; twice++) {
            double squares = 0;
            for (int k = 0; k < j; k++) {
                double along = 0;
                for (int i = 0; i < q.rows; i++)
                    along += (double)*mat_at(q, i, j) * (double)*mat_at(q, i, k);
                mat_add_scaled(mat_cols(q, j, 1), (real)-along, mat_cols(q, k, 1));
            }
            for (int i = 0; i < q.rows; i++)
                squares += (double)*mat_at(q, i, j) * (double)*mat_at(q, i, j);
            mat_scale(mat_cols(q, j, 1), (real)(1 / sqrt(squares)));
        }
}

// U diag(sigma) V^T, of length 1. tail[r]: what rank r leaves.
static Mat make(const Spectrum *s, double tail[SIDE + 1], Rng *rng) {
    Mat u = mat_new(SIDE, SIDE), v = mat_new(SIDE, SIDE), d = mat_new(SIDE, SIDE);
    double squares = 0;
    rng_fill_normal(rng, u, 1), rng_fill_normal(rng, v, 1);
    orthonormal(u), orthonormal(v);
    for (int i = 0; i < SIDE; i++) squares += s->sigma(i) * s->sigma(i);
    tail[SIDE] = 0;
    for (int i = SIDE - 1; i >= 0; i--) {
        tail[i] = tail[i + 1] + s->sigma(i) * s->sigma(i) / squares;
        mat_scale(mat_cols(u, i, 1), (real)(s->sigma(i) / sqrt(squares)));
    }
    matmul(d, u, mat_transpose(v));
    mat_free(u), mat_free(v);
    return d;
}

// ---- an adapter, trained

typedef struct {
    Model model;  // no model: parameters alone, for a Learner
    Linear layer;
    Adapter adapter;
} Layer;

static void layer_new(Layer *l, int rank, const Rng *rng) {
    LoraSettings s = {.rank = rank, .alpha = rank};
    Params *p = &l->model.params;
    *l = (Layer){0};
    l->layer = linear_new(p, SIDE, SIDE, false, normal(0.3), "layer");
    params_freeze(p, "", true);
    adapter_new(&l->adapter, p, &l->layer, &s, "lora");
    params_allocate(p), params_init(p, rng), params_allocate_grads(p);
}

// |x W + s x A B - x (W + D)|^2 with x = I.
static Node *loss_of(Tape *t, const Layer *l, Mat d) {
    Mat x = tape_mat(t, SIDE, SIDE), wanted = tape_mat(t, SIDE, SIDE);
    mat_fill(x, 0), mat_copy(wanted, d);
    for (int i = 0; i < SIDE; i++) *mat_at(x, i, i) = 1;
    mat_add_scaled(wanted, 1, params_value(&l->model.params, l->layer.weight));
    Node *off = subtract(t, linear(t, &l->layer, constant_node(t, x)),
                         constant_node(t, wanted));
    return scale(t, mean(t, product(t, off, off)), SIDE * SIDE);
}

static double train(Lab *lab, Mat d, int rank, const Rng *rng) {
    long long steps = option_int(&lab->args, "steps", 1, 10000000);
    double rate = option_real(&lab->args, "rate", 1e-6, 10);
    Layer l;
    layer_new(&l, rank, rng);
    Learner adam = learner_new(
        &l.model,
        (LearnerSettings){.rate = rate, .last_rate = rate * 1e-4, .steps = steps});
    for (long long i = 0; i < steps; i++)
        learner_step(&adam, loss_of(adam.tape, &l, d));
    double loss = (double)*loss_of(adam.tape, &l, d)->value.at;
    learner_free(&adam), params_free(&l.model.params);
    return loss;
}

static void draw(Lab *lab, double found[SPECTRA][RANKS],
                 double tail[SPECTRA][SIDE + 1]) {
    Plot *p =
        plot_new(lab, "lora_rank",
                 "rank rank_4 halving flat trained_4 trained_halving trained_flat");
    for (int r = 0, i = 0; r <= SIDE; r++) {
        bool has = i < RANKS && ranks[i] == r;
        plot_row(p, r, tail[0][r], tail[1][r], tail[2][r], has ? found[0][i] : NAN,
                 has ? found[1][i] : NAN, has ? found[2][i] : NAN);
        i += has;
    }
    plot_axes(p, "rank of the adapter", "loss that is left, share");
    plot_set(p, "xtics 2");
    for (int k = 0; k < SPECTRA; k++)
        plot_line(p, "rank", spectra[k].name, spectra[k].title);
    plot_points(p, "rank", "trained_4", "trained"),
        plot_points(p, "rank", "trained_halving", "trained"),
        plot_points(p, "rank", "trained_flat", "trained");
    plot_end(p);
}

static void run(Lab *lab) {
    double found[SPECTRA][RANKS], tail[SPECTRA][SIDE + 1], above = -INFINITY,
                                                           below = -INFINITY;
    for (int k = 0; k < SPECTRA; k++) {
        Rng rng = rng_split(&lab->rng, (uint64_t)k);
        Mat d = make(&spectra[k], tail[k], &rng);
        for (int i = 0; i < RANKS; i++) {
            found[k][i] = train(lab, d, ranks[i], &rng);
            above = nan_max(above, found[k][i] - tail[k][ranks[i]]);
            below = nan_max(below, tail[k][ranks[i]] - found[k][i]);
            lab_progress(lab, k * RANKS + i + 1, SPECTRA * RANKS);
        }
        mat_free(d);
    }
    // the loss is a sum of 144 squares of floats whose error is 1e-7
    claim_at_most(lab, "5.100", "no adapter below the tail of sigma^2: by at most",
                  1e-6, below);
    if (lab_at_defaults(lab)) {
        // |D|^2 = 1: a thousandth of what there is to learn
        claim_at_most(lab, "5.101", "trained adapters reach it: loss above it", 1e-3,
                      above);
        claim_near(lab, "5.102", "rank 4 of a task of rank 4: loss", 0, found[0][3],
                   1e-3);
        claim_near(lab, "5.102", "rank 4 of a rotation of 12 directions: loss",
                   1 - 4.0 / SIDE, found[2][3], 1e-3);
    }
    draw(lab, found, tail);
}

const LabSpec lab_lora_rank = {"lora-rank", "5.12", "What a rank can reach", run,
                               options};
