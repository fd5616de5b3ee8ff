// check: every version of the forward pass beside the formula in double, on random
// numbers that can be written out and checked elsewhere.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch06_flash/commands/commands.h"
#include "ch06_flash/exact.h"
#include "ch06_flash/flash1.h"
#include "ch06_flash/flash2.h"
#include "ch06_flash/flash_fast.h"
#include "ch06_flash/online_softmax.h"
#include "ch06_flash/split_k.h"
#include "ch06_flash/standard.h"
#include "ch06_flash/traffic.h"
#include "common/error.h"
#include "common/program/output.h"

const Option check_options[] = {
    {"t", "5", "T: queries, the last T positions"},
    {"s", "5", "N: keys"},
    {"d", "8", "d: dimension"},
    {"sd", "1", "standard deviation of the scores"},
    {"causal", OPTION_FLAG, "a query sees keys up to its own position"},
    {"window", "0", "only keys less than this far away; 0: any"},
    {"softcap", "0", "c of c tanh(s / c); 0: none"},
    {"blocks", "3,4", "queries and keys in a block of fa1 and fa2"},
    {"dump", NULL, "a folder for q, k, v, out and lse (exact) as NAME.tsv"},
    {"format", "text", "text or tsv: version, largest error of O and of L"},
    {"seed", "1", "of the random numbers"},
    {0}};

// ---- versions

static void online(Mat out, Mat lse, const FlashHead *h, Blocks b, Memory *m) {
    (void)b, (void)m;
    online_attention(out, lse, h);
}

static void fast(Mat out, Mat lse, const FlashHead *h, Blocks b, Memory *m) {
    (void)b, (void)m;
    flash_fast_head(out, lse, h);
}

static void split(Mat out, Mat lse, const FlashHead *h, Blocks b, Memory *m) {
    (void)m;
    split_attention(out, lse, h, b.cols);
}

static const struct {
    const char *name;
    FlashRun *run;
} versions[] = {{"standard", standard_attention},
                {"online", online},
                {"fa1", flash1},
                {"fa2", flash2},
                {"fast", fast},
                {"split", split}};
enum { VERSIONS = sizeof versions / sizeof *versions };
_Static_assert(VERSIONS == ALGORITHMS + 3, "an algorithm that is not checked");

// ---- files

static void write_file(const char *folder, const char *name, const double *at, int rows,
                       int cols) {
    char path[4096];
    Output out;
    Error err;
    int length = snprintf(path, sizeof path, "%s/%s.tsv", folder, name);
    if (length >= (int)sizeof path) die("--dump %s: too long", folder);
    if (!output_open(&out, path, &err)) die("%s", err.text);
    for (int c = 0; c < cols; c++)
        fprintf(out.stream, "%s%s%d", c ? "\t" : "", name, c);
    for (int i = 0; i < rows * cols; i++)
        fprintf(out.stream, "%c%.17g", i % cols ? '\t' : '\n', at[i]);
    fputc('\n', out.stream);
    if (!output_commit(&out, &err)) die("%s", err.text);
}

static void write_mat(const char *folder, const char *name, Mat m) {
    double *at = allocate((size_t)m.rows * (size_t)m.cols, sizeof *at);
    for (int i = 0; i < m.rows * m.cols; i++) at[i] = (double)m.at[i];
    write_file(folder, name, at, m.rows, m.cols);
    free(at);
}

// ---- the job

static FlashHead read_head(const Args *args) {
    int t = (int)option_int(args, "t", 1, 4096),
        s = (int)option_int(args, "s", 1, 4096),
        d = (int)option_int(args, "d", 1, 1024);
    double sd = sqrt(option_real(args, "sd", 0, 1e6));
    Rng rng = rng_new((uint64_t)option_int(args, "seed", 0, 1LL << 62));
    FlashHead h = {.q = mat_new(t, d),
                   .k = mat_new(s, d),
                   .v = mat_new(s, d),
                   .scale = (real)(1 / sqrt(d)),
                   .softcap = (real)option_real(args, "softcap", 0, 1e6),
                   .mask = {.causal = option_flag(args, "causal"),
                            .window = (int)option_int(args, "window", 0, 1 << 20)}};
    rng_fill_normal(&rng, h.q, sd), rng_fill_normal(&rng, h.k, sd);
    rng_fill_normal(&rng, h.v, 1);
    return h;
}

// The largest difference; equal infinities differ by 0.
static double error_of(Mat got, const double *want) {
    double worst = 0;
    for (int i = 0; i < got.rows * got.cols; i++)
        if ((double)got.at[i] != want[i])
            worst = nan_max(worst, fabs((double)got.at[i] - want[i]));
    return worst;
}

static void check_version(int v, const FlashHead *h, Blocks b, const double *out_want,
                          const double *lse_want, bool tsv) {
    Mat out = mat_new(h->q.rows, h->v.cols), lse = mat_new(h->q.rows, 1);
    Memory m = memory_new(MEMORY_PLAIN, 0);
    versions[v].run(out, lse, h, b, &m);
    printf(tsv ? "%s\t%.6g\t%.6g\n" : "%-10s %12.3g %12.3g\n", versions[v].name,
           error_of(out, out_want), error_of(lse, lse_want));
    memory_free(&m), mat_free(out), mat_free(lse);
}

int command_check(const Args *args) {
    static const char *const formats[] = {"text", "tsv", NULL};
    if (args->file_count) die("check: unexpected '%s'", args->files[0]);
    bool tsv = option_choice(args, "format", formats) == 1;
    double sizes[2];
    if (option_list(args, "blocks", sizes, 2, 1, 4096) != 2)
        die("--blocks %s: expected two numbers, ROWS,COLS",
            option_text(args, "blocks"));
    FlashHead h = read_head(args);
    size_t t = (size_t)h.q.rows;
    double *out = allocate(t * (size_t)h.v.cols, sizeof *out),
           *lse = allocate(t, sizeof *lse);
    const char *folder = option_text(args, "dump");
    exact_attention(out, lse, &h);
    if (folder) {
        write_mat(folder, "q", h.q), write_mat(folder, "k", h.k);
        write_mat(folder, "v", h.v);
        write_file(folder, "out", out, h.q.rows, h.v.cols);
        write_file(folder, "lse", lse, h.q.rows, 1);
    }
    printf(tsv ? "version\tout_error\tlse_error\n"
               : "version     error of O   error of L\n");
    for (int v = 0; v < VERSIONS; v++)
        check_version(v, &h, (Blocks){(int)sizes[0], (int)sizes[1]}, out, lse, tsv);
    free(out), free(lse), mat_free(h.q), mat_free(h.k), mat_free(h.v);
    return 0;
}
