#include "common/numeric/bench_table.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/numeric/machine.h"

void runs_add(Runs *r, double seconds) {
    assert(r->count < RUNS_MOST);
    r->seconds[r->count++] = seconds;
}

double runs_best(const Runs *r) {
    double best = INFINITY;
    for (int i = 0; i < r->count; i++) best = fmin(best, r->seconds[i]);
    return best;
}

static int by_size(const void *a, const void *b) {
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

double runs_median(const Runs *r) {
    Runs sorted = *r;
    if (r->count == 0) return INFINITY;
    qsort(sorted.seconds, (size_t)r->count, sizeof *sorted.seconds, by_size);
    return sorted.seconds[r->count / 2];
}

double runs_spread(const Runs *r) { return runs_median(r) / runs_best(r) - 1; }

bool bench_begin(int argc, char **argv) {
    bool rows_only = argc > 1 && strcmp(argv[1], "rows") == 0;
    program_name_set("bench");
    if (argc > 1 && strcmp(argv[1], "head") != 0 && !rows_only)
        die("expected no word, or `rows` or `head`, but found '%s'", argv[1]);
    if (rows_only) return false;
    machine_print();
    printf("%-34s %7s %10s  %-8s %-17s %5s %6s  %-10s %5s\n", "work", "threads", "ours",
           "unit", "limit", "share", "spread", "beside", "ratio");
    if (argc == 1) return true;
    exit(0);
}

void bench_row(const BenchRow *row) {
    double speed = row->amount / runs_best(row->ours);
    printf("%-34s %7d %10.4g  %-8s ", row->work, row->threads, speed, row->unit);
    if (row->limit_name)
        printf("%-8s %8.4g %4.0f%%", row->limit_name, row->limit,
               100 * speed / row->limit);
    else printf("%-17s %5s", "-", "-");
    printf(" %5.0f%%", 100 * runs_spread(row->ours));
    if (row->beside && row->theirs->count)
        printf("  %-10s %5.2f\n", row->beside,
               runs_best(row->theirs) / runs_best(row->ours));
    else printf("  %-10s %5s\n", row->beside ? row->beside : "-", "-");
    fflush(stdout);
}
