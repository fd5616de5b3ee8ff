#include "ch01_tokenizer/model_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/byte_letters.h"
#include "ch01_tokenizer/utf8.h"
#include "common/program/file.h"

static const char MAGIC[] = "course-bpe 1";

// ---- lines

typedef struct {
    const char *path;
    const char *at, *end;  // what has not been read yet
    size_t file_size;
    int number;  // of the line below
    char *line;  // without its newline, ended by '\0'
    size_t size, capacity;
    Error *err;
} Reader;

// The next line that is not empty; false at the end of the file.
static bool next_line(Reader *r) {
    while (r->at < r->end) {
        const char *newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
        const char *stop = newline ? newline : r->end;
        r->size = (size_t)(stop - r->at);
        if (r->size && stop[-1] == '\r') r->size--;
        reserve(r->line, r->capacity, r->size + 1);
        memcpy(r->line, r->at, r->size);
        r->line[r->size] = '\0';
        r->at = newline ? newline + 1 : r->end;
        r->number++;
        if (r->size) return true;
    }
    r->size = 0;
    return false;
}

static __attribute__((format(printf, 2, 3))) bool fail(Reader *r, const char *format,
                                                       ...) {
    char what[400];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return error_set(r->err, "%s:%d: %s", file_label(r->path), r->number, what);
}

// Prefixes a message of the tokenizer with file and line.
static bool fail_as(Reader *r, const Error *problem) {
    return fail(r, "%s", problem->text);
}

// A whole number that ends at a space or the end; moves *text behind it.
static bool read_number(const char **text, long long most, long long *number) {
    char *end;
    if (**text < '0' || **text > '9') return false;
    errno = 0;
    *number = strtoll(*text, &end, 10);
    if (errno || *number > most || (*end && *end != ' ')) return false;
    *text = *end ? end + 1 : end;
    return true;
}

// ---- ours

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

static bool read_own(Reader *r, Tokenizer *t) {
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

void model_write(const Tokenizer *t, FILE *stream) {
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
}

// ---- GPT-2's

// The token that a word of GPT-2's letters spells; NO_SYMBOL where there is none (yet).
// bytes: room for size bytes.
static int find_spelt(const Tokenizer *t, const char *word, size_t size, char *bytes) {
    size_t n = bytes_of_letters(bytes, word, size);
    return n == SIZE_MAX ? NO_SYMBOL : tokenizer_find(t, bytes, n);
}

static bool read_gpt2_merge(Reader *r, Tokenizer *t, char *bytes) {
    char *space = memchr(r->line, ' ', r->size);
    if (!space || space == r->line || !space[1] || strchr(space + 1, ' '))
        return fail(r, "expected two tokens and a space between them");
    Error problem;
    int left = find_spelt(t, r->line, (size_t)(space - r->line), bytes);
    if (left == NO_SYMBOL)
        return fail(
            r, "the left token is not there yet: merges are listed after their parts");
    int right =
        find_spelt(t, space + 1, r->size - (size_t)(space + 1 - r->line), bytes);
    if (right == NO_SYMBOL)
        return fail(
            r, "the right token is not there yet: merges are listed after their parts");
    return tokenizer_add_merge(t, t->size, left, right, 0, &problem)
           || fail_as(r, &problem);
}

static bool read_gpt2(Reader *r, Tokenizer *t, bool have_line) {
    Error problem;
    char *bytes = NULL;
    size_t capacity = 0;
    for (int i = 0; i < 256; i++) {
        char byte = (char)byte_in_gpt2_order(i);
        tokenizer_add(t, i, &byte, 1, NULL);
    }
    bool ok = true;
    for (; ok && have_line; have_line = ok && next_line(r)) {
        reserve(bytes, capacity, r->size);
        ok = read_gpt2_merge(r, t, bytes);
    }
    free(bytes);
    if (!ok) return false;
    return (tokenizer_add_special(t, t->size, "<|endoftext|>", &problem)
            && tokenizer_set_pattern(t, "gpt2", &problem))
           || fail_as(r, &problem);
}

bool model_write_gpt2(const Tokenizer *t, FILE *stream, Error *err) {
    for (int id = 0; id < t->size; id++)
        if (t->tokens[id].size > 1 && t->tokens[id].left == NO_SYMBOL
            && !tokenizer_is_special(t, id))
            return error_set(
                err,
                "GPT-2's format needs merges, and id %d has none: this came from ranks",
                id);
    fprintf(stream, "#version: 0.2\n");
    for (int id = 0; id < t->size; id++) {
        if (t->tokens[id].left == NO_SYMBOL) continue;
        const Token *parts[2] = {&t->tokens[t->tokens[id].left],
                                 &t->tokens[t->tokens[id].right]};
        for (int p = 0; p < 2; p++) {
            for (size_t i = 0; i < parts[p]->size; i++) {
                char letter[4];
                int length = letter_of_byte(
                    letter, (unsigned char)t->bytes[parts[p]->begin + i]);
                fwrite(letter, 1, (size_t)length, stream);
            }
            fputc(p == 0 ? ' ' : '\n', stream);
        }
    }
    return true;
}

// ---- tiktoken's

static const struct {
    const char *pattern;
    int ranks;  // lines in the file; tells which one it is
    struct {
        const char *text;
        int id;
    } specials[6];
} encodings[] = {
    {"gpt2", 50256, {{"<|endoftext|>", 50256}}},
    {"p50k", 50280, {{"<|endoftext|>", 50256}}},
    {"cl100k",
     100256,
     {{"<|endoftext|>", 100257},
      {"<|fim_prefix|>", 100258},
      {"<|fim_middle|>", 100259},
      {"<|fim_suffix|>", 100260},
      {"<|endofprompt|>", 100276}}},
    {"o200k", 199998, {{"<|endoftext|>", 199999}, {"<|endofprompt|>", 200018}}},
};
enum { ENCODINGS = sizeof encodings / sizeof *encodings };

static int base64_value(char c) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = c ? strchr(letters, c) : NULL;
    return found ? (int)(found - letters) : -1;
}

