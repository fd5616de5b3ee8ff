// sweep-blocks: the speed of flash2.c over the sizes of its blocks, with marks where the
// tiles of a block fill the machine's caches: 4 B d + B^2 + 4 B numbers.
#include <math.h>
#include <stdio.h>

#include "ch06_flash/commands/commands.h"
#include "ch06_flash/labs/heads.h"
#include "common/error.h"
#include "common/numeric/machine.h"
#include "common/numeric/threads.h"
#include "common/numeric/timing.h"
#include "common/program/file.h"
#include "common/program/plot.h"

const Option sweep_blocks_options[] = {
    {"n", "1024", "N: queries and keys"},
    {"dim", "64", "d"},
    {"rounds", "3", "runs of each size, of which the best counts"},
    {"format", "text", "text or tsv"},
    {"out", ".", "folder for the figure and its data"},
    {"as", "sweep_blocks", "what the files are called"},
    {"terminal", "svg", "svg, png, or dumb (drawn in this terminal)"},
    {"seed", "1", "of the random numbers"},
    {0}};

enum { LEAST = 4, SIZES = 20 };

// 4, 6, 8, 12, 16, 24 ...
static int size_of(int i) { return LEAST << i / 2 | (i % 2 ? LEAST / 2 << i / 2 : 0); }

static double tile_bytes(double block, double d) {
    return sizeof(real) * (4 * block * d + block * block + 4 * block);
}

// The block whose tiles have so many bytes.
static double block_of(double bytes, double d) {
    double half = 2 * d + 2;
    return sqrt(half * half + bytes / sizeof(real)) - half;
}

static double seconds_of(const FlashHead *h, int block) {
    double begin = thread_seconds();
    Memory m = lab_run_in(ALGORITHM_FA2, h, (Blocks){block, block}, MEMORY_PLAIN, 0);
    memory_free(&m);
    return thread_seconds() - begin;
}

static void mark(Plot *p, const char *name, double bytes, int d, int n) {
    double block = block_of(bytes, d);
    if (block < LEAST || block > n) return;
    plot_set(p, "arrow from %g,graph 0 to %g,graph 1 nohead dashtype 3", block, block);
    plot_set(p, "label \" %s\" at %g,graph 0.05", name, block);
}

static void draw(Lab *lab, const double *share, int sizes, int n, int d) {
    Plot *p = plot_new(lab, "sweep_blocks", "block bytes share_of_peak");
    for (int i = 0; i < sizes; i++)
        plot_row(p, size_of(i), tile_bytes(size_of(i), d), share[i]);
    plot_axes(p, "B: rows and columns of a block", "share of the peak");
    plot_set(p, "logscale x 2"), plot_set(p, "yrange [0:*]");
    mark(p, "L1", (double)cache_l1(), d, n), mark(p, "L2", (double)cache_l2(), d, n);
    plot_points(p, "block", "share_of_peak", "flash2.c, one thread");
    plot_end(p);
}

static Lab figure_of(const Args *args, const LabSpec *spec) {
    static const char *const terminals[] = {"svg", "png", "dumb", NULL};
    return (Lab){.spec = spec,
                 .args = *args,
                 .as = option_text(args, "as"),
                 .out = (char *)option_text(args, "out"),
                 .terminal = terminals[option_choice(args, "terminal", terminals)]};
}

int command_sweep_blocks(const Args *args) {
    static const LabSpec spec = {.name = "sweep-blocks",
                                 .title = "Speed over the size of blocks"};
    static const char *const formats[] = {"text", "tsv", NULL};
    if (args->file_count) die("sweep-blocks: unexpected '%s'", args->files[0]);
    int n = (int)option_int(args, "n", LEAST, 1 << 14),
        d = (int)option_int(args, "dim", 1, 512), sizes = 0,
        rounds = (int)option_int(args, "rounds", 1, 1000);
    bool tsv = option_choice(args, "format", formats) == 1;
    Lab lab = figure_of(args, &spec);
    Error err;
    if (!make_folder(lab.out, &err)) die("--out: %s", err.text);
    Rng rng = rng_new((uint64_t)option_int(args, "seed", 0, 1LL << 62));
    FlashHead h = lab_head(&rng, n, d, 1);
    double best[SIZES], share[SIZES], peak = 0;
    for (; sizes < SIZES && size_of(sizes) <= n; sizes++) best[sizes] = INFINITY;
    threads_set(1);
    if (!tsv) machine_print();
    for (int round = 0; round < rounds; round++) {
        peak = fmax(peak, fma_peak_gflops());
        for (int i = 0; i < sizes; i++)
            best[i] = fmin(best[i], seconds_of(&h, size_of(i)));
    }
    puts(tsv ? "block\tbytes\tgflops\tshare_of_peak"
             : " block       bytes  GFLOP/s  share of peak");
    for (int i = 0; i < sizes; i++) {
        double gflops = 4e-9 * n * n * d / best[i];
        share[i] = gflops / peak;
        printf(tsv ? "%d\t%.0f\t%.4g\t%.3f\n" : "%6d  %10.0f  %7.4g  %13.3f\n",
               size_of(i), tile_bytes(size_of(i), d), gflops, share[i]);
    }
    draw(&lab, share, sizes, n, d);
    lab_head_free(&h);
    return 0;
}
