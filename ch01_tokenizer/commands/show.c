// show: what becomes of a text, token by token.
//
//     The| dog|'s| 2·02·4          a bar ends a piece, a dot a token within it
//     791|5679|596|...             the ids
//
// On a terminal pieces have two colours in turn, and the tokens of a piece two shades.
// With --merges, the merges that made each piece follow, in the order in which they were
// applied.
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/commands/commands.h"
#include "ch01_tokenizer/commands/shared.h"
#include "common/program/colour.h"

const Option show_options[] = {
    MODEL_OPTIONS,
    {"allow-special", OPTION_FLAG, "read special tokens in the text as such"},
    {"merges", OPTION_FLAG, "the merges of each piece, in order"},
    {"file", NULL, "show a file's text (no text and no file: standard input)"},
    {0}};

// ---- pieces and their tokens

typedef struct {
    const char *text;
    size_t size;
    bool merged;         // false: a special token
    size_t first, last;  // its tokens are ids[first .. last-1]
} ShownPiece;

typedef struct {
    const Tokenizer *tokenizer;
    ShownPiece *pieces;
    size_t count, capacity;
    Ids ids;
} Shown;

static void add_piece(Shown *s, const char *text, size_t size, const Stretch *stretch) {
    bool merged = stretch->kind != STRETCH_SPECIAL;
    reserve(s->ids.at, s->ids.capacity, s->ids.size + size);
    reserve(s->pieces, s->capacity, s->count + 1);
    int *ids = s->ids.at + s->ids.size;
    size_t first = s->ids.size;
    if (merged)
        s->ids.size += tokenizer_encode_piece(s->tokenizer, text, size, ids, NULL);
    else s->ids.at[s->ids.size++] = stretch->id;
    s->pieces[s->count++] = (ShownPiece){text, size, merged, first, s->ids.size};
}

static Shown cut(const Tokenizer *t, Bytes text, bool allow_special) {
    Shown shown = {.tokenizer = t};
    Stretch *stretches;
    size_t count = cut_stretches(&stretches, text.data, text.size, t->specials,
                                 allow_special ? t->special_count : 0);
    Splitter splitter = splitter_new(t->pattern);
    for (size_t s = 0; s < count; s++) {
        const char *begin = text.data + stretches[s].begin;
        size_t size = stretches[s].end - stretches[s].begin;
        splitter_start(&splitter, begin, size);
        for (size_t at = 0, end; at < size; at = end) {
            Error err;
            end = stretches[s].kind == STRETCH_TEXT ? splitter_next(&splitter, at, &err)
                                                    : size;
            if (end == SIZE_MAX) die("%s", err.text);
            add_piece(&shown, begin + at, end - at, &stretches[s]);
        }
    }
    splitter_free(&splitter);
    free(stretches);
    return shown;
}

static void shown_free(Shown *shown) { free(shown->pieces), free(shown->ids.at); }

// ---- printing

static void print_token(const Tokenizer *t, int id) {
    size_t size;
    const char *bytes = token_bytes(t, id, &size);
    char *text = reallocate(NULL, 4 * size + 1, 1);
    escape(text, bytes, size);
    fputs(text, stdout);
    free(text);
}

// One line: the tokens of pieces [from, to), or their ids.
static void print_row(const Shown *s, size_t from, size_t to, bool as_ids) {
    for (size_t p = from; p < to; p++) {
        const ShownPiece *piece = &s->pieces[p];
        for (size_t i = piece->first; i < piece->last; i++) {
            if (colours()) fputs(colour_token(p, i - piece->first), stdout);
            else if (i > piece->first) fputs("·", stdout);
            else if (p > from) fputc('|', stdout);
            if (as_ids) printf(colours() ? " %d " : "%d", s->ids.at[i]);
            else print_token(s->tokenizer, s->ids.at[i]);
        }
    }
    puts(colour(COLOUR_OFF));
}

// A row ends after a piece that ends with a newline.
static size_t row_end(const Shown *s, size_t from) {
    while (from < s->count) {
        const ShownPiece *piece = &s->pieces[from++];
        if (piece->text[piece->size - 1] == '\n') break;
    }
    return from;
}

static void print_merge(void *tokenizer, int left, int right, int merged) {
    const Tokenizer *t = tokenizer;
    fputs("    \"", stdout), print_token(t, left);
    fputs("\" + \"", stdout), print_token(t, right);
    fputs("\" -> \"", stdout), print_token(t, merged);
    printf("\" (%d)\n", merged);
}

static void print_merges(const Shown *s, size_t from, size_t to) {
    for (size_t p = from; p < to; p++) {
        const ShownPiece *piece = &s->pieces[p];
        if (!piece->merged || piece->size < 2) continue;
        fputs("  \"", stdout);
        for (size_t i = piece->first; i < piece->last; i++)
            print_token(s->tokenizer, s->ids.at[i]);
        puts("\":");
        int *ids = reallocate(NULL, piece->size, sizeof *ids);
        EncodeWork work = {.on_merge = print_merge, .context = (void *)s->tokenizer};
        tokenizer_encode_piece(s->tokenizer, piece->text, piece->size, ids, &work);
        if (!work.merges) puts("    no merge");
        free(ids);
    }
}

// ---- the command

// The words of the command line with a blank between, --file's text, or standard input.
static Bytes text_of(const Args *args) {
    const char *path = option_text(args, "file");
    if (path && args->file_count) die("show: expected a text or --file, not both");
    if (!args->file_count) return read_or_die(path ? path : "-");
    size_t size = 0, at = 0;
    for (size_t w = 0; w < args->file_count; w++) size += strlen(args->files[w]) + 1;
    Bytes text = {allocate(size + FILE_PADDING, 1), size - 1};
    for (size_t w = 0; w < args->file_count; w++) {
        if (w) text.data[at++] = ' ';
        memcpy(text.data + at, args->files[w], strlen(args->files[w]));
        at += strlen(args->files[w]);
    }
    return text;
}

int show(const Args *args) {
    Tokenizer t;
    model_or_die(&t, args);
    Bytes text = text_of(args);
    Shown shown = cut(&t, text, option_flag(args, "allow-special"));
    bool merges = option_flag(args, "merges");
    for (size_t from = 0, to; from < shown.count; from = to) {
        to = row_end(&shown, from);
        print_row(&shown, from, to, false);
        print_row(&shown, from, to, true);
        if (merges) print_merges(&shown, from, to);
    }
    Output out = standard_output();
    commit_or_die(&out);
    shown_free(&shown);
    bytes_free(&text);
    tokenizer_free(&t);
    return 0;
}
