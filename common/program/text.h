// A text that grows at its end.
//
//     Text text = {0};
//     text_add(&text, "%d\n", 7);
//     ... text.data ...
//     free(text.data);
#pragma once
#include <stdarg.h>
#include <stddef.h>

typedef struct {
    char *data;  // ends with a zero byte; NULL as long as nothing was added
    size_t size, capacity;
} Text;

void text_add(Text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// Bytes as they are, zeros too.
void text_append(Text *text, const char *bytes, size_t count);
void text_add_args(Text *text, const char *format, va_list args);
// Words in double quotes, as JSON has them.
void text_add_json(Text *text, const char *words);
