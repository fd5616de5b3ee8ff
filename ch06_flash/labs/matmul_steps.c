// How a matmul reaches the machine's limit: what each step of it moves, that none of
// them changes a bit, and how fast it runs. Lecture, section 6.11.
//
// The speed is this machine's, now: with --time 0 it is left out, and the same seed
// gives the same output.
#include "ch06_flash/matmul_steps.h"

#include <float.h>
#include <math.h>

#include "common/error.h"
#include "common/numeric/compare.h"
#include "common/numeric/rng.h"
#include "common/numeric/threads.h"
#include "common/numeric/timing.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"sizes", "192,384,1536", "n of n x n matrices, multiples of 192"},
    {"time", "1", "1: measure the speed; 0: leave it out"},
    {0}};

// ---- words

static void random_pair(Rng *rng, Mat a, Mat b) {
    rng_fill_normal(rng, a, 1), rng_fill_normal(rng, b, 1);
}

static void count_words(Lab *lab, const char *what, Mat a, Mat b, int rows, int cols) {
    const long long capacity = (long long)rows * cols + rows + cols;
    Memory m = memory_new(MEMORY_STRICT, capacity);
    Mat c = mat_new(a.rows, b.cols);
    matmul_in_tiles(c, a, b, rows, cols, &m);
    double words = (double)(m.reads + m.writes);
    // whole numbers, but for 1 / rows + 1 / cols: three roundings
    claim_near(lab, "6.60", what, matmul_in_tiles_words(a, b, rows, cols), words,
               words * 0x1p-50);
    claim_equal(lab, "6.60", "... with tiles of so many words", capacity, m.peak);
    claim_at_least(lab, "6.61", "... over the bound for so much fast memory", 1,
                   words / matmul_words_bound(a, b, (double)capacity));
    mat_free(c), memory_free(&m);
}

static void words(Lab *lab, Rng *rng) {
    enum { N = 192 };
    Mat a = mat_new(N, N), b = mat_new(N, N);
    random_pair(rng, a, b);
    count_words(lab, "words: one element of C at a time", a, b, 1, 1);
    count_words(lab, "words: a tile of registers", a, b, matmul_steps_rows,
                matmul_steps_cols);
    count_words(lab, "words: squares of 48", a, b, 48, 48);
    mat_free(a), mat_free(b);
}

// ---- bits and speed

// The first two steps make each row by itself, and take long: so many rows must do. They
// are also those that are compared with the definition.
enum { SOME_ROWS = 24 };

// c = a b, and the processor's seconds per row: the best run of at least five that take a
// fiftieth of a second together, or of fewer that take a whole one; with `once` the
// first.
static double seconds_per_row(const MatmulStepKind *step, Mat c, Mat a, Mat b,
                              bool once) {
    double best = INFINITY, spent = 0;
    int runs = 0;
    do {
        mat_fill(c, NAN);
        double start = thread_seconds();
        step->run(c, a, b);
        double seconds = thread_seconds() - start;
        spent += seconds, best = fmin(best, seconds), runs++;
    } while (!once && spent < 1 && (runs < 5 || spent < 0.02));
    return best / c.rows;
}

static void make_positive(Mat m) {
    for (int i = 0; i < m.rows; i++)
        for (int j = 0; j < m.cols; j++)
            *mat_at(m, i, j) = (real)fabs((double)*mat_at(m, i, j));
}

// The largest |c - want| over its bound. Either sum of n products is off by at most
// gamma_n sum |a| |b|, gamma_n about n eps / 2, whatever its order (Higham 2002, 3.5).
// a and b become |a| and |b|; the bound's own rounding is what 1.01 is for.
static double over_bound(Mat c, Mat want, Mat a, Mat b) {
    Mat size = mat_new(c.rows, c.cols);
    make_positive(a), make_positive(b);
    matmul(size, a, b);
    double worst = 0, per_size = 1.01 * a.cols * (double)FLT_EPSILON;
    for (int i = 0; i < c.rows; i++)
        for (int j = 0; j < c.cols; j++)
            worst =
                nan_max(worst, fabs((double)(*mat_at(c, i, j) - *mat_at(want, i, j)))
                                   / (per_size * (double)*mat_at(size, i, j)));
    mat_free(size);
    return worst;
}

