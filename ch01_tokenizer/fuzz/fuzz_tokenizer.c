// libFuzzer target (`make fuzz`): vocabulary files and texts that nobody would write.
//
// The first byte chooses: even, the rest is a vocabulary file, and if it can be read,
// it must encode and decode a text; odd, the rest is a text, which a small tokenizer
// must give back unchanged.
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    char path[] = "/tmp/course-fuzz-XXXXXX";
    int fd = mkstemp(path);
    assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    close(fd);
    Error err = {""};
    bool ok = model_read(t, path, NULL, NULL, 0, &err);
    assert(ok || err.text[0]);
    remove(path);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char small[] =
        "course-bpe 1\npattern gpt2\nmerges 3\nmerge 32 116 9\nmerge 256 104 5\nmerge "
        "32 32 4\n"
        "special <|a|>\nend\n";
    if (size == 0) return 0;
    Tokenizer t;
    bool file = data[0] % 2 == 0;
    if (!read_model(&t, file ? (const void *)(data + 1) : small,
                    file ? size - 1 : sizeof small - 1))
        return 0;
    comes_back(&t, (const char *)data + 1, size - 1);
    tokenizer_free(&t);
    return 0;
}
