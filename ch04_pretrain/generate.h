// Generation with a trained model: text after a prompt, one token at a time. Lecture,
// section 4.12. How the next token is chosen is chapter 3's sample.h.
#pragma once
#include <stdio.h>

#include "ch01_tokenizer/tokenizer.h"
#include "ch03_transformer/infer_of_model.h"

typedef struct {
    double temperature;  // 0: the most likely token each time
    double top_p;        // 1: all
    Rng rng;
} Generation;

// Prints the prompt and at most `count` tokens after it, as they come; stops at `end`,
// which the text also begins with. False and err where the model is none that infer.h
// runs or the prompt is longer than its context.
bool generate_text(FILE *to, const Model *m, const Tokenizer *t, int end,
                   const char *prompt, int count, Generation *g, Error *err);
