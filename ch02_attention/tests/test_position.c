// The one interface of all encodings: gradients against central differences, KV cache,
// and planted errors.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch02_attention/kerple.h"
#include "ch02_attention/position.h"
#include "common/numeric/compare.h"
#include "common/numeric/rng.h"

// Every function here is linear in what is varied: a central difference has no error
// but rounding, at any step.
#ifdef REAL_IS_DOUBLE
static const double TOLERANCE = 1e-7, STEP = 1e-2;
#else
static const double TOLERANCE = 2e-3, STEP = 0.25;
#endif
static const Mat NONE = {0};

static Mat random_mat(Rng *rng, int rows, int cols) {
    Mat m = mat_new(rows, cols);
    rng_fill_normal(rng, m, 1);
    return m;
}

static double dot(Mat a, Mat b) {
    double sum = 0;
    for (int i = 0; i < a.rows; i++)
        for (int j = 0; j < a.cols; j++)
            sum += (double)*mat_at(a, i, j) * *mat_at(b, i, j);
    return sum;
}

// ---- turning: kinds, sizes and pairings

typedef struct {
    int rows, heads, dim, first;
} Size;
static const Size sizes[] = {{1, 1, 2, 0}, {1, 1, 2, 5},   {3, 1, 6, 0},
                             {5, 3, 4, 7}, {2, 2, 34, 11}, {0, 1, 2, 0}};
enum { SIZES = sizeof sizes / sizeof *sizes, LENGTH = 40 };

static Position turning(int kind, int dim) {
    RopePairing pairing = kind % 2 ? ROPE_HALF_SPLIT : ROPE_INTERLEAVED;
    if (kind < 2)
        return position_new_rope((Rope){.dim = dim, .base = 100, .pairing = pairing},
                                 LENGTH);
    if (kind < 4) return position_new_xpos(dim, LENGTH, 100, pairing);
    return position_new_rope((Rope){.dim = dim,
                                    .base = 100,
                                    .pairing = pairing,
                                    .scaling = ROPE_SCALING_YARN,
                                    .factor = 4,
                                    .trained = 50},
                             LENGTH);
}
enum { TURNING = 6 };

static double turn_loss(const Position *p, Mat x, Mat weight, Size size, bool is_key) {
    Mat y = mat_new(x.rows, x.cols);
    mat_copy(y, x);
    position_turn(p, y, size.heads, size.first, is_key);
    double loss = dot(y, weight);
    mat_free(y);
    return loss;
}

typedef void Backward(const Position *p, Mat x_grad, int heads, int first, bool is_key);

// Largest difference of the gradient from central differences, over all elements.
static double turn_gradient_error(const Position *p, Size size, bool is_key,
                                  Backward *backward) {
    Rng rng = rng_new(7);
    Mat x = random_mat(&rng, size.rows, size.heads * size.dim),
        weight = random_mat(&rng, x.rows, x.cols);
    Mat grad = mat_new(x.rows, x.cols);
    mat_copy(grad, weight);
    backward(p, grad, size.heads, size.first, is_key);
    double worst = 0;
    for (int i = 0; i < x.rows; i++)
        for (int j = 0; j < x.cols; j++) {
            real kept = *mat_at(x, i, j);
            *mat_at(x, i, j) = (real)(kept + STEP);
            double up = turn_loss(p, x, weight, size, is_key);
            *mat_at(x, i, j) = (real)(kept - STEP);
            double slope = (up - turn_loss(p, x, weight, size, is_key)) / (2 * STEP);
            *mat_at(x, i, j) = kept;
            worst = fmax(worst, fabs(slope - *mat_at(grad, i, j)));
        }
    mat_free(x), mat_free(weight), mat_free(grad);
    return worst;
}

Test(position, turn_backward_is_the_gradient) {
    for (int kind = 0; kind < TURNING; kind++)
        for (int s = 0; s < SIZES; s++)
            for (int is_key = 0; is_key < 2; is_key++) {
                Position p = turning(kind, sizes[s].dim);
                double error =
                    turn_gradient_error(&p, sizes[s], is_key, position_turn_backward);
                cr_assert(error < TOLERANCE, "kind %d, size %d, key %d: off by %g",
                          kind, s, is_key, error);
                position_free(&p);
            }
}

