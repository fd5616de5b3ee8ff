#include "tools/snippet.h"

#include <ctype.h>
#include <string.h>

bool text_is(Text text, const char *word, size_t size) {
    return text.size == size && memcmp(text.at, word, size) == 0;
}

static bool starts(const char *p, const char *with) {
    return strncmp(p, with, strlen(with)) == 0;
}
static bool is_word(char c) { return isalnum((unsigned char)c) || c == '_'; }
static bool is_comment(const char *p) { return starts(p, "//") || starts(p, "/*"); }

static const char *line_end(const char *p) {
    p += strcspn(p, "\n");
    return *p ? p + 1 : p;
}

// Nothing inside a comment or a literal is code.
const char *source_token_end(const char *p) {
    if (starts(p, "//")) return p + strcspn(p, "\n");
    if (starts(p, "/*")) {
        const char *end = strstr(p + 2, "*/");
        return end ? end + 2 : p + strlen(p);
    }
    if (*p == '"' || *p == '\'') {
        char quote = *p++;
        while (*p && *p != quote && *p != '\n') p += *p == '\\' && p[1] ? 2 : 1;
        return *p == quote ? p + 1 : p;
    }
    if (!is_word(*p)) return p + 1;
    while (is_word(*p)) p++;
    return p;
}

static const char *skip_blank(const char *p) {
    while (isspace((unsigned char)*p) || is_comment(p)) p = source_token_end(p);
    return p;
}

typedef struct {
    const char *end;  // past its last line
    bool named;       // it defines the name that was asked for
    bool body;        // and does not only declare it
} Item;

// "#define NAME ..." and other directives, with their continued lines.
static Item directive(const char *p, Text name) {
    const char *word = p + 1;
    word += strspn(word, " \t");
    bool define = starts(word, "define");
    word += strcspn(word, " \t\n");
    word += strspn(word, " \t");
    Item item = {.body = true};
    item.named = define
                 && text_is((Text){word, (size_t)(source_token_end(word) - word)},
                            name.at, name.size);
    do item.end = line_end(p), p = item.end;
    while (*p && p[-1] == '\n' && p[-2] == '\\');
    return item;
}

// The declaration or definition at `start`. At depth 0 a name stands before one of ( [
// = { ; , and at depth 1 in "(*name)" or as a constant of an enum. Words like
// __attribute__ take arguments, but are no names.
static Item definition(const char *start, Text name) {
    Item item = {0};
    // the latest token, where it is a word of some use
    Text word = {0};
    bool type = starts(start, "typedef"), is_enum = false, function = false,
         value = false;
    // the two significant characters before this token
    char before[2] = {0};
    int depth = 0, braces = 0;
    const char *p = start, *next;
    for (; *p; p = next) {
        next = source_token_end(p);
        if (isspace((unsigned char)*p) || is_comment(p)) continue;
        // no ;
        if (depth == 0 && function && before[1] == ')' && p[-1] == '\n' && is_word(*p))
            break;
        Text token = {p, (size_t)(next - p)};
        bool same = text_is(token, name.at, name.size);
        bool ends_name = strchr("([={;,", *p) || starts(p, "__attribute__");
        if (depth == 0 && !value && ends_name && word.at) {
            item.named |= text_is(word, name.at, name.size);
            function |= *p == '(' && !type;
        }
        if (same && depth == 1 && before[0] == '(' && before[1] == '*' && !value)
            item.named = true;
        if (same && is_enum && !function && braces == 1 && strchr("{,", before[1]))
            item.named = true;
        is_enum |= depth == 0 && text_is(token, "enum", 4);
        value |= depth == 0 && *p == '=';
        item.body |= *p == '{' || value;
        word = is_word(*p) && *p != '_' ? token : (Text){0};
        depth += (strchr("([{", *p) != NULL) - (strchr(")]}", *p) != NULL);
        braces += (*p == '{') - (*p == '}');
        before[0] = before[1], before[1] = next[-1];
        if (depth == 0 && (*p == ';' || (*p == '}' && function && !value))) {
            p = line_end(next);
            break;
        }
    }
    item.end = p;
    return item;
}

Text source_definition(const char *source, const char *name_at, size_t name_size) {
    Text name = {name_at, name_size}, declared = {0};
    const char *comment = NULL;  // where the comment lines directly above begin
    for (const char *p = source, *next; *p; p = next) {
        if (is_comment(p) || starts(p, "#pragma omp")) {
            if (!comment) comment = p;
            next = line_end(source_token_end(p));
            continue;
        }
        Item item = {.end = line_end(p)};
        if (*p == '#') item = directive(p, name);
        else if (is_word(*p)) item = definition(p, name);
        next = item.end;
        Text whole = {comment ? comment : p, (size_t)(next - (comment ? comment : p))};
        if (item.named && item.body) return whole;
        if (item.named && !declared.at) declared = whole;
        comment = NULL;
    }
    return declared;
}

bool source_claim(const char **at, Text *id) {
    for (const char *p = *at, *next; *p; p = next) {
        next = source_token_end(p);
        const char *open = skip_blank(next);
        if (!starts(p, "claim_") || *open != '(') continue;
        int depth = 1;
        for (p = open + 1; *p && depth > 0 && !(depth == 1 && *p == ',');
             p = source_token_end(p))
            depth += (strchr("([{", *p) != NULL) - (strchr(")]}", *p) != NULL);
        if (*p == ',' && depth == 1) p = skip_blank(p + 1);
        if (*p != '"' || depth == 0) continue;
        const char *end = source_token_end(p);
        *id = (Text){p + 1, (size_t)(end - p) - 2};
        *at = end;
        return true;
    }
    return false;
}