// Decodes text[0 .. n-1]; the number of bytes, or SIZE_MAX where it is not base64.
static size_t base64_decode(char *to, const char *text, size_t n) {
    if (n == 0 || n % 4) return SIZE_MAX;
    size_t padding = text[n - 1] != '=' ? 0 : text[n - 2] != '=' ? 1 : 2, size = 0;
    for (size_t i = 0; i < n; i += 4) {
        unsigned bits = 0;
        for (size_t j = i; j < i + 4; j++) {
            int value = j >= n - padding ? 0 : base64_value(text[j]);
            if (value < 0) return SIZE_MAX;
            bits = bits << 6 | (unsigned)value;
        }
        for (int shift = 16; shift >= 0; shift -= 8) to[size++] = (char)(bits >> shift);
    }
    return size - padding;
}

static void base64_write(FILE *stream, const char *bytes, size_t n) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        unsigned bits = 0;
        for (size_t j = 0; j < 3; j++)
            bits = bits << 8 | (i + j < n ? (unsigned char)bytes[i + j] : 0u);
        for (size_t j = 0; j < 4; j++)
            fputc(i + j <= n ? letters[bits >> (18 - 6 * j) & 63] : '=', stream);
    }
}

static bool looks_like_tiktoken(const Reader *r) {
    const char *space = memchr(r->line, ' ', r->size);
    if (!space) return false;
    const char *number = space + 1;
    long long rank;
    char *bytes = reallocate(NULL, r->size, 1);
    bool ok = base64_decode(bytes, r->line, (size_t)(space - r->line)) != SIZE_MAX
              && read_number(&number, INT64_MAX, &rank);
    free(bytes);
    return ok;
}

static bool read_rank(Reader *r, Tokenizer *t, char *bytes) {
    char *space = memchr(r->line, ' ', r->size);
    const char *number = space ? space + 1 : "";
    long long rank;
    Error problem;
    size_t size =
        space ? base64_decode(bytes, r->line, (size_t)(space - r->line)) : SIZE_MAX;
    if (size == SIZE_MAX || !read_number(&number, INT64_MAX, &rank))
        return fail(r, "expected 'BASE64 RANK'");
    // a rank needs a line
    long long most = r->file_size < TOKEN_MOST ? (long long)r->file_size : TOKEN_MOST;
    if (rank >= most)
        return fail(r, "rank %lld: expected less than %lld in a file of this size",
                    rank, most);
    return tokenizer_add(t, (int)rank, bytes, size, &problem) || fail_as(r, &problem);
}

// A token's parts under the merges of all lower ranks; how many there are.
static size_t parts_of(const Tokenizer *t, int id, int *parts) {
    const char *bytes = t->bytes + t->tokens[id].begin;
    size_t size = t->tokens[id].size;
    for (size_t i = 0; i < size; i++) parts[i] = tokenizer_find(t, bytes + i, 1);
    return size <= BPE_SCAN_MOST ? bpe_encode_scan(&t->pairs, parts, size)
                                 : bpe_encode_heap(&t->pairs, parts, size, NULL);
}

static void add_every_cut(Tokenizer *t, int id) {
    const char *bytes = t->bytes + t->tokens[id].begin;
    for (size_t size = t->tokens[id].size, cut = 1; cut < size; cut++) {
        int left = tokenizer_find(t, bytes, cut),
            right = tokenizer_find(t, bytes + cut, size - cut);
        if (left != NO_SYMBOL && right != NO_SYMBOL)
            pair_table_add(&t->pairs, left, right, id);
    }
}

