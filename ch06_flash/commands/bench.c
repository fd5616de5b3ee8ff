// bench: time, memory and error of every version, of one size. Runs of all versions and
// of the peak take turns, and each keeps its best: other programs share the machine.
#include <math.h>
#include <stdio.h>

#include "ch06_flash/commands/commands.h"
#include "ch06_flash/labs/rivals.h"
#include "common/error.h"
#include "common/numeric/machine.h"
#include "common/numeric/threads.h"
#include "common/numeric/timing.h"

const Option bench_options[] = {
    {"n", "1024", "N: queries and keys"},
    {"heads", "8", "H"},
    {"kv-heads", "0", "heads that keys and values have; 0: as many"},
    {"dim", "64", "d: dimension of a head"},
    {"causal", OPTION_FLAG, "a query sees keys up to its own position"},
    {"backward", OPTION_FLAG, "backward as well"},
    {"rounds", "3", "runs of each version, of which the best counts"},
    {"most", "1024", "MiB of weights at most: more, and the table is left out"},
    {"rows", "32", "rows whose error is measured, in double"},
    {"threads", "0", "threads; 0: all"},
    {"format", "text", "text or tsv"},
    {"seed", "1", "of the random numbers"},
    {0}};

typedef struct {
    ContestSize size;
    int rounds, rows, threads;
    double most;
    bool tsv;
} Job;

// One pass of one version.
typedef struct {
    double seconds, error;
    size_t bytes;  // at most at a time, beside inputs and outputs
} Result;

static Job read_job(const Args *args) {
    static const char *const formats[] = {"text", "tsv", NULL};
    if (args->file_count) die("bench: unexpected '%s'", args->files[0]);
    Job job = {.size = {.n = (int)option_int(args, "n", 1, 1 << 17),
                        .heads = (int)option_int(args, "heads", 1, 256),
                        .kv_heads = (int)option_int(args, "kv-heads", 0, 256),
                        .d = (int)option_int(args, "dim", 1, 512),
                        .causal = option_flag(args, "causal"),
                        .backward = option_flag(args, "backward")},
               .rounds = (int)option_int(args, "rounds", 1, 1000),
               .rows = (int)option_int(args, "rows", 1, 1 << 17),
               .threads = (int)option_int(args, "threads", 0, 1024),
               .most = option_real(args, "most", 0, 1e6),
               .tsv = option_choice(args, "format", formats) == 1};
    if (!job.size.kv_heads) job.size.kv_heads = job.size.heads;
    if (job.size.heads % job.size.kv_heads)
        die("--kv-heads %d: expected a divisor of --heads %d", job.size.kv_heads,
            job.size.heads);
    if ((double)job.size.n * job.size.heads * job.size.d > 0x7fffffff)
        die("--n %d with --heads %d and --dim %d: expected N H d below 2^31",
            job.size.n, job.size.heads, job.size.d);
    return job;
}

// Why a version is not run; NULL: it is.
static const char *left_out(const Job *job, RivalKind kind) {
    double table = 4.0 * job->size.heads * job->size.n * job->size.n;
    if (kind == RIVAL_TABLE && table > job->most * 0x1p20)
        return "its weights would be more than --most";
    return NULL;
}

// ---- measuring

static void measure(Result *r, void (*run)(Contest *), Contest *c) {
    size_t before = mat_memory().now;
    mat_memory_restart();
    double begin = now_seconds();
    run(c);
    r->seconds = fmin(r->seconds, now_seconds() - begin);
    r->bytes = mat_memory().most - before;
}

static void run_one(Result r[2], const Rival *rival, Contest *c, const Job *job,
                    bool errors) {
    measure(&r[0], rival->forward, c);
    if (errors) r[0].error = contest_error(c, job->rows);
    if (rival->backward && job->size.backward) {
        Mat grads[] = {c->q_grad, c->k_grad, c->v_grad};
        for (int i = 0; i < 3; i++) mat_fill(grads[i], 0);
        size_t kept = c->kept.at ? (size_t)c->kept.rows * (size_t)c->kept.cols : 0;
        measure(&r[1], rival->backward, c);
        r[1].bytes += kept * sizeof(real);  // what forward left is needed too
        if (errors) r[1].error = contest_grad_error(c, job->rows);
    }
    contest_forget(c);
}

// ---- the table

static double operations(const ContestSize *s) {
    double pairs = s->causal ? 0.5 * s->n * (s->n + 1.0) : (double)s->n * s->n;
    return 4 * s->heads * pairs * s->d;
}

static void print_pass(const Job *job, RivalKind kind, bool backward, Result r,
                       double peak) {
    double gflops = 1e-9 * (backward ? 2.5 : 1) * operations(&job->size) / r.seconds;
    printf(job->tsv ? "%s\t%s\t%.4g\t%.4g\t%.4f\t%.0f\t%.3g\n"
                    : "%-8s  %-8s  %10.4g  %9.4g  %13.3f  %11.0f  %9.2g\n",
           rival_names[kind], backward ? "backward" : "forward", 1e3 * r.seconds,
           gflops, gflops / peak, (double)r.bytes, r.error);
}

static void print_table(const Job *job, Result results[RIVALS][2], double peak) {
    puts(job->tsv ? "version\tpass\tms\tgflops\tshare_of_peak\tpeak_bytes\trms_error"
                  : "version   pass              ms    GFLOP/s  share of peak   peak "
                    "bytes  rms error");
    for (int k = 0; k < RIVALS; k++) {
        const char *why = left_out(job, (RivalKind)k);
        if (why && !job->tsv) printf("%-8s  left out: %s\n", rival_names[k], why);
        for (int pass = 0; pass < 2 && !why; pass++)
            if (results[k][pass].seconds < INFINITY)
                print_pass(job, (RivalKind)k, pass, results[k][pass], peak);
    }
}

int command_bench(const Args *args) {
    Job job = read_job(args);
    if (job.threads) threads_set(job.threads);
    if (!job.tsv) machine_print();
    Rng rng = rng_new((uint64_t)option_int(args, "seed", 0, 1LL << 62));
    Contest c = contest_new(job.size, &rng);
    Result results[RIVALS][2];
    double peak = 0;
    for (int k = 0; k < RIVALS; k++)
        results[k][0] = results[k][1] = (Result){INFINITY, NAN, 0};
    for (int round = 0; round < job.rounds; round++) {
        peak = fmax(peak, fma_peak_gflops_of(threads_count()));
        for (int k = 0; k < RIVALS; k++)
            if (!left_out(&job, (RivalKind)k))
                run_one(results[k], &rivals[k], &c, &job, round == 0);
    }
    print_table(&job, results, peak);
    contest_free(&c);
    return 0;
}
