#include "ch03_transformer/checkpoint.h"

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/float_file.h"
#include "common/numeric/hash.h"
#include "common/program/output.h"

static const char MAGIC[] = "course-checkpoint 1\n";
// LINE: the longest there may be
enum { ALIGNMENT = 64, LINE = 4096, MOST_TENSORS = 1 << 15 };

// ---- checksum

static uint64_t checksum_mat(uint64_t h, Mat m) {
    for (int i = 0; i < m.rows; i++)
        for (int j = 0; j < m.cols; j++) {
            float x = (float)*mat_at(m, i, j);
            uint32_t bits;
            memcpy(&bits, &x, sizeof bits);
            h = hash_unit(h, bits);
        }
    return h;
}

// ---- writing

static void check_word(const char *word) {
    assert(*word && !strpbrk(word, " \t\r\n") && strlen(word) < LINE / 2
           && "checkpoint: a name with white space in it");
    (void)word;
}

// All of the header before its checksum.
static char *header_text(const CheckpointTensor *tensors, int count,
                         const CheckpointNote *notes, int note_count) {
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (!stream) die("out of memory");
    fputs(MAGIC, stream);
    for (int i = 0; i < note_count; i++) {
        check_word(notes[i].key);
        assert(!strpbrk(notes[i].value, "\r\n") && strlen(notes[i].value) < LINE / 2
               && "checkpoint: a note of two lines");
        fprintf(stream, "note %s %s\n", notes[i].key, notes[i].value);
    }
    for (int i = 0; i < count; i++) {
        check_word(tensors[i].name);
        assert(tensors[i].at.rows > 0 && tensors[i].at.cols > 0
               && "checkpoint: an empty tensor");
        fprintf(stream, "tensor %s %d %d\n", tensors[i].name, tensors[i].at.rows,
                tensors[i].at.cols);
    }
    if (fclose(stream) != 0) die("out of memory");
    return text;
}

bool checkpoint_write(const char *path, const CheckpointTensor *tensors, int count,
                      const CheckpointNote *notes, int note_count, Error *err) {
    Output out;
    if (!output_open(&out, path, err)) return false;
    char *header = header_text(tensors, count, notes, note_count);
    uint64_t checksum = hash_text(HASH_START, header);
    for (int i = 0; i < count; i++) checksum = checksum_mat(checksum, tensors[i].at);
    size_t size = strlen(header) + strlen("checksum 0123456789abcdef\n");
    int padding = (int)((ALIGNMENT - size % ALIGNMENT) % ALIGNMENT);
    fprintf(out.stream, "%schecksum %016" PRIx64 "%*s\n", header, checksum, padding,
            "");
    for (int i = 0; i < count; i++) floats_write(out.stream, tensors[i].at);
    free(header);
    return output_commit(&out, err);
}

// ---- reading

typedef struct {
    FloatFile file;
    char line[LINE];  // without its newline
    int number;
    uint64_t header;    // bytes of the lines so far
    uint64_t numbers;   // of all tensors so far
    uint64_t checksum;  // of what has been read
    Error *err;
} Reader;

static bool fail(Reader *r, const char *what) {
    return error_set(r->err, "%s:%d: %s", r->file.path, r->number, what);
}

// The next line of the header. Binary data, that has long lines and zeros, is refused.
static bool next_line(Reader *r) {
    r->number++;
    if (!fgets(r->line, LINE, r->file.stream))
        return fail(r, "cut short: expected a checksum");
    size_t size = strlen(r->line);
    if (size == 0 || r->line[size - 1] != '\n')
        return fail(r, "cut short, or a line too long");
    r->header += size;
    if (strncmp(r->line, "checksum ", 9) != 0)
        r->checksum = hash_text(r->checksum, r->line);
    r->line[size - 1] = '\0';
    return true;
}

// A whole number from 1 to INT_MAX; moves *text past it.
static bool read_size(char **text, int *size) {
    char *end;
    if (**text < '0' || **text > '9') return false;
    unsigned long long value = strtoull(*text, &end, 10);
    *text = end;
    *size = (int)value;
    return value >= 1 && value <= INT_MAX;
}

static bool read_tensor(Reader *r, Checkpoint *c) {
    char *name = r->line + strlen("tensor "), *space = strchr(name, ' '),
         *at = space ? space + 1 : name;
    int rows, cols;
    if (!space || space == name || !read_size(&at, &rows) || *at++ != ' '
        || !read_size(&at, &cols) || *at)
        return fail(r, "expected 'tensor NAME ROWS COLUMNS'");
    *space = '\0';
    if (checkpoint_find(c, name))
        return fail(r, "a tensor of this name was there already");
    r->numbers += (uint64_t)rows * (uint64_t)cols;
    if ((uint64_t)rows * (uint64_t)cols > r->file.size / 4
        || r->numbers > r->file.size / 4)
        return fail(r, "more numbers than the file has: cut short");
    if (c->count == MOST_TENSORS) return fail(r, "too many tensors");
    reserve(c->tensors, c->capacity, c->count + 1);
    // memory comes later
    c->tensors[c->count++] =
        (CheckpointTensor){strdup(name), {.rows = rows, .cols = cols}};
    return true;
}

