#include "ch04_pretrain/html.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ch01_tokenizer/utf8.h"
#include "common/numeric/small.h"

enum { HEAD = 1024, NAME = 16, ENTITY = 10 };

// ---- tags

typedef struct {
    char name[NAME];  // small letters; longer ones are cut
    bool closes;
    const char *end;  // after its >
} Tag;

static const char *comment_end(const char *p, const char *end) {
    const char *close = memmem(p + 4, (size_t)(end - p - 4), "-->", 3);
    return close ? close + 3 : end;
}

// After the > that ends a tag; one within quotes does not.
static const char *tag_end(const char *p, const char *end) {
    for (char quote = 0; p < end; p++) {
        if (quote) quote = *p == quote ? 0 : quote;
        else if (*p == '"' || *p == '\'') quote = *p;
        else if (*p == '>') return p + 1;
    }
    return end;
}

// The tag that begins at p, a <. False where none does.
static bool tag_at(const char *p, const char *end, Tag *tag) {
    *tag = (Tag){0};
    if (end - p >= 4 && memcmp(p, "<!--", 4) == 0) {
        tag->end = comment_end(p, end);
        return true;
    }
    const char *name = p + 1;
    if (name < end && *name == '/') tag->closes = true, name++;
    if (name >= end || !(isalpha((unsigned char)*name) || strchr("!?", *name)))
        return false;
    for (size_t n = 0; name < end && isalnum((unsigned char)*name); name++)
        if (n + 1 < NAME) tag->name[n++] = (char)tolower((unsigned char)*name);
    tag->end = tag_end(name, end);
    return true;
}

static bool is_one_of(const char *name, const char *const *list) {
    while (*list && strcmp(name, *list) != 0) list++;
    return *list != NULL;
}

static bool ends_a_line(const char *name) {
    static const char *const blocks[] = {
        "address", "article", "aside", "blockquote", "body",   "br",  "dd",
        "div",     "dl",      "dt",    "footer",     "form",   "h1",  "h2",
        "h3",      "h4",      "h5",    "h6",         "header", "hr",  "li",
        "main",    "nav",     "ol",    "option",     "p",      "pre", "section",
        "table",   "td",      "th",    "title",      "tr",     "ul",  NULL};
    return is_one_of(name, blocks);
}

static bool is_paragraph(const char *name) {
    static const char *const apart[] = {"p",  "h1", "h2",  "h3",         "h4",
                                        "h5", "h6", "pre", "blockquote", NULL};
    return is_one_of(name, apart);
}

// After the end tag of an element whose inside nobody reads.
static const char *after_hidden(const char *p, const char *end, const char *name) {
    static const char *const hidden[] = {"head", "noscript", "script", "style",
                                         "svg",  "template", NULL};
    if (!is_one_of(name, hidden)) return p;
    for (; p < end; p++) {
        Tag tag;
        p = memchr(p, '<', (size_t)(end - p));
        if (!p) return end;
        if (tag_at(p, end, &tag) && tag.closes && strcmp(tag.name, name) == 0)
            return tag.end;
    }
    return end;
}

// ---- entities

static const struct {
    const char *name;
    int point;
} entities[] = {
    {"amp", '&'},       {"lt", '<'},       {"gt", '>'},       {"quot", '"'},
    {"apos", '\''},     {"nbsp", ' '},     {"ndash", 0x2013}, {"mdash", 0x2014},
    {"hellip", 0x2026}, {"lsquo", 0x2018}, {"rsquo", 0x2019}, {"ldquo", 0x201c},
    {"rdquo", 0x201d},  {"copy", 0xa9},    {"deg", 0xb0},     {"times", 0xd7},
    {"eacute", 0xe9},   {"egrave", 0xe8},  {"agrave", 0xe0},  {"auml", 0xe4},
    {"ouml", 0xf6},     {"uuml", 0xfc},    {"szlig", 0xdf},   {"ccedil", 0xe7}};

