#include "common/error.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *name_of_program = "course";

void program_name_set(const char *name) { name_of_program = name; }
const char *program_name(void) { return name_of_program; }

bool error_set(Error *err, const char *format, ...) {
    if (!err) return false;
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return false;
}

// One line, whatever is in it: names of files and values of options may hold anything.
static void say(const char *format, va_list args) {
    char text[sizeof(Error) + 512];
    vsnprintf(text, sizeof text, format, args);
    for (char *c = text; *c; c++)
        if (iscntrl((unsigned char)*c)) *c = ' ';
    fprintf(stderr, "%s: %s\n", name_of_program, text);
}

void warn(const char *format, ...) {
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
}

void die(const char *format, ...) {
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
    exit(2);
}

static void *or_die(void *memory, size_t count, size_t size) {
    if (!memory) die("out of memory: %zu x %zu bytes were asked for", count, size);
    return memory;
}

void *allocate(size_t count, size_t size) {
    return or_die(calloc(count ? count : 1, size ? size : 1), count, size);
}

void *reallocate(void *old, size_t count, size_t size) {
    if (size && count > SIZE_MAX / size) or_die(NULL, count, size);
    return or_die(realloc(old, count && size ? count * size : 1), count, size);
}
