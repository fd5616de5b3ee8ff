#include "ch03_transformer/commands/any_checkpoint.h"

#include <string.h>

#include "ch03_transformer/checkpoint_gpt2.h"
#include "ch03_transformer/checkpoint_llama2c.h"
#include "ch03_transformer/float_file.h"
#include "ch03_transformer/infer_of_model.h"
#include "ch03_transformer/model_file.h"

static bool read_own(AnyCheckpoint *c, const char *path, Error *err) {
    if (!model_load(path, &c->own, err)) return false;
    if (infer_of_model(&c->model, &c->own, err)) return true;
    char why[sizeof err->text];
    memcpy(why, err->text, sizeof why);
    model_free(&c->own);
    return error_set(err, "%s: %.400s", path, why);
}
static bool read_gpt2(AnyCheckpoint *c, const char *path, Error *err) {
    return gpt2_read(&c->model, path, err);
}
static bool read_llama2c(AnyCheckpoint *c, const char *path, Error *err) {
    return llama2c_read(&c->model, path, err);
}

static const int32_t gpt2_mark = GPT2_MAGIC;

// In the order they are tried: llama2.c's files have no mark, so everything else is
// taken for one (its reader says what is wrong with it).
static const struct {
    const void *mark;
    size_t size;
    bool (*read)(AnyCheckpoint *c, const char *path, Error *err);
} formats[] = {
    [CHECKPOINT_OWN] = {"course-checkpoint", 17, read_own},
    [CHECKPOINT_GPT2] = {&gpt2_mark, sizeof gpt2_mark, read_gpt2},
    [CHECKPOINT_LLAMA2C] = {"", 0, read_llama2c},
};
_Static_assert(sizeof formats / sizeof *formats == CHECKPOINT_KINDS,
               "a format without its reader");

bool any_checkpoint_read(AnyCheckpoint *c, const char *path, Error *err) {
    char start[32] = "";
    *c = (AnyCheckpoint){0};
    FloatFile f;
    if (!float_file_open(&f, path, err)) return false;
    size_t size = fread(start, 1, sizeof start, f.stream);
    float_file_close(&f);
    int format = 0;
    while (formats[format].size > size
           || memcmp(start, formats[format].mark, formats[format].size) != 0)
        format++;
    c->format = (CheckpointFormat)format;
    return formats[format].read(c, path, err);
}

void any_checkpoint_free(AnyCheckpoint *c) {
    infer_model_free(&c->model);
    if (c->format == CHECKPOINT_OWN) model_free(&c->own);
}
