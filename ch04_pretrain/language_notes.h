// A language inside a checkpoint: which one, with which settings, and its words. Lecture,
// section 4.5. So a model and what it was trained on are one file, and `eval`, `next` and
// `fill` know the exact source. Chapter 3's `run` reads the words alone (word_list.h).
//
//     note language markov
//     note language.symbols 3        and order, concentration and seed
//     note words.end 3
//     note words.0 a ...
#pragma once
#include "ch03_transformer/model_file.h"
#include "ch04_pretrain/lexicon.h"

bool model_save_with_language(const char *path, const Model *m, const Language *l,
                              Error *err);
bool language_is_noted(const Checkpoint *c);
// False and err where the notes are missing or damaged, or the words are not those that
// this program's language has: then it is another language of that name.
bool language_of_notes(Language *l, const Checkpoint *c, const char *path, Error *err);

// err where these settings cannot be: the message has no file's name.
bool language_settings_check(const LanguageSettings *s, Error *err);
