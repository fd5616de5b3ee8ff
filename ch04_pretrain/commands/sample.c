// sample: what a trained model writes.
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch04_pretrain/commands/commands.h"
#include "ch04_pretrain/documents.h"
#include "ch04_pretrain/generate.h"
#include "ch04_pretrain/pretrained.h"
#include "common/error.h"

int command_sample(const Args *args) {
    const char *path = option_text(args, "checkpoint");
    if (!path) die("sample: --checkpoint FILE is needed");
    Generation g = {.temperature = option_real(args, "temperature", 0, 1e6),
                    .top_p = option_real(args, "top-p", 0, 1),
                    .rng = rng_new((uint64_t)option_int(args, "seed", 0, LONG_MAX))};
    int count = (int)option_int(args, "tokens", 1, INT_MAX);
    Model m;
    Tokenizer t;
    Error err;
    if (!pretrained_load(path, &m, &t, &err)) die("%s", err.text);
    if (!generate_text(stdout, &m, &t, t.size - 1, option_text(args, "prompt"), count,
                       &g, &err))
        die("%s: %s", path, err.text);
    printf("\n");
    model_free(&m), tokenizer_free(&t);
    return 0;
}

const Option sample_options[] = {
    {"checkpoint", NULL, "a model that `train` made"},
    {"prompt", "", "how the text begins"},
    {"tokens", "100", "how many to write, at most"},
    {"temperature", "0.8", "logits are divided by it; 0: the most likely token"},
    {"top-p", "0.95", "from the most likely tokens that have this probability"},
    {"seed", "1", "of the sampling"},
    {0}};
