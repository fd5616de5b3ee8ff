// blank: takes the body out of a function, so that a student writes it.
//
//   blank find NAME FILE...   "file:line" of each definition of the function
//   blank cut NAME FILE [HEADER]
//                             the file on standard output, without the function's body;
//                             HEADER is where its contract is, if not above it
//
// What is left compiles: its parameters are used, and it returns zeros. tools/blank.sh
// makes a chapter of it.
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/program/file.h"
#include "tools/snippet.h"

// static real dot(const real *a, size_t n) { ... }
// type              name params             body
typedef struct {
    Text type, params;              // params: between the brackets
    const char *name, *body, *end;  // body: at its {; end: past its }
} Function;

static bool is_word(char c) { return isalnum((unsigned char)c) || c == '_'; }

static const char *skip_comments(const char *p) {
    while (isspace((unsigned char)*p) || strncmp(p, "//", 2) == 0
           || strncmp(p, "/*", 2) == 0)
        p = source_token_end(p);
    return p;
}

// Past the bracket that closes the one at p.
static const char *closed(const char *p) {
    int depth = 0;
    for (; *p; p = source_token_end(p)) {
        depth += strchr("([{", *p) != NULL;
        depth -= strchr(")]}", *p) != NULL;
        if (depth == 0) return p + 1;
    }
    return p;
}

// The first definition of the function in the source, with a body; body is NULL if there
// is none.
static Function function_in(const char *source, const char *name) {
    Function f = {0};
    Text whole = source_definition(source, name, strlen(name));
    if (!whole.at) return f;
    const char *start = skip_comments(whole.at), *end = whole.at + whole.size;
    for (const char *p = start; p < end && *p != '{' && *p != ';';
         p = source_token_end(p)) {
        const char *open = source_token_end(p);
        if (!text_is((Text){p, (size_t)(open - p)}, name, strlen(name))) continue;
        open = skip_comments(open);
        if (*open != '(') continue;
        const char *close = closed(open), *body = skip_comments(close);
        if (*body != '{') return f;
        f = (Function){{start, (size_t)(p - start)},
                       {open + 1, (size_t)(close - open - 2)},
                       p,
                       body,
                       closed(body)};
        return f;
    }
    return f;
}

// ---- What is left of it

static bool has_word(Text text, const char *word) {
    for (const char *p = text.at, *next; p < text.at + text.size; p = next) {
        next = source_token_end(p);
        if (text_is((Text){p, (size_t)(next - p)}, word, strlen(word))) return true;
    }
    return false;
}

// The last word of a parameter before an array's [ or a function's ), which is its name.
static Text param_name(const char *from, const char *to) {
    Text name = {0};
    for (const char *p = from, *next; p < to; p = next) {
        next = source_token_end(p);
        if (*p == '[' || (*p == ')' && name.at)) break;
        if (is_word(*p)) name = (Text){p, (size_t)(next - p)};
    }
    return name;
}

static void write_params(FILE *out, Text params) {
    const char *end = params.at + params.size, *from = params.at;
    if (params.size == 0 || text_is(params, "void", 4)) return;
    for (const char *p = from; p <= end; p = p < end ? source_token_end(p) : p + 1) {
        if (p < end && *p == '(') p = closed(p) - 1;
        if (p < end && *p != ',') continue;
        Text name = param_name(from, p);
        if (name.size > 0)  // not "..."
            fprintf(out, "    (void)%.*s;\n", (int)name.size, name.at);
        from = p + 1;
    }
}

// VEC_INLINE and the like, which are no types; FILE is one.
static bool is_macro(Text word) {
    for (size_t i = 0; i < word.size; i++)
        if (islower((unsigned char)word.at[i])) return false;
    return memchr(word.at, '_', word.size) != NULL;
}

// The type without "static" and the like.
static void write_type(FILE *out, Text type) {
    const char *separator = "";
    for (const char *p = type.at, *next; p < type.at + type.size; p = next) {
        next = source_token_end(p);
        Text word = {p, (size_t)(next - p)};
        if (isspace((unsigned char)*p) || text_is(word, "static", 6)
            || text_is(word, "inline", 6) || is_macro(word))
            continue;
        fprintf(out, "%s%.*s", separator, (int)word.size, word.at);
        separator = " ";
    }
}

static void write_return(FILE *out, Text type) {
    static const char *const numbers[] = {"int",    "real",     "double",   "float",
                                          "size_t", "uint64_t", "uint32_t", "long"};
    bool pointer = memchr(type.at, '*', type.size) != NULL, number = false;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        number |= has_word(type, numbers[i]);
    if (pointer || number) fputs("    return 0;\n", out);
    else if (has_word(type, "bool")) fputs("    return false;\n", out);
    else if (!has_word(type, "void")) {
        fputs("    return (", out);
        write_type(out, type);
        fputs("){0};\n", out);
    }
}

static void write_without_body(FILE *out, const char *source, const char *name,
                               const char *header) {
    for (Function f; (f = function_in(source, name)).body; source = f.end) {
        fprintf(out, "%.*s{\n", (int)(f.body - source), source);
        fprintf(out, "    // Yours to write: the contract is %s%s.\n",
                header ? "in " : "above", header ? header : "");
        write_params(out, f.params);
        write_return(out, f.type);
        fputs("}", out);
    }
    fputs(source, out);
}

// ---- The command line

static Bytes read_or_die(const char *path) {
    Error err;
    Bytes file;
    if (!file_read(&file, path, &err)) die("%s", err.text);
    return file;
}

static void print_places(const char *path, const char *source, const char *name) {
    const char *from = source;
    for (Function f; (f = function_in(from, name)).body; from = f.end) {
        size_t line = 1;
        for (const char *p = source; p < f.name; p++) line += *p == '\n';
        printf("%s:%zu\n", path, line);
    }
}

int main(int argc, char **argv) {
    program_name_set("blank");
    bool find = argc >= 4 && strcmp(argv[1], "find") == 0;
    bool cut = (argc == 4 || argc == 5) && strcmp(argv[1], "cut") == 0;
    if (!find && !cut) {
        fputs("usage: blank find NAME FILE...\n       blank cut NAME FILE [HEADER]\n",
              stderr);
        return 2;
    }
    for (int i = 3; i < (find ? argc : 4); i++) {
        Bytes file = read_or_die(argv[i]);
        if (find) print_places(argv[i], file.data, argv[2]);
        else write_without_body(stdout, file.data, argv[2], argv[4]);
        bytes_free(&file);
    }
    return fflush(stdout) == 0 ? 0 : 2;
}
