#include "common/program/homework_mats.h"

#include <math.h>
#include <stdlib.h>
#include <sys/resource.h>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "common/error.h"
#include "common/program/homework_run.h"

Mat random_mat(Rng *rng, int rows, int cols) {
    Mat m = mat_new(rows, cols);
    rng_fill_normal(rng, m, 1);
    return m;
}

Mat filled(int rows, int cols, real value) {
    Mat m = mat_new(rows, cols);
    mat_fill(m, value);
    return m;
}

Mat kept_mat(Mat from) {
    Mat copy = mat_new(from.rows, from.cols);
    mat_copy(copy, from);
    return copy;
}

static Mat guarded(const char *name, Mat from, bool input) {
    Mat packed = kept_mat(from);
    real *at = grade_guarded_reals(name, packed.at,
                                   (size_t)from.rows * (size_t)from.cols, input);
    mat_free(packed);
    return mat_view(at, from.rows, from.cols);
}

Mat guarded_mat(const char *name, Mat from) { return guarded(name, from, false); }
Mat input_mat(const char *name, Mat from) { return guarded(name, from, true); }

bool near_mat(Mat a, Mat b, double tolerance) {
    if (a.rows != b.rows || a.cols != b.cols) return false;
    for (int i = 0; i < a.rows; i++)
        for (int j = 0; j < a.cols; j++)
            if (at(a, i, j) != at(b, i, j)
                && !(fabs(at(a, i, j) - at(b, i, j)) <= tolerance))
                return false;
    return true;
}

double longest_row(Mat m) {
    double longest = 0;
    for (int i = 0; i < m.rows; i++) {
        double sum = 0;
        for (int j = 0; j < m.cols; j++) sum += at(m, i, j) * at(m, i, j);
        longest = fmax(longest, sqrt(sum));
    }
    return longest;
}

double rounding(int n, double size) { return (n + 16) * 0x1p-24 * size; }

double peak_megabytes(void) {
    if (SANITIZED) return 0;
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
#ifdef __APPLE__
    return (double)use.ru_maxrss / (1 << 20);  // bytes
#else
    return (double)use.ru_maxrss / (1 << 10);
#endif
}

void one_thread(void) {
#ifdef _OPENMP
    omp_set_num_threads(1);
#endif
}

Table table_new(int rows, int cols) {
    return (Table){allocate((size_t)rows * (size_t)cols, sizeof(double)), rows, cols};
}

void add_row(Table to, int i, double factor, Mat from, int j) {
    for (int c = 0; c < to.cols; c++)
        to.at[(size_t)i * to.cols + c] += factor * at(from, j, c);
}

Mat mat_of(Table t, double start) {
    Mat m = mat_new(t.rows, t.cols);
    for (int i = 0; i < t.rows; i++)
        for (int j = 0; j < t.cols; j++)
            *mat_at(m, i, j) = (real)(start + t.at[(size_t)i * t.cols + j]);
    free(t.at);
    return m;
}
