#include "ch05_sft_rlhf/assistant.h"

#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/infer_of_model.h"
#include "ch03_transformer/tokenizer_notes.h"
#include "common/numeric/hash.h"

const char *const stage_names[] = {[STAGE_PRETRAIN] = "pretrain",
                                   [STAGE_SFT] = "sft",
                                   [STAGE_REWARD] = "reward",
                                   [STAGE_PPO] = "ppo",
                                   [STAGE_DPO] = "dpo",
                                   [STAGE_GRPO] = "grpo",
                                   NULL};
_Static_assert(sizeof stage_names / sizeof *stage_names == STAGES + 1,
               "a stage without a name");

const Stage stages_that_answer[] = {STAGE_SFT, STAGE_PPO, STAGE_DPO, STAGE_GRPO,
                                    STAGES};

static bool stage_of(Stage *stage, const char *name) {
    for (int i = 0; name && i < STAGES; i++)
        if (strcmp(name, stage_names[i]) == 0) return *stage = (Stage)i, true;
    return false;
}

bool checkpoint_is_whole(const Checkpoint *c, const char *path, Error *err) {
    return !checkpoint_note(c, "adapter")
           || error_set(err, "%s: an adapter: expected a model (`merge` makes one)",
                        path);
}

// What the notes say: tokens, template, stage.
static bool read_notes(Assistant *a, const Checkpoint *c, const char *path,
                       Error *err) {
    Error why;
    const char *made = checkpoint_note(c, "made");
    if (!checkpoint_is_whole(c, path, err)) return false;
    if (!stage_of(&a->stage, checkpoint_note(c, "stage")))
        return error_set(err,
                         "%s: a model of no stage of this chapter: expected one "
                         "that `pipeline` or `sft` made",
                         path);
    if (a->stage == STAGE_REWARD)
        return error_set(err, "%s: a model of stage reward: expected one that answers",
                         path);
    if (!tokenizer_of_notes(&a->tokenizer, c, path, err)) return false;
    if (!chat_template_of(&a->chat, &a->tokenizer, &why))
        return error_set(err, "%s: %.400s", path, why.text);
    a->made = strdup(made ? made : "");
    return true;
}

static bool fits(const Assistant *a, const char *path, Error *err) {
    InferModel view;
    Error why;
    if (a->model.config.vocabulary != a->tokenizer.size)
        return error_set(err, "%s: a model of %d tokens with a tokenizer of %d", path,
                         a->model.config.vocabulary, a->tokenizer.size);
    if (!infer_of_model(&view, &a->model, &why))
        return error_set(err, "%s: %.400s", path, why.text);
    infer_model_free(&view);
    return true;
}

bool assistant_load(Assistant *a, const char *path, Error *err) {
    Checkpoint c;
    *a = (Assistant){0};
    if (!checkpoint_read(&c, path, err)) return false;
    bool ok = read_notes(a, &c, path, err) && model_load(path, &a->model, err)
              && fits(a, path, err);
    checkpoint_free(&c);
    if (!ok) assistant_free(a);
    return ok;
}

bool assistant_load_stage(Assistant *a, const char *path, const Stage *of, Error *err) {
    if (!assistant_load(a, path, err)) return false;
    Text expected = {0};
    for (int i = 0; of[i] != STAGES; i++) {
        if (of[i] == a->stage) return free(expected.data), true;
        text_add(&expected, "%s%s", i ? " or " : "", stage_names[of[i]]);
    }
    error_set(err, "%s: a model of stage %s: expected %s", path, stage_names[a->stage],
              expected.data);
    free(expected.data), assistant_free(a);
    return false;
}

void assistant_free(Assistant *a) {
    if (a->model.params.list) model_free(&a->model);
    tokenizer_free(&a->tokenizer), free(a->made);
    *a = (Assistant){0};
}

bool assistant_save(const char *path, const Model *m, const Tokenizer *t, Stage stage,
                    const char *made, Error *err) {
    CheckpointNote notes[] = {{"stage", stage_names[stage]}, {"made", made}};
    return model_save_with_tokenizer_and(path, m, t, notes, 2, err);
}

uint64_t assistant_hash(const Model *m) {
    const Params *p = &m->params;
    return hash_bytes(HASH_START, p->values, p->size * sizeof *p->values);
}