// early: the largest difference from the definition, of steps whose sums have its order;
// late: of the last two from one another; bound: the last one's over its bound.
typedef struct {
    double early, late, bound;
} Worst;

static void measure(Lab *lab, Plot *p, int n, double peak, Worst *worst) {
    Mat a = mat_new(n, n), b = mat_new(n, n), c = mat_new(n, n), packed = mat_new(n, n),
        want = mat_new(SOME_ROWS, n);
    random_pair(&lab->rng, a, b);
    Mat some = mat_rows(a, 0, SOME_ROWS), made = mat_rows(c, 0, SOME_ROWS);
    matmul_naive(want, some, b);
    for (int s = 0; s < MATMUL_STEPS; s++) {
        bool few = s <= MATMUL_ROWS;
        double seconds = seconds_per_row(&matmul_steps[s], few ? made : c,
                                         few ? some : a, b, peak == 0);
        plot_row(p, s + 1, n, peak > 0 ? 2e-9 * n * n / seconds / peak : NAN);
        if (s <= MATMUL_REGISTERS)
            worst->early = nan_max(worst->early, mat_difference(made, want));
        if (s == MATMUL_PACKED) mat_copy(packed, c);
    }
    worst->late = nan_max(worst->late, mat_difference(packed, c));
    worst->bound = nan_max(worst->bound, over_bound(made, want, some, b));
    mat_free(a), mat_free(b), mat_free(c), mat_free(packed), mat_free(want);
}

static void draw(Plot *p, const double *sizes, int count) {
    plot_axes(p, "", "share of one core's multiply-adds");
    plot_set(p, "logscale y 2"), plot_set(p, "yrange [0.001:1.1]");
    plot_set(p, "xrange [0.5:%d.5]", MATMUL_STEPS), plot_set(p, "key top left");
    for (int s = 0; s < MATMUL_STEPS; s++)
        plot_set(p, "xtics %s(\"%s\" %d)", s ? "add " : "", matmul_steps[s].name,
                 s + 1);
    for (int i = 0; i < count; i++)
        plot_series(p,
                    "using \"step\":($2 == %g ? $3 : NaN) with linespoints title "
                    "'n = %g' linecolor \"%s\" pointtype 7",
                    sizes[i], sizes[i], plot_line_colour(i));
}

static void run(Lab *lab) {
    enum { MOST = 8 };
    double sizes[MOST], peak = 0;
    int count = option_list(&lab->args, "sizes", sizes, MOST, 192, 3072);
    for (int i = 0; i < count; i++)
        if (fmod(sizes[i], 192) != 0)
            die("--sizes: expected multiples of 192, not %g", sizes[i]);
    words(lab, &lab->rng);
    int before = threads_set(1);
    if (option_int(&lab->args, "time", 0, 1)) peak = fma_peak_gflops();
    Plot *p = plot_new(lab, "matmul_steps", "step n share");
    Worst worst = {0, 0, 0};
    for (int i = 0; i < count; i++) {
        lab_progress(lab, i, count);
        measure(lab, p, (int)sizes[i], peak, &worst);
    }
    threads_set(before);
    claim_near(lab, "6.62", "the first four steps: difference from the definition", 0,
               worst.early, 0);
    claim_near(lab, "6.63", "the last two: difference from one another", 0, worst.late,
               0);
    // a bound; rounding errors that average out are some sqrt(n) times smaller
    claim_at_most(lab, "6.63", "... from the definition, over its bound", 1,
                  worst.bound);
    draw(p, sizes, count);
    plot_end(p);
}

const LabSpec lab_matmul_steps = {
    "matmul-steps", "6.11", "From the definition to the machine's limit", run, options};
