// The small helpers: each value by hand or from the authors' own list.
#include <criterion/criterion.h>
#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/numeric/compare.h"
#include "common/numeric/contention.h"
#include "common/numeric/fit.h"
#include "common/numeric/hash.h"
#include "common/numeric/machine.h"
#include "common/numeric/mat.h"
#include "common/numeric/small.h"
#include "common/numeric/threads.h"
#include "common/numeric/timing.h"
#include "common/tests/child.h"

Test(small, the_lesser_and_the_greater) {
    cr_expect(int_min(-3, 2) == -3 && int_min(2, -3) == -3 && int_max(-3, 2) == 2);
    cr_expect(int_max(INT_MIN, INT_MAX) == INT_MAX && int_min(7, 7) == 7);
    size_t large = SIZE_MAX;  // unsigned: not -1
    cr_expect(size_min(large, 1) == 1 && size_max(large, 1) == large);
    cr_expect(long_min(1LL << 40, -1) == -1 && long_max(1LL << 40, -1) == 1LL << 40);
}

Test(small, division_rounds_up) {
    cr_expect(ceil_div(0, 5) == 0 && ceil_div(1, 5) == 1 && ceil_div(5, 5) == 1);
    cr_expect(ceil_div(6, 5) == 2 && ceil_div(INT_MAX, 1) == INT_MAX);
    cr_expect(ceil_div(INT_MAX, INT_MAX) == 1 && ceil_div(INT_MAX, 2) == 1 << 30);
}

// From the test suite of draft-eastlake-fnv: FNV-1a, 64 bits.
Test(hash, known_values) {
    static const struct {
        const char *text;
        uint64_t hash;
    } known[] = {{"", 0xcbf29ce484222325u},
                 {"a", 0xaf63dc4c8601ec8cu},
                 {"foobar", 0x85944171f73967e8u}};
    for (int i = 0; i < 3; i++)
        cr_expect(hash_text(HASH_START, known[i].text) == known[i].hash);
    // a zero byte counts, and a text may come in pieces
    cr_expect(hash_bytes(HASH_START, "\0", 1) == 0xaf63bd4c8601b7dfu);
    cr_expect(hash_bytes(hash_text(HASH_START, "foo"), "bar", 3) == known[2].hash);
}

Test(fit, slopes) {
    // y = 3 - 2 x; then 0, 0, 1, 1: slope (0.5 * 1 + 1.5 * 1) / 5 = 0.4
    const double x[] = {0, 1, 2, 3}, line[] = {3, 1, -1, -3}, steps[] = {0, 0, 1, 1},
                 errors[] = {0.1, 0.2, 0.3, 0.4};
    double error;
    cr_expect(fabs(line_slope(x, line, NULL, 4, NULL) + 2) < 1e-15);
    cr_expect(fabs(line_slope(x, steps, errors, 4, &error) - 0.4) < 1e-15);
    // weights -0.3, -0.1, 0.1, 0.3
    double want = sqrt(pow(0.03, 2) + pow(0.02, 2) + pow(0.03, 2) + pow(0.12, 2));
    cr_expect(fabs(error - want) < 1e-15, "%g, not %g", error, want);
    const double power[] = {1, 2, 4, 8}, cubes[] = {5, 40, 320, 2560};  // 5 x^3
    cr_expect(fabs(log_slope(power, cubes, errors, 4, &error) - 3) < 1e-14);
    cr_expect(fabs(error - want / log(2)) < 1e-15);  // the same points, ln 2 apart
}

Test(compare, largest_difference) {
    real a[] = {1, 2, 3, 4, 5, 6}, b[] = {1, 2, 3, 4, 5, 6};
    Mat x = mat_view(a, 2, 3), y = mat_view(b, 2, 3);
    cr_expect(mat_difference(x, y) == 0 && array_difference(a, b, 6) == 0);
    b[5] = 4;  // in the last place, and downwards
    cr_expect(mat_difference(x, y) == 2 && array_difference(a, b, 6) == 2);
    cr_expect(mat_difference(mat_transpose(x), mat_transpose(y)) == 2);
    cr_expect(mat_difference(mat_cols(x, 0, 2), mat_cols(y, 0, 2)) == 0);
    cr_expect(mat_difference(mat_rows(x, 0, 0), mat_rows(y, 0, 0)) == 0);
    a[0] = -7;
    cr_expect(mat_largest(x) == 7 && mat_largest(mat_rows(x, 1, 1)) == 6);
}

