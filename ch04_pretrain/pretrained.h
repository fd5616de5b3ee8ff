// A trained model and its tokenizer, from one file. Lecture, section 4.10.
#pragma once
#include "ch03_transformer/tokenizer_notes.h"

// model_free and tokenizer_free free them. False and err where the file is not intact, no
// model, or a model without a tokenizer.
bool pretrained_load(const char *path, Model *m, Tokenizer *t, Error *err);
