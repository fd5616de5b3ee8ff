#include "ch01_tokenizer/line_reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/program/file.h"

bool next_line(Reader *r) {
    while (r->at < r->end) {
        const char *newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
        const char *stop = newline ? newline : r->end;
        r->size = (size_t)(stop - r->at);
        if (r->size && stop[-1] == '\r') r->size--;
        reserve(r->line, r->capacity, r->size + 1);
        memcpy(r->line, r->at, r->size);
        r->line[r->size] = '\0';
        r->at = newline ? newline + 1 : r->end;
        r->number++;
        if (r->size) return true;
    }
    r->size = 0;
    return false;
}

bool fail(Reader *r, const char *format, ...) {
    char what[400];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return error_set(r->err, "%s:%d: %s", file_label(r->path), r->number, what);
}

bool fail_as(Reader *r, const Error *problem) { return fail(r, "%s", problem->text); }

bool read_number(const char **text, long long most, long long *number) {
    char *end;
    if (**text < '0' || **text > '9') return false;
    errno = 0;
    *number = strtoll(*text, &end, 10);
    if (errno || *number > most || (*end && *end != ' ')) return false;
    *text = *end ? end + 1 : end;
    return true;
}
