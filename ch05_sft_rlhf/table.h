// Tables that people write: lines, and fields between tabs. For the readers of such files
// (examples.h, facts.h).
//
// Lines may end in \r\n, and a file may begin with a byte order mark; blank lines are
// passed over. In a field, \n is a new line, \t a tab, \\ a backslash. What is wrong is
// said in one line, "file:line: ...".
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

enum { TABLE_LONGEST_LINE = 1 << 20 };

// A line, without its end, zero-terminated in place of it.
typedef struct {
    char *text;
    size_t size;
    long long number;
} Line;

typedef struct {
    Line *list;
    size_t count, capacity;
} Lines;

// Cuts text[0 .. size - 1], which a zero follows, into the lines that are not blank. False
// and err for a line that is too long, or not UTF-8. The caller frees lines->list.
bool lines_split(Lines *lines, const char *path, char *text, size_t size, Error *err);
// false and "path:LINE: ..." in err.
bool line_error(const char *path, long long line, Error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

int line_fields(const char *line);
// Field i, its letters for new lines and tabs replaced: a copy that the caller frees. NULL
// where i < 0 or there are fewer.
char *line_field(const char *line, int i);
bool text_is_blank(const char *text);
char *text_copy_of(const char *text);

// Where the columns of a table are. at[count]: the place of names[i] in the first line, -1
// where it is not. False and err where one is named twice.
bool table_columns(int *at, const char *const *names, int count, const char *path,
                   const Line *first, Error *err);
