// Generation: the cache, what a token costs, files, and sampling. Lecture, section
// 3.12.
//
//     N: numbers in all matrices that a token is multiplied by
//     T tokens together: 2 N T operations, N numbers read once
//                                                        T / 2 operations per byte in fp32, 1/2 for one token
//     n tokens one by one, with a cache: 2 N n operations; without: 2 N (1 + 2 + ... + n),
//     but for the output matrix
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/checkpoint.h"
#include "ch03_transformer/checkpoint_llama2c.h"
#include "ch03_transformer/infer.h"
#include "ch03_transformer/infer_of_model.h"
#include "ch03_transformer/model_file.h"
#include "ch03_transformer/published.h"
#include "ch03_transformer/sample.h"
#include "common/program/file.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"tokens", "48", "of the text whose logits are compared"},
    {"draws", "20000", "samples from one distribution"},
    {0}};

enum { V = 50, CHANNELS = 32, LAYERS = 2, HEADS = 4, KV_HEADS = 2, LONGEST = 1024 };

typedef struct {
    const char *name;
    Model model;
    InferModel run;  // the same numbers: views of them, or what came back from a file
    Inference session;
} Kind;

// Everything random: norms' gains and biases, too.
static void random_model(Model *m, Config c, const Rng *rng) {
    Error err;
    c.init = INIT_XAVIER;
    if (!model_new(m, &c, &err)) die("%s", err.text);
    for (int i = 0; i < m->params.count; i++) {
        Init *init = &m->params.list[i].init;
        if (init->sd == 0) init->sd = 0.2;
    }
    model_allocate(m, rng);
}

static void view_or_die(InferModel *to, const Model *m) {
    Error err;
    if (!infer_of_model(to, m, &err)) die("%s", err.text);
}

static void session_or_die(Kind *k) {
    Error err;
    if (!inference_new(&k->session, &k->run, LONGEST, &err)) die("%s", err.text);
}

static char *temporary(const Lab *lab, const char *name) {
    size_t size = strlen(lab->out) + strlen(name) + 2;
    char *path = allocate(size, 1);
    snprintf(path, size, "%s/%s", lab->out, name);
    return path;
}

// A LLaMA, run as a file of llama2.c's brings it back: rows for outputs, where the
// model has columns.
static void llama_new(Kind *k, const Lab *lab, const Rng *rng) {
    Config c = config_small_llama(V, LONGEST, CHANNELS, LAYERS, HEADS, KV_HEADS);
    c.hidden = 96;
    k->name = "LLaMA";
    random_model(&k->model, c, rng);
    InferModel view;
    Error err;
    char *path = temporary(lab, "generation.llama2c");
    view_or_die(&view, &k->model);
    if (!llama2c_write(&view, path, &err) || !llama2c_read(&k->run, path, &err))
        die("%s", err.text);
    remove(path), free(path), infer_model_free(&view);
    session_or_die(k);
}

// A GPT-2, run by views.
static void gpt_new(Kind *k, const Rng *rng) {
    Config c = config_small_gpt(V, LONGEST, CHANNELS, LAYERS, HEADS);
    c.tied = false;
    k->name = "GPT-2";
    random_model(&k->model, c, rng);
    view_or_die(&k->run, &k->model);
    session_or_die(k);
}

static void kind_free(Kind *k) {
    inference_free(&k->session), infer_model_free(&k->run), model_free(&k->model);
}

// count x V, by the tape: no cache, other code.
static void tape_logits(Mat to, const Kind *k, const int *tokens) {
    Tape *t = tape_new((Params *)&k->model.params);
    Tokens in = {.batch = 1, .time = to.rows, .tokens = tokens};
    mat_copy(to, model_logits(t, &k->model, model_hidden(t, &k->model, &in))->value);
    tape_free(t);
}

static double difference(Mat a, Mat b) {
    double most = 0;
    for (int i = 0; i < a.rows; i++)
        for (int j = 0; j < a.cols; j++)
            most = nan_max(most, fabs((double)*mat_at(a, i, j) - *mat_at(b, i, j)));
    return most;
}

// What roundings of 2^-24 that know nothing of each other do to logits of this size on
// the longest way: in each layer sums over five widths, the hidden width and T; then
// the output's. Five standard deviations of their sum.
static double rounding(const Kind *k, Mat logits) {
    double way = LAYERS * (5.0 * CHANNELS + k->run.hidden + logits.rows) + CHANNELS,
           most = 0;
    for (int i = 0; i < logits.rows * logits.cols; i++)
        most = nan_max(most, fabs((double)logits.at[i]));
    return 5 * sqrt(way) * 0x1p-24 * most;
}

// ---- [3.90] three ways to the same logits

