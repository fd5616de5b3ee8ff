#include "ch01_tokenizer/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/model_file.h"
#include "ch01_tokenizer/pieces.h"
#include "common/program/file.h"

// ---- what the commands share

// The files of the command line; none: standard input.
static const char *const *files_of(const Args *args, size_t *count) {
    static const char *const standard_input[] = {"-"};
    *count = args->file_count ? args->file_count : 1;
    return args->file_count ? args->files : standard_input;
}

static Bytes read_or_die(const char *path) {
    Bytes bytes;
    Error err;
    if (!file_read(&bytes, path, &err)) die("%s", err.text);
    return bytes;
}

static void model_or_die(Tokenizer *t, const Args *args) {
    const char *path = option_text(args, "model");
    if (!path) die("--model is needed: a vocabulary file");
    enum { MOST = 64 };
    const char *specials[MOST + 1];
    int count = 0;
    while (count <= MOST
           && (specials[count] = option_nth(args, "special", (size_t)count)))
        count++;
    if (count > MOST) die("--special: at most %d", MOST);
    Error err;
    if (!model_read(t, path, option_text(args, "pattern"), specials, count, &err))
        die("%s", err.text);
}

static void write_or_die(Output *out) {
    Error err;
    if (!output_commit(out, &err)) die("%s", err.text);
}

static Output standard_output(void) { return (Output){.stream = stdout}; }

#define MODEL_OPTIONS \
    {"model", NULL, "a vocabulary: ours, GPT-2's vocab.bpe, or a .tiktoken file"}, \
        {"pattern", NULL, "pre-split pattern in place of the model's own"}, { \
        "special", NULL, \
            "one more special token (again for more); its id follows the last" \
    }

// ---- train

static int collect_specials(const Args *args, Special *specials, int most) {
    int count = 0;
    const char *text;
    while ((text = option_nth(args, "special", (size_t)count)) != NULL) {
        if (count == most) die("--special: at most %d", most);
        if (!text[0] || strpbrk(text, "\r\n"))
            die("--special: expected text on one line");
        specials[count] = (Special){(char *)text, strlen(text), NO_SYMBOL};
        count++;
    }
    return count;
}

static int train(const Args *args) {
    enum { MOST = 1024 };
    static Special specials[MOST];
    const char *name = option_text(args, "pattern"),
               *output = option_text(args, "output");
    if (!output) die("train: -o FILE is needed: where the model goes");
    int special_count = collect_specials(args, specials, MOST);
    long vocabulary = option_int(args, "vocab", 1, TOKEN_MOST);
    int merges = (int)vocabulary - 256 - special_count;
    if (merges < 0)
        die("--vocab %ld: expected at least %d: 256 bytes and the special tokens",
            vocabulary, 256 + special_count);

    Error err;
    Output out;
    // now, not after an hour of training
    if (!output_open(&out, output, &err)) die("%s", err.text);
    Pattern *pattern = pattern_new(name, &err);
    if (!pattern) die("%s", err.text);
    Pieces pieces = {0};
    size_t files, bytes = 0;
    const char *const *paths = files_of(args, &files);
    for (size_t f = 0; f < files; f++) {
        Bytes text = read_or_die(paths[f]);
        if (!pieces_add(&pieces, pattern, specials, special_count, text.data, text.size,
                        &err))
            die("%s: %s", file_label(paths[f]), err.text);
        bytes += text.size;
        bytes_free(&text);
    }
    pattern_free(pattern);
    if (bytes == 0) die("%s: empty: nothing to train on", file_label(paths[0]));
    Words words = pieces_to_words(&pieces);
    pieces_free(&pieces);

    Tokenizer t;
    if (!tokenizer_train(&t, &words, merges, specials, special_count, name, &err))
        die("%s", err.text);
    uint64_t tokens = words_symbols(&words);
    words_free(&words);
    if (t.size < vocabulary)
        warn("the text has no pairs left to merge: a vocabulary of %d, not %ld", t.size,
             vocabulary);
    model_write(&t, out.stream);
    write_or_die(&out);
    fprintf(stderr, "%s: %d ids from %zu bytes: %.3f bytes a token\n", program_name(),
            t.size, bytes, (double)bytes / (double)(tokens ? tokens : 1));
    tokenizer_free(&t);
    return 0;
}

static const Option train_options[] = {
    {"vocab", "8192", "ids in all: 256 bytes, special tokens, merges"},
    {"pattern", "gpt2", "gpt2, cl100k, o200k, none, or a regular expression"},
    {"special", NULL, "a special token (again for more)"},
    {"output", NULL, "the model to write", .letter = 'o'},
    {0}};

// ---- encode and decode

static void print_ids(FILE *stream, const Ids *ids) {
    enum { ROOM = 12 };
    char *text = reallocate(NULL, ids->size * ROOM + 1, 1), *to = text;
    for (size_t i = 0; i < ids->size; i++) {
        char digits[ROOM], *d = digits + ROOM;
        unsigned id = (unsigned)ids->at[i];
        do *--d = (char)('0' + id % 10);
        while (id /= 10);
        if (i) *to++ = ' ';
        memcpy(to, d, (size_t)(digits + ROOM - d));
        to += digits + ROOM - d;
    }
    *to++ = '\n';
    fwrite(text, 1, (size_t)(to - text), stream);
    free(text);
}

