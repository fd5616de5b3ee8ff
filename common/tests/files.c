#include "common/tests/files.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "common/error.h"
#include "common/program/file.h"

char *inside(const char *folder, const char *name) {
    static char paths[4][4096];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

void write_file(const char *path, const char *text) {
    Error err;
    Output out;
    cr_assert(output_open(&out, path, &err), "%s", err.text);
    fputs(text, out.stream);
    cr_assert(output_commit(&out, &err), "%s", err.text);
}

void holds(const char *path, const char *text) {
    Error err;
    Bytes bytes;
    cr_assert(file_read(&bytes, path, &err), "%s", err.text);
    cr_assert_str_eq(bytes.data, text);
    bytes_free(&bytes);
}
