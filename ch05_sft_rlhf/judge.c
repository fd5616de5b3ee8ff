#include "ch05_sft_rlhf/judge.h"

#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/tokenizer_notes.h"

static bool read_notes(Judge *j, const Checkpoint *c, const char *path, Error *err) {
    Error why;
    const char *stage = checkpoint_note(c, "stage"), *made = checkpoint_note(c, "made");
    if (!checkpoint_is_whole(c, path, err)) return false;
    if (!stage || strcmp(stage, stage_names[STAGE_REWARD]) != 0)
        return error_set(err, "%s: a model of stage %.40s: expected %s", path,
                         stage ? stage : "none", stage_names[STAGE_REWARD]);
    if (!tokenizer_of_notes(&j->tokenizer, c, path, err)) return false;
    if (!chat_template_of(&j->chat, &j->tokenizer, &why))
        return error_set(err, "%s: %.400s", path, why.text);
    j->made = strdup(made ? made : "");
    return true;
}

static bool fits(const Judge *j, const char *path, Error *err) {
    int tokens = j->reward.model->config.vocabulary;
    return tokens == j->tokenizer.size
           || error_set(err, "%s: a model of %d tokens with a tokenizer of %d", path,
                        tokens, j->tokenizer.size);
}

bool judge_load(Judge *j, const char *path, Error *err) {
    Checkpoint c;
    *j = (Judge){0};
    if (!checkpoint_read(&c, path, err)) return false;
    bool ok = read_notes(j, &c, path, err) && reward_model_load(path, &j->reward, err)
              && fits(j, path, err);
    checkpoint_free(&c);
    if (!ok) judge_free(j);
    return ok;
}

bool judge_save(const char *path, const RewardModel *r, const Tokenizer *t,
                const char *made, Error *err) {
    CheckpointNote notes[] = {{"stage", stage_names[STAGE_REWARD]}, {"made", made}};
    return model_save_with_tokenizer_and(path, r->model, t, notes, 2, err);
}

void judge_free(Judge *j) {
    if (j->reward.model) reward_model_free(&j->reward);
    tokenizer_free(&j->tokenizer), free(j->made);
    *j = (Judge){0};
}