static int encode(const Args *args) {
    Tokenizer t;
    model_or_die(&t, args);
    size_t files;
    const char *const *paths = files_of(args, &files);
    // all of them before the first is printed: nothing half-written
    Ids *ids = allocate(files, sizeof *ids);
    for (size_t f = 0; f < files; f++) {
        Bytes text = read_or_die(paths[f]);
        Error err = {""};
        if (!tokenizer_encode(&t, text.data, text.size,
                              option_flag(args, "allow-special"), &ids[f], &err))
            die("%s: %s", file_label(paths[f]), err.text);
        bytes_free(&text);
    }
    Output out = standard_output();
    for (size_t f = 0; f < files; f++) {
        print_ids(out.stream, &ids[f]);
        free(ids[f].at);
    }
    write_or_die(&out);
    free(ids);
    tokenizer_free(&t);
    return 0;
}

static const Option encode_options[] = {
    MODEL_OPTIONS,
    {"allow-special", OPTION_FLAG, "read special tokens in the text as such"},
    {0}};

typedef struct {
    char *at;
    size_t size, capacity;
} Text;

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static void decode_text(Text *out, const Tokenizer *t, const char *path,
                        const Bytes *text) {
    const char *at = text->data, *end = at + text->size;
    for (int line = 1; at < end;) {
        if (is_space(*at)) {
            line += *at++ == '\n';
            continue;
        }
        const char *begin = at;
        int id = 0;
        for (; at < end && *at >= '0' && *at <= '9'; at++)
            if (id < TOKEN_MOST) id = 10 * id + (*at - '0');
        int shown = at - begin < 20 ? (int)(at - begin) : 20;
        if (begin == at || (at < end && !is_space(*at)))
            die("%s:%d: expected ids: whole numbers with white space between them",
                file_label(path), line);
        size_t size;
        const char *bytes = token_bytes(t, id, &size);
        if (!bytes)
            die("%s:%d: id %.*s: expected an id of the vocabulary, 0 to %d",
                file_label(path), line, shown, begin, t->size - 1);
        reserve(out->at, out->capacity, out->size + size);
        memcpy(out->at + out->size, bytes, size);
        out->size += size;
    }
}

static int decode(const Args *args) {
    Tokenizer t;
    model_or_die(&t, args);
    size_t files;
    const char *const *paths = files_of(args, &files);
    Text decoded = {0};
    for (size_t f = 0; f < files; f++) {
        Bytes text = read_or_die(paths[f]);
        decode_text(&decoded, &t, paths[f], &text);
        bytes_free(&text);
    }
    Output out = standard_output();
    fwrite(decoded.at, 1, decoded.size, out.stream);
    write_or_die(&out);
    free(decoded.at);
    tokenizer_free(&t);
    return 0;
}

static const Option model_options[] = {MODEL_OPTIONS, {0}};

// ---- inspect and export

static int inspect(const Args *args) {
    Tokenizer t;
    model_or_die(&t, args);
    if (args->file_count) die("inspect: unexpected '%s'", args->files[0]);
    printf("# %d ids; pattern %s\n# id\tleft\tright\tcount\ttext\n", t.size,
           t.expression);
    char *text = NULL;
    size_t capacity = 0, size;
    for (int id = 0; id < t.size; id++) {
        const char *bytes = token_bytes(&t, id, &size);
        if (!bytes) continue;
        reserve(text, capacity, 4 * size + 1);
        escape(text, bytes, size);
        const Token *token = &t.tokens[id];
        printf("%d\t", id);
        if (token->left == NO_SYMBOL) printf("-\t-\t");
        else printf("%d\t%d\t", token->left, token->right);
        if (token->count) printf("%" PRIu64 "\t", token->count);
        else printf("-\t");
        printf("\"%s\"%s\n", text, tokenizer_is_special(&t, id) ? " special" : "");
    }
    free(text);
    Output out = standard_output();
    write_or_die(&out);
    tokenizer_free(&t);
    return 0;
}

static int export_model(const Args *args) {
    static const char *const formats[] = {"tiktoken", "gpt2", NULL};
    int format = option_choice(args, "format", formats);
    const char *output = option_text(args, "output");
    if (!output) die("export: -o FILE is needed: where the vocabulary goes");
    if (args->file_count) die("export: unexpected '%s'", args->files[0]);
    Tokenizer t;
    model_or_die(&t, args);
    Error err;
    Output out;
    if (!output_open(&out, output, &err)) die("%s", err.text);
    if (format == 0) model_write_tiktoken(&t, out.stream);
    else if (!model_write_gpt2(&t, out.stream, &err))
        die("%s: %s", option_text(args, "model"), err.text);
    write_or_die(&out);
    bool usual = strcmp(t.expression, "gpt2") == 0 && t.special_count == 0;
    if (!usual)  // neither format has room for them
        fprintf(stderr,
                "%s: the file holds neither pattern nor special tokens: pass --pattern "
                "'%s'%s with it\n",
                program_name(), t.expression, t.special_count ? " and --special" : "");
    tokenizer_free(&t);
    return 0;
}

static const Option export_options[] = {
    MODEL_OPTIONS,
    {"format", "tiktoken", "tiktoken or gpt2"},
    {"output", NULL, "the file to write", .letter = 'o'},
    {0}};

const Command tokenizer_commands[] = {
    {"train", "[--vocab N] [--pattern P] [--special TEXT] -o MODEL [FILE...]",
     "learn a vocabulary from text", train, train_options},
    {"encode", "--model MODEL [--allow-special] [FILE...]",
     "text to ids, a line a file", encode, encode_options},
    {"decode", "--model MODEL [FILE...]", "ids to the exact bytes", decode,
     model_options},
    {"inspect", "--model MODEL", "the vocabulary, a line an id", inspect,
     model_options},
    {"export", "--model MODEL --format tiktoken|gpt2 -o FILE",
     "the vocabulary in another format", export_model, export_options},
    {0}};