// Planted: forward's rotation instead of its transpose; positions counted from 0;
// queries' growth for keys.
static void forward_again(const Position *p, Mat g, int heads, int first, bool is_key) {
    position_turn(p, g, heads, first, is_key);
}
static void first_forgotten(const Position *p, Mat g, int heads, int first,
                            bool is_key) {
    (void)first;
    position_turn_backward(p, g, heads, 0, is_key);
}
static void growth_swapped(const Position *p, Mat g, int heads, int first,
                           bool is_key) {
    position_turn_backward(p, g, heads, first, !is_key);
}

Test(position, gradient_check_sees_planted_errors) {
    Size size = sizes[3];
    for (int kind = 0; kind < 4; kind++) {
        Position p = turning(kind, size.dim);
        cr_assert(turn_gradient_error(&p, size, false, forward_again) > 0.1);
        cr_assert(turn_gradient_error(&p, size, false, first_forgotten) > 0.1);
        if (p.kind == POSITION_XPOS)
            cr_assert(turn_gradient_error(&p, size, false, growth_swapped)
                      > 10 * TOLERANCE);
        position_free(&p);
    }
}

Test(position, one_row_at_a_time_gives_the_same_bits) {
    Rng rng = rng_new(3);
    for (int kind = 0; kind < TURNING; kind++)
        for (int transposed = 0; transposed < 2; transposed++) {
            Position p = turning(kind, 6);
            // any strides
            Mat all = transposed ? mat_transpose(random_mat(&rng, 18, 9))
                                 : random_mat(&rng, 9, 18);
            Mat rows = mat_new(9, 18);
            mat_copy(rows, all);
            position_turn(&p, all, 3, 4, true);
            for (int t = 0; t < 9; t++)
                position_turn(&p, mat_rows(rows, t, 1), 3, 4 + t, true);
            // rows of any stride may be computed by other instructions (fused or not):
            // the last bit
            cr_assert(mat_difference(all, rows) <= (transposed ? 1e-6 : 0), "kind %d",
                      kind);
            mat_free(transposed ? mat_transpose(all) : all), mat_free(rows),
                position_free(&p);
        }
}

Test(position, heads_are_turned_alike) {
    Rng rng = rng_new(4);
    Mat x = random_mat(&rng, 5, 4), both = mat_new(5, 8);
    mat_copy(mat_cols(both, 0, 4), x), mat_copy(mat_cols(both, 4, 4), x);
    Position p = turning(0, 4);
    position_turn(&p, x, 1, 2, false), position_turn(&p, both, 2, 2, false);
    cr_assert(mat_difference(mat_cols(both, 0, 4), x) == 0
              && mat_difference(mat_cols(both, 4, 4), x) == 0);
    mat_free(x), mat_free(both), position_free(&p);
}

// ---- added to the input

Test(position, learned_table_and_its_gradient) {
    Rng rng = rng_new(5);
    for (int rows = 1; rows <= 3; rows += 2)
        for (int first = 0; first <= 4; first += 4) {
            Mat table = random_mat(&rng, 8, 3), grad = mat_new(8, 3),
                weight = random_mat(&rng, rows, 3);
            Position p = position_new_learned(table);
            // it adds
            position_add_backward(&p, weight, first, grad),
                position_add_backward(&p, weight, first, grad);
            for (int i = 0; i < 8; i++)
                for (int j = 0; j < 3; j++) {
                    double sides[2];
                    real kept = *mat_at(table, i, j);
                    for (int side = 0; side < 2; side++) {
                        Mat x = mat_new(rows, 3);
                        *mat_at(table, i, j) = (real)(kept + (side ? -STEP : STEP));
                        position_add(&p, x, first);
                        sides[side] = dot(x, weight);
                        mat_free(x);
                    }
                    *mat_at(table, i, j) = kept;
                    cr_assert(fabs(2 * (sides[0] - sides[1]) / (2 * STEP)
                                   - *mat_at(grad, i, j))
                              < TOLERANCE);
                }
            position_free(&p);
            mat_free(table), mat_free(grad), mat_free(weight);
        }
}

