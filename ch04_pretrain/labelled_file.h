// Texts with labels from a file, for the command `classify`. Lecture, section 4.32.
//
//     spam<TAB>You have won a red kite.
//     mail<TAB>Where is the kite?
//
// One text per line; empty lines are passed over. Labels are names, numbered as they
// first occur. Or, for labels of tokens, one for each word:
//
//     girl - - - toy<TAB>Anna has the red kite.
//
// The first token of a word has its label, the others have none, as in BERT.
#pragma once
#include "ch04_pretrain/classifier.h"
#include "ch04_pretrain/lexicon.h"

typedef struct {
    char **names;
    int count;
} LabelNames;

void label_names_free(LabelNames *n);

// Reads a file, "-" is standard input: END and then each text's ids, cut to `most`
// tokens; *cut: how many texts were. Labels that are new are added to names; with
// `only`, they are refused instead. False and err ("path:line: ...") for a line without
// a tab, an empty label or text, another number of labels than of words, a word that
// the lexicon does not have, or a file without a line.
typedef struct {
    LabelPlace place;
    bool only;
    int most;
} LabelledFormat;
bool labelled_read(Labelled *l, LabelNames *names, const LabelledFormat *format,
                   const Lexicon *lexicon, const char *path, int *cut, Error *err);
