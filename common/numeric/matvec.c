#include "common/numeric/matvec.h"

#include <assert.h>
#include <stdatomic.h>

#include "common/numeric/small.h"
#include "common/numeric/threads.h"
#include "common/numeric/timing.h"
#include "common/numeric/vec.h"

enum { ONE_STREAM, TWO_STREAMS };
static const char *const names[] = {"one stream", "two streams, asked for ahead"};
_Static_assert(sizeof names / sizeof *names == MATVEC_LOOPS, "a name for each loop");

enum {
    AHEAD = 2048,  // bytes: what arrives while they are multiplied
    // weights a thread, 30 us or more: waking one that sleeps takes some 20
    LEAST = 1 << 18,
    TRIAL = 1 << 16,           // weights of a piece that is timed
    LINE = 64 / sizeof(real),  // of y: no two threads write to one cache line
};

// ---- the loops

// y[i] = or += row i of W times x, for row i = `at` and, with two streams, at + apart.
// Each row has two sums side by side, as a multiply-add waits four cycles for the one
// before it; what fills no vector is added last, number by number. `streams` and
// `ahead` are constants where this is called.
VEC_INLINE void rows_times(real *y, Mat w, const real *x, int at, int apart, bool add,
                           const int streams, const bool ahead) {
    const real *row[2];
    Vec sum[2][2] = {{{0}}};
    for (int s = 0; s < streams; s++) row[s] = w.at + (at + s * apart) * w.row_stride;
    int j = 0;
    for (; j + 2 * VEC_LANES <= w.cols; j += 2 * VEC_LANES)
#pragma GCC unroll 2
        for (int half = 0; half < 2; half++) {
            int k = j + half * VEC_LANES;
            Vec xs = vec_load(x + k);
#pragma GCC unroll 2
            for (int s = 0; s < streams; s++) {
                // no address is too far: asking for what is not there does nothing
                if (ahead) __builtin_prefetch((const char *)(row[s] + k) + AHEAD);
                sum[s][half] += xs * vec_load(row[s] + k);
            }
        }
    for (int s = 0; s < streams; s++) {
        int k = j, i = at + s * apart;
        if (k + VEC_LANES <= w.cols) {
            sum[s][0] += vec_load(x + k) * vec_load(row[s] + k);
            k += VEC_LANES;
        }
        real total = vec_sum(sum[s][0] + sum[s][1]);
        for (; k < w.cols; k++) total += x[k] * row[s][k];
        y[i] = total + (add ? y[i] : 0);
    }
}

// Rows first .. end - 1, one after the other.
VEC_FUNCTION static void one_stream(real *y, Mat w, const real *x, int first, int end,
                                    bool add) {
    for (int i = first; i < end; i++) rows_times(y, w, x, i, 0, add, 1, false);
}

// The same rows in two halves, side by side.
VEC_FUNCTION static void two_streams(real *y, Mat w, const real *x, int first, int end,
                                     bool add) {
    int half = (end - first) / 2;
    for (int i = first; i < first + half; i++)
        rows_times(y, w, x, i, half, add, 2, true);
    if (first + 2 * half < end) rows_times(y, w, x, end - 1, 0, add, 1, true);
}

static void run(int loop, real *y, Mat w, const real *x, int first, int end, bool add) {
    if (loop == TWO_STREAMS) two_streams(y, w, x, first, end, add);
    else one_stream(y, w, x, first, end, add);
}

// ---- which one

// The trial does real work, so it costs nothing but the clock: pieces of the first
// large products go to the loops in turn, and the one with the fastest piece wins
// (others on the machine only ever slow a piece down). PIECES of TRIAL weights: some
// 64 * 20 us, far less than a model's weights.
enum { PIECES = 64 };
static _Atomic int chosen = -1;
static atomic_flag trying = ATOMIC_FLAG_INIT;
static int pieces;
static double best[MATVEC_LOOPS];  // seconds a weight

static void trial_piece(real *y, Mat w, const real *x, int first, int end, bool add) {
    int loop = pieces % MATVEC_LOOPS;
    if (pieces < MATVEC_LOOPS) best[loop] = INFINITY;
    double start = now_seconds();
    run(loop, y, w, x, first, end, add);
    double seconds = (now_seconds() - start) / ((double)(end - first) * w.cols);
    best[loop] = fmin(best[loop], seconds);
    if (++pieces == PIECES) {
        bool two = best[TWO_STREAMS] < best[ONE_STREAM];
        chosen = two ? TWO_STREAMS : ONE_STREAM;
    }
}

// first .. end - 1 of one thread. The trial is one thread's; the others go by meanwhile.
static void share(real *y, Mat w, const real *x, int first, int end, bool add) {
    int step = int_max(1, TRIAL / int_max(1, w.cols));
    if (chosen >= 0 || end - first < step || atomic_flag_test_and_set(&trying)) {
        run(chosen, y, w, x, first, end, add);
        return;
    }
    for (; chosen < 0 && first + step <= end; first += step)
        trial_piece(y, w, x, first, first + step, add);
    run(chosen, y, w, x, first, end, add);
    atomic_flag_clear(&trying);
}

int matvec_loop(void) { return chosen; }
const char *matvec_loop_name(int loop) { return loop < 0 ? "" : names[loop]; }
void matvec_loop_set(int loop) {
    assert(-1 <= loop && loop < MATVEC_LOOPS);
    pieces = 0, chosen = loop;
}

// ---- sharing out

void matvec(real *y, Mat w, const real *x, bool add) {
    assert(w.col_stride == 1 && "matvec: rows are not contiguous");
    double weights = (double)w.rows * w.cols;
    int threads = (int)fmin(threads_free(), weights / LEAST);
    if (threads <= 1) {  // OpenMP would do so too, only slower
        share(y, w, x, 0, w.rows, add);
        return;
    }
    // a stream each: rows that lie together, in whole lines of y
    int each = ceil_div(ceil_div(w.rows, threads), LINE) * LINE;
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int t = 0; t < threads; t++)
        if (t * each < w.rows)
            share(y, w, x, t * each, int_min(w.rows, (t + 1) * each), add);
}
