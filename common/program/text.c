#include "common/program/text.h"

#include <stdio.h>
#include <string.h>

#include "common/error.h"

void text_append(Text *text, const char *bytes, size_t count) {
    reserve(text->data, text->capacity, text->size + count + 1);
    memcpy(text->data + text->size, bytes, count);
    text->data[text->size += count] = '\0';
}

void text_add_args(Text *text, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    size_t length = (size_t)vsnprintf(NULL, 0, format, args);
    reserve(text->data, text->capacity, text->size + length + 1);
    vsnprintf(text->data + text->size, length + 1, format, again);
    text->size += length;
    va_end(again);
}

void text_add(Text *text, const char *format, ...) {
    va_list args;
    va_start(args, format);
    text_add_args(text, format, args);
    va_end(args);
}

void text_add_json(Text *text, const char *words) {
    text_add(text, "\"");
    for (const char *c = words; *c; c++)
        if (*c == '"' || *c == '\\') text_add(text, "\\%c", *c);
        else if ((unsigned char)*c < ' ') text_add(text, "\\u%04x", (unsigned)*c);
        else text_add(text, "%c", *c);
    text_add(text, "\"");
}
