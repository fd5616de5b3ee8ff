// Memory, and with --time also time, against N for every version, measured. Lecture,
// section 6.7.
//
// Beside inputs and outputs, in numbers, H heads and one thread:
//
//     table    H N^2 + 2 N d                            the weights; a head's q and k
//     fa2      H N + 3 B d + B^2 + 2 B, about           L; a tile of everything
//     fast     H N + N' (d + w) + tiles                 L; a head's packed keys and values
//
// with N' the keys to whole tiles, w the values' columns to whole half tiles. What is kept
// does not depend on how much is computed: N = 32768 is measured with a window of 64 keys.
#include <math.h>

#include "ch06_flash/flash_fast.h"
#include "ch06_flash/labs/rivals.h"
#include "ch06_flash/register_tile.h"
#include "common/numeric/small.h"
#include "common/numeric/threads.h"
#include "common/numeric/timing.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"least", "128", "the smallest N"},
    {"most", "1024", "and the largest"},
    {"table", "1024", "the largest for the version that keeps its weights"},
    {"heads", "8", "H"},
    {"dim", "64", "d"},
    {"time", OPTION_FLAG,
     "draw the time as well (the only thing that differs from run "
     "to run)"},
    {0}};

enum { FAR = 32768, WINDOW = 64 };

// A matrix is whole cache lines, and one more where it fills them.
enum { LINE = 64 };

typedef struct {
    double bytes, seconds;
} Cost;

static Cost cost_of(RivalKind kind, Contest *c, int runs) {
    Cost cost = {0, INFINITY};
    for (int i = 0; i < runs; i++) {
        size_t before = mat_memory().now;
        mat_memory_restart();
        double begin = thread_seconds();
        rivals[kind].forward(c);
        cost.seconds = fmin(cost.seconds, thread_seconds() - begin);
        cost.bytes = (double)(mat_memory().most - before);
        contest_forget(c);
    }
    return cost;
}

// ---- derived, in bytes, and how many matrices that is

static double table_bytes(double n, double heads, double d) {
    return sizeof(real) * (heads * n * n + 2 * n * d);
}

typedef struct {
    double bytes;
    int mats;
} Derived;

// One head's keys and values, packed. (A panel's last squares reach beyond it by less than
// a vector.)
static Derived fast_bytes(int n, int heads, int d) {
    double rows = (double)ceil_div(n, TILE_ROWS) * TILE_ROWS,
           beyond = ceil_div(VEC_LANES, TILE_ROWS) * TILE_ROWS;
    return (Derived){
        sizeof(real) * (heads * (double)n + rows * (d + tile_width(d)) + beyond)
            + (double)flash_work_bytes(d, d),
        1 + 2 + 3};
}
enum { TABLE_MATS = 4 };

static void claim_long(Lab *lab, int heads, int d) {
    Rng rng = lab->rng;
    Contest c = contest_new((ContestSize){.n = FAR,
                                          .heads = heads,
                                          .kv_heads = heads,
                                          .d = d,
                                          .causal = true,
                                          .window = WINDOW},
                            &rng);
    double bytes = cost_of(RIVAL_FAST, &c, 1).bytes;
    Derived want = fast_bytes(FAR, heads, d);
    claim_near(lab, "6.31", "N = 32768: bytes beside inputs and outputs", want.bytes,
               bytes, want.mats * LINE);
    if (heads == 8 && d == 64)
        claim_at_most(lab, "6.31", "in MiB, where a table would take 32 GiB", 32,
                      bytes / 0x1p20);
    contest_free(&c);
}

// ---- figures

static const char *const columns =
    "tokens table blocked fa1 fa2 fast table_derived fast_derived";

static void draw_series(Plot *p) {
    static const struct {
        const char *title, *colour;
        int sign;  // of gnuplot's points
    } series[RIVALS] = {
        [RIVAL_TABLE] = {"weights kept (chapter 2)", PLOT_BLACK, 7},
        [RIVAL_BLOCKED] = {"blocks of rows (chapter 2)", PLOT_ORANGE, 9},
        [RIVAL_FA1] = {"FlashAttention-1", PLOT_SKY, 6},
        [RIVAL_FA2] = {"FlashAttention-2", PLOT_GREY, 8},
        [RIVAL_FAST] = {"the fast version", PLOT_BLACK, 5}};
    for (int k = 0; k < RIVALS; k++)
        plot_series(p,
                    "using \"tokens\":\"%s\" with points pt %d linecolor \"%s\" title "
                    "'%s'",
                    rival_names[k], series[k].sign, series[k].colour, series[k].title);
}

