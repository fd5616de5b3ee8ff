// A8, A13, A14: relativity, pairings, scalings, xPos; each check with the error that it
// must see.
#include <criterion/criterion.h>
#include <math.h>

#include "ch02_attention/position.h"
#include "ch02_attention/xpos.h"
#include "common/numeric/rng.h"

#ifdef REAL_IS_DOUBLE
static const double EPS = 0x1p-53;
#else
static const double EPS = 0x1p-24;
#endif
enum { DIM = 16, LENGTH = 10200 };
static const double BASE = 10000;

static double score(Mat a, Mat b) {
    double sum = 0;
    for (int j = 0; j < a.cols; j++) sum += (double)*mat_at(a, 0, j) * *mat_at(b, 0, j);
    return sum;
}

// <q at m, k at n> with one Position for q and one for k.
static double turned(const Position *pq, const Position *pk, Mat q, Mat k, int m,
                     int n) {
    Mat a = mat_new(1, q.cols), b = mat_new(1, k.cols);
    mat_copy(a, q), mat_copy(b, k);
    position_turn(pq, a, 1, m, false), position_turn(pk, b, 1, n, true);
    double result = score(a, b);
    mat_free(a), mat_free(b);
    return result;
}

// Largest change of a score when both positions move by up to 10^4; double: below
// 1e-10, as the lecture has it.
static double spread(const Position *pq, const Position *pk, Mat q, Mat k,
                     int key_from) {
    double worst = 0;
    for (int m = 0; m <= 10000; m += 500)
        worst = fmax(worst, fabs(turned(pq, pk, q, k, m + 37, m * key_from)
                                 - turned(pq, pk, q, k, 37, 0)));
    return worst;
}

static Position rope(RopePairing pairing, double base) {
    return position_new_rope((Rope){.dim = DIM, .base = base, .pairing = pairing},
                             LENGTH);
}

Test(rope, scores_know_the_distance_only) {
    Rng rng = rng_new(1);
    Mat q = mat_new(1, DIM), k = mat_new(1, DIM);
    rng_fill_normal(&rng, q, 1), rng_fill_normal(&rng, k, 1);
    Position interleaved = rope(ROPE_INTERLEAVED, BASE),
             half = rope(ROPE_HALF_SPLIT, BASE), other = rope(ROPE_INTERLEAVED, 5000);
    double tolerance = EPS < 1e-10 ? 1e-10 : 1e-4;
    cr_assert(spread(&interleaved, &interleaved, q, k, 1) < tolerance);
    cr_assert(spread(&half, &half, q, k, 1) < tolerance);
    // planted: one pairing for q and the other for k; another base for k; keys left
    // where they are
    cr_assert(spread(&interleaved, &half, q, k, 1) > 0.1);
    cr_assert(spread(&interleaved, &other, q, k, 1) > 0.1);
    cr_assert(spread(&interleaved, &interleaved, q, k, 0) > 0.1);
    // and norms do not change
    Mat x = mat_new(1, DIM);
    mat_copy(x, q);
    position_turn(&half, x, 1, 9999, false);
    cr_assert(fabs(score(x, x) / score(q, q) - 1) < 20 * EPS);
    position_free(&interleaved), position_free(&half), position_free(&other);
    mat_free(q), mat_free(k), mat_free(x);
}

Test(rope, tables_against_the_definition) {
    Rng rng = rng_new(2);
    Mat q = mat_new(1, DIM), k = mat_new(1, DIM);
    rng_fill_normal(&rng, q, 1), rng_fill_normal(&rng, k, 1);
    double theta[DIM / 2], dq[DIM], dk[DIM];
    rope_frequencies(theta, &(Rope){.dim = DIM, .base = BASE});
    for (int j = 0; j < DIM; j++) dq[j] = *mat_at(q, 0, j), dk[j] = *mat_at(k, 0, j);
    Position p = rope(ROPE_INTERLEAVED, BASE);
    for (int m = 0; m < 10000; m += 777) {
        double exact = rope_score(dq, dk, m, 100, theta, DIM);
        // double: the angles' own rounding, 10^4 2^-53, is in both, but through
        // different roundings of it
        cr_assert(fabs(turned(&p, &p, q, k, m, 100) - exact) < DIM * 40 * EPS + 1e-10,
                  "m = %d", m);
    }
    position_free(&p);
    mat_free(q), mat_free(k);
}

Test(rope, pairings_are_one_up_to_a_permutation_of_q_and_k) {
    Rng rng = rng_new(3);
    Mat q = mat_new(5, 3 * DIM), split = mat_new(5, 3 * DIM),
        back = mat_new(5, 3 * DIM);
    rng_fill_normal(&rng, q, 1);
    rope_half_from_interleaved(split, q, 3);
    rope_interleaved_from_half(back, split, 3);
    for (int j = 0; j < 3 * DIM; j++)
        cr_assert(*mat_at(back, 2, j) == *mat_at(q, 2, j));
    Position interleaved = rope(ROPE_INTERLEAVED, BASE),
             half = rope(ROPE_HALF_SPLIT, BASE);
    position_turn(&interleaved, q, 3, 7, false),
        position_turn(&half, split, 3, 7, false);
    rope_interleaved_from_half(back, split, 3);
    double same = 0, planted = 0;
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 3 * DIM; j++) {
            same = fmax(same, fabs(*mat_at(back, i, j) - *mat_at(q, i, j)));
            planted = fmax(planted, fabs(*mat_at(split, i, j) - *mat_at(q, i, j)));
        }
    cr_assert(same <= 8 * EPS * 4);
    cr_assert(planted > 0.1);  // the permutation forgotten
    position_free(&interleaved), position_free(&half);
    mat_free(q), mat_free(split), mat_free(back);
}