// &#8212; &#x2014; the digits after # as a code point; -1: it is none.
static int point_of_number(const char *digits) {
    bool hex = *digits == 'x' || *digits == 'X';
    char *end;
    digits += hex;
    if (!isxdigit((unsigned char)*digits)) return -1;
    long point = strtol(digits, &end, hex ? 16 : 10);
    bool surrogate = 0xd800 <= point && point <= 0xdfff;
    return *end || point <= 0 || point > 0x10ffff || surrogate ? -1 : (int)point;
}

// The character of the entity at p, an &; and its length. -1: there is none.
static int entity_at(const char *p, const char *end, size_t *length) {
    char name[ENTITY + 1] = "";
    const char *close = memchr(p, ';', size_min((size_t)(end - p), ENTITY + 1));
    if (!close) return -1;
    memcpy(name, p + 1, (size_t)(close - p - 1));
    *length = (size_t)(close + 1 - p);
    if (*name == '#') return point_of_number(name + 1);
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
        if (strcmp(name, entities[i].name) == 0) return entities[i].point;
    return -1;
}

// ---- text

typedef struct {
    Text *to;
    size_t begin;  // what stood in it before is not ours
    int blanks;  // not yet written: a blank is 1, the end of a line 2, an empty line 3
    int pre;     // inside so many <pre>
} Writer;

// Blanks are written before what follows them, if anything does.
static void put(Writer *w, const char *bytes, size_t n) {
    static const char *const blanks[] = {"", " ", "\n", "\n\n"};
    if (w->to->size > w->begin)
        text_append(w->to, blanks[w->blanks], strlen(blanks[w->blanks]));
    w->blanks = 0;
    text_append(w->to, bytes, n);
}

static void put_point(Writer *w, int point) {
    char bytes[4];
    if (point == ' ' || point == 0xa0) w->blanks = int_max(w->blanks, 1);
    else put(w, bytes, (size_t)utf8_encode(bytes, point));
}

static const char *put_tag(Writer *w, const Tag *tag, const char *end) {
    if (ends_a_line(tag->name))
        w->blanks = int_max(w->blanks, is_paragraph(tag->name) ? 3 : 2);
    if (strcmp(tag->name, "pre") == 0)
        w->pre = int_max(0, w->pre + 1 - 2 * tag->closes);
    return tag->closes ? tag->end : after_hidden(tag->end, end, tag->name);
}

// A blank, or in <pre> itself.
static void put_blank(Writer *w, char c) {
    if (!w->pre) w->blanks = int_max(w->blanks, 1);
    else if (c == '\n') w->blanks = w->blanks >= 2 ? 3 : 2;
    else put(w, &c, 1);
}

void html_to_text(Text *to, const char *html, size_t size) {
    Writer w = {.to = to, .begin = to->size};
    const char *end = html + size;
    for (const char *p = html; p < end;) {
        Tag tag;
        size_t length = 1;
        int point = *p == '&' ? entity_at(p, end, &length) : -1;
        if (*p == '<' && tag_at(p, end, &tag)) {
            p = put_tag(&w, &tag, end);
            continue;
        }
        if (point >= 0) put_point(&w, point);
        else if (isspace((unsigned char)*p)) put_blank(&w, *p), length = 1;
        else put(&w, p, length = 1);
        p += length;
    }
    if (to->size > w.begin) text_append(to, "\n", 1);
}

bool html_is(const char *text, size_t size) {
    static const char *const signs[] = {"<!doctype html", "<html", "<head>", "<body"};
    size = size_min(size, HEAD);
    for (size_t i = 0; i < size; i++)
        for (size_t k = 0; text[i] == '<' && k < sizeof signs / sizeof *signs; k++) {
            size_t n = strlen(signs[k]);
            if (n <= size - i && strncasecmp(text + i, signs[k], n) == 0) return true;
        }
    return false;
}
