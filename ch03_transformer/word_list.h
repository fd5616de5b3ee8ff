// A vocabulary of whole words, and how it is kept in a checkpoint: for models that were
// trained on a language (chapter 4), as tokenizer_notes.h is for those of a text. Lecture,
// section 3.12.
//
//     note words.end 240       the id that texts begin and end with
//     note words.0 once        then every word, by its id
//     ...
//
// Words are separated by white space; "." "," and "?" are words of their own. A list that
// has a full stop is prose: sentences begin with a capital.
#pragma once
#include <stdio.h>

#include "ch01_tokenizer/tokenizer.h"
#include "ch03_transformer/model_file.h"

typedef struct {
    char **list;
    int count, end;
} WordList;

// The next word of *text, which moves on; NULL: there is none. Not closed by a NUL.
const char *word_next(const char **text, size_t *length);
// Whether that is a word that no space is before: "." "," "?".
bool word_is_point(const char *word);
// Prints a word after another one; NULL: it is the first of its text.
void word_print(FILE *out, const char *previous, const char *word, bool prose);

// model_save, and the words with it: size of them, the end's own among them, and `more`
// notes.
bool model_save_with_word_list(const char *path, const Model *m, const WordList *w,
                               const CheckpointNote *more, int more_count, Error *err);
bool word_list_is_noted(const Checkpoint *c);
// False and err where they are not there, one by one.
bool word_list_of_notes(WordList *w, const Checkpoint *c, const char *path, Error *err);
void word_list_free(WordList *w);

// Appends the ids of a text. False and err for a word that is none of these.
bool word_list_encode(const WordList *w, const char *text, Ids *ids, Error *err);
// One id after another, -1: the first; the end is nothing.
void word_list_print(const WordList *w, FILE *out, int previous, int id);
