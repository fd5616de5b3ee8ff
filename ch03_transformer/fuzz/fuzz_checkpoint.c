// libFuzzer target (`make fuzz`): checkpoints and vocabularies that nobody would write.
//
// The first byte chooses the reader; the rest is its file. What can be read must run: a
// model gives finite or infinite logits for a few tokens, a vocabulary encodes a text
// and spells its tokens. Everything else must be refused in one line.
//
//     0   llama2.c's checkpoint
//     1   llm.c's GPT-2
//     2   ours, as it is
//     3   ours without its checksum: lines, a zero byte, numbers. (Nobody guesses a checksum of 64 bits.)
//     4   llama2.c's tokenizer.bin; the first byte says of how many tokens
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/checkpoint_gpt2.h"
#include "ch03_transformer/checkpoint_llama2c.h"
#include "ch03_transformer/infer.h"
#include "ch03_transformer/infer_of_model.h"
#include "ch03_transformer/model_file.h"
#include "ch03_transformer/tokenizer_llama2c.h"
#include "common/numeric/hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char path[] = "/tmp/course-fuzz-checkpoint";

static void write_file(const void *data, size_t size) {
    FILE *f = fopen(path, "wb");
    assert(f && fwrite(data, 1, size, f) == size && fclose(f) == 0);
}

static bool well(bool ok, const Error *err) {
    assert(ok || (err->text[0] && !strchr(err->text, '\n')));
    return ok;
}

static void run(const InferModel *m) {
    enum { TOKENS = 3 };
    Inference s;
    Error err = {""};
    if ((double)m->vocab * TOKENS > 1e6
        || !well(inference_new(&s, m, m->context < TOKENS ? m->context : TOKENS, &err),
                 &err))
        return;
    Mat logits = mat_new(1, m->vocab);
    int first = 0, last = m->vocab - 1;
    infer(&s, &first, 1, logits);
    if (s.capacity > 1) infer(&s, (int[]){last, first}, s.capacity - 1, logits);
    mat_free(logits), inference_free(&s);
}

static void model_file(void) {
    Model m;
    InferModel view;
    Error err = {""};
    if (!well(model_load(path, &m, &err), &err)) return;
    if (well(infer_of_model(&view, &m, &err), &err)) {
        run(&view);
        infer_model_free(&view);
    }
    model_free(&m);
}

// checkpoint.h's checksum, over lines and numbers.
static void with_checksum(const uint8_t *data, size_t size) {
    const uint8_t *zero = memchr(data, 0, size);
    size_t lines = zero ? (size_t)(zero - data) : size,
           numbers = zero ? (size - lines - 1) / 4 : 0;
    uint64_t h = hash_bytes(HASH_START, data, lines);
    for (size_t i = 0; i < numbers; i++) {
        uint32_t unit;
        memcpy(&unit, zero + 1 + 4 * i, 4);
        h = hash_unit(h, unit);
    }
    FILE *f = fopen(path, "wb");
    assert(f);
    fwrite(data, 1, lines, f);
    fprintf(f, "checksum %016" PRIx64 "%*s\n", h, (int)((64 - (lines + 26) % 64) % 64),
            "");
    if (numbers) fwrite(zero + 1, 4, numbers, f);
    assert(fclose(f) == 0);
    model_file();
}

static void vocabulary(const uint8_t *data, size_t size) {
    LlamaTokenizer t;
    Error err = {""};
    if (size == 0) return;
    write_file(data + 1, size - 1);
    if (!well(llama_tokenizer_read(&t, path, data[0] + 1, &err), &err)) return;
    char text[32] = "the sea ";
    for (size_t i = 0; i < 16 && i < size; i++) text[8 + i] = (char)data[size - 1 - i];
    int *ids, count;
    if (well(llama_tokenizer_encode(&t, text, 64, &ids, &count, &err), &err)) free(ids);
    for (int id = 0; id < t.size; id++)
        llama_tokenizer_decode(&t, id ? id - 1 : -1, id, &size);
    llama_tokenizer_free(&t);
}

// Half of the mutations of a model of ours put another value into one of its notes:
// whole configurations that no random byte would reach. The checksum is made right
// again by kind 3.
static const char *const values[] = {
    "0",     "1",         "2",          "3",       "-1",       "16777216", "2147483647",
    "1e308", "1e-308",    "nan",        "yes",     "no",       "none",     "pi",
    "ntk",   "yarn",      "sinusoidal", "learned", "rope",     "xpos",     "alibi",
    "t5",    "kerple",    "post",       "pre",     "deepnorm", "sandwich", "layer",
    "rms",   "relu",      "swiglu",     "geglu",   "decoder",  "encoder",  "linear",
    "mlm",   "half-split"};

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
    Rng rng = rng_new(seed);
    if (size < 2 || data[0] % 5 != 3 || rng_below(&rng, 2))
        return LLVMFuzzerMutate(data, size, most);
    size_t start = 1 + (size_t)rng_below(&rng, (int)(size - 1));  // in some line
    while (start > 1 && data[start - 1] != '\n') start--;
    uint8_t *end = memchr(data + start, '\n', size - start);
    if (!end || (size_t)(end - data) < start + 6
        || memcmp(data + start, "note ", 5) != 0)
        return LLVMFuzzerMutate(data, size, most);
    uint8_t *space = memchr(data + start + 5, ' ', (size_t)(end - data) - start - 5);
    const char *value = values[rng_below(&rng, (int)(sizeof values / sizeof *values))];
    size_t room = strlen(value), rest = size - (size_t)(end - data);
    if (!space || (size_t)(space + 1 - data) + room + rest > most)
        return LLVMFuzzerMutate(data, size, most);
    memmove(space + 1 + room, end, rest);
    memcpy(space + 1, value, room);
    return (size_t)(space + 1 - data) + room + rest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    InferModel m;
    Error err = {""};
    if (size == 0) return 0;
    int kind = data[0] % 5;
    data++, size--;
    if (kind == 3) with_checksum(data, size);
    else if (kind == 4) vocabulary(data, size);
    else {
        write_file(data, size);
        if (kind == 2) model_file();
        else if (well((kind == 0 ? llama2c_read : gpt2_read)(&m, path, &err), &err)) {
            run(&m);
            infer_model_free(&m);
        }
    }
    remove(path);
    return 0;
}