// A NaN stays, whichever comes first, and infinities of one sign are the same.
Test(compare, nan_and_infinity) {
    for (int at = 0; at < 3; at++) {
        real a[] = {1, 2, 3}, b[] = {9, 9, 9};
        a[at] = NAN;
        cr_expect(isnan(array_difference(a, b, 3)) && isnan(array_difference(b, a, 3)));
        cr_expect(isnan(mat_difference(mat_view(a, 1, 3), mat_view(b, 1, 3))));
        cr_expect(isnan(mat_largest(mat_view(a, 3, 1))));
    }
    real inf = (real)INFINITY, a[] = {inf, -inf}, b[] = {inf, -inf}, c[] = {inf, inf};
    cr_expect(array_difference(a, b, 2) == 0 && isinf(array_difference(a, c, 2)));
    cr_expect(isnan(nan_max(NAN, 1)) && isnan(nan_max(1, NAN)) && nan_max(1, 2) == 2);
    cr_expect(isnan(nan_min(NAN, 1)) && isnan(nan_min(1, NAN)) && nan_min(1, 2) == 1);
}

static int team_size(void) {
    int team = 0;
#pragma omp parallel reduction(+ : team)
    team += 1;
    return team;
}

Test(threads, as_many_as_were_set) {
    int at_start = threads_count();
    cr_assert(at_start >= 1 && threads_processors() >= 1);
    cr_expect(threads_set(3) == at_start);
    int want = threads_possible() ? 3 : 1;
    cr_expect(threads_count() == want && team_size() == want);
    cr_expect(threads_set(1) == want && threads_count() == 1 && team_size() == 1);
}

#if defined __linux__ && defined _OPENMP

