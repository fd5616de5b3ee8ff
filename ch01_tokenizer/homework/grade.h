// The checks of chapter 1's homework, one file a problem, and what they share. How a
// check counts: common/program/homework.h. Where a result can be computed from its
// definition, it is; random cases have fixed seeds.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "ch01_tokenizer/homework/hw01.h"
#include "common/program/homework.h"

void check_dropout(Grade *g);
void check_stream(Grade *g);
void check_match(Grade *g);
void check_unigram(Grade *g);
void check_fallback(Grade *g);
void check_memory(Grade *g);

// A string literal that may hold bytes of 0.
typedef struct {
    const char *text;
    size_t n;
} Text;
#define TEXT(literal) \
    { literal, sizeof literal - 1 }

bool same_ints(const int *a, size_t a_count, const int *b, size_t b_count);
bool holds(const int *numbers, size_t count, int number);
