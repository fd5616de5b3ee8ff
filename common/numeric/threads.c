#include "common/numeric/threads.h"

#include <assert.h>

#include "common/numeric/contention.h"

const char *threads_waiting(void) {
    if (!threads_possible()) return "are none";
    return threads_wait_by_user ? "wait as the environment says"
                                : "spin for a moment, then sleep";
}

#ifdef _OPENMP
#include <omp.h>

bool threads_possible(void) { return true; }
int threads_count(void) { return omp_get_max_threads(); }
// A level, not omp_in_parallel: that does not count a region of one thread, in which the
// runtime would start new threads for each further region.
int threads_apart(void) { return omp_get_level() > 0 ? 1 : omp_get_max_threads(); }
int threads_free(void) {
    int most = threads_apart();
    return most > 1 && processors_contested() ? 1 : most;
}
int threads_number(void) { return omp_get_thread_num(); }
int threads_together(void) { return omp_get_num_threads(); }
int threads_processors(void) { return omp_get_num_procs(); }

int threads_set(int threads) {
    assert(threads >= 1 && "threads_set: no thread at all");
    int before = omp_get_max_threads();
    omp_set_dynamic(0);
    omp_set_num_threads(threads);
    return before;
}

#else

bool threads_possible(void) { return false; }
int threads_count(void) { return 1; }
int threads_apart(void) { return 1; }
int threads_free(void) { return 1; }
int threads_number(void) { return 0; }
int threads_together(void) { return 1; }
int threads_processors(void) { return 1; }

int threads_set(int threads) {
    assert(threads >= 1 && "threads_set: no thread at all");
    (void)threads;
    return 1;
}

#endif