Test(position, sinusoidal_adds_the_table_from_first_on) {
    Position p = position_new_sinusoidal(6, 20);
    Mat x = mat_new(4, 6);
    mat_fill(x, 1);
    position_add(&p, x, 9);
    for (int t = 0; t < 4; t++)
        for (int i = 0; i < 3; i++) {
            double angle = (9 + t) * pow(10000, -2.0 * i / 6);
            cr_assert(fabs(*mat_at(x, t, 2 * i) - 1 - sin(angle)) < 1e-6);
            cr_assert(fabs(*mat_at(x, t, 2 * i + 1) - 1 - cos(angle)) < 1e-6);
        }
    position_add_backward(&p, x, 9, NONE);  // nothing to learn, nothing done
    mat_free(x), position_free(&p);
}

// ---- a position of any kind

static PositionSpec spec_of(PositionKind kind, int heads) {
    return (PositionSpec){.kind = kind,
                          .length = LENGTH,
                          .channels = 4,
                          .heads = heads,
                          .rope = {.dim = 4, .base = 100},
                          .buckets = 8,
                          .furthest = 9};
}

// Random, of the shape that the kind learns; ALiBi's slopes, which need not be learned.
static Mat parameters_of(const PositionSpec *spec, Rng *rng) {
    PositionParameters p = position_parameters(spec);
    if (spec->kind == POSITION_ALIBI) return random_mat(rng, 1, spec->heads);
    return p.rows ? random_mat(rng, p.rows, p.cols) : NONE;
}

// ---- added to the scores

typedef struct {
    int queries, keys, first_query, first_key;
} Tile;
static const Tile tiles[] = {{1, 1, 0, 0}, {1, 7, 6, 0}, {5, 5, 0, 0},
                             {3, 4, 9, 2}, {4, 3, 2, 9}, {0, 3, 0, 0}};
enum { TILES = sizeof tiles / sizeof *tiles };

typedef void BiasBackward(const Position *p, int head, Mat scores_grad, int first_query,
                          int first_key, Mat grad);

// KERPLE's bias is not linear in its rates: a small step, whose error is h^2 f''' / 6.
static double step_of(const Position *p) {
    return p->kind != POSITION_KERPLE ? STEP : sizeof(real) == 8 ? 1e-5 : 4e-3;
}

static double bias_gradient_error(const Position *p, Mat parameters, int head,
                                  Tile tile, BiasBackward *backward) {
    const double step = step_of(p);
    Rng rng = rng_new(6);
    Mat weight = random_mat(&rng, tile.queries, tile.keys),
        grad = mat_new(parameters.rows, parameters.cols);
    backward(p, head, weight, tile.first_query, tile.first_key, grad);
    double worst = 0;
    for (int i = 0; i < parameters.rows; i++)
        for (int j = 0; j < parameters.cols; j++) {
            double sides[2];
            real kept = *mat_at(parameters, i, j);
            for (int side = 0; side < 2; side++) {
                Mat scores = mat_new(tile.queries, tile.keys);
                *mat_at(parameters, i, j) = (real)(kept + (side ? -step : step));
                position_bias(p, head, scores, tile.first_query, tile.first_key);
                sides[side] = dot(scores, weight);
                mat_free(scores);
            }
            *mat_at(parameters, i, j) = kept;
            worst = fmax(
                worst, fabs((sides[0] - sides[1]) / (2 * step) - *mat_at(grad, i, j)));
        }
    mat_free(weight), mat_free(grad);
    return worst;
}

