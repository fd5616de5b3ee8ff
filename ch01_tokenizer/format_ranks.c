#include "ch01_tokenizer/format_ranks.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/base64.h"
#include "ch01_tokenizer/encodings.h"
#include "common/numeric/small.h"
#include "common/program/file.h"

// ---- lines

// Letters of base64, white space of any kind, a number: well-formed or not, nothing else
// looks like it. (GPT-2's first merge joins two single letters.)
bool is_ranks(const Reader *r) {
    const char *at = r->line;
    while (isalnum((unsigned char)*at) || (*at && strchr("+/=", *at))) at++;
    bool token = at - r->line >= 2 || (at > r->line && r->line[0] == '=');
    if (!token || (*at != ' ' && *at != '\t')) return false;
    at += strspn(at, " \t");
    return *at && at[strspn(at, "0123456789")] == '\0';
}

// Why a line is not 'BASE64 RANK'.
static bool fail_line(Reader *r) {
    const char *separator = strpbrk(r->line, " \t");
    size_t size = separator ? (size_t)(separator - r->line) : 0;
    const char *wrong = "";
    if (memchr(r->line, '\t', r->size)) wrong = ": this line has a tab";
    else if (separator && separator[1] == ' ') wrong = ": this line has two blanks";
    else if (size % 4 && !memchr(r->line, '=', size) && is_ranks(r))
        wrong = ": this base64 has no padding ('=')";
    return fail(r, "expected 'BASE64 RANK' with one blank between%s", wrong);
}

static bool read_rank(Reader *r, Tokenizer *t, char *bytes) {
    char *space = memchr(r->line, ' ', r->size);
    const char *number = space ? space + 1 : "";
    long long rank;
    Error problem;
    size_t size =
        space ? base64_decode(bytes, r->line, (size_t)(space - r->line)) : SIZE_MAX;
    if (size == SIZE_MAX || !read_number(&number, INT64_MAX, &rank) || *number)
        return fail_line(r);
    // a rank needs a line
    long long most = long_min((long long)r->file_size, TOKEN_MOST);
    if (rank >= most)
        return fail(r, "rank %lld: expected less than %lld in a file of this size",
                    rank, most);
    bool ok = size ? tokenizer_add(t, (int)rank, bytes, size, &problem)
                   : tokenizer_add_empty(t, (int)rank, &problem);
    return ok || fail_as(r, &problem);
}

// ---- what merges to what

// A token's parts under the merges of all lower ranks; how many there are.
static size_t parts_of(const Tokenizer *t, int id, int *parts) {
    const char *bytes = t->bytes + t->tokens[id].begin;
    size_t size = t->tokens[id].size;
    for (size_t i = 0; i < size; i++) parts[i] = t->byte_id[(unsigned char)bytes[i]];
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
    if (!tokenizer_find_bytes(t, err)) return false;  // a token's parts begin as bytes
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

// ---- the whole

// The special tokens and the pattern of the encoding that this file is.
static bool finish(Tokenizer *t, int ranks, const char *pattern, Error *err) {
    const Encoding *encoding = encoding_of(ranks, pattern);
    t->pattern_assumed = !encoding && !pattern;
    if (!encoding) return tokenizer_set_pattern(t, "gpt2", err);
    char text[64];
    for (int s = 0, id; (id = encoding_special(encoding, s, text, sizeof text)) >= 0;
         s++)
        if (!tokenizer_add_special(t, id, text, err)) return false;
    return tokenizer_set_pattern(t, encoding->pattern, err);
}

bool read_ranks(Reader *r, Tokenizer *t, const char *pattern) {
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
    // about the whole file, not its last line
    return (pairs_from_ranks(t, &problem) && finish(t, ranks, pattern, &problem))
           || error_set(r->err, "%s: %s", file_label(r->path), problem.text);
}

bool write_ranks(const Tokenizer *t, FILE *stream, Error *err) {
    (void)err;  // every vocabulary has ranks
    for (int id = 0; id < t->size; id++) {
        if (!t->tokens[id].exists || tokenizer_is_special(t, id)) continue;
        base64_write(stream, t->bytes + t->tokens[id].begin, t->tokens[id].size);
        fprintf(stream, " %d\n", id);
    }
    return true;
}