static void claim_logits(Lab *lab, Kind *k, Rng *rng, int T) {
    int *tokens = allocate((size_t)T, sizeof *tokens);
    Mat together = mat_new(T, V), apart = mat_new(T, V), trained = mat_new(T, V);
    for (int i = 0; i < T; i++) tokens[i] = rng_below(rng, V);
    inference_clear(&k->session);
    infer(&k->session, tokens, T, together);
    inference_clear(&k->session);
    for (int i = 0; i < T; i++)
        infer(&k->session, &tokens[i], 1, mat_rows(apart, i, 1));
    tape_logits(trained, k, tokens);
    char what[64];
    snprintf(what, sizeof what, "%s: prompt in one piece - token by token", k->name);
    claim_near(lab, "3.90", what, 0, difference(together, apart),
               rounding(k, together));
    snprintf(what, sizeof what, "%s: token by token - the tape's forward pass",
             k->name);
    claim_near(lab, "3.90", what, 0, difference(apart, trained), rounding(k, together));
    mat_free(together), mat_free(apart), mat_free(trained), free(tokens);
}

// ---- [3.91] the same ids, and what the cache saves

// Token i + 1 is drawn from what follows token i, by random numbers of its own.
static int next(Mat logits, const Rng *rng, int i) {
    Rng own = rng_split(rng, (uint64_t)i);
    return token_sample(logits, 1, 1, &own);
}

// n tokens from the cache or, without it, each time from the beginning. Returns the
// operations.
static double decode(Kind *k, const Rng *rng, int *ids, int n, bool cached) {
    Mat logits = mat_new(1, V);
    double before = k->session.flops;
    inference_clear(&k->session);
    for (int i = 0; i < n; i++) {
        ids[i] = i ? next(logits, rng, i - 1) : 1;
        if (!cached) inference_clear(&k->session);
        infer(&k->session, cached ? ids + i : ids, cached ? 1 : i + 1, logits);
    }
    mat_free(logits);
    return k->session.flops - before;
}

static void claim_decoding(Lab *lab, Kind *k, const Rng *rng, int n) {
    int *with = allocate((size_t)n, sizeof *with),
        *without = allocate((size_t)n, sizeof *without), differ = 0;
    double flops = decode(k, rng, with, n, true),
           again = decode(k, rng, without, n, false);
    Mat logits = mat_new(n, V);
    tape_logits(logits, k, with);
    for (int i = 0; i + 1 < n; i++)
        differ += with[i + 1] != without[i + 1]
                  || with[i + 1] != next(mat_rows(logits, i, 1), rng, i);
    char what[64];
    snprintf(what, sizeof what, "%s: ids with, without the cache, by tape: differ",
             k->name);
    claim_equal(lab, "3.91", what, 0, differ);
    long long N = (long long)infer_model_weights(&k->run),
              out = (long long)V * CHANNELS, steps = n;
    claim_equal(lab, "3.91", "operations with the cache: 2 N n", 2 * N * steps,
                (long long)flops);
    claim_equal(lab, "3.91", "without: (N - V d) n (n + 1) + 2 V d n",
                (N - out) * steps * (steps + 1) + 2 * out * steps, (long long)again);
    free(with), free(without), mat_free(logits);
}

// ---- [3.92] operations per byte

// A session's operations for T tokens, all logits wanted, and the bytes of weights it
// read for them.
static double intensity(Kind *k, int T, long long *flops, long long *numbers) {
    int *tokens = allocate((size_t)T, sizeof *tokens);
    Mat logits = mat_new(T, V);
    double operations = k->session.flops;
    size_t read = k->session.weights_read;
    inference_clear(&k->session);
    infer(&k->session, tokens, T, logits);
    operations = k->session.flops - operations, read = k->session.weights_read - read;
    if (flops) *flops = (long long)operations, *numbers = (long long)read;
    mat_free(logits), free(tokens);
    return operations / ((double)read * sizeof(real));
}

