#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/numeric/bench_table.h"
#include "common/tests/child.h"

Test(bench_table, best_median_and_spread) {
    Runs r = {0};
    cr_assert(isinf(runs_best(&r)) && isinf(runs_median(&r)));
    const double seconds[] = {4, 2.5, 9, 2, 3};
    for (int i = 0; i < 5; i++) runs_add(&r, seconds[i]);
    cr_assert_eq(runs_best(&r), 2);
    cr_assert_eq(runs_median(&r), 3);
    cr_assert_eq(runs_spread(&r), 0.5);
    cr_assert_eq(r.seconds[0], 4);  // the order of the runs stays
}

static void print_rows(void *nothing) {
    (void)nothing;
    Runs ours = {{0.5, 0.25, 0.5}, 3}, theirs = {{0.5}, 1}, none = {0};
    bench_row(&(BenchRow){"a", 2, 10, "GB/s", &ours, "reading", 80, "them", &theirs});
    bench_row(&(BenchRow){"b", 1, 10, "GB/s", &ours, NULL, 0, "them", &none});
}

// 10 units in a best quarter of a second: 40 per second, half of 80; they take twice as
// long; the median run twice as long as the best.
Test(bench_table, a_row_says_speed_share_spread_and_ratio) {
    Ran ran = child_run(print_rows, NULL);
    char work[8], unit[8], limit[8], share[8], spread[8], beside[8], ratio[8];
    int threads;
    double speed, most;
    cr_assert_eq(
        sscanf(ran.text, "%7s %d %lf %7s %7s %lf %7s %7s %7s %7s", work, &threads,
               &speed, unit, limit, &most, share, spread, beside, ratio),
        10, "%s", ran.text);
    cr_assert(threads == 2 && speed == 40 && most == 80);
    cr_assert_str_eq(share, "50%");
    cr_assert_str_eq(spread, "100%");
    cr_assert_str_eq(beside, "them");
    cr_assert_str_eq(ratio, "2.00");
    const char *second = strchr(ran.text, '\n') + 1;
    cr_assert_eq(sscanf(second, "%7s %d %lf %7s %7s %7s %7s %7s %7s", work, &threads,
                        &speed, unit, limit, share, spread, beside, ratio),
                 9, "%s", ran.text);
    cr_assert_str_eq(limit, "-");
    cr_assert_str_eq(share, "-");
    cr_assert_str_eq(ratio, "-");
}

static void begin(void *word) { bench_begin(word ? 2 : 1, (char *[]){"bench", word}); }

Test(bench_table, its_words) {
    cr_assert(strstr(child_run(begin, NULL).text, "threads       ours"));
    cr_assert(strstr(child_run(begin, "head").text, "threads       ours"));
    cr_assert_str_empty(child_run(begin, "rows").text);
    Ran wrong = child_run(begin, "row");
    cr_assert(wrong.status == 2 && strstr(wrong.text, "expected no word"), "%s",
              wrong.text);
}
