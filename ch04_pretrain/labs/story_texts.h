// Stories as prose, one after the other in memory: documents for the labs on data.
#pragma once
#include "ch04_pretrain/documents.h"
#include "ch04_pretrain/story.h"

typedef struct {
    Documents documents;
    char **texts;
} StoryTexts;

StoryTexts story_texts(const Story *s, Rng *rng, size_t count);
void story_texts_free(StoryTexts *t);
