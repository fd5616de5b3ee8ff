#include "ch05_sft_rlhf/commands/adapters.h"

#include <limits.h>

#include "ch05_sft_rlhf/lora_file.h"

Model *adapters_open(Adapters *l, const Args *args, const char *command, Assistant *a) {
    Error err;
    Rng rng = rng_new((uint64_t)option_int(args, "seed", 0, LONG_MAX));
    bool wanted = option_text(args, "lora"), scaled = option_text(args, "alpha");
    LoraSettings s = {.rank = wanted ? (int)option_int(args, "lora", 1, INT_MAX) : 0,
                      .alpha = scaled ? option_real(args, "alpha", 1e-6, 1e6) : 0,
                      .dora = option_flag(args, "dora"),
                      .int8 = option_flag(args, "int8")};
    *l = (Adapters){0};
    if (!wanted) {
        if (scaled || s.dora || s.int8)
            die("%s: --alpha, --dora and --int8 are for adapters: expected --lora RANK "
                "with them",
                command);
        return &a->model;
    }
    if (!lora_new(l, &a->model, s, &rng, &err))
        die("%s: --lora: %s", command, err.text);
    return &l->model;
}

bool adapters_save(const char *path, const Adapters *l, const Assistant *a, Stage stage,
                   const char *made, Error *err) {
    if (l->count == 0)
        return assistant_save(path, &a->model, &a->tokenizer, stage, made, err);
    return lora_save(path, l, assistant_hash(&a->model), stage, made, err);
}

void adapters_close(Adapters *l) {
    if (l->count) lora_free(l);
}
