#include "ch04_pretrain/trainer_file.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"

enum { OWN_NOTES = 5, NUMBER = 32, SCALE_OFFSET = 1100 };

// The moments of all numbers, m or v: where they are, or, if they are in shards, a copy
// that moments_back frees. For saving only the first process has it.
static real *moments_of(const Trainer *t, int which, bool saving) {
    const real *here = which ? t->optimiser.v : t->optimiser.m;
    if (!t->shard) return (real *)here;
    bool wanted = !saving || !team_rank(t->team);
    real *all = wanted ? allocate(t->model->params.size, sizeof *all) : NULL;
    if (saving) shard_collect(t->shard, here, all);
    return all;
}

static void moments_back(const Trainer *t, real *const moments[2], bool changed) {
    if (!t->shard) return;
    if (changed)
        shard_pick(t->shard, t->optimiser.m, moments[0]),
            shard_pick(t->shard, t->optimiser.v, moments[1]);
    free(moments[0]), free(moments[1]);
}

// The parameters by name, then the moments.
static CheckpointTensor *tensors_new(const Trainer *t, real *const moments[2],
                                     int *count) {
    const Params *p = &t->model->params;
    CheckpointTensor *list = allocate((size_t)p->count + 2, sizeof *list);
    for (int i = 0; i < p->count; i++)
        list[i] = (CheckpointTensor){p->list[i].name, params_value(p, i)};
    int numbers = (int)p->size;
    list[p->count] = (CheckpointTensor){"adam.m", mat_view(moments[0], 1, numbers)};
    list[p->count + 1] = (CheckpointTensor){"adam.v", mat_view(moments[1], 1, numbers)};
    *count = p->count + 2;
    return list;
}

bool trainer_save(const char *path, const Trainer *t, const Plan *plan, Error *err) {
    int fields = plan_fields(), tensor_count;
    CheckpointNote *notes = allocate((size_t)fields + OWN_NOTES, sizeof *notes);
    char numbers[OWN_NOTES][NUMBER];
    for (int i = 0; i < fields; i++) {
        char value[PLAN_TEXT];
        notes[i].key = strdup(plan_note(value, plan, i));
        notes[i].value = strdup(value);
    }
    static const char *const keys[OWN_NOTES] = {"train.step", "train.optimiser",
                                                "train.tokens", "train.loss-scale",
                                                "train.good-steps"};
    // the scale as a power of two, which may be a negative one
    long long own[OWN_NOTES] = {t->step, t->optimiser.step, t->tokens,
                                ilogb(t->scale.scale) + SCALE_OFFSET, t->scale.good};
    for (int i = 0; i < OWN_NOTES; i++) {
        snprintf(numbers[i], NUMBER, "%lld", own[i]);
        notes[fields + i] = (CheckpointNote){keys[i], numbers[i]};
    }
    real *const moments[] = {moments_of(t, 0, true), moments_of(t, 1, true)};
    CheckpointTensor *tensors = tensors_new(t, moments, &tensor_count);
    bool ok = team_rank(t->team)
              || checkpoint_write(path, tensors, tensor_count, notes,
                                  fields + OWN_NOTES, err);
    ok = !team_any(t->team, !ok);
    moments_back(t, moments, false);
    for (int i = 0; i < fields; i++)
        free((char *)notes[i].key), free((char *)notes[i].value);
    free(notes), free(tensors);
    return ok;
}

bool trainer_load_plan(const char *path, Plan *plan, Error *err) {
    Checkpoint c;
    if (!checkpoint_read(&c, path, err)) return false;
    bool ok = plan_of_checkpoint(plan, &c, path, err);
    checkpoint_free(&c);
    return ok;
}

static bool count_of_note(const Checkpoint *c, const char *path, const char *key,
                          long long *value, Error *err) {
    const char *text = checkpoint_note(c, key);
    char *end = "";
    errno = 0;
    if (text) *value = strtoll(text, &end, 10);
    if (text && end != text && !*end && !errno && *value >= 0) return true;
    return error_set(err, "%s: note %s: expected a count", path, key);
}

bool trainer_load(const char *path, Trainer *t, Error *err) {
    Checkpoint c;
    if (!checkpoint_read(&c, path, err)) return false;
    int count;
    long long step = 0, optimiser = 0, tokens = 0, scale = 0, good = 0;
    real *const moments[] = {moments_of(t, 0, false), moments_of(t, 1, false)};
    CheckpointTensor *tensors = tensors_new(t, moments, &count);
    bool ok = checkpoint_fits(&c, path, tensors, count, err)
              && count_of_note(&c, path, "train.step", &step, err)
              && count_of_note(&c, path, "train.optimiser", &optimiser, err)
              && count_of_note(&c, path, "train.tokens", &tokens, err)
              && count_of_note(&c, path, "train.loss-scale", &scale, err)
              && count_of_note(&c, path, "train.good-steps", &good, err);
    if (ok) {
        for (int i = 0; i < count; i++)
            mat_copy(tensors[i].at, *checkpoint_find(&c, tensors[i].name));
        t->step = step, t->optimiser.step = optimiser, t->tokens = tokens;
        t->scale.scale = ldexp(1, (int)scale - SCALE_OFFSET), t->scale.good = (int)good;
    }
    moments_back(t, moments, ok);
    free(tensors), checkpoint_free(&c);
    return ok;
}
