// Training: the optimisers against their formulas, learning rates, and the same bits
// for any number of threads.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

#include "ch03_transformer/clip.h"
#include "ch03_transformer/cross_entropy.h"
#include "ch03_transformer/model.h"
#include "ch03_transformer/optimiser.h"
#include "ch03_transformer/published.h"
#include "ch03_transformer/schedule.h"

// Three steps with gradients g1, g2, g3 of one number in a matrix and one in a vector,
// by the book.
enum { STEPS = 3 };
static const double gradients[STEPS] = {0.3, -2, 0.01}, RATE = 0.1, DECAY = 0.5;

static double beta1 = 0.9, beta2 = 0.999;  // the defaults; then others

static double by_the_book(OptimiserKind kind, bool decays, bool coupled) {
    double w = 1.5, m = 0, v = 0, decay = decays ? DECAY : 0;
    for (int t = 1; t <= STEPS; t++) {
        double g = gradients[t - 1];
        if (kind == OPTIMISER_SGD || coupled) g += decay * w;
        if (kind == OPTIMISER_SGD) {
            m = 0.9 * m + g;
            w -= RATE * m;
            continue;
        }
        if (kind == OPTIMISER_LION) {
            double b2 = beta2 == 0.999 ? 0.99 : beta2, u = beta1 * m + (1 - beta1) * g;
            w -= RATE * ((u > 0) - (u < 0) + decay * w);
            m = b2 * m + (1 - b2) * g;
            continue;
        }
        m = beta1 * m + (1 - beta1) * g, v = beta2 * v + (1 - beta2) * g * g;
        double step =
            RATE * (m / (1 - pow(beta1, t))) / (sqrt(v / (1 - pow(beta2, t))) + 1e-8);
        w -= step + (kind == OPTIMISER_ADAMW && !coupled ? RATE * decay * w : 0);
    }
    return w;
}

// more numbers than a thread takes at once; and a parameter before them that does not
// learn
enum { MANY = 200 };

static void run(OptimiserKind kind, double *matrix, double *vector) {
    Params p = {0};
    params_add(&p, 2, 3, constant(7), "frozen");
    int big = params_add(&p, MANY, MANY, constant(1.5), "matrix"),
        small = params_add(&p, 1, 5, constant(1.5), "vector");
    params_freeze(&p, "frozen", true);
    params_allocate(&p), params_allocate_grads(&p),
        params_init(&p, &(Rng){{1, 2, 3, 4}});
    OptimiserSettings settings = {.kind = kind, .momentum = 0.9, .decay = DECAY};
    if (beta1 != 0.9) settings.beta1 = beta1, settings.beta2 = beta2;
    Optimiser o = optimiser_new(&p, settings);
    for (int t = 0; t < STEPS; t++) {
        for (size_t i = 0; i < p.grad_size; i++) p.grads[i] = (real)gradients[t];
        optimiser_step(&o, &p, RATE);
    }
    Mat m = params_value(&p, big);
    *matrix = (double)m.at[4], *vector = (double)params_value(&p, small).at[4];
    for (int i = 0; i < MANY * MANY; i++) cr_assert_eq(m.at[i], m.at[4], "%d", i);
    for (int i = 0; i < 6; i++) cr_assert_eq(p.values[i], 7, "frozen");
    optimiser_free(&o), params_free(&p);
}

Test(training, optimisers_are_their_formulas) {
    double tolerance = sizeof(real) == 8 ? 1e-12 : 2e-6;
    for (int i = 0; i < 2 * OPTIMISER_KINDS; i++) {
        OptimiserKind k = (OptimiserKind)(i % OPTIMISER_KINDS);
        double matrix, vector;
        beta1 = i < OPTIMISER_KINDS ? 0.9 : 0.8,
        beta2 = i < OPTIMISER_KINDS ? 0.999 : 0.95;
        run(k, &matrix, &vector);
        bool decays = k != OPTIMISER_ADAM, coupled = k == OPTIMISER_ADAM_L2;
        cr_expect_float_eq(matrix, by_the_book(k, decays, coupled), tolerance,
                           "%s: %.9g", optimiser_name(k), matrix);
        cr_expect_float_eq(vector, by_the_book(k, false, false), tolerance,
                           "%s, vectors do not decay: %.9g", optimiser_name(k), vector);
    }
    // The mistake: a decay that passes through the moments is another optimiser.
    double adamw, ignored;
    run(OPTIMISER_ADAMW, &adamw, &ignored);
    cr_expect(fabs(adamw - by_the_book(OPTIMISER_ADAMW, true, true)) > 0.01,
              "decoupled decay");
}

