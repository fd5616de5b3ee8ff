// libFuzzer target (`make fuzz`): vocabulary files and texts that nobody would write.
//
// The first byte chooses, modulo 3:
//   0  the rest is a vocabulary file; if it can be read, it must encode and decode a text
//   1  the rest is a text, which a small tokenizer must give back unchanged
//   2  the rest is a list of tokens, a byte of length before each, which become a
//      well-formed file of ranks: of random lines hardly one is base64, and what is wrong
//      with the tokens themselves would seldom be reached
// Nothing touches the disk.
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/base64.h"
#include "ch01_tokenizer/model_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void comes_back(const Tokenizer *t, const char *text, size_t n) {
    Ids ids = {0};
    Error err;
    if (tokenizer_encode(t, text, n, true, &ids, &err)) {
        size_t at = 0, length;
        for (size_t i = 0; i < ids.size; i++, at += length) {
            const char *bytes = token_bytes(t, ids.at[i], &length);
            assert(bytes && at + length <= n && memcmp(bytes, text + at, length) == 0);
        }
        assert(at == n);
    }
    free(ids.at);
}

static bool read_model(Tokenizer *t, const void *data, size_t size) {
    // as file_read leaves it: zeros follow
    Bytes bytes = {allocate(size + FILE_PADDING, 1), size};
    memcpy(bytes.data, data, size);
    Error err = {""};
    bool ok = model_read_bytes(t, "fuzz", bytes, NULL, NULL, 0, &err);
    assert(ok || err.text[0]);
    bytes_free(&bytes);
    return ok;
}

// The first byte: which single byte has no token; the rest: tokens.
static bool read_ranks_of(Tokenizer *t, const uint8_t *data, size_t size) {
    char *text;
    size_t text_size;
    FILE *f = open_memstream(&text, &text_size);
    int rank = 0;
    for (int b = 0; size && b < 256; b++) {
        char byte = (char)b;
        if (b == data[0] && data[0] % 4 == 0) continue;
        base64_write(f, &byte, 1), fprintf(f, " %d\n", rank++);
    }
    for (size_t at = 1; at < size;) {
        size_t length = data[at] % 8, rest = size - at - 1;
        if (length > rest) length = rest;
        base64_write(f, (const char *)data + at + 1, length);
        fprintf(f, " %d\n", rank++);
        at += 1 + length;
    }
    fclose(f);
    bool ok = read_model(t, text, text_size);
    free(text);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char small[] =
        "course-bpe 1\npattern gpt2\nmerges 3\nmerge 32 116 9\nmerge 256 104 5\nmerge "
        "32 32 4\n"
        "special <|a|>\nend\n";
    if (size == 0) return 0;
    Tokenizer t;
    bool ok = false;
    switch (data[0] % 3) {
        case 0: ok = read_model(&t, data + 1, size - 1); break;
        case 1: ok = read_model(&t, small, sizeof small - 1); break;
        case 2: ok = read_ranks_of(&t, data + 1, size - 1); break;
    }
    if (!ok) return 0;
    comes_back(&t, (const char *)data + 1, size - 1);
    tokenizer_free(&t);
    return 0;
}
