#include "ch04_pretrain/labs/story_texts.h"

#include <stdio.h>
#include <stdlib.h>

enum { LONGEST = 4096 };

static Document story_text(const Story *s, Rng *rng, char **at) {
    int words[LONGEST], n = story_write(s, rng, words, LONGEST);
    size_t size = 0;
    FILE *out = open_memstream(at, &size);
    if (!out) die("out of memory");
    story_print(s, out, words, n);
    if (fclose(out) != 0) die("out of memory");
    return (Document){*at, size};
}

StoryTexts story_texts(const Story *s, Rng *rng, size_t count) {
    StoryTexts t = {.documents = {.list = allocate(count, sizeof(Document))},
                    .texts = allocate(count, sizeof *t.texts)};
    for (size_t i = 0; i < count; i++)
        t.documents.list[t.documents.count++] = story_text(s, rng, &t.texts[i]);
    return t;
}

void story_texts_free(StoryTexts *t) {
    for (size_t i = 0; i < t->documents.count; i++) free(t->texts[i]);
    free(t->texts), documents_free(&t->documents);
}
