// Our own checkpoints: what is written is read, bit for bit; whatever is not intact is
// refused and changes nothing.
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ch03_transformer/checkpoint.h"
#include "common/numeric/rng.h"
#include "common/program/file.h"

static char path[] = "/tmp/course-checkpoint-XXXXXX";

static void setup(void) {
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    close(fd);
}
static void teardown(void) { unlink(path); }

TestSuite(checkpoint, .init = setup, .fini = teardown);

enum { COUNT = 3 };
static const CheckpointNote notes[] = {{"model", "tiny gpt, 3 layers"},
                                       {"step", "100"}};

static void make(CheckpointTensor *t, uint64_t seed) {
    Rng rng = rng_new(seed);
    t[0] = (CheckpointTensor){"token.weight", mat_new(7, 5)};
    t[1] = (CheckpointTensor){"block.0.gain", mat_new(1, 5)};
    t[2] = (CheckpointTensor){"block.0.up", mat_transpose(mat_new(4, 6))};  // any view
    for (int i = 0; i < COUNT; i++) {
        rng_fill_normal(&rng, t[i].at, 1);
        for (int r = 0; r < t[i].at.rows; r++)  // values that fp32 has
            for (int c = 0; c < t[i].at.cols; c++)
                *mat_at(t[i].at, r, c) = (float)*mat_at(t[i].at, r, c);
    }
}

static void release(CheckpointTensor *t) {
    for (int i = 0; i < COUNT; i++) mat_free(t[i].at);
}

static bool equal(Mat a, Mat b) {
    bool same = a.rows == b.rows && a.cols == b.cols;
    for (int r = 0; same && r < a.rows; r++)
        for (int c = 0; c < a.cols; c++) same &= *mat_at(a, r, c) == *mat_at(b, r, c);
    return same;
}

static Bytes written(void) {
    CheckpointTensor t[COUNT];
    Error err;
    make(t, 1);
    cr_assert(checkpoint_write(path, t, COUNT, notes, 2, &err), "%s", err.text);
    release(t);
    Bytes bytes;
    cr_assert(file_read(&bytes, path, &err));
    return bytes;
}

static void replace(const char *data, size_t size) {
    FILE *f = fopen(path, "wb");
    fwrite(data, 1, size, f);
    cr_assert_eq(fclose(f), 0);
}

Test(checkpoint, what_is_written_is_read) {
    CheckpointTensor t[COUNT], u[COUNT];
    Error err;
    Bytes bytes = written();
    make(t, 1), make(u, 2);
    Checkpoint c;
    cr_assert(checkpoint_read(&c, path, &err), "%s", err.text);
    cr_assert_eq(c.count, COUNT);
    for (int i = 0; i < COUNT; i++) {
        cr_assert_str_eq(c.tensors[i].name, t[i].name);
        cr_assert(equal(c.tensors[i].at, t[i].at));
    }
    cr_assert_str_eq(checkpoint_note(&c, "model"), "tiny gpt, 3 layers");
    cr_assert(!checkpoint_note(&c, "nothing") && !checkpoint_find(&c, "nothing"));
    checkpoint_free(&c);
    CheckpointTensor swapped[] = {u[2], u[0], u[1]};
    cr_assert(checkpoint_load(path, swapped, COUNT, &err), "%s", err.text);
    for (int i = 0; i < COUNT; i++) cr_assert(equal(u[i].at, t[i].at));
    // The layout, as the header documents it.
    const char *data = strstr(bytes.data, "checksum ");
    size_t header = (size_t)(strchr(data, '\n') + 1 - bytes.data);
    cr_assert_eq(header % 64, 0);
    cr_assert_eq(bytes.size, header + 4 * (35 + 5 + 24));
    float first;
    memcpy(&first, bytes.data + header, 4);
    cr_assert_eq(first, (float)t[0].at.at[0]);
    cr_assert(strncmp(bytes.data,
                      "course-checkpoint 1\nnote model tiny gpt, 3 layers\nnote step "
                      "100\ntensor token.weight 7 5\n",
                      60)
              == 0);
    bytes_free(&bytes), release(t), release(u);
}

static void refused(const char *what) {
    CheckpointTensor t[COUNT], u[COUNT];
    Error err = {""};
    make(t, 2), make(u, 2);
    cr_assert(!checkpoint_load(path, t, COUNT, &err), "accepted: %s", what);
    cr_assert(strncmp(err.text, path, strlen(path)) == 0 && !strchr(err.text, '\n'),
              "%s: %s", what, err.text);
    for (int i = 0; i < COUNT; i++)
        cr_assert(equal(t[i].at, u[i].at), "%s: changed something", what);
    release(t), release(u);
}

Test(checkpoint, every_cut_and_every_flipped_bit_is_refused) {
    Bytes bytes = written();
    for (size_t size = 0; size < bytes.size; size++)
        replace(bytes.data, size), refused("cut");
    for (size_t i = 0; i < bytes.size; i++)
        for (int bit = 0; bit < 8; bit++) {
            bytes.data[i] ^= (char)(1 << bit);
            replace(bytes.data, bytes.size), refused("flipped");
            bytes.data[i] ^= (char)(1 << bit);
        }
    char longer[4096] = {0};
    memcpy(longer, bytes.data, bytes.size);
    replace(longer, bytes.size + 1), refused("longer");
    bytes_free(&bytes);
}