// This program once more, with `settings` before it: what the OpenMP runtime says of
// itself at its start. The caller frees.
static char *runtime_says(const char *settings) {
    char self[4096] = {0}, command[2 * sizeof self];
    cr_assert(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    snprintf(command, sizeof command,
             "env -i PATH=\"$PATH\" OMP_DISPLAY_ENV=verbose %s '%s' "
             "--filter threads/as_many_as_were_set 2>&1",
             settings, self);
    FILE *stream = popen(command, "r");
    char *text = NULL;
    size_t size = 0;
    cr_assert(getdelim(&text, &size, '\0', stream) > 0);
    cr_assert(pclose(stream) == 0, "%s", text);
    return text;
}

// Every value that the text gives for how long threads spin (libgomp's rounds, libomp's
// milliseconds; each process tells once) is `want`.
static bool spins_for(const char *text, const char *want) {
    int seen = 0;
    for (const char *at = text; (at = strpbrk(at, "GK")); at++) {
        if (strncmp(at, "GOMP_SPINCOUNT", 14) != 0
            && strncmp(at, "KMP_BLOCKTIME", 13) != 0)
            continue;
        const char *value = strchr(at, '\'');
        if (!value || strncmp(value, want, strlen(want)) != 0) return false;
        seen++;
    }
    return seen > 0;
}

// The runtime would make new ones each time.
Test(threads, none_are_free_in_a_region_of_one) {
    int before = threads_set(2), apart = 0, inside = 0;
    apart = threads_apart();
#pragma omp parallel num_threads(1)
    inside = threads_apart();
    cr_expect(apart == (threads_possible() ? 2 : 1) && inside == 1);
    threads_set(before);
}

Test(threads, idle_ones_spin_for_a_moment) {
    char *text = runtime_says("");
    cr_expect(spins_for(text, "'10000'") || spins_for(text, "'1'"), "%s", text);
    free(text);
}

Test(threads, what_the_user_set_stays) {
    char *text = runtime_says("OMP_WAIT_POLICY=active");
    cr_expect(strstr(text, "'ACTIVE'") && !spins_for(text, "'10000'")
                  && !spins_for(text, "'1'"),
              "%s", text);
    free(text);
    text = runtime_says("GOMP_SPINCOUNT=777 KMP_BLOCKTIME=777");
    cr_expect(spins_for(text, "'777'"), "%s", text);
    free(text);
}

// The entry of the environment that was lent to the runtime is back.
Test(threads, the_environment_is_whole) {
    const char *names[] = {"PATH", "HOME", "PWD"};
    for (int i = 0; i < 3; i++) {
        char *value = getenv(names[i]);
        cr_expect(!value || !strstr(value, "GOMP_SPINCOUNT"), "%s", names[i]);
    }
    cr_expect(getenv("PATH") && getenv("GOMP_SPINCOUNT") && getenv("KMP_BLOCKTIME"));
}

// Beside a program that computes for ever on each processor, a thread is sent away again
// and again; then one thread is enough. Not where the environment asks for all.
static bool contested_beside_others(void) {
    int others = threads_processors();
    pid_t *busy = calloc((size_t)others, sizeof *busy);
    for (int i = 0; i < others; i++)
        if ((busy[i] = fork()) == 0)
            for (volatile int n = 0;; n++) {}
    bool contested = false;
    for (double begin = now_seconds(); !contested && now_seconds() < begin + 10;)
        contested = processors_contested();
    for (int i = 0; i < others; i++) kill(busy[i], SIGKILL), waitpid(busy[i], NULL, 0);
    free(busy);
    return contested;
}

Test(threads, one_beside_other_programs) {
    threads_wait_by_user = false, unsetenv("OMP_DYNAMIC");
    threads_set(2);
    cr_expect(contested_beside_others() && threads_free() == 1 && threads_count() == 2);
}

// ---- what it is decided by: looks as they would come, 50 ms apart

typedef struct {
    Contention c;
    ProcessorLook now;
} Looks;

static Looks looks_begin(void) {
    return (Looks){contention_from((ProcessorLook){0}), {0}};
}

// One look more: two threads were sent away so often, and the one that asks lost this
// share of its time.
static bool looks_add(Looks *l, long sent_away, double lost) {
    const double step = 0.05;
    l->now.time += step;
    l->now.own += (1 - lost) * step;
    l->now.all += 2 * (1 - lost) * step;
    l->now.sent_away += sent_away;
    return contention_next(&l->c, l->now);
}

// The system's own threads: often, but for 20 us. Two threads stay.
Test(contention, the_system_is_no_other_program) {
    Looks l = looks_begin();
    for (int i = 0; i < 200; i++)
        cr_expect(!looks_add(&l, 10, 10 * 20e-6 / 0.05), "look %d", i);
}

// What waits for a disk computes little: once sent away is often, per second of that.
Test(contention, waiting_is_no_other_program) {
    Looks l = looks_begin();
    for (int i = 0; i < 200; i++) cr_expect(!looks_add(&l, 1, 0.99), "look %d", i);
    l = looks_begin();  // and a pause, of which nobody was sent away
    for (int i = 0; i < 200; i++) cr_expect(!looks_add(&l, 0, 0.5), "look %d", i);
}

// Beside fifteen programs: hardly ever sent away, since it hardly runs.
Test(contention, a_starving_one_sees_the_others) {
    Looks l = looks_begin();
    cr_expect(!looks_add(&l, 1, 0.94));
    l.now.ready += 0.047;
    cr_expect(looks_add(&l, 1, 0.94));
}

Test(contention, another_program_is_seen_at_once_and_forgotten_soon) {
    Looks l = looks_begin();
    cr_expect(!looks_add(&l, 0, 0) && looks_add(&l, 12, 0.5));
    for (int i = 0; i < 100; i++) cr_expect(looks_add(&l, 12, 0.3), "look %d", i);
    int looks = 1;  // within half a second
    while (looks_add(&l, 0, 0)) looks++;
    cr_expect(looks <= 10, "%d looks", looks);
}

// Luck for half a second, again and again: two threads are tried ever more rarely.
Test(contention, luck_is_tried_ever_more_rarely) {
    Looks l = looks_begin();
    int tried = 0;
    for (int i = 0; i < 2000; i++) {
        bool contested = looks_add(&l, l.c.contested ? 0 : 12, l.c.contested ? 0 : 0.5);
        tried += !contested;
    }
    // 8, 16, 32, 64 looks of luck, and then 128 each: 2000 / 129 + 4
    cr_expect(tried >= 10 && tried <= 20, "%d", tried);
    l = looks_begin();  // one calm look in four is no calm
    looks_add(&l, 12, 0.5);
    for (int i = 0; i < 200; i++)
        cr_expect(looks_add(&l, i % 4 ? 12 : 0, i % 4 ? 0.5 : 0), "look %d", i);
}

Test(threads, all_where_the_environment_says_so) {
    setenv("OMP_DYNAMIC", "false", 1);
    threads_set(2);
    cr_expect(!processors_contested() && threads_free() == 2);
}

#endif

// What no processor is without, and none has: a wrong unit or another cache's size shows.
Test(machine, caches_and_a_name) {
    cr_expect(cache_l1() >= 8 << 10 && cache_l1() <= 1 << 20, "%zu", cache_l1());
    cr_expect(cache_l2() >= 64 << 10 && cache_l2() <= 64 << 20, "%zu", cache_l2());
    cr_expect(cache_l1() < cache_l2() && cache_l3_share() >= 64 << 10);
    cr_expect(*processor_name() && !strchr(processor_name(), '\n'));
}

// A file of one line below cpu0's caches, cut at its newline; "" where there is none.
static const char *cache_line(int index, const char *name) {
    static char text[256];
    char path[128];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/%s", index,
             name);
    FILE *file = fopen(path, "r");
    if (!file || !fgets(text, sizeof text, file)) *text = '\0';
    if (file) fclose(file);
    return text;
}

