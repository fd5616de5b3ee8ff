// The table that every bench prints: a line for each piece of work, its speed, what limits
// it here, the share of that limit, and who else was measured in the same turns.
//
//     work                      threads      ours  unit      limit        share spread  beside      ratio
//     matmul NN 64 x 64 x 64          1     152.1  GFLOP/s   peak   223.0  68 %    2 %  OpenBLAS     1.02
//
// The speed is that of the best run: noise only slows down. The spread is by how much the
// median run took longer than the best; a ratio that is nearer to 1 than the spread says
// nothing.
#pragma once
#include <stdbool.h>

// What the runs of one piece of work took.
enum { RUNS_MOST = 128 };
typedef struct {
    double seconds[RUNS_MOST];
    int count;
} Runs;

void runs_add(Runs *r, double seconds);  // at most RUNS_MOST
double runs_best(const Runs *r);         // INFINITY where there was none
double runs_median(const Runs *r);
double runs_spread(const Runs *r);  // median / best - 1

typedef struct {
    const char *work;  // at most 34 characters
    int threads;
    double amount;     // of work in one run, in units that are counted per second
    const char *unit;  // per second: "GFLOP/s", "GB/s", "tokens/s"
    const Runs *ours;
    const char *limit_name;  // of the machine, measured in the same run; or NULL
    double limit;            // in `unit`
    const char *beside;      // who else, or NULL
    const Runs *theirs;      // the same amount of work; no runs: a dash
} BenchRow;

// To be called first. The bench says what machine this is and prints the table's head,
// unless its only word is `rows`: then another bench has said so before. True where it
// shall also print what is not in the table.
bool bench_begin(int argc, char **argv);
void bench_row(const BenchRow *row);
