// A trained model and the words it knows, from one file. Lecture, section 4.10.
#pragma once
#include "ch03_transformer/tokenizer_notes.h"
#include "ch04_pretrain/lexicon.h"
#include "ch04_pretrain/objective.h"

typedef struct {
    Model model;
    Lexicon lexicon;
    ObjectiveKind objective;  // that such a model is trained by, as its parts show
} Pretrained;

// False and err where the file is not intact, no model of language, or one without its
// words.
bool pretrained_load(Pretrained *p, const char *path, Error *err);
void pretrained_free(Pretrained *p);

// The longest row of data that the model can read, by this objective; 0: it cannot.
int pretrained_time(const Pretrained *p, ObjectiveKind objective);
