#include "ch05_sft_rlhf/commands/adapters.h"

#include <limits.h>
#include <stdio.h>

#include "ch05_sft_rlhf/lora_file.h"

bool adapters_asked_for(const Args *args) {
    return option_text(args, "lora") || option_text(args, "alpha")
           || option_flag(args, "dora") || option_flag(args, "int8");
}

Model *adapters_open(Adapters *l, const Args *args, const char *command, Model *base) {
    Error err;
    Rng rng = rng_new((uint64_t)option_int(args, "seed", 0, LONG_MAX));
    bool wanted = option_text(args, "lora");
    LoraSettings s = {
        .rank = wanted ? (int)option_int(args, "lora", 1, INT_MAX) : 0,
        .alpha = option_text(args, "alpha") ? option_real(args, "alpha", 1e-6, 1e6) : 0,
        .dora = option_flag(args, "dora"),
        .int8 = option_flag(args, "int8")};
    *l = (Adapters){0};
    if (!wanted) {
        if (adapters_asked_for(args))
            die("%s: --alpha, --dora and --int8 are for adapters: expected --lora RANK "
                "with them",
                command);
        return base;
    }
    if (!lora_new(l, base, s, &rng, &err)) die("%s: --lora: %s", command, err.text);
    return &l->model;
}

bool adapters_save(const char *path, const Adapters *l, const Assistant *a, Stage stage,
                   const char *made, Error *err) {
    if (l->count == 0)
        return assistant_save(path, &a->model, &a->tokenizer, stage, made, err);
    const Params *p = &l->model.params;
    printf("%s: rank %d, %zu numbers learnt beside %zu\n", path, l->settings.rank,
           p->grad_size, p->size - p->grad_size);
    return lora_save(path, l, assistant_hash(&a->model), stage, made, err);
}

void adapters_close(Adapters *l) {
    if (l->count) lora_free(l);
}