// A digit of the checksum may be written in one way only: neither "A" for "a" nor " "
// for a leading "0" is what was written.
Test(checkpoint, the_checksum_is_read_literally) {
    bool zero = false;
    for (int seed = 1; !zero; seed++) {
        CheckpointTensor t[COUNT];
        Error err;
        make(t, (uint64_t)seed);
        cr_assert(checkpoint_write(path, t, COUNT, NULL, 0, &err), "%s", err.text);
        release(t);
        Bytes bytes;
        cr_assert(file_read(&bytes, path, &err));
        char *digits = strstr(bytes.data, "checksum ") + 9;
        zero = *digits == '0';
        for (int i = 0; i < 16; i++) {
            char old = digits[i];
            if (old >= 'a') digits[i] = (char)(old - 'a' + 'A');
            else if (old == '0' && i == 0) digits[i] = ' ';
            if (digits[i] != old)
                replace(bytes.data, bytes.size), refused("another spelling");
            digits[i] = old;
        }
        bytes_free(&bytes);
    }
}

// Rows longer than what is converted at a time.
Test(checkpoint, long_rows) {
    enum { LONG = 10000 };
    Mat from = mat_new(2, LONG), to = mat_new(2, LONG);
    Error err;
    for (int i = 0; i < 2 * LONG; i++) from.at[i] = (real)i;
    cr_assert(
        checkpoint_write(path, &(CheckpointTensor){"long", from}, 1, NULL, 0, &err),
        "%s", err.text);
    cr_assert(checkpoint_load(path, &(CheckpointTensor){"long", to}, 1, &err), "%s",
              err.text);
    cr_assert(equal(from, to));
    Bytes bytes;
    cr_assert(file_read(&bytes, path, &err));
    float last;
    memcpy(&last, bytes.data + bytes.size - 4, 4);
    cr_assert_eq(last, 2 * LONG - 1);
    bytes_free(&bytes), mat_free(from), mat_free(to);
}

// A header that is not a multiple of 64 bytes, though all else fits; sizes whose sum of
// bytes is 0 to 64 bits.
Test(checkpoint, headers_that_only_seem_to_fit) {
    Bytes bytes = written();
    char *end = strchr(strstr(bytes.data, "checksum "), '\n');
    cr_assert_eq(end[-1], ' ');
    memmove(end - 1, end, (size_t)(bytes.data + bytes.size - end));
    replace(bytes.data, bytes.size - 1), refused("not aligned");
    bytes_free(&bytes);
    char header[512];
    int n = snprintf(header, sizeof header, "course-checkpoint 1\n");
    for (int i = 0; i < 4; i++)
        n += snprintf(header + n, sizeof header - (size_t)n,
                      "tensor t%d 1073741824 1073741824\n", i);
    n += snprintf(header + n, sizeof header - (size_t)n, "checksum %016d", 0);
    n += snprintf(header + n, sizeof header - (size_t)n, "%*s\n", 63 - n % 64, "");
    cr_assert_eq(n % 64, 0);
    replace(header, (size_t)n), refused("2^64 bytes");
}

Test(checkpoint, malformed_headers) {
    static const char *const bad[] = {
        "",
        "x",
        "course-checkpoint 2\n",
        "course-checkpoint 1\n",
        "course-checkpoint 1\ntensor a 1\nchecksum 0\n",
        "course-checkpoint 1\ntensor a 1 1",
        "course-checkpoint 1\ntensor  1 1\n",
        "course-checkpoint 1\nnote x\n",
        "course-checkpoint 1\ntensor a -1 1\nchecksum 0000000000000000\n",
        "course-checkpoint 1\nchecksum 12\n",
        "course-checkpoint 1\ntensor a 2147483647 2147483647\ntensor b 2147483647 "
        "2147483647\nchecksum 0000000000000000\n",
        "course-checkpoint 1\ntensor a 99999999999999999999 1\nchecksum "
        "0000000000000000\n",
        "course-checkpoint 1\ntensor a 1 1\ntensor a 1 1\nchecksum "
        "0000000000000000\n........",
        "course-checkpoint 1\nhello\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        replace(bad[i], strlen(bad[i])), refused(bad[i]);
}

Test(checkpoint, another_model_is_refused) {
    Bytes bytes = written();
    CheckpointTensor t[COUNT];
    Error err;
    make(t, 1);
    cr_assert(!checkpoint_load(path, t, COUNT - 1, &err));
    t[1].name = "block.1.gain";
    cr_assert(!checkpoint_load(path, t, COUNT, &err)
              && strstr(err.text, "block.1.gain"));
    t[1].name = "block.0.gain", t[2].at = mat_transpose(t[2].at);
    cr_assert(
        !checkpoint_load(path, t, COUNT, &err) && strstr(err.text, "expected 4 x 6"),
        "%s", err.text);
    t[1].name = t[0].name;  // intact, but which one is meant?
    cr_assert(checkpoint_write(path, t, COUNT, notes, 2, &err));
    cr_assert(
        !checkpoint_load(path, t, COUNT, &err) && strstr(err.text, "there already"),
        "%s", err.text);
    t[1].name = "block.0.gain";
    t[0].at.at[3] = NAN;
    cr_assert(checkpoint_write(path, t, COUNT, notes, 2, &err));
    cr_assert(!checkpoint_load(path, t, COUNT, &err) && strstr(err.text, "NaN"), "%s",
              err.text);
    cr_assert(!checkpoint_write("/nowhere/at/all", t, COUNT, notes, 2, &err));
    cr_assert(!checkpoint_load("/tmp", t, COUNT, &err));
    release(t), bytes_free(&bytes);
}
