#include "ch04_pretrain/lexicon.h"

#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/documents.h"

bool lexicon_of_tokenizer(Lexicon *l, Tokenizer t, Error *err) {
    for (int i = 0; i < t.special_count; i++)
        if (strcmp(t.specials[i].text, DOCUMENT_END) == 0) {
            *l = (Lexicon){.tokenizer = t, .size = t.size, .end = t.specials[i].id};
            return true;
        }
    return error_set(err, "a tokenizer without %s", DOCUMENT_END);
}

Lexicon lexicon_of_language(Language of) {
    bool ends = of.kind->ends;
    return (Lexicon){.language = of,
                     .size = of.symbols + !ends,
                     .end = ends ? language_end(&of) : of.symbols};
}

void lexicon_free(Lexicon *l) {
    if (l->language.kind) language_free(&l->language);
    else tokenizer_free(&l->tokenizer);
    *l = (Lexicon){0};
}

bool lexicon_encode(const Lexicon *l, const char *text, Ids *ids, Error *err) {
    size_t size = strlen(text);
    if (!l->language.kind)
        return tokenizer_encode(&l->tokenizer, text, size, false, ids, err);
    int n;  // a word has a byte at least, and most have a space after them
    reserve(ids->at, ids->capacity, ids->size + size + 1);
    if (!language_parse(&l->language, text, ids->at + ids->size, (int)size, &n, err))
        return false;
    for (int i = 0; i < n; i++)
        if (ids->at[ids->size + (size_t)i] == MASKED)
            return error_set(err, "[MASK] cannot be read here");
    ids->size += (size_t)n;
    return true;
}

static void print_token(const Lexicon *l, FILE *out, int id) {
    size_t size = 0;
    const char *bytes = id == l->end ? NULL : token_bytes(&l->tokenizer, id, &size);
    if (bytes) fwrite(bytes, 1, size, out);
}

void lexicon_print(const Lexicon *l, FILE *out, const int *ids, int n) {
    if (!l->language.kind) {
        for (int i = 0; i < n; i++)
            if (ids[i] < l->size) print_token(l, out, ids[i]);
        return;
    }
    int *words = allocate((size_t)n + 1, sizeof *words), kept = 0;
    for (int i = 0; i < n; i++)
        if (ids[i] < l->size && ids[i] != l->end) words[kept++] = ids[i];
    language_print(&l->language, out, words, kept);
    free(words);
}

const char *lexicon_name(const Lexicon *l, int id, char to[LEXICON_TEXT]) {
    enum { BYTES = (LEXICON_TEXT - 1) / 4 };
    size_t size = 0;
    if (id == l->end) snprintf(to, LEXICON_TEXT, "END");
    else if (id >= l->size) snprintf(to, LEXICON_TEXT, "<%d>", id - l->size);
    else if (l->language.kind)
        snprintf(to, LEXICON_TEXT, "%s", language_word(&l->language, id));
    else {
        const char *bytes = token_bytes(&l->tokenizer, id, &size);
        escape(to, bytes ? bytes : "", size < BYTES ? size : BYTES);
    }
    return to;
}