static void draw_memory(Lab *lab, double (*rows)[8], int count) {
    Plot *p = plot_new(lab, "lengths", columns);
    for (int i = 0; i < count; i++) plot_row_values(p, rows[i]);
    plot_title(p, "Memory of a forward pass");
    plot_axes(p, "tokens N", "MiB beside inputs and outputs");
    plot_set(p, "logscale xy 2"), plot_set(p, "key top left");
    plot_line(p, "tokens", "table_derived", "H N^2 + 2 N d");
    plot_line(p, "tokens", "fast_derived", "H N + N (d + w) and tiles");
    draw_series(p);
    plot_end(p);
}

static void draw_time(Lab *lab, double (*rows)[8], int count) {
    Plot *p = plot_new(lab, "lengths_time", "tokens table blocked fa1 fa2 fast");
    for (int i = 0; i < count; i++) plot_row_values(p, rows[i]);
    plot_title(p, "Time of a forward pass");
    plot_axes(p, "tokens N", "milliseconds, one thread");
    plot_set(p, "logscale xy 2"), plot_set(p, "key top left");
    draw_series(p);
    plot_end(p);
}

// ---- the lab

typedef struct {
    int least, most, table, heads, d;
    bool time;
} Plan;

static Plan plan_of(const Args *args) {
    return (Plan){.least = (int)option_int(args, "least", 16, FAR),
                  .most = (int)option_int(args, "most", 16, FAR),
                  .table = (int)option_int(args, "table", 0, FAR),
                  .heads = (int)option_int(args, "heads", 1, 64),
                  .d = (int)option_int(args, "dim", 1, 256),
                  .time = option_flag(args, "time")};
}

// How many of the two derived amounts were not met.
static int measure(const Plan *plan, Rng *rng, int n, double memory[8], double ms[8]) {
    Contest c = contest_new((ContestSize){.n = n,
                                          .heads = plan->heads,
                                          .kv_heads = plan->heads,
                                          .d = plan->d,
                                          .causal = true},
                            rng);
    double table = table_bytes(n, plan->heads, plan->d);
    Derived fast = fast_bytes(n, plan->heads, plan->d);
    int wrong = 0;
    memory[0] = ms[0] = n;
    for (int k = 0; k < RIVALS; k++) {
        if (k == RIVAL_TABLE && n > plan->table) {
            memory[1 + k] = ms[1 + k] = NAN;
            continue;
        }
        Cost cost = cost_of((RivalKind)k, &c, plan->time ? 3 : 1);
        memory[1 + k] = cost.bytes / 0x1p20, ms[1 + k] = 1e3 * cost.seconds;
        if (k == RIVAL_TABLE) wrong += fabs(cost.bytes - table) > TABLE_MATS * LINE;
        if (k == RIVAL_FAST) wrong += fabs(cost.bytes - fast.bytes) > fast.mats * LINE;
    }
    memory[6] = table / 0x1p20, memory[7] = fast.bytes / 0x1p20;
    contest_free(&c);
    return wrong;
}

static void run(Lab *lab) {
    Plan plan = plan_of(&lab->args);
    Rng rng = lab->rng;
    double memory[16][8], ms[16][8];
    int count = 0, wrong = 0, threads = threads_set(1);
    for (int n = plan.least; n <= plan.most; n *= 2, count++) {
        lab_progress(lab, n, 2.0 * plan.most);
        wrong += measure(&plan, &rng, n, memory[count], ms[count]);
    }
    // a matrix is rounded up to whole lines, at most one too many
    claim_equal(lab, "6.30",
                "versions whose memory is not as derived, with a table and fast", 0,
                wrong);
    claim_long(lab, plan.heads, plan.d);
    threads_set(threads);
    draw_memory(lab, memory, count);
    if (plan.time) draw_time(lab, ms, count);
}

const LabSpec lab_lengths = {"lengths", "6.7", "Memory and time against N, measured",
                             run, options};
