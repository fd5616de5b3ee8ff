#include "ch01_tokenizer/encode_steps.h"

const EncodeStep encode_steps[] = {
    [STEP_ENGINE] = {"PCRE2 splits",
                     true,
                     {.windows = true, .memory = true, .parts = true}},
    [STEP_BY_HAND] = {"split by hand",
                      false,
                      {.windows = true, .memory = true, .parts = true}},
    [STEP_WINDOWS] = {"64 bytes at once", false, {.memory = true, .parts = true}},
    [STEP_MEMORY] = {"words remembered", false, {.parts = true}},
    [STEP_PARTS] = {"long pieces cut", false, {0}},
};
_Static_assert(sizeof encode_steps / sizeof *encode_steps == ENCODE_STEPS,
               "a line per step");

void encode_step(const Tokenizer *t, const Pattern *engine, EncodeStepKind step,
                 const char *text, size_t n, Ids *ids) {
    Tokenizer as_step = *t;
    if (encode_steps[step].by_engine) as_step.pattern = (Pattern *)engine;
    Error err;
    if (!tokenizer_encode_without(&as_step, text, n, false, encode_steps[step].without,
                                  ids, &err))
        die("%s", err.text);
}
