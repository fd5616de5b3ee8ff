#include "ch03_transformer/float_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "the files are little-endian");
_Static_assert(sizeof(float) == 4, "fp32");

enum { CHUNK = 4096 };  // numbers converted at a time

bool float_file_open(FloatFile *f, const char *path, Error *err) {
    // A pipe that nobody writes to must not be waited for, only to be refused.
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    *f = (FloatFile){.path = path, .stream = fd < 0 ? NULL : fdopen(fd, "rb")};
    if (!f->stream) return error_set(err, "%s: %s", path, strerror(errno));
    struct stat info;
    if (fstat(fileno(f->stream), &info) != 0 || !S_ISREG(info.st_mode)) {
        float_file_close(f);
        return error_set(err, "%s: expected a file: its size must be known", path);
    }
    f->size = (uint64_t)info.st_size;
    return true;
}

void float_file_close(FloatFile *f) {
    if (f->stream) fclose(f->stream);
    f->stream = NULL;
}

bool float_file_bytes(FloatFile *f, void *to, size_t size, Error *err) {
    return fread(to, 1, size, f->stream) == size
           || error_set(err, "%s: cut short", f->path);
}

bool float_file_skip(FloatFile *f, uint64_t size, Error *err) {
    return fseeko(f->stream, (off_t)size, SEEK_CUR) == 0
           || error_set(err, "%s: %s", f->path, strerror(errno));
}

bool float_file_expect(const FloatFile *f, uint64_t size, Error *err) {
    return f->size == size
           || error_set(err,
                        "%s: %" PRIu64 " bytes, but its header says %" PRIu64 ": %s",
                        f->path, f->size, size,
                        f->size < size ? "cut short" : "too long, or not such a file");
}

size_t float_size(FloatKind kind) {
    return kind == FLOAT_FP32 ? sizeof(float) : sizeof(uint16_t);
}

// bf16 is the upper half of a float.
static float widened(uint16_t bits) {
    uint32_t wide = (uint32_t)bits << 16;
    float x;
    memcpy(&x, &wide, sizeof x);
    return x;
}

static bool read_chunk(FloatFile *f, FloatKind kind, float *to, size_t n, Error *err) {
    if (kind == FLOAT_FP32) return float_file_bytes(f, to, n * sizeof *to, err);
    uint16_t halves[CHUNK];
    if (!float_file_bytes(f, halves, n * sizeof *halves, err)) return false;
    for (size_t i = 0; i < n; i++) to[i] = widened(halves[i]);
    return true;
}

static bool all_finite(const float *x, size_t n) {
    int bad = 0;
    for (size_t i = 0; i < n; i++) bad |= !(fabsf(x[i]) < INFINITY);
    return !bad;
}

bool float_file_read(FloatFile *f, FloatKind kind, Mat to, const char *name, int layer,
                     Error *err) {
    float chunk[CHUNK];
    for (int i = 0; i < to.rows; i++)
        for (int j = 0, n; j < to.cols; j += n) {
            n = to.cols - j < CHUNK ? to.cols - j : CHUNK;
            if (!read_chunk(f, kind, chunk, (size_t)n, err)) return false;
            if (!all_finite(chunk, (size_t)n)) {
                if (layer < 0)
                    return error_set(err, "%s: a NaN or infinity in %s", f->path, name);
                return error_set(err, "%s: a NaN or infinity in %s of layer %d",
                                 f->path, name, layer + 1);
            }
            for (int c = 0; c < n; c++) *mat_at(to, i, j + c) = chunk[c];
        }
    return true;
}

void floats_write(FILE *stream, Mat from) {
    float chunk[CHUNK];
    for (int i = 0; i < from.rows; i++)
        for (int j = 0, n; j < from.cols; j += n) {
            n = from.cols - j < CHUNK ? from.cols - j : CHUNK;
            for (int c = 0; c < n; c++) chunk[c] = (float)*mat_at(from, i, j + c);
            fwrite(chunk, sizeof *chunk, (size_t)n, stream);
        }
}
