#include "ch01_tokenizer/format_own.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char MAGIC[] = "course-bpe 1";

static bool read_merge(Reader *r, Tokenizer *t) {
    const char *text = r->line + strlen("merge ");
    long long left, right, count;
    Error problem;
    if (!read_number(&text, TOKEN_MOST, &left)
        || !read_number(&text, TOKEN_MOST, &right)
        || !read_number(&text, INT64_MAX, &count))
        return fail(r, "expected 'merge LEFT RIGHT COUNT'");
    return tokenizer_add_merge(t, t->size, (int)left, (int)right, (uint64_t)count,
                               &problem)
           || fail_as(r, &problem);
}

static bool read_special(Reader *r, Tokenizer *t) {
    Error problem;
    const char *text = r->line + strlen("special ");
    if (!*text) return fail(r, "expected 'special TEXT'");
    return tokenizer_add_special(t, t->size, text, &problem) || fail_as(r, &problem);
}

bool is_own(const Reader *r) {
    return strncmp(r->line, MAGIC, strcspn(MAGIC, " ")) == 0;
}

bool read_own(Reader *r, Tokenizer *t, const char *pattern) {
    (void)pattern;  // it says its own
    if (strcmp(r->line, MAGIC) != 0) return fail(r, "expected '%s'", MAGIC);
    Error problem;
    long long merges = -1;
    const char *text = r->line + strlen("merges ");
    tokenizer_add_bytes(t);
    if (!next_line(r) || strncmp(r->line, "pattern ", 8) != 0)
        return fail(r, "expected 'pattern NAME-OR-EXPRESSION'");
    if (!tokenizer_set_pattern(t, r->line + 8, &problem)) return fail_as(r, &problem);
    if (next_line(r)) text = r->line + strlen("merges ");
    if (strncmp(r->line, "merges ", 7) != 0 || !read_number(&text, TOKEN_MOST, &merges))
        return fail(r, "expected 'merges NUMBER'");
    for (long long m = 0; m < merges; m++) {
        if (!next_line(r))
            return fail(r, "cut short: %lld merges of %lld are here", m, merges);
        if (strncmp(r->line, "merge ", 6) != 0)
            return fail(r, "expected 'merge LEFT RIGHT COUNT'");
        if (!read_merge(r, t)) return false;
    }
    while (next_line(r) && strcmp(r->line, "end") != 0) {
        if (strncmp(r->line, "special ", 8) != 0)
            return fail(r, "expected 'special TEXT' or 'end'");
        if (!read_special(r, t)) return false;
    }
    return strcmp(r->line, "end") == 0 || fail(r, "cut short: expected 'end'");
}

bool write_own(const Tokenizer *t, FILE *stream, Error *err) {
    (void)err;  // every tokenizer that was trained or read from such a file can be
    int merges = t->size - 256 - t->special_count;
    fprintf(stream, "%s\npattern %s\nmerges %d\n", MAGIC, t->expression, merges);
    char *text = NULL;
    size_t capacity = 0;
    for (int id = 256; id < 256 + merges; id++) {
        const Token *token = &t->tokens[id];
        reserve(text, capacity, 4 * token->size + 1);
        escape(text, t->bytes + token->begin, token->size);
        fprintf(stream, "merge %d %d %" PRIu64 " %d \"%s\"\n", token->left,
                token->right, token->count, id, text);
    }
    free(text);
    for (int s = 0; s < t->special_count; s++)
        fprintf(stream, "special %s\n", t->specials[s].text);
    fprintf(stream, "end\n");
    return true;
}
