// io: what a version of attention moves between slow and fast memory.
#include <stdlib.h>
#include <string.h>

#include "ch06_flash/commands/commands.h"
#include "ch06_flash/traffic.h"
#include "common/error.h"

const Option io_options[] = {
    {"algorithm", "fa1", "standard, fa1 or fa2"},
    {"n", "256", "N: queries and keys"},
    {"d", "16", "d: their dimension"},
    {"m", "4096", "M: words of fast memory"},
    {"blocks", "paper",
     "paper (M / 4d, up to a quarter more than M), fit (the largest that fit), or "
     "ROWS,COLS, "
     "which must fit"},
    {"memory", "strict", "strict (moves are explicit) or lru (a cache of M words)"},
    {"format", "text", "text or tsv"},
    {"seed", "1", "of the random numbers; no count depends on it"},
    {0}};

enum { MOST_PAIRS = 1 << 26 };

typedef struct {
    Algorithm algorithm;
    int n, d;
    long long memory;
    MemoryKind kind;
    Blocks blocks;
    bool must_fit;
} Job;

static int positive(const char *text, const char **end, const char *all) {
    char *stop;
    long value = strtol(text, &stop, 10);
    if (stop == text || value < 1 || value > 1 << 20)
        die("--blocks %s: expected paper, fit or ROWS,COLS, each from 1 to 1048576",
            all);
    *end = stop;
    return (int)value;
}

static void read_blocks(Job *job, const char *text) {
    job->must_fit = true;
    if (strcmp(text, "paper") == 0) {
        job->must_fit = false;
        job->blocks = blocks_paper(job->algorithm, job->memory, job->n, job->d);
    } else if (strcmp(text, "fit") == 0) {
        job->blocks = blocks_fitting(job->algorithm, job->memory, job->n, job->d);
        if (job->blocks.rows < 1)
            die("--m %lld: not one row and one column of %s with --d %d fit",
                job->memory, algorithms[job->algorithm].name, job->d);
    } else {
        const char *end;
        job->blocks.rows = positive(text, &end, text);
        job->blocks.cols = positive(*end == ',' ? end + 1 : "", &end, text);
        if (*end) positive("", &end, text);
    }
}

static Job read_job(const Args *args) {
    if (args->file_count) die("io: unexpected '%s'", args->files[0]);
    static const char *const kinds[] = {"strict", "lru", NULL};
    static const MemoryKind kind_of[] = {MEMORY_STRICT, MEMORY_LRU};
    Job job = {
        .algorithm = (Algorithm)option_choice(args, "algorithm", algorithm_names),
        .n = (int)option_int(args, "n", 1, 1 << 16),
        .d = (int)option_int(args, "d", 1, 1024),
        .memory = option_int(args, "m", 1, 1LL << 40),
        .kind = kind_of[option_choice(args, "memory", kinds)]};
    if ((long long)job.n * job.n * job.d > 64LL * MOST_PAIRS)
        die("--n %d with --d %d: expected N^2 d up to %lld: every word is moved", job.n,
            job.d, 64LL * MOST_PAIRS);
    read_blocks(&job, option_text(args, "blocks"));
    return job;
}

static Memory run(const Job *job, uint64_t seed) {
    Rng rng = rng_new(seed);
    FlashHead h = {.q = mat_new(job->n, job->d),
                   .k = mat_new(job->n, job->d),
                   .v = mat_new(job->n, job->d),
                   .scale = 1 / (real)job->d};
    rng_fill_normal(&rng, h.q, 1), rng_fill_normal(&rng, h.k, 1);
    rng_fill_normal(&rng, h.v, 1);
    Mat out = mat_new(job->n, job->d), lse = mat_new(job->n, 1);
    Memory m = memory_new(job->kind, job->memory);
    algorithms[job->algorithm].run(out, lse, &h, job->blocks, &m);
    Mat all[] = {h.q, h.k, h.v, out, lse};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
    return m;
}

static void print_result(FILE *out, const Job *job, const Memory *m, bool tsv) {
    const AlgorithmKind *a = &algorithms[job->algorithm];
    long long formula = a->moved(job->n, job->d, job->blocks);
    if (tsv) {
        fputs(
            "algorithm\tn\td\tm\tblock_rows\tblock_"
            "cols\treads\twrites\tmoved\tformula\t"
            "peak_words\n",
            out);
        fprintf(out, "%s\t%d\t%d\t%lld\t%d\t%d\t%lld\t%lld\t%lld\t%lld\t%lld\n",
                a->name, job->n, job->d, job->memory, job->blocks.rows,
                job->blocks.cols, m->reads, m->writes, m->reads + m->writes, formula,
                m->peak);
        return;
    }
    fprintf(out, "%s, N %d, d %d, M %lld, blocks of %d queries and %d keys\n", a->name,
            job->n, job->d, job->memory, job->blocks.rows, job->blocks.cols);
    fprintf(out, "reads    %14lld words\nwrites   %14lld\nmoved    %14lld\n", m->reads,
            m->writes, m->reads + m->writes);
    fprintf(out, "formula  %14lld\npeak     %14lld words of tiles at a time\n", formula,
            m->peak);
}

int command_io(const Args *args) {
    static const char *const formats[] = {"text", "tsv", NULL};
    bool tsv = option_choice(args, "format", formats) == 1;
    uint64_t seed = (uint64_t)option_int(args, "seed", 0, 1LL << 62);
    Job job = read_job(args);
    Memory m = run(&job, seed);
    if (job.must_fit && m.peak > job.memory)
        die("--blocks %d,%d: %lld words of tiles at a time, more than --m %lld",
            job.blocks.rows, job.blocks.cols, m.peak, job.memory);
    print_result(stdout, &job, &m, tsv);
    memory_free(&m);
    return 0;
}