static void claim_intensity(Lab *lab, Kind *k) {
    const InferModel *m = &k->run;
    long long d = CHANNELS, kv = d / HEADS * KV_HEADS, flops, numbers;
    long long N = LAYERS * (2 * d * d + 2 * d * kv + 3 * d * m->hidden) + V * d;
    claim_equal(lab, "3.92", "N = L (2 d^2 + 2 d d_kv + 3 d h) + V d", N,
                (long long)infer_model_weights(m));
    claim_near(lab, "3.92", "one token: operations per byte of fp32 weights", 0.5,
               intensity(k, 1, &flops, &numbers), 0);
    claim_equal(lab, "3.92", "one token: numbers read", N, numbers);
    claim_near(lab, "3.92", "100 tokens together: operations per byte", 50,
               intensity(k, 100, &flops, &numbers), 0);
    claim_equal(lab, "3.92", "100 tokens: numbers read", N, numbers);
    claim_equal(lab, "3.92", "100 tokens: operations, 2 N T", 200 * N, flops);
    Plot *p = plot_new(lab, "generation", "tokens counted derived by_256");
    for (int T = 1; T <= LONGEST; T *= 2)
        plot_row(p, T, intensity(k, T, NULL, NULL), T / 2.0, fmin(T, 256) / 2);
    plot_title(p, "Operations for each byte of weights that is read");
    plot_axes(p, "tokens that go through together",
              "operations per byte of weights (fp32)");
    plot_set(p, "logscale xy 2"), plot_set(p, "yrange [0.25:1024]"),
        plot_set(p, "xrange [0.7:1500]");
    plot_line(p, "tokens", "derived", "T / 2"),
        plot_dashes(p, "tokens", "by_256", "in pieces of 256");
    plot_points(p, "tokens", "counted", "counted");
    plot_end(p);
}

// ---- [3.93] files

static long long file_size(const char *path) {
    Bytes b;
    Error err;
    if (!file_read(&b, path, &err)) die("%s", err.text);
    long long size = (long long)b.size;
    bytes_free(&b);
    return size;
}

static bool is_read_own(const char *path) {
    Checkpoint c;
    bool ok = checkpoint_read(&c, path, NULL);
    if (ok) checkpoint_free(&c);
    return ok;
}

static bool is_read_llama2c(const char *path) {
    InferModel m;
    bool ok = llama2c_read(&m, path, NULL);
    if (ok) infer_model_free(&m);
    return ok;
}

// How many of the bits of bytes first .. end - 1 may be flipped without is_read's
// notice.
static long long unnoticed(const char *path, long long first, long long end,
                           bool (*is_read)(const char *path)) {
    FILE *f = fopen(path, "r+b");
    if (!f) die("%s: cannot be changed", path);
    long long count = 0;
    for (long long at = first; at < end; at++) {
        fseek(f, at, SEEK_SET);
        int byte = fgetc(f);
        for (int bit = 0; bit <= 8; bit++) {  // the last one puts the byte back
            fseek(f, at, SEEK_SET), fputc(bit < 8 ? byte ^ 1 << bit : byte, f),
                fflush(f);
            if (bit < 8) count += is_read(path);
        }
    }
    fclose(f);
    return count;
}

static long long different(Mat a, Mat b) {
    long long count = 0;
    for (int i = 0; i < a.rows; i++)
        for (int j = 0; j < a.cols; j++) count += *mat_at(a, i, j) != *mat_at(b, i, j);
    return count;
}

// The layers' matrices and the two tables.
static long long different_weights(const InferModel *a, const InferModel *b) {
    long long count = different(a->embedding, b->embedding)
                      + different(a->output, b->output)
                      + different(a->final_norm, b->final_norm);
    for (int l = 0; l < a->layers; l++) {
        const InferLayer *x = &a->layer[l], *y = &b->layer[l];
        count += different(x->norm, y->norm) + different(x->q, y->q)
                 + different(x->k, y->k) + different(x->v, y->v)
                 + different(x->o, y->o);
        count += different(x->ffn_norm, y->ffn_norm) + different(x->gate, y->gate)
                 + different(x->up, y->up) + different(x->down, y->down);
    }
    return count;
}

static void claim_files(Lab *lab, const Kind *k) {
    char *own = temporary(lab, "generation.own"),
         *llama2c = temporary(lab, "generation.llama2c");
    Error err;
    Model again;
    InferModel view;
    view_or_die(&view, &k->model);
    if (!model_save(own, &k->model, &err) || !model_load(own, &again, &err)
        || !llama2c_write(&view, llama2c, &err))
        die("%s", err.text);
    long long P = (long long)k->model.params.size, off = 0;
    for (long long i = 0; i < P; i++)
        off += k->model.params.values[i] != again.params.values[i];
    claim_equal(lab, "3.93", "our format: numbers that came back different", 0, off);
    claim_equal(lab, "3.93", "llama2.c's: numbers that came back different", 0,
                different_weights(&view, &k->run));
    // cosines and sines, d_head / 2 each
    long long tables = (long long)LONGEST * (CHANNELS / HEADS);
    claim_equal(lab, "3.93", "llama2.c's: bytes, 28 + 4 (P + T d_head)",
                28 + 4 * (P + tables), file_size(llama2c));
    claim_equal(lab, "3.93", "ours: bytes beside 4 P, modulo 64", 0,
                (file_size(own) - 4 * P) % 64);
    remove(own), remove(llama2c), free(own), free(llama2c);
    model_free(&again), infer_model_free(&view);
}

