// Texts with labels from a file, for the command `classify`. Lecture, section 4.32.
//
//     spam<TAB>You have won a red kite.
//     mail<TAB>Where is the kite?
//
// A line a text. Labels are names, numbered as they first occur.
#pragma once
#include "ch04_pretrain/classifier.h"
#include "ch04_pretrain/lexicon.h"

typedef struct {
    char **names;
    int count;
} LabelNames;

void label_names_free(LabelNames *n);

// Reads a file, "-" is standard input: END and then each text's ids, cut to `most` tokens;
// *cut: how many texts were. Labels that are new are added to names; with `only`, they are
// refused instead. False and err ("path:line: ...") for a line without a tab, an empty
// label or text, a word that the lexicon does not have, or a file without a line.
bool labelled_read(Labelled *l, LabelNames *names, bool only, const Lexicon *lexicon,
                   const char *path, int most, int *cut, Error *err);