// Every kind that adds to the scores, with parameters to learn.
Test(position, bias_backward_is_the_gradient) {
    Rng rng = rng_new(8);
    for (int kind = 0; kind < POSITION_KINDS; kind++)
        for (int heads = 1; heads <= 3; heads += 2)
            for (int causal = 0; causal < 2; causal++) {
                if (position_place(kind) != POSITION_AT_SCORES) continue;
                PositionSpec spec = spec_of(kind, heads);
                spec.causal = causal;
                Mat parameters = parameters_of(&spec, &rng);
                Position p = position_new(&spec, parameters);
                for (int t = 0; t < TILES; t++) {
                    double error = bias_gradient_error(
                        &p, parameters, heads - 1, tiles[t], position_bias_backward);
                    cr_assert(error < TOLERANCE, "%s, tile %d: off by %g",
                              position_name(kind), t, error);
                }
                position_free(&p), mat_free(parameters);
            }
}

// Planted: positions of the tile forgotten; the sign of the distance turned round.
static void tile_forgotten(const Position *p, int head, Mat s, int q, int k, Mat grad) {
    (void)q, (void)k;
    position_bias_backward(p, head, s, 0, 0, grad);
}
static void distance_turned(const Position *p, int head, Mat s, int q, int k,
                            Mat grad) {
    position_bias_backward(p, head, mat_transpose(s), k, q, grad);
}

// Planted: the gradient with respect to r1 and r2, not to their logarithms.
static void rates_themselves(const Position *p, int head, Mat s, int q, int k,
                             Mat grad) {
    position_bias_backward(p, head, s, q, k, grad);
    for (int j = 0; j < 2; j++)
        *mat_at(grad, head, j) /= (real)exp(*mat_at(p->parameters, head, j));
}

Test(position, bias_gradient_check_sees_planted_errors) {
    Rng rng = rng_new(9);
    Mat slopes = random_mat(&rng, 1, 2), table = random_mat(&rng, 2, 8),
        rates = random_mat(&rng, 2, 2);
    Position alibi = position_new_alibi(2, slopes),
             t5 = position_new_t5(table, 9, false), kerple = position_new_kerple(rates);
    cr_assert(bias_gradient_error(&kerple, rates, 1, tiles[3], tile_forgotten) > 0.01);
    cr_assert(bias_gradient_error(&kerple, rates, 1, tiles[3], rates_themselves)
              > 0.01);
    cr_assert(bias_gradient_error(&alibi, slopes, 1, tiles[3], tile_forgotten) > 0.1);
    cr_assert(bias_gradient_error(&t5, table, 1, tiles[3], tile_forgotten) > 0.1);
    cr_assert(bias_gradient_error(&t5, table, 1, tiles[3], distance_turned) > 0.1);
    position_free(&alibi), position_free(&t5), position_free(&kerple);
    mat_free(slopes), mat_free(table), mat_free(rates);
}

Test(position, bias_by_tile_is_bias_of_the_whole) {
    Rng rng = rng_new(10);
    Mat table = random_mat(&rng, 2, 8);
    Position kinds[] = {position_new_alibi(2, NONE), position_new_t5(table, 20, true),
                        position_new_t5(table, 20, false),
                        position_new_kerple(mat_cols(table, 0, 2))};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        Mat whole = mat_new(12, 12), tiled = mat_new(12, 12);
        // a masked score
        *mat_at(whole, 3, 8) = *mat_at(tiled, 3, 8) = -(real)INFINITY;
        position_bias(&kinds[k], 1, whole, 0, 0);
        for (int i = 0; i < 12; i += 4)
            for (int j = 0; j < 12; j += 6)
                position_bias(&kinds[k], 1, mat_cols(mat_rows(tiled, i, 4), j, 6), i,
                              j);
        cr_assert(isinf(*mat_at(whole, 3, 8)) && isinf(*mat_at(tiled, 3, 8)));
        *mat_at(whole, 3, 8) = *mat_at(tiled, 3, 8) = 0;
        cr_assert(mat_difference(whole, tiled) == 0, "kind %zu", k);
        Mat turned = mat_new(12, 12);  // scores whose columns are not neighbours
        position_bias(&kinds[k], 1, mat_transpose(turned), 0, 0);
        *mat_at(turned, 8, 3) = 0;
        cr_assert(mat_difference(whole, mat_transpose(turned)) == 0);
        mat_free(whole), mat_free(tiled), mat_free(turned), position_free(&kinds[k]);
    }
    mat_free(table);
}

