#include "ch05_sft_rlhf/table.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/utf8.h"

bool line_error(const char *path, long long line, Error *err, const char *format, ...) {
    char why[400];
    va_list args;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    return error_set(err, "%.80s:%lld: %s", path, line, why);
}

bool text_is_blank(const char *text) {
    while (isspace((unsigned char)*text)) text++;
    return !*text;
}

char *text_copy_of(const char *text) {
    size_t size = strlen(text) + 1;
    return memcpy(allocate(size, 1), text, size);
}

// ---- lines

static bool check_line(const char *path, const Line *l, Error *err) {
    if (l->size > TABLE_LONGEST_LINE)
        return line_error(path, l->number, err,
                          "a line of %zu bytes: expected %d at most", l->size,
                          TABLE_LONGEST_LINE);
    if (memchr(l->text, '\0', l->size))
        return line_error(path, l->number, err, "a zero byte: expected text");
    size_t good = utf8_valid_prefix(l->text, l->size);
    if (good < l->size)
        return line_error(path, l->number, err, "byte %zu is not UTF-8", good + 1);
    return true;
}

bool lines_split(Lines *lines, const char *path, char *text, size_t size, Error *err) {
    static const char mark[] = "\xef\xbb\xbf";  // of the byte order, in UTF-8
    char *end = text + size;
    if (size >= 3 && memcmp(text, mark, 3) == 0) text += 3;
    for (long long number = 1; text < end; number++) {
        char *stop = memchr(text, '\n', (size_t)(end - text));
        if (!stop) stop = end;
        char *next = stop < end ? stop + 1 : end;
        if (stop > text && stop[-1] == '\r') stop--;
        Line line = {text, (size_t)(stop - text), number};
        if (!check_line(path, &line, err)) return false;
        *stop = '\0', text = next;
        if (text_is_blank(line.text)) continue;
        reserve(lines->list, lines->capacity, lines->count + 1);
        lines->list[lines->count++] = line;
    }
    return true;
}

// ---- fields

int line_fields(const char *line) {
    int count = 1;
    for (; *line; line++) count += *line == '\t';
    return count;
}

// \n, \t and \\ become what they stand for, in place; other backslashes stay.
static void unescape(char *text) {
    static const char from[] = "nt\\", to[] = "\n\t\\";
    char *write = text;
    for (const char *read = text; *read;) {
        const char *found = *read == '\\' && read[1] ? strchr(from, read[1]) : NULL;
        *write++ = found ? to[found - from] : *read;
        read += found ? 2 : 1;
    }
    *write = '\0';
}

char *line_field(const char *line, int i) {
    if (i < 0 || i >= line_fields(line)) return NULL;
    for (; i > 0; i--) line = strchr(line, '\t') + 1;
    size_t size = strcspn(line, "\t");
    char *copy = allocate(size + 1, 1);
    memcpy(copy, line, size);
    unescape(copy);
    return copy;
}

// ---- columns

static bool same_name(const char *a, size_t size, const char *name) {
    return strlen(name) == size && memcmp(a, name, size) == 0;
}

bool table_columns(int *at, const char *const *names, int count, const char *path,
                   const Line *first, Error *err) {
    for (int c = 0; c < count; c++) at[c] = -1;
    const char *name = first->text;
    for (int i = 0;; i++) {
        size_t size = strcspn(name, "\t");
        for (int c = 0; c < count; c++) {
            if (!same_name(name, size, names[c])) continue;
            if (at[c] >= 0)
                return line_error(path, first->number, err,
                                  "a column that is named twice");
            at[c] = i;
        }
        if (!name[size]) return true;
        name += size + 1;
    }
}