// The weight after steps of one number, from 0, with a rate of 1.
static double weight_after(OptimiserSettings settings, const double *steps, int count) {
    Params p = {0};
    params_add(&p, 1, 1, constant(0), "w");
    params_allocate(&p), params_allocate_grads(&p);
    Optimiser o = optimiser_new(&p, settings);
    for (int t = 0; t < count; t++) {
        *p.grads = (real)steps[t];
        optimiser_step(&o, &p, 1);
    }
    double weight = (double)*p.values;
    optimiser_free(&o), params_free(&p);
    return weight;
}

// Where the usual settings do not show: epsilon beside the root of v^, not of v; and
// Lion's beta2, which decides the second sign.
Test(training, settings_that_rarely_tell) {
    const double half[] = {0.5, 0.5, 0.5}, turn[] = {1, -0.5}, stay[] = {1, -0.05};
    OptimiserSettings adam = {.kind = OPTIMISER_ADAM, .epsilon = 0.1};
    for (int t = 1; t <= 3; t++)
        cr_expect_float_eq(weight_after(adam, half, t), -t * 0.5 / 0.6, 1e-5);
    OptimiserSettings lion = {.kind = OPTIMISER_LION};
    cr_expect_eq(weight_after(lion, turn, 2), 0);   // 0.9 * 0.01 < 0.1 * 0.5
    cr_expect_eq(weight_after(lion, stay, 2), -2);  // 0.9 * 0.01 > 0.1 * 0.05
}

Test(training, schedules) {
    Schedule s = {.peak = 2, .last = 0.5, .warmup = 10, .total = 110};
    cr_expect_float_eq(schedule_rate(&s, 1), 0.2, 1e-12);
    cr_expect_float_eq(schedule_rate(&s, 10), 2, 1e-12);
    cr_expect_float_eq(schedule_rate(&s, 60), 1.25, 1e-12);
    cr_expect_float_eq(schedule_rate(&s, 35), 0.5 + 1.5 * (1 + cos(M_PI / 4)) / 2,
                       1e-12);
    cr_expect_float_eq(schedule_rate(&s, 110), 0.5, 1e-12);
    s.warmup = 0;
    cr_expect_float_eq(schedule_rate(&s, 55), 1.25, 1e-12, "without warm-up");
    cr_expect_float_eq(schedule_rate(&s, 10000), 0.5, 1e-12);
    cr_expect_float_eq(schedule_noam(512, 4000, 1, 4000), 1 / sqrt(512.0 * 4000),
                       1e-12);
    cr_expect_float_eq(schedule_noam(512, 4000, 1, 1000), 0.25 / sqrt(512.0 * 4000),
                       1e-12);
}

// ---- the same bits

enum { V = 300, T = 64, B = 8 };

static double train(Model *m, const Config *c, int threads, int steps) {
    (void)threads;
#ifdef _OPENMP
    omp_set_dynamic(0), omp_set_num_threads(threads);
#endif
    Error err;
    Rng rng = rng_new(5);
    cr_assert(model_new(m, c, &err), "%s", err.text);
    model_allocate(m, &rng), params_allocate_grads(&m->params);
    Optimiser o = optimiser_new(
        &m->params, (OptimiserSettings){.kind = OPTIMISER_ADAMW, .decay = 0.1});
    Tape *t = tape_new(&m->params);
    tape_training(t, true, 9);
    int tokens[B * T], targets[B * T];
    for (int i = 0; i < B * T; i++)
        tokens[i] = rng_below(&rng, V),
        targets[i] = i % 7 ? (tokens[i] + 1) % V : IGNORED;
    Tokens in = {.batch = B, .time = T, .tokens = tokens};
    double value = 0;
    for (int step = 0; step < steps; step++) {
        Node *memory =
            c->family == FAMILY_ENCODER_DECODER ? model_encode(t, m, &in) : NULL;
        Node *h =
            memory ? model_decode(t, m, &in, memory, &in) : model_hidden(t, m, &in);
        Node *loss = cross_entropy(t, model_logits(t, m, h), targets);
        value = (double)*loss->value.at;
        tape_backward(t, loss);
        params_clip(&m->params, 0.5);
        optimiser_step(&o, &m->params, 1e-2);
        params_zero_grads(&m->params);
        tape_reset(t);
    }
    tape_free(t), optimiser_free(&o);
    return value;
}

