#include "ch04_pretrain/commands/progress.h"

#include <ctype.h>
#include <errno.h>
#include <libgen.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ch04_pretrain/floor.h"
#include "ch04_pretrain/generate.h"
#include "ch04_pretrain/model_kinds.h"
#include "common/numeric/timing.h"
#include "common/program/file.h"
#include "common/program/plot.h"

enum { LINES = 40, VALIDATION_ROWS = 64, SAMPLES = 4, SAMPLE_TOKENS = 60 };

// ---- the beginning

static void print_text(const Run *run) {
    printf("%s: %zu documents, %.1f MB to train on; %zu, %.0f kB, held out",
           run->plan.data, run->corpus.documents, 1e-6 * (double)run->corpus.bytes,
           run->held_out.documents, 1e-3 * (double)run->held_out.bytes);
    if (run->text.repeated) printf("; %zu repeated ones dropped", run->text.repeated);
    printf("; %zu runs of 13 words in both",
           documents_shared_runs(&run->text, &run->held_out_text));
    printf("\ntokens: a vocabulary of %d, %.2f bytes per token, %.2f M tokens\n",
           run->tokenizer.size, (double)run->corpus.bytes / (double)run->corpus.count,
           1e-6 * (double)run->corpus.count);
}

static void print_language(const Run *run) {
    const Language *l = &run->language;
    Known h = l->kind->entropy_rate(l);
    printf("%s: %s, %d symbols, entropy rate %.4f", run->plan.data, l->kind->title,
           l->symbols, h.value);
    if (h.error > 0) printf(" +- %.4f", h.error);
    printf(" nats per symbol\n");
}

static void print_plan(const Run *run) {
    const Plan *p = &run->plan;
    if (run->language.kind) print_language(run);
    else print_text(run);
    printf(
        "model: %s, %lld layers, %lld heads, %lld channels, context %lld: %.2f M "
        "parameters\n",
        model_kinds[p->model].name, p->layers, p->heads, p->channels, p->context,
        1e-6 * (double)run->model.params.size);
    long long per_step = p->batch * p->accumulate * p->context;
    printf("training: %s, %lld steps of %lld tokens", objectives[p->objective].name,
           p->steps, per_step);
    if (!run->language.kind)
        printf(": %.2f times through the text",
               (double)(p->steps * per_step) / (double)run->corpus.count);
    printf("\n\n");
}

static void print_heads(bool floor) {
    printf("%10s %10s %10s", "step", "loss", "held out");
    if (floor) printf(" %18s", "above the floor");
    printf(" %12s %10s\n", "tokens/s", "left");
}

// The rows of steps that the saved state has not seen, from before a kill, go.
static bool cut_log(const char *path, long long steps, Error *err) {
    Bytes old;
    Output out;
    if (access(path, F_OK) != 0) return true;
    if (!file_read(&old, path, err)) return false;
    bool ok = output_open(&out, path, err);
    const char *end = old.data + old.size;
    for (const char *at = old.data, *next; ok && at < end; at = next) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        next = newline ? newline + 1 : end;
        if (newline && (at == old.data || strtoll(at, NULL, 10) <= steps))
            fwrite(at, 1, (size_t)(next - at), out.stream);
    }
    bytes_free(&old);
    return ok && output_commit(&out, err);
}

static bool open_log(Progress *p, const char *path, Error *err) {
    if (!path) return true;
    if (p->begun && !cut_log(path, p->begun, err)) return false;
    p->log = fopen(path, p->begun ? "a" : "w");
    if (!p->log)
        return error_set(err, "%s: cannot be written: %s", path, strerror(errno));
    if (ftello(p->log) == 0)
        fprintf(p->log,
                "step\ttokens\trate\tloss\tvalidation\tcounted\tgrad_norm\tseconds\n");
    return true;
}

bool progress_begin(Progress *p, const Run *run, const Args *args, Error *err) {
    *p = (Progress){.output = option_text(args, "output"), .start = now_seconds()};
    p->begun = run->trainer.step;
    p->every = run->plan.steps / LINES > 0 ? run->plan.steps / LINES : 1;
    if (!open_log(p, option_text(args, "log"), err)) return false;
    print_plan(run);
    print_heads(floor_is_known(run->objective.kind, &run->data));
    fflush(stdout);
    return true;
}

// ---- a line

static void show_left(double seconds) {
    if (seconds < 60) printf(" %8.0f s", seconds);
    else printf(" %6.1f min", seconds / 60);
}

static void show_sample(const Run *run, uint64_t seed) {
    Generation g = {.temperature = 0.8, .top_p = 0.95, .rng = rng_new(seed)};
    Error err;
    printf("    ");
    if (!generate_text(stdout, &run->model, &run->tokenizer, run->data.end, "",
                       SAMPLE_TOKENS, &g, &err))
        printf("(%s)", err.text);
    printf("\n");
}

