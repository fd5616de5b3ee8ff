// merge: a model and an adapter that was trained beside it, as one model.
#include <stdio.h>
#include <stdlib.h>

#include "ch05_sft_rlhf/commands/commands.h"
#include "ch05_sft_rlhf/judge.h"
#include "ch05_sft_rlhf/lora_file.h"

const Option merge_options[] = {
    {"checkpoint", NULL, "the model that the adapter was trained beside"},
    {"adapter", NULL, "what --lora wrote"},
    {"output", NULL, "the model to write", .letter = 'o'},
    {0}};

int command_merge(const Args *args) {
    static Assistant a;
    static RewardModel r;
    static Lora l;
    static Model merged;
    Error err;
    Stage stage;
    char *made;
    const char *path = option_text(args, "checkpoint"),
               *adapter = option_text(args, "adapter");
    if (args->file_count) die("merge: unexpected '%s'", args->files[0]);
    if (!path) die("merge: --checkpoint FILE is needed: the model without the adapter");
    if (!adapter) die("merge: --adapter FILE is needed: what --lora wrote");
    const char *to = output_of(args, "merge", "the model",
                               (const char *[]){"checkpoint", "adapter", NULL});
    if (!assistant_load(&a, path, &err) || !lora_stage(&stage, adapter, &err))
        die("%s", err.text);
    bool scores = stage == STAGE_REWARD;
    if (scores) reward_model_of_policy(&r, &a.model, 1);
    if (!lora_load(&l, adapter, scores ? r.model : &a.model, assistant_hash(&a.model),
                   &made, &err))
        die("%s", err.text);
    lora_merge(&merged, &l);
    r.model = &merged;
    if (!(scores ? judge_save(to, &r, &a.tokenizer, made, &err)
                 : assistant_save(to, &merged, &a.tokenizer, stage, made, &err)))
        die("%s", err.text);
    printf("%s: rank %d, alpha %g, %s\n", to, l.settings.rank, l.settings.alpha, made);
    if (scores) reward_model_free(&r);
    model_free(&merged), lora_free(&l), assistant_free(&a), free(made);
    return 0;
}
