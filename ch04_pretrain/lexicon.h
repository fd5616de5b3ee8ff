// The ids of a model's data and what they say: a tokenizer's tokens, where it was trained
// on a text; a language's words, where on a language. Lecture, section 4.5.
//
//     text "Anna had a red kite."      <-->      ids 13 40 2 77 51 0
//
// END, the id that documents begin and end with, is one of them; what an objective adds
// ([MASK], sentinels) comes after them.
#pragma once
#include "ch01_tokenizer/tokenizer.h"
#include "ch04_pretrain/language.h"

typedef struct {
    Tokenizer tokenizer;  // of a text
    Language language;    // kind NULL: it is a text's
    int size, end;        // ids are 0 .. size - 1
} Lexicon;

// Takes the tokenizer. False and err where it has no END.
bool lexicon_of_tokenizer(Lexicon *l, Tokenizer t, Error *err);
Lexicon lexicon_of_language(Language of);
void lexicon_free(Lexicon *l);

// Appends the ids of a text. False and err for a word that the language does not have.
bool lexicon_encode(const Lexicon *l, const char *text, Ids *ids, Error *err);
// The text of ids; END is nothing.
void lexicon_print(const Lexicon *l, FILE *out, const int *ids, int n);
// One id for people: "END", bytes escaped; an id beyond the data's as "<k>".
enum { LEXICON_TEXT = 64 };
const char *lexicon_name(const Lexicon *l, int id, char to[LEXICON_TEXT]);