// Who shares a cache stands there twice: as a list, "0-3,8", and as bits, "10f".
Test(machine, a_shared_cache_is_divided) {
    for (int index = 0; *cache_line(index, "level"); index++) {
        if (atoi(cache_line(index, "level")) != 3) continue;
        long long kilobytes = atoll(cache_line(index, "size"));
        int sharers = 0;
        for (const char *c = cache_line(index, "shared_cpu_map"); *c; c++)
            for (int digit = isxdigit((unsigned char)*c)
                                 ? (int)strtol((char[]){*c, '\0'}, NULL, 16)
                                 : 0;
                 digit; digit /= 2)
                sharers += digit % 2;
        if (kilobytes < 4096 || sharers == 0) return;
        cr_assert_eq((long long)cache_l3_share(), (kilobytes << 10) / sharers);
    }
}

Test(timing, peaks_are_numbers) {
    double start = now_seconds();
    cr_expect(fma_peak_gflops_of(2) > 0 && fma_peak_gflops() > 0);
    cr_expect(now_seconds() > start);
}

// Counted in whole cache lines, of all threads; the most is what was there at one time.
Test(mat, memory_is_counted) {
    size_t before = mat_memory().now, number = sizeof(real);
    mat_memory_restart();
    cr_assert(mat_memory().most == before);
    Mat a = mat_new(100, 32);
    size_t one = mat_memory().now - before;
    cr_assert(one >= 3200 * number && one <= 3200 * number + 64, "%zu", one);
    Mat b = mat_new(100, 32);
    mat_free(a);
    Mat c = mat_new(10, 32);
    cr_assert(mat_memory().most - before == 2 * one);
    mat_free(b), mat_free(c), mat_free((Mat){0});
    cr_assert(mat_memory().now == before && mat_memory().most - before == 2 * one);
#pragma omp parallel for num_threads(4)
    for (int i = 0; i < 1000; i++) mat_free(mat_new(1 + i % 7, 3));
    cr_assert(mat_memory().now == before);
    mat_memory_restart();
    cr_assert(mat_memory().most == before);
}

static void largest(void *argument) {
    (void)argument;
    mat_new(INT_MAX, INT_MAX);
}

// In double precision its bytes pass 2^64: counted without care they would be fewer.
Test(mat, more_bytes_than_can_be_counted) {
    Ran ran = child_run(largest, NULL);
    cr_expect(ran.status == 2, "status %d", ran.status);
    cr_expect(strstr(ran.text, "out of memory: a 2147483647 x 2147483647 matrix"), "%s",
              ran.text);
}