// A model of some hundred numbers, and every bit of its files.
static void claim_flips(Lab *lab, const Rng *rng) {
    char *own = temporary(lab, "generation.own"),
         *llama2c = temporary(lab, "generation.llama2c");
    Error err;
    Model m;
    InferModel view;
    random_model(&m, config_small_llama(5, 2, 4, 1, 2, 1), rng);
    view_or_die(&view, &m);
    if (!model_save(own, &m, &err) || !llama2c_write(&view, llama2c, &err))
        die("%s", err.text);
    long long size = file_size(own), P = (long long)m.params.size, near_one = 0;
    claim_equal(lab, "3.93", "ours: flipped bits that nobody notices", 0,
                unnoticed(own, 0, size, is_read_own));
    // A bit of a float is noticed there if it makes a NaN or an infinity: if the
    // exponent, all ones but one bit, becomes all ones. Below 2^64 that is the exponent
    // of 1 <= |w| < 2 alone.
    for (long long i = 0; i < P; i++)
        near_one += fabsf((float)m.params.values[i]) >= 1
                    && fabsf((float)m.params.values[i]) < 2;
    long long head = (long long)view.vocab * view.dim, end = file_size(llama2c);
    claim_equal(lab, "3.93", "llama2.c's: of 32 P, all but one a |w| in [1, 2)",
                32 * P - near_one,
                unnoticed(llama2c, 28, 28 + 4 * (P - head), is_read_llama2c)
                    + unnoticed(llama2c, end - 4 * head, end, is_read_llama2c));
    lab_print(lab, "tried: all %lld bits of our file of %lld bytes, %lld of theirs",
              8 * size, size, 32 * P);
    remove(own), remove(llama2c), free(own), free(llama2c);
    infer_model_free(&view), model_free(&m);
}

// ---- [3.94] the nucleus

// What is left of softmax(logits): the most likely tokens, until they have top_p. The
// slow way.
static void nucleus(double *p, Mat logits, double top_p) {
    double sum = 0, kept = 0, q[V];
    for (int i = 0; i < V; i++) sum += q[i] = exp((double)logits.at[i]), p[i] = 0;
    while (kept < top_p * sum) {
        int best = 0;
        for (int i = 0; i < V; i++)
            if (q[i] > q[best]) best = i;
        kept += p[best] = q[best], q[best] = 0;
    }
    for (int i = 0; i < V; i++) p[i] /= kept;
}

static void claim_sampling(Lab *lab, Kind *k, Rng *rng, int draws) {
    const double top_p = 0.9;
    Mat logits = mat_new(1, V);
    double p[V], worst = 0;
    long long count[V] = {0}, outside = 0, size = 0;
    inference_clear(&k->session);
    infer(&k->session, (int[]){1, 2, 3}, 3, logits);
    nucleus(p, logits, top_p);
    for (int i = 0; i < draws; i++) count[token_sample(logits, 1, top_p, rng)]++;
    for (int i = 0; i < V; i++) {
        if (p[i] == 0) outside += count[i];
        else
            worst = nan_max(worst, fabs((double)count[i] / draws - p[i])
                                       / sqrt(p[i] * (1 - p[i]) / draws)),
            size++;
    }
    lab_print(lab, "the nucleus of 0.9 has %lld of %d tokens", size, V);
    claim_equal(lab, "3.94", "top-p: samples from outside the nucleus", 0, outside);
    claim_at_most(lab, "3.94", "frequencies inside: worst, standard errors", 5, worst);
    mat_free(logits);
}

static void run(Lab *lab) {
    int T = (int)option_int(&lab->args, "tokens", 2, 256),
        draws = (int)option_int(&lab->args, "draws", 1000, 10000000);
    Rng rng = rng_split(&lab->rng, 0), of_llama = rng_split(&lab->rng, 1),
        of_gpt = rng_split(&lab->rng, 2);
    Kind llama, gpt;
    llama_new(&llama, lab, &of_llama), gpt_new(&gpt, &of_gpt);
    claim_logits(lab, &llama, &rng, T), claim_logits(lab, &gpt, &rng, T);
    claim_decoding(lab, &llama, &rng, T), claim_decoding(lab, &gpt, &rng, T);
    claim_intensity(lab, &llama);
    claim_files(lab, &llama);
    Rng tiny = rng_split(&lab->rng, 3);
    claim_flips(lab, &tiny);
    claim_sampling(lab, &llama, &rng, draws);
    kind_free(&llama), kind_free(&gpt);
}

const LabSpec lab_generation = {
    "generation", "3.12", "Generation: the cache, a token's price, files, sampling",
    run, options};