static void write_log(Progress *p, const Run *run, const StepResult *r,
                      double validation) {
    if (!p->log) return;
    fprintf(p->log, "%lld\t%lld\t%.9g\t%.9g\t", run->trainer.step, run->trainer.tokens,
            r->rate, r->loss);
    if (isnan(validation)) fprintf(p->log, "nan");
    else fprintf(p->log, "%.9g", validation);
    fprintf(p->log, "\t%lld\t%.9g\t%.3f\n", r->counted, r->grad_norm,
            now_seconds() - p->start);
    fflush(p->log);
}

static double print_line(Progress *p, Run *run) {
    Evaluation e = run_validate(run, VALIDATION_ROWS);
    double validation = evaluation_loss(&e), seconds = now_seconds() - p->start;
    long long done = run->trainer.step - p->begun,
              left = run->plan.steps - run->trainer.step;
    double per_step = seconds / (double)done;
    long long tokens = run->plan.batch * run->plan.accumulate * run->plan.context;
    printf("%10lld %10.4f %10.4f", run->trainer.step, p->loss / (double)p->steps,
           validation);
    if (e.has_floor)
        printf("  %7.4f +- %.4f", evaluation_excess(&e), evaluation_excess_error(&e));
    printf(" %12.0f", (double)tokens / per_step);
    show_left((double)left * per_step);
    printf("\n");
    reserve(p->points, p->capacity, p->count + 1);
    p->points[p->count++] = (struct Point){(double)run->trainer.step,
                                           p->loss / (double)p->steps, validation};
    p->loss = 0, p->steps = 0;
    evaluation_free(&e);
    return validation;
}

void progress_step(Progress *p, Run *run, const StepResult *r, bool last) {
    double validation = NAN;
    p->loss += r->loss, p->steps++;
    if (run->trainer.step % p->every == 0 || last) {
        validation = print_line(p, run);
        double done = (double)run->trainer.step / (double)run->plan.steps;
        if ((int)(done * SAMPLES) > p->samples && run->plan.objective == OBJECTIVE_CLM
            && !run->language.kind) {
            p->samples = (int)(done * SAMPLES);
            show_sample(run, (uint64_t)run->trainer.step);
        }
        fflush(stdout);
    }
    write_log(p, run, r, validation);
}

// ---- the end

// my.ckpt's figure is my_ckpt_loss: a plain name, beside it.
static char *name_of_figure(const char *file) {
    size_t size = strlen(file) + sizeof "_loss";
    char *name = allocate(size, 1);
    snprintf(name, size, "%s_loss", file);
    for (char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c)) *c = '_';
    return name;
}

static void draw_for(const Progress *p, const char *terminal) {
    static const LabSpec spec = {.name = "loss", .title = "loss in training"};
    char *folder = strdup(p->output), *file = strdup(p->output);
    char *name = name_of_figure(basename(file));
    Lab lab = {.spec = &spec, .out = dirname(folder), .terminal = terminal, .as = name};
    Plot *plot = plot_new(&lab, "loss", "step loss held_out");
    for (size_t i = 0; i < p->count; i++)
        plot_row(plot, p->points[i].step, p->points[i].loss, p->points[i].validation);
    plot_axes(plot, "step", "nats per token");
    plot_line(plot, "step", "loss", "training");
    plot_points(plot, "step", "held_out", "held out");
    plot_end(plot);
    free(folder), free(file), free(name);
}

// In letters here, and as a picture beside the model.
static void draw(const Progress *p) { draw_for(p, "dumb"), draw_for(p, "svg"); }

void progress_end(Progress *p, Run *run) {
    Evaluation e = run_validate(run, RUN_ALL_ROWS);
    double loss = evaluation_loss(&e);
    if (p->count > 1) draw(p);
    printf("\nheld out: %.4f nats per target (%lld of them), perplexity %.2f", loss,
           e.tokens, exp(loss));
    if (e.has_floor)
        printf("\nthe language's own loss on them: %.4f; excess %.5f +- %.5f",
               e.floor / (double)e.tokens, evaluation_excess(&e),
               evaluation_excess_error(&e));
    if (run->plan.objective == OBJECTIVE_CLM
        && !run->language.kind)  // every byte is predicted, once
        printf(", %.4f bits per byte (%zu bytes)",
               evaluation_bits_per_byte(&e, (long long)run->held_out.bytes),
               run->held_out.bytes);
    printf("\n");
    printf("%s: the model%s, %.1f s\n", p->output,
           run->language.kind ? " with its language" : " with its tokenizer",
           now_seconds() - p->start);
    evaluation_free(&e);
    free(p->points);
    if (p->log) fclose(p->log);
}
