// Base64 (RFC 4648): how tiktoken's files write a token's bytes.
#pragma once
#include <stddef.h>
#include <stdio.h>

// Decodes text[0 .. n-1] into `to`, which has room for n bytes; how many there are, or
// SIZE_MAX where it is not base64. "=" alone is no bytes, as Python reads it.
size_t base64_decode(char *to, const char *text, size_t n);
void base64_write(FILE *stream, const char *bytes, size_t n);