// ---- the table of kinds

Test(position, what_does_not_concern_a_kind_changes_nothing) {
    Rng rng = rng_new(11);
    for (int kind = 0; kind < POSITION_KINDS; kind++) {
        PositionSpec spec = spec_of(kind, 2);
        Mat parameters = parameters_of(&spec, &rng), x = random_mat(&rng, 2, 8),
            before = mat_new(2, 8);
        Position p = position_new(&spec, parameters);
        PositionPlace place = position_place(kind);
        mat_copy(before, x);
        cr_assert((int)p.kind == kind);
        // out of every table's range, with shapes that fit nothing
        if (place != POSITION_AT_INPUT) {
            position_add(&p, x, 1000);
            position_add_backward(&p, x, 1000, NONE);
        } else if (p.owns_parameters) position_add_backward(&p, x, 0, NONE);
        if (place != POSITION_AT_QUERIES_AND_KEYS) {
            position_turn(&p, x, 2, 1000, true);
            position_turn_backward(&p, x, 2, 1000, true);
        }
        if (place != POSITION_AT_SCORES) {
            position_bias(&p, 5, x, 3, 0);
            position_bias_backward(&p, 5, x, 3, 0, NONE);
        }
        cr_assert(mat_difference(x, before) == 0, "%s", position_name(kind));
        mat_free(x), mat_free(before), position_free(&p), mat_free(parameters);
    }
}

// And what does concern it changes something.
Test(position, every_kind_but_none_does_something) {
    Rng rng = rng_new(12);
    for (int kind = 0; kind < POSITION_KINDS; kind++) {
        PositionSpec spec = spec_of(kind, 2);
        Mat parameters = parameters_of(&spec, &rng), x = random_mat(&rng, 3, 4),
            before = mat_new(3, 4);
        Position p = position_new(&spec, parameters);
        mat_copy(before, x);
        position_add(&p, x, 2), position_turn(&p, x, 1, 2, false);
        position_bias(&p, 1, x, 9, 2);
        cr_assert((mat_difference(x, before) > 1e-3) == (kind != POSITION_NONE), "%s",
                  position_name(kind));
        mat_free(x), mat_free(before), position_free(&p), mat_free(parameters);
    }
}

Test(position, names_are_one_a_kind) {
    for (int kind = 0; kind < POSITION_KINDS; kind++)
        for (int other = 0; other < kind; other++)
            cr_assert(strcmp(position_name(kind), position_name(other)) != 0);
    cr_assert(!position_names[POSITION_KINDS]);
    cr_assert_str_eq(position_name(POSITION_T5), "t5");
    cr_assert_str_eq(position_name(POSITION_KERPLE), "kerple");
}

// What a kind cannot be made from is refused in words, before any assert.
Test(position, bad_specs_are_refused) {
#define REFUSED(words, change) \
    do { \
        PositionSpec spec = spec_of(POSITION_NONE, 2); \
        Error err = {""}; \
        change; \
        cr_assert(!position_check(&spec, &err) && strstr(err.text, words), "%s: %s", \
                  words, err.text); \
    } while (0)
    REFUSED("even number", (spec.kind = POSITION_SINUSOIDAL, spec.channels = 5));
    REFUSED("even head_dim", (spec.kind = POSITION_ROPE, spec.rope.dim = 3));
    REFUSED("even head_dim", (spec.kind = POSITION_XPOS, spec.rope.dim = 0));
    REFUSED("base above 1", (spec.kind = POSITION_ROPE, spec.rope.base = NAN));
    REFUSED("trained length", (spec.kind = POSITION_ROPE, spec.rope.factor = 2,
                               spec.rope.scaling = ROPE_SCALING_YARN));
    REFUSED("at least 4", (spec.kind = POSITION_ROPE, spec.rope.factor = 2,
                           spec.rope.dim = 2, spec.rope.scaling = ROPE_SCALING_NTK));
    REFUSED("factor", (spec.kind = POSITION_ROPE, spec.rope.factor = 0.5,
                       spec.rope.scaling = ROPE_SCALING_PI));
    REFUSED("unknown kind", (spec.kind = POSITION_ROPE, spec.rope.scaling = 9));
    REFUSED("overflows", (spec.kind = POSITION_XPOS, spec.length = 1 << 24));
    REFUSED("multiple of 4", (spec.kind = POSITION_T5, spec.buckets = 6));
    REFUSED("above 2", (spec.kind = POSITION_T5, spec.furthest = 2));
    REFUSED("above 4",
            (spec.kind = POSITION_T5, spec.causal = true, spec.furthest = 4));
    for (int kind = 0; kind < POSITION_KINDS; kind++) {
        PositionSpec spec = spec_of(kind, 2);
        Error err;
        cr_assert(position_check(&spec, &err), "%s", position_name(kind));
    }
}

