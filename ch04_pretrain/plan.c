#include "ch04_pretrain/plan.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/model_kinds.h"
#include "common/error.h"

typedef enum { TEXT, WHOLE, REAL, WORD } FieldKind;

typedef struct {
    const char *name;
    FieldKind kind;
    size_t offset;
    double least, most;
    const char *const *(*words)(void);  // WORD's
} Field;

#define AS_FIELD(KIND, field, name, value, help, least, most, words) \
    {name, KIND, offsetof(Plan, field), least, most, words},
static const Field fields[] = {
    PLAN_FIELDS(AS_FIELD)
    // no option: what the text was
    {"text-hash", WHOLE, offsetof(Plan, text_hash), -9e18, 9e18, NULL}};
#undef AS_FIELD
enum { FIELDS = sizeof fields / sizeof *fields, OPTIONS = FIELDS - 1 };

// ---- one field

static const char **text_at(const Plan *p, const Field *f) {
    return (const char **)((char *)p + f->offset);
}
static long long *whole_at(const Plan *p, const Field *f) {
    return (long long *)((char *)p + f->offset);
}
static double *real_at(const Plan *p, const Field *f) {
    return (double *)((char *)p + f->offset);
}

static void field_of_args(Plan *p, const Field *f, const Args *args) {
    switch (f->kind) {
        case TEXT: *text_at(p, f) = option_text(args, f->name); break;
        case WHOLE:
            *whole_at(p, f) =
                option_int(args, f->name, (long long)f->least, (long long)f->most);
            break;
        case REAL:
            *real_at(p, f) = option_real(args, f->name, f->least, f->most);
            break;
        case WORD: *whole_at(p, f) = option_choice(args, f->name, f->words()); break;
    }
}

static void field_text(char to[PLAN_TEXT], const Plan *p, const Field *f) {
    switch (f->kind) {
        case TEXT: snprintf(to, PLAN_TEXT, "%s", *text_at(p, f)); break;
        case WHOLE: snprintf(to, PLAN_TEXT, "%lld", *whole_at(p, f)); break;
        case REAL: snprintf(to, PLAN_TEXT, "%.17g", *real_at(p, f)); break;
        case WORD: snprintf(to, PLAN_TEXT, "%s", f->words()[*whole_at(p, f)]); break;
    }
}

static int word_of(const Field *f, const char *text) {
    for (int i = 0; f->words()[i]; i++)
        if (strcmp(f->words()[i], text) == 0) return i;
    return -1;
}

static bool field_read(Plan *p, const Field *f, const char *text) {
    char *end = "";
    errno = 0;
    switch (f->kind) {
        case TEXT: *text_at(p, f) = strdup(text); return true;
        case WHOLE: *whole_at(p, f) = strtoll(text, &end, 10); break;
        case REAL: *real_at(p, f) = strtod(text, &end); break;
        case WORD: return (*whole_at(p, f) = word_of(f, text)) >= 0;
    }
    double value = f->kind == WHOLE ? (double)*whole_at(p, f) : *real_at(p, f);
    return end != text && !*end && !errno && value >= f->least && value <= f->most;
}

// ---- the plan

void plan_of_args(Plan *plan, const Args *args) {
    *plan = (Plan){0};
    for (int i = 0; i < OPTIONS; i++) field_of_args(plan, &fields[i], args);
}

bool plan_goes_on(const Plan *begun, const Args *args, Error *err) {
    for (int i = 0; i < OPTIONS; i++) {
        const Field *f = &fields[i];
        if (!option_nth(args, f->name, 0)) continue;
        Plan given = {0};
        char before[PLAN_TEXT], now[PLAN_TEXT];
        field_of_args(&given, f, args);
        field_text(before, begun, f), field_text(now, &given, f);
        if (strcmp(before, now) != 0)
            return error_set(err, "--resume: the run was begun with --%s %s, not %s",
                             f->name, before, now);
    }
    return true;
}

int plan_fields(void) { return FIELDS; }

const char *plan_note(char value[PLAN_TEXT], const Plan *plan, int field) {
    static char key[64];
    snprintf(key, sizeof key, "plan.%s", fields[field].name);
    field_text(value, plan, &fields[field]);
    return key;
}

bool plan_of_checkpoint(Plan *plan, const Checkpoint *c, const char *path, Error *err) {
    *plan = (Plan){0};
    for (int i = 0; i < FIELDS; i++) {
        char key[64];
        snprintf(key, sizeof key, "plan.%s", fields[i].name);
        const char *text = checkpoint_note(c, key);
        if (text && field_read(plan, &fields[i], text)) continue;
        plan_free(plan);
        if (!text)
            return error_set(err, "%s: not the state of a training run: no note %s",
                             path, key);
        return error_set(err, "%s: %s %s: no such value", path, key, text);
    }
    return true;
}

void plan_free(Plan *plan) {
    for (int i = 0; i < FIELDS; i++)
        if (fields[i].kind == TEXT) free((char *)*text_at(plan, &fields[i]));
    *plan = (Plan){0};
}

// ---- what is left to be decided

// Sizes for a text of at least so many bytes: more text teaches a larger model, and ten
// minutes on two cores are enough to train the largest of these.
static const struct {
    size_t bytes;
    int vocabulary, layers, channels, context;
} sizes[] = {{2 << 20, 4096, 4, 128, 128},
             {200 << 10, 1024, 4, 96, 128},
             {20 << 10, 512, 2, 64, 64},
             {0, 300, 2, 32, 32}};

static void decide(long long *field, long long value) {
    if (*field == 0) *field = value;
}

void plan_complete(Plan *plan, size_t text_bytes) {
    int i = 0;
    while (text_bytes < sizes[i].bytes) i++;
    const Objective *o = &objectives[plan->objective];
    decide(&plan->model, model_kind_for(o->family, o->parts & BATCH_SEGMENTS));
    decide(&plan->vocabulary, sizes[i].vocabulary);
    decide(&plan->layers, sizes[i].layers);
    decide(&plan->channels, sizes[i].channels);
    decide(&plan->heads, plan->channels % 4 ? 1 : 4);
    decide(&plan->context, sizes[i].context);
    if (plan->loss_scale == 0 && plan->precision == PRECISION_FP16)
        plan->loss_scale = 65536;
}

Config plan_config(const Plan *plan, int vocabulary) {
    ObjectiveKind kind = (ObjectiveKind)plan->objective;
    int time = (int)plan->context;
    Config c = model_kinds[plan->model].config(
        vocabulary + objective_special_tokens(kind, time),
        objective_context(kind, time), (int)plan->channels, (int)plan->layers,
        (int)plan->heads);
    if (objectives[kind].parts & BATCH_LABELS) {
        c.head = HEAD_NONE;
        c.pooler = true;
        c.segments = 2;
    } else if (objectives[kind].parts & BATCH_SEGMENTS) c.segments = c.context;
    c.init = INIT_XAVIER;
    c.dropout = plan->dropout;
    return c;
}

TrainSettings plan_settings(const Plan *plan) {
    return (TrainSettings){.batch = (int)plan->batch,
                           .accumulate = (int)plan->accumulate,
                           .steps = plan->steps,
                           .rate = plan->rate,
                           .last_rate = plan->rate / 10,
                           .warmup = (long long)(plan->warmup * (double)plan->steps),
                           .clip = plan->clip,
                           .smoothing = plan->smoothing,
                           .precision = (Precision)plan->precision,
                           .loss_scale = plan->loss_scale,
                           .decay = plan->decay,
                           .seed = (uint64_t)plan->seed};
}
