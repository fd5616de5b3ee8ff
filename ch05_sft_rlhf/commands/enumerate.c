#include "ch05_sft_rlhf/commands/enumerate.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

void enumerate_alone(const Args *args, const char *const *others) {
    for (; *others; others++)
        if (option_text(args, *others))
            die("--enumerate makes its own small problem: expected no --%s", *others);
}

void enumerate_open(Enumerated *x, const Args *args) {
    EnumeratedShape shape = enumerated_shape();
    shape.symbols = (int)option_int(args, "symbols", 2, 6);
    shape.longest = (int)option_int(args, "longest", 1, 6);
    shape.prompts = (int)option_int(args, "prompts", 1, shape.symbols);
    if (pow(shape.symbols, shape.longest) > 4096)
        die("--symbols %d with --longest %d: expected at most 4096 answers of that "
            "length",
            shape.symbols, shape.longest);
    enumerated_new(x, shape, rng_new((uint64_t)option_int(args, "seed", 0, LONG_MAX)));
}

void enumerate_print(Enumerated *x, double beta, double loss) {
    const Enumerable *e = &x->space;
    Output out;
    Error err;
    double *star = allocate((size_t)e->size, sizeof *star);
    Measures m = enumerated_measure(x, beta);
    enumerable_optimum(star, x->log_ref, beta, e);
    if (!output_open(&out, "-", &err)) die("%s", err.text);
    fprintf(out.stream, "sequence\tr\tpi_ref\tpi_star\tpi\n");
    for (int i = 0; i < e->size; i++) {
        char text[ENUMERABLE_TEXT];
        enumerable_text(e, i / e->answers, i % e->answers, text);
        fprintf(out.stream, "%s\t%.12g\t%.12g\t%.12g\t%.12g\n", text, e->reward[i],
                exp(x->log_ref[i]), exp(star[i]), exp(x->log_p[i]));
    }
    if (!isnan(loss)) fprintf(out.stream, "# loss %.9g\n", loss);
    fprintf(out.stream, "# KL %.9g TV %.9g J %.9g\n", m.kl, m.total_variation,
            m.objective);
    free(star);
    if (!output_commit(&out, &err)) die("%s", err.text);
}

StepLog step_log_open(const Args *args, bool margin) {
    StepLog l = {.margin = margin};
    Error err;
    const char *path = option_text(args, "log");
    if (!path) return l;
    if (!output_open(&l.out, path, &err)) die("%s", err.text);
    l.open = true;
    fprintf(l.out.stream,
            "step\treward\tkl\tentropy\tlength\tclip_fraction\t"
            "explained_variance\ttv%s\n",
            margin ? "\tmargin" : "");
    return l;
}

void step_log_write(StepLog *l, long long step, const PpoStep *s, double tv,
                    double margin) {
    const double row[] = {s->reward,
                          s->kl,
                          s->entropy,
                          s->length,
                          s->clip_fraction,
                          s->explained_variance,
                          tv,
                          margin};
    if (!l->open) return;
    fprintf(l->out.stream, "%lld", step);
    for (size_t i = 0; i < sizeof row / sizeof *row - !l->margin; i++)
        if (isnan(row[i])) fprintf(l->out.stream, "\t-");
        else fprintf(l->out.stream, "\t%.9g", row[i]);
    fprintf(l->out.stream, "\n");
}

void step_log_close(StepLog *l) {
    Error err;
    if (l->open && !output_commit(&l->out, &err)) die("%s", err.text);
}

PpoStep enumerate_figures(Enumerated *x) {
    const Enumerable *e = &x->space;
    Measures m = enumerated_measure(x, 1);
    PpoStep s = {.reward = m.reward,
                 .kl = m.kl,
                 .clip_fraction = NAN,
                 .explained_variance = NAN};
    double surprise = 0;
    for (int i = 0; i < e->size; i++) {
        double p = exp(x->log_p[i]) / e->prompts;
        s.length += p * enumerable_length(e, i % e->answers);
        surprise -= p * x->log_p[i];
    }
    s.entropy = surprise / s.length;
    return s;
}