// What is just possible is not refused. xPos: (0.4 / 1.4)^-(length / 1024) is the largest
// number there is at a length of 72,521 in float, of 580,173 in double.
Test(position, the_last_good_specs) {
    Error err;
    int longest = sizeof(real) == sizeof(float) ? 72521 : 580173;
    for (int beyond = -1; beyond <= 1; beyond += 2) {
        PositionSpec spec = spec_of(POSITION_XPOS, 2);
        spec.length = longest + 2 * beyond;
        cr_expect_eq(position_check(&spec, &err), beyond < 0, "%d", spec.length);
    }
    for (int causal = 0; causal < 2; causal++) {
        PositionSpec spec = spec_of(POSITION_T5, 2);
        spec.causal = causal, spec.buckets = 4, spec.furthest = causal ? 3 : 2;
        cr_expect(position_check(&spec, &err), "%s", err.text);
        spec.furthest--;
        cr_expect_not(position_check(&spec, &err));
    }
    PositionSpec spec = spec_of(POSITION_ROPE, 2);
    spec.rope.base = 1;
    cr_expect_not(position_check(&spec, &err));
    spec.rope.base = 1 + 1e-9;
    cr_expect(position_check(&spec, &err));
}

// How wide learned numbers begin: small beside scores of variance 1; KERPLE's logarithms
// are of rates about 1.
Test(position, learned_numbers_begin_small) {
    static const struct {
        PositionKind kind;
        double sd;
    } begins[] = {
        {POSITION_LEARNED, 0.02}, {POSITION_T5, 0.02}, {POSITION_KERPLE, 0.5}};
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        PositionSpec spec = spec_of(begins[i].kind, 2);
        PositionParameters p = position_parameters(&spec);
        cr_expect(p.rows > 0 && p.mean == 0 && p.sd == begins[i].sd, "%s: %g", p.name,
                  p.sd);
    }
}

// ---- KERPLE

// Without content: a power law, (1 + r2 s)^-r1; near by ALiBi of slope r1 r2.
Test(kerple, a_power_law) {
    Mat rates = mat_new(1, 2), scores = mat_new(1, 200);
    *mat_at(rates, 0, 0) = (real)log(1.5), *mat_at(rates, 0, 1) = (real)log(0.25);
    Position p = position_new_kerple(rates);
    position_bias(&p, 0, scores, 199, 0);
    for (int s = 0; s < 200; s++) {
        double weight = exp(*mat_at(scores, 0, 199 - s));
        cr_assert(fabs(weight / pow(1 + 0.25 * s, -1.5) - 1) < TOLERANCE);
    }
    for (int s = -3; s <= 3; s++)
        cr_assert(fabs(kerple_bias(log(1.5), log(1e-4), s) + 1.5e-4 * abs(s)) < 1e-6);
    cr_assert(kerple_bias(-100, 100, 7) <= 0 && kerple_bias(5, 5, 0) == 0);
    position_free(&p), mat_free(rates), mat_free(scores);
}