// E[score^2] / d over random q and k, each number of mean `mean`, at distance s.
static double second_moment(const Position *p, int s, double mean, int draws) {
    Rng rng = rng_new(4);
    Mat q = mat_new(1, DIM), k = mat_new(1, DIM);
    double sum = 0;
    for (int i = 0; i < draws; i++) {
        rng_fill_normal(&rng, q, 1), rng_fill_normal(&rng, k, 1);
        for (int j = 0; j < DIM; j += 2)
            *mat_at(q, 0, j) += (real)mean, *mat_at(k, 0, j) += (real)mean;
        double x = turned(p, p, q, k, s, 0);
        sum += x * x;
    }
    mat_free(q), mat_free(k);
    return sum / draws / DIM;
}

Test(rope, isotropic_scores_do_not_decay) {
    enum { DRAWS = 4000 };
    Position p = rope(ROPE_INTERLEAVED, BASE);
    double error = sqrt((2 + 6.0 / DIM) / DRAWS);
    for (int s = 0; s <= 10000; s = 10 * s + 1)
        cr_assert(fabs(second_moment(&p, s, 0, DRAWS) - 1) < 5 * error, "s = %d", s);
    // planted: means that are not 0
    cr_assert(second_moment(&p, 0, 1, DRAWS) > 1 + 20 * error);
    position_free(&p);
}

// ---- scalings

static void angles(double *theta, RopeScaling scaling, double factor) {
    rope_frequencies(theta, &(Rope){.dim = 128,
                                    .base = BASE,
                                    .scaling = scaling,
                                    .factor = factor,
                                    .trained = 2048});
}

Test(rope, scalings) {
    double plain[64], pi[64], ntk[64], yarn[64];
    angles(plain, ROPE_SCALING_NONE, 1), angles(pi, ROPE_SCALING_PI, 8),
        angles(ntk, ROPE_SCALING_NTK, 8), angles(yarn, ROPE_SCALING_YARN, 8);
    int full = 0, kept = 0;
    double naive = 0;
    for (int i = 0; i < 64; i++) {
        cr_assert(fabs(pi[i] / plain[i] - 1 / 8.0) < 1e-15);
        cr_assert(fabs(ntk[i] / plain[i] - pow(8, -2.0 * i / 126)) < 1e-14);
        naive =
            // planted: b s instead of b s^(d/(d-2))
            fmax(naive, fabs(pow(BASE * 8, -2.0 * i / 128) / ntk[i] - 1));
        full += fabs(yarn[i] / plain[i] - 1 / 8.0) < 1e-15, kept += yarn[i] == plain[i];
        if (i) cr_assert(yarn[i] < yarn[i - 1] && ntk[i] < ntk[i - 1]);
    }
    cr_assert(ntk[0] == 1 && fabs(ntk[63] / plain[63] - 1 / 8.0) < 1e-12);
    cr_assert(naive > 1e-2);
    cr_assert(full == 23 && kept == 17, "YaRN: %d stretched, %d kept", full, kept);
    cr_assert(fabs(rope_temperature(&(Rope){.scaling = ROPE_SCALING_YARN, .factor = 8})
                   - 1.2079)
              < 1e-4);
    cr_assert(rope_temperature(&(Rope){.scaling = ROPE_SCALING_NTK, .factor = 8}) == 1);
    cr_assert(rope_yarn_ramp(0.5) == 0 && rope_yarn_ramp(1) == 0
              && rope_yarn_ramp(16.5) == 0.5 && rope_yarn_ramp(33) == 1);
    double same[64];
    for (int s = 1; s < 4; s++) {  // stretched by 1: nothing
        angles(same, (RopeScaling)s, 1);
        for (int i = 0; i < 64; i++) cr_assert(fabs(same[i] / plain[i] - 1) < 1e-15);
    }
}

// ---- xPos

Test(xpos, scores_against_the_formula) {
    double theta[DIM / 2];
    rope_frequencies(theta, &(Rope){.dim = DIM, .base = BASE});
    Position p = position_new_xpos(DIM, LENGTH, BASE, ROPE_INTERLEAVED), swapped = p;
    swapped.query = p.key, swapped.key = p.query;  // planted: grows with distance
    Mat one = mat_new(1, DIM);
    for (int j = 0; j < DIM; j += 2) *mat_at(one, 0, j) = 1;
    double worst = 0, planted = 0;
    for (int m = 0; m < 10000; m += 999)
        for (int s = 0; s <= 100; s += 10) {
            double formula = xpos_cosine_sum(theta, DIM, s) * DIM / 2;
            worst = fmax(worst, fabs(turned(&p, &p, one, one, m + s, m) - formula));
            planted = fmax(planted, fabs(turned(&swapped, &swapped, one, one, m + s, m)
                                         - formula));
        }
    cr_assert(worst < 20 * EPS * DIM / 2 + 1e-10, "off by %g", worst);
    cr_assert(planted > 0.05);
    cr_assert(fabs(xpos_zeta(DIM, 0) - 0.4 / 1.4) < 1e-15);
    position_free(&p);
    mat_free(one);
}