// Two tokens merge where their bytes together are a token. Of all the ways to cut a
// token in two, encoding reaches one: what its own bytes become under the lower ranks
// (lecture, section 1.6). Where these leave more than two parts, the ranks are in no
// order of merges: every cut of every token counts, and a piece that is a token may be
// out of reach of all merges.
static bool pairs_from_ranks(Tokenizer *t, Error *err) {
    enum { LONGEST = 1 << 14 };  // every cut of a token takes the square of its length
    int parts[LONGEST];
    for (int id = 0; id < t->size; id++) {
        size_t size = t->tokens[id].size;
        if (size > LONGEST)
            return error_set(err, "rank %d: a token of %zu bytes; expected at most %d",
                             id, size, LONGEST);
        if (size < 2 || t->whole_pieces) continue;
        if (parts_of(t, id, parts) == 2)
            pair_table_add(&t->pairs, parts[0], parts[1], id);
        else t->whole_pieces = true;
    }
    for (int id = 0; id < t->size && t->whole_pieces; id++) add_every_cut(t, id);
    return true;
}

// The special tokens and the pattern of the encoding that this file is, or that
// `pattern` names.
static bool finish_tiktoken(Tokenizer *t, int ranks, const char *pattern, Error *err) {
    int encoding = -1;
    for (int e = 0; e < ENCODINGS; e++)
        if (pattern ? strcmp(encodings[e].pattern, pattern) == 0
                    : encodings[e].ranks == ranks)
            encoding = e;
    if (encoding >= 0 && encodings[encoding].ranks == ranks)
        for (int s = 0; encodings[encoding].specials[s].text; s++)
            if (!tokenizer_add_special(t, encodings[encoding].specials[s].id,
                                       encodings[encoding].specials[s].text, err))
                return false;
    return tokenizer_set_pattern(
        t, encoding >= 0 ? encodings[encoding].pattern : "gpt2", err);
}

static bool read_tiktoken(Reader *r, Tokenizer *t, const char *pattern) {
    char *bytes = NULL;
    size_t capacity = 0;
    int ranks = 0;
    bool ok = true;
    Error problem;
    do {
        reserve(bytes, capacity, r->size + 3);
        ok = read_rank(r, t, bytes);
        ranks += ok;
    } while (ok && next_line(r));
    free(bytes);
    if (!ok) return false;
    return (pairs_from_ranks(t, &problem)
            && finish_tiktoken(t, ranks, pattern, &problem))
           || fail_as(r, &problem);
}

void model_write_tiktoken(const Tokenizer *t, FILE *stream) {
    for (int id = 0; id < t->size; id++) {
        if (!t->tokens[id].size || tokenizer_is_special(t, id)) continue;
        base64_write(stream, t->bytes + t->tokens[id].begin, t->tokens[id].size);
        fprintf(stream, " %d\n", id);
    }
}

// ---- any of them

static bool read_any(Reader *r, Tokenizer *t, const char *pattern) {
    if (!next_line(r)) return fail(r, "empty: expected a vocabulary");
    if (strncmp(r->line, "course-bpe", 10) == 0)
        return strcmp(r->line, MAGIC) == 0 ? read_own(r, t)
                                           : fail(r, "expected '%s'", MAGIC);
    if (looks_like_tiktoken(r)) return read_tiktoken(r, t, pattern);
    bool version = strncmp(r->line, "#version", 8) == 0;
    if (!version && utf8_valid_prefix(r->line, r->size) < r->size)
        return fail(r,
                    "expected a vocabulary: '%s', GPT-2's 'left right' or tiktoken's "
                    "'base64 rank'",
                    MAGIC);
    return read_gpt2(r, t, version ? next_line(r) : true);
}

bool model_read(Tokenizer *t, const char *path, const char *pattern,
                const char *const *specials, int special_count, Error *err) {
    *t = (Tokenizer){0};
    Bytes bytes;
    if (!file_read(&bytes, path, err)) return false;
    Reader r = {.path = path,
                .at = bytes.data,
                .end = bytes.data + bytes.size,
                .file_size = bytes.size,
                .err = err};
    bool ok = read_any(&r, t, pattern);
    free(r.line);
    bytes_free(&bytes);
    Error problem;
    if (ok && pattern && !tokenizer_set_pattern(t, pattern, err)) ok = false;
    for (int s = 0; ok && s < special_count; s++)
        ok = tokenizer_add_special(t, t->size, specials[s], err);
    if (ok && !tokenizer_finish(t, &problem))
        ok = error_set(err, "%s: %s", file_label(path), problem.text);
    if (!ok) tokenizer_free(t);
    return ok;
}
