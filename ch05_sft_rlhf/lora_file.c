#include "ch05_sft_rlhf/lora_file.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/checkpoint.h"

static const char NOTE[] = "rank %d alpha %lf places %u dora %3s int8 %3s";

static const char *yes(bool b) { return b ? "yes" : "no"; }

// What was learnt: all parameters from l->base on. The caller frees the list.
static CheckpointTensor *tensors_of(const Lora *l, int *count) {
    const Params *p = &l->model.params;
    *count = p->count - l->base;
    CheckpointTensor *list = allocate((size_t)*count, sizeof *list);
    for (int i = 0; i < *count; i++)
        list[i] =
            (CheckpointTensor){p->list[l->base + i].name, params_value(p, l->base + i)};
    return list;
}

bool lora_save(const char *path, const Lora *l, uint64_t base, Stage stage,
               const char *made, Error *err) {
    char settings[128], hash[32];
    const LoraSettings *s = &l->settings;
    int count;
    CheckpointTensor *tensors = tensors_of(l, &count);
    snprintf(settings, sizeof settings, "rank %d alpha %.17g places %u dora %s int8 %s",
             s->rank, s->alpha, s->places, yes(s->dora), yes(s->int8));
    snprintf(hash, sizeof hash, "%016" PRIx64, base);
    CheckpointNote notes[] = {{"adapter", settings},
                              {"base", hash},
                              {"stage", stage_names[stage]},
                              {"made", made}};
    bool ok = checkpoint_write(path, tensors, count, notes,
                               sizeof notes / sizeof *notes, err);
    free(tensors);
    return ok;
}

static bool read_settings(LoraSettings *s, const Checkpoint *c, const char *path,
                          Error *err) {
    char dora[4], int8[4];
    const char *note = checkpoint_note(c, "adapter");
    if (!note)
        return error_set(err, "%s: no adapter: expected one that --lora wrote", path);
    if (sscanf(note, NOTE, &s->rank, &s->alpha, &s->places, dora, int8) != 5
        || !(s->alpha > 0) || !isfinite(s->alpha) || s->places < 1
        || s->places > LORA_ALL)
        return error_set(err, "%s: note adapter '%.60s': expected rank R alpha A ..",
                         path, note);
    s->dora = strcmp(dora, "yes") == 0, s->int8 = strcmp(int8, "yes") == 0;
    return true;
}

static bool read_stage(Stage *stage, const Checkpoint *c, const char *path,
                       Error *err) {
    const char *note = checkpoint_note(c, "stage");
    for (int i = 0; note && i < STAGES; i++)
        if (strcmp(note, stage_names[i]) == 0) return *stage = (Stage)i, true;
    return error_set(err, "%s: an adapter of no stage of this chapter", path);
}

static bool same_base(const Checkpoint *c, const char *path, uint64_t base,
                      Error *err) {
    const char *note = checkpoint_note(c, "base");
    char hash[32];
    snprintf(hash, sizeof hash, "%016" PRIx64, base);
    if (note && strcmp(note, hash) == 0) return true;
    return error_set(err, "%s: an adapter of model %.16s: this one is %s", path,
                     note ? note : "?", hash);
}

bool lora_stage(Stage *stage, const char *path, Error *err) {
    Checkpoint c;
    LoraSettings s;
    if (!checkpoint_read(&c, path, err)) return false;
    bool ok = read_settings(&s, &c, path, err) && read_stage(stage, &c, path, err);
    checkpoint_free(&c);
    return ok;
}

bool lora_load(Lora *l, const char *path, const Model *base, uint64_t hash, char **made,
               Error *err) {
    Checkpoint c;
    LoraSettings s;
    Error why;
    Rng unused = rng_new(0);
    *made = NULL;
    if (!checkpoint_read(&c, path, err)) return false;
    bool ok = read_settings(&s, &c, path, err) && same_base(&c, path, hash, err);
    const char *note = checkpoint_note(&c, "made");
    if (ok) *made = strdup(note ? note : "");
    checkpoint_free(&c);
    if (!ok) return false;
    if (!lora_new(l, base, s, &unused, &why)) {
        free(*made);
        return error_set(err, "%s: %.400s", path, why.text);
    }
    int count;
    CheckpointTensor *tensors = tensors_of(l, &count);
    ok = checkpoint_load(path, tensors, count, err);
    free(tensors);
    if (!ok) lora_free(l), free(*made);
    return ok;
}