Test(training, the_same_bits_for_1_2_and_4_threads) {
    Config gpt = config_small_gpt(V, T, 96, 2, 3),
           llama = config_small_llama(V, T, 96, 2, 4, 2), t5 = *config_find("t5-small");
    gpt.dropout = 0.1, gpt.tied = true;
    t5.vocabulary = V, t5.channels = 96, t5.layers = t5.decoder_layers = 1,
    t5.heads = 2, t5.head_dim = 48, t5.hidden = 200;
    const Config *configs[] = {&gpt, &llama, &t5};
    for (int k = 0; k < 3; k++) {
        Model one, other;
        double loss = train(&one, configs[k], 1, 3);
        for (int threads = 2; threads <= 4; threads += 2) {
            cr_expect(train(&other, configs[k], threads, 3) == loss, "%s, %d threads",
                      configs[k]->name, threads);
            cr_expect(memcmp(one.params.values, other.params.values,
                             one.params.size * sizeof(real))
                          == 0,
                      "%s: parameters, %d threads", configs[k]->name, threads);
            model_free(&other);
        }
        model_free(&one);
    }
}

// Clipping, step and zeros in one pass, for several stretches of each parameter: the bits of
// one after the other.
Test(training, one_pass_has_the_bits_of_three) {
    for (int kind = 0; kind < OPTIMISER_KINDS; kind++) {
        Params p[2] = {{0}, {0}};
        Optimiser o[2];
        for (int i = 0; i < 2; i++) {
            Rng rng = rng_new(3);
            params_add(&p[i], 50, 401, normal(1), "w");
            params_add(&p[i], 1, 77, normal(1), "b");
            params_allocate(&p[i]), params_allocate_grads(&p[i]);
            params_init(&p[i], &rng);
            o[i] = optimiser_new(
                &p[i], (OptimiserSettings){.kind = (OptimiserKind)kind, .decay = 0.1});
        }
        Rng rng = rng_new(4);
        for (int step = 0; step < 3; step++) {
            rng_fill_normal(&rng, mat_view(p[0].grads, 1, (int)p[0].grad_size), 1);
            memcpy(p[1].grads, p[0].grads, p[0].grad_size * sizeof(real));
            double most = step == 1 ? 1e9 : 2, norm = params_clip(&p[0], most);
            optimiser_step(&o[0], &p[0], 0.01), params_zero_grads(&p[0]);
            optimiser_step_clear(&o[1], &p[1], 0.01, clip_factor(norm, most));
            cr_expect(
                !memcmp(p[0].values, p[1].values, p[0].size * sizeof(real))
                    && !memcmp(p[0].grads, p[1].grads, p[0].grad_size * sizeof(real)),
                "%s, step %d", optimiser_name(kind), step);
        }
        for (int i = 0; i < 2; i++) optimiser_free(&o[i]), params_free(&p[i]);
    }
}

Test(training, a_small_model_learns) {
    Config c = config_small_gpt(V, T, 32, 1, 2);
    Model m;
    double first = train(&m, &c, 2, 1);
    model_free(&m);
    double last = train(&m, &c, 2, 60);
    cr_expect(fabs(first - log(V)) < 0.1 && last < 0.2 * first, "%g, then %g", first,
              last);
    model_free(&m);
}

// ---- clipping

static Params with_grads(int count, double g) {
    Params p = {0};
    params_add(&p, 1, count, constant(0), "w");
    params_allocate(&p), params_allocate_grads(&p);
    for (int i = 0; i < count; i++) p.grads[i] = (real)g;
    return p;
}

// Squares of 1e20 overflow a float, those of 1e-25 vanish; the norm does neither.
Test(training, clipping_of_very_large_and_very_small_gradients) {
    static const double sizes[] = {1e20, 1e38, 1e-25, 3};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        Params p = with_grads(6, sizes[i]);
        double norm = sqrt(6) * sizes[i], most = i == 2 ? 1e-26 : 1;
        cr_expect_float_eq(params_clip(&p, most) / norm, 1, 1e-6, "%g", sizes[i]);
        for (int k = 0; k < 6; k++)
            cr_expect_float_eq((double)p.grads[k] / most, 1 / sqrt(6), 1e-6, "%g: %g",
                               sizes[i], (double)p.grads[k]);
        params_free(&p);
    }
    // nothing is made larger: below the bound, and at it
    for (int i = 0; i < 2; i++) {
        Params small = with_grads(4, i ? 0.5 : 0.01);
        cr_expect_float_eq(params_clip(&small, 1), i ? 1 : 0.02, 1e-7);
        for (int k = 0; k < 4; k++)
            cr_expect_eq(small.grads[k], i ? (real)0.5 : (real)0.01);
        params_free(&small);
    }
    Params p = with_grads(6, INFINITY);
    cr_expect(isinf(params_clip(&p, 1)) && isinf((double)p.grads[5]));
    params_free(&p);
}
