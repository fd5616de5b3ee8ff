// Errors and memory: the three ways a thing can go wrong.
//
//   a caller's bug       assert(...)
//   a user's mistake     a function fills an Error and returns false; the program prints it and exits with 2:
//                        "ch01_tokenizer: merges.txt:312: expected two tokens"
//   out of memory        allocate() says so and exits with 2; nobody checks for NULL
//
// Interface:
//   return error_set(err, "%s:%d: expected two tokens", path, line);     in the function that found it
//   if (!model_read(&m, path, &err)) die("%s", err.text);                in the program
#pragma once
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    char text[512];
} Error;

// Fills err (which may be NULL) and returns false, so that a function can end with it.
bool error_set(Error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// Prints "program: message" on stderr and exits with status 2. Files being written
// vanish (file.h).
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

// "program: message" on stderr, and on we go.
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

void program_name_set(const char *name);
const char *program_name(void);

// count x size bytes, zeroed. The caller frees with free(). Never NULL; exits on
// overflow or exhaustion.
void *allocate(size_t count, size_t size);

// As realloc for count x size bytes, with the same promises; new bytes are not zeroed.
void *reallocate(void *old, size_t count, size_t size);

// Makes room for at least `need` items in a growing array; doubles, so that n pushes
// cost O(n).
#define reserve(array, capacity, need) \
    do { \
        if ((size_t)(need) > (capacity)) { \
            (capacity) = \
                (size_t)(need) > 2 * (capacity) ? (size_t)(need) : 2 * (capacity); \
            (array) = reallocate((array), (capacity), sizeof *(array)); \
        } \
    } while (0)
