// GPT-2's way to write bytes as printable letters, so that a vocabulary file needs no
// escapes. Lecture, section 1.7.
//
// The 188 bytes that print (! to ~, U+00A1 to U+00AC, U+00AE to U+00FF) stand for
// themselves; the other 68, in order, are U+0100, U+0101 and so on: a space is U+0120,
// a newline U+010A. It changes the file, not the tokens.
#pragma once
#include <stddef.h>

// The byte with number i, 0 to 255, in GPT-2's numbering: first those that print, then
// the others.
int byte_in_gpt2_order(int i);
// Writes the UTF-8 of a byte's letter and returns its length, 1 or 2.
int letter_of_byte(char *to, int byte);
// The bytes that a word of letters stands for; at most size of them. SIZE_MAX where a
// letter stands for none.
size_t bytes_of_letters(char *to, const char *word, size_t size);