static bool read_note(Reader *r, Checkpoint *c) {
    char *key = r->line + strlen("note "), *space = strchr(key, ' ');
    if (!space || space == key) return fail(r, "expected 'note KEY VALUE'");
    *space = '\0';
    reserve(c->notes, c->note_capacity, c->note_count + 1);
    c->notes[c->note_count++] = (CheckpointNote){strdup(key), strdup(space + 1)};
    return true;
}

// The header, up to and with its checksum.
static bool read_header(Reader *r, Checkpoint *c, uint64_t *checksum) {
    if (!fgets(r->line, sizeof MAGIC, r->file.stream) || strcmp(r->line, MAGIC) != 0)
        return error_set(r->err, "%s: not a checkpoint: expected 'course-checkpoint 1'",
                         r->file.path);
    r->number = 1, r->header = strlen(MAGIC),
    r->checksum = hash_text(HASH_START, MAGIC);
    for (;;) {
        if (!next_line(r)) return false;
        if (strncmp(r->line, "checksum ", 9) == 0) break;
        bool tensor = strncmp(r->line, "tensor ", 7) == 0,
             note = strncmp(r->line, "note ", 5) == 0;
        if (!tensor && !note) return fail(r, "expected 'note', 'tensor' or 'checksum'");
        if (tensor ? !read_tensor(r, c) : !read_note(r, c)) return false;
    }
    // Only as it is written: strtoull would also take capitals, and a space for a
    // leading zero.
    const char *digits = r->line + 9;
    if (strspn(digits, "0123456789abcdef") != 16
        || digits[16 + strspn(digits + 16, " ")] || r->header % ALIGNMENT)
        return fail(r, "expected 'checksum' with 16 hexadecimal digits");
    *checksum = strtoull(digits, NULL, 16);
    return true;
}

static bool read_all(Reader *r, Checkpoint *c) {
    uint64_t checksum = 0;
    if (!read_header(r, c, &checksum)
        || !float_file_expect(&r->file, r->header + 4 * r->numbers, r->err))
        return false;
    for (int i = 0; i < c->count; i++) {
        CheckpointTensor *t = &c->tensors[i];
        t->at = mat_new(t->at.rows, t->at.cols);
        if (!float_file_read(&r->file, FLOAT_FP32, t->at, t->name, -1, r->err))
            return false;
        r->checksum = checksum_mat(r->checksum, t->at);
    }
    return r->checksum == checksum
           || error_set(r->err, "%s: damaged: the checksum does not fit", r->file.path);
}

bool checkpoint_read(Checkpoint *c, const char *path, Error *err) {
    *c = (Checkpoint){0};
    Reader r = {.err = err};
    if (!float_file_open(&r.file, path, err)) return false;
    bool ok = read_all(&r, c);
    float_file_close(&r.file);
    if (!ok) checkpoint_free(c);
    return ok;
}

void checkpoint_free(Checkpoint *c) {
    for (int i = 0; i < c->count; i++)
        mat_free(c->tensors[i].at), free((char *)c->tensors[i].name);
    for (int i = 0; i < c->note_count; i++)
        free((char *)c->notes[i].key), free((char *)c->notes[i].value);
    free(c->tensors), free(c->notes);
    *c = (Checkpoint){0};
}

const char *checkpoint_note(const Checkpoint *c, const char *key) {
    for (int i = 0; i < c->note_count; i++)
        if (strcmp(c->notes[i].key, key) == 0) return c->notes[i].value;
    return NULL;
}

const Mat *checkpoint_find(const Checkpoint *c, const char *name) {
    for (int i = 0; i < c->count; i++)
        if (strcmp(c->tensors[i].name, name) == 0) return &c->tensors[i].at;
    return NULL;
}

bool checkpoint_fits(const Checkpoint *c, const char *path,
                     const CheckpointTensor *tensors, int count, Error *err) {
    if (c->count != count)
        return error_set(err, "%s: %d tensors, expected %d: another model", path,
                         c->count, count);
    for (int i = 0; i < count; i++) {
        const Mat *m = checkpoint_find(c, tensors[i].name), want = tensors[i].at;
        if (!m)
            return error_set(err, "%s: no tensor '%s': another model", path,
                             tensors[i].name);
        if (m->rows != want.rows || m->cols != want.cols)
            return error_set(err, "%s: '%s' is %d x %d, expected %d x %d", path,
                             tensors[i].name, m->rows, m->cols, want.rows, want.cols);
    }
    return true;
}

bool checkpoint_load(const char *path, const CheckpointTensor *tensors, int count,
                     Error *err) {
    Checkpoint c;
    if (!checkpoint_read(&c, path, err)) return false;
    bool ok = checkpoint_fits(&c, path, tensors, count, err);
    for (int i = 0; ok && i < count; i++)
        mat_copy(tensors[i].at, *checkpoint_find(&c, tensors[i].name));
    checkpoint_free(&c);
    return ok;
}
