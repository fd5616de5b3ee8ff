// llama2.c's tokenizer: merges by score, byte fallback, the space after BOS; files that
// are not intact.
#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ch03_transformer/tokenizer_llama2c.h"
#include "common/program/file.h"

static char path[] = "/tmp/course-tokenizer-XXXXXX";
static void setup(void) {
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    close(fd);
}
static void teardown(void) { unlink(path); }
TestSuite(llama_tokenizer, .init = setup, .fini = teardown);

enum { PIECES = 15, SIZE = 259 + PIECES };
static const struct {
    const char *text;
    float score;
} pieces[PIECES] = {{" ", -9},
                    {"a", -1},
                    {"b", -2},
                    {"c", -3},
                    {"ab", -4},
                    {"bc", -3.5f},
                    {" a", -6},
                    {"abc", -8},
                    {" ab", -7},
                    {"é", -9},
                    {"aa", -5},
                    {"😀", -9},
                    // the last: of equal texts the first counts
                    {"€", -9},
                    {"<0x41>b", -9},
                    {"a", 0}};

static int id_of(const char *text) {
    for (int i = 0; i < PIECES; i++)
        if (strcmp(pieces[i].text, text) == 0) return 259 + i;
    return -1;
}

static void put(FILE *f, const char *text, float score) {
    int32_t size = (int32_t)strlen(text);
    fwrite(&score, 4, 1, f), fwrite(&size, 4, 1, f), fwrite(text, 1, (size_t)size, f);
}

static void write_file(void) {
    FILE *f = fopen(path, "wb");
    int32_t most = 7;
    fwrite(&most, 4, 1, f);
    put(f, "<unk>", 0), put(f, "\n<s>\n", 0), put(f, "\n</s>\n", 0);
    for (int b = 0; b < 256; b++) {
        char text[8];
        snprintf(text, sizeof text, "<0x%02X>", (unsigned)b);
        put(f, text, 0);
    }
    for (int i = 0; i < PIECES; i++) put(f, pieces[i].text, pieces[i].score);
    cr_assert_eq(fclose(f), 0);
}

static LlamaTokenizer tokenizer(void) {
    LlamaTokenizer t;
    Error err;
    write_file();
    cr_assert(llama_tokenizer_read(&t, path, SIZE, &err), "%s", err.text);
    return t;
}

static void check(const LlamaTokenizer *t, const char *text, const int *want,
                  int want_count) {
    int *ids, count;
    Error err;
    cr_assert(llama_tokenizer_encode(t, text, 100, &ids, &count, &err), "%s", err.text);
    cr_assert_eq(count, want_count, "'%s': %d ids, expected %d", text, count,
                 want_count);
    for (int i = 0; i < count; i++)
        cr_assert_eq(ids[i], want[i], "'%s', %d: %d, expected %d", text, i, ids[i],
                     want[i]);
    free(ids);
}

Test(llama_tokenizer, merges_by_score) {
    LlamaTokenizer t = tokenizer();
    check(&t, "", (int[]){1}, 1);
    check(&t, "a", (int[]){1, id_of(" a")}, 2);
    // " abc": bc (-3.5) before ab (-4), then " a" + "bc": no such token.
    check(&t, "abc", (int[]){1, id_of(" a"), id_of("bc")}, 3);
    check(&t, "ab", (int[]){1, id_of(" ab")}, 2);
    // " aaaa": aa beats " a", the leftmost first; nothing takes the space.
    check(&t, "aaaa", (int[]){1, id_of(" "), id_of("aa"), id_of("aa")}, 4);
    check(&t, "aaa", (int[]){1, id_of(" "), id_of("aa"), id_of("a")}, 4);
    check(&t, "é", (int[]){1, id_of(" "), id_of("é")}, 3);
    check(&t, "€", (int[]){1, id_of(" "), id_of("€")}, 3);
    check(&t, "😀", (int[]){1, id_of(" "), id_of("😀")}, 3);
    check(&t, "è\n", (int[]){1, id_of(" "), 3 + 0xc3, 3 + 0xa8, 3 + '\n'}, 5);
    check(&t, "\xff", (int[]){1, id_of(" "), 3 + 0xff}, 3);
    // a merge may be as long as the file says, and no longer
    t.most_bytes = 2;
    check(&t, "aa", (int[]){1, id_of(" "), id_of("aa")}, 3);
    t.most_bytes = 1;
    check(&t, "aa", (int[]){1, id_of(" "), id_of("a"), id_of("a")}, 4);
    t.most_bytes = 7;
    int *ids, count;
    Error err;
    char *large = malloc(100000);
    memset(large, 'a', 99999), large[99999] = '\0';
    cr_assert(!llama_tokenizer_encode(&t, large, 100, &ids, &count, &err));
    free(large), llama_tokenizer_free(&t);
}

static void check_decode(const LlamaTokenizer *t, int previous, int id,
                         const char *want, size_t want_size) {
    size_t size;
    const char *bytes = llama_tokenizer_decode(t, previous, id, &size);
    cr_assert(size == want_size && memcmp(bytes, want, size) == 0, "%d", id);
}

Test(llama_tokenizer, decode) {
    LlamaTokenizer t = tokenizer();
    check_decode(&t, 1, id_of(" ab"), "ab", 2);
    check_decode(&t, 5, id_of(" ab"), " ab", 3);
    check_decode(&t, 5, 3 + 0xc3, "\xc3", 1);
    check_decode(&t, 5, 3, "\0", 1);
    check_decode(&t, 5, id_of("<0x41>b"), "<0x41>b", 7);
    llama_tokenizer_free(&t);
}

static void refused(int size) {
    LlamaTokenizer t;
    Error err = {""};
    cr_assert(!llama_tokenizer_read(&t, path, size, &err));
    cr_assert(!strchr(err.text, '\n') && strncmp(err.text, path, strlen(path)) == 0,
              "%s", err.text);
    cr_assert(!t.text && !t.bytes);
}

Test(llama_tokenizer, malformed_files) {
    write_file();
    refused(SIZE + 1), refused(SIZE - 1), refused(1 << 26);
    Bytes good;
    Error err;
    cr_assert(file_read(&good, path, &err));
    for (size_t cut = 0; cut < good.size; cut += 7) {
        FILE *f = fopen(path, "wb");
        fwrite(good.data, 1, cut, f), fclose(f);
        refused(SIZE);
    }
    for (int field = 0; field < 2; field++) {  // a negative and a huge length
        int32_t bad = field ? INT32_MAX : -5;
        memcpy(good.data + 8, &bad, 4);
        FILE *f = fopen(path, "wb");
        fwrite(good.data, 1, good.size, f), fclose(f);
        refused(SIZE);
    }
    memcpy(good.data + 8, &(int32_t){5}, 4);  // as it was
    // a length of 0 for all, a score of NaN, a zero in a text
    for (int what = 0; what < 3; what++) {
        char *at = good.data + 4 * what, old[4];
        memcpy(old, at, 4);
        memcpy(at, what == 1 ? (void *)&(float){NAN} : (void *)&(int32_t){0}, 4);
        if (what == 2)
            memcpy(at, old, 4), at = good.data + 12, memcpy(old, at, 4), *at = '\0';
        FILE *f = fopen(path, "wb");
        fwrite(good.data, 1, good.size, f), fclose(f);
        refused(SIZE);
        memcpy(at, old, 4);
    }
    bytes_free(&good);
}
