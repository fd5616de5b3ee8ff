// What a figure is, for programs that draw it themselves, such as the book's pages: NAME.json
// beside NAME.tsv. Its series are those of NAME.gp, word for word.
//
//     {"title": "RoPE: ...", "table": "rope_decay.tsv", "x": "distance", "y": "score",
//      "log": {"x": 2}, "set": ["yrange [0:*]"], "series": [
//      {"using": ["distance", "bound"], "with": "lines", "title": "bound",
//       "colour": "#0072b2", "width": 2}]}
//
// "using" names columns; in brackets it is a formula of them, as gnuplot reads it.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/program/plot_parts.h"

typedef struct {
    const char *at;
    size_t length;
} Word;

// The end of what begins here: a text in quotes, or a single character.
static const char *past_one(const char *c) {
    char quote = *c++;
    if (quote != '"' && quote != '\'') return c;
    for (; *c && *c != quote; c++) c += quote == '"' && *c == '\\' && c[1];
    return c + (*c != '\0');
}

// The word at *from, up to `end` (or a blank, where end is one) outside of quotes and
// brackets; *from goes past it.
static Word word_take(const char **from, char end) {
    const char *c = *from;
    while (end == ' ' && isspace((unsigned char)*c)) c++;
    Word word = {c, 0};
    for (int depth = 0; *c; c = past_one(c)) {
        if (depth == 0 && (*c == end || (end == ' ' && isspace((unsigned char)*c))))
            break;
        depth += (*c == '(') - (*c == ')');
    }
    word.length = (size_t)(c - word.at);
    *from = c + (*c == end && end != ' ');
    return word;
}

static bool is(Word word, const char *name) {
    return strlen(name) == word.length && strncmp(word.at, name, word.length) == 0;
}

// A word as JSON, without its quotes; plot_add_quoted's \042 is one character again.
static void add_word(Text *json, Word word) {
    Text plain = {0};
    bool quoted = word.length >= 2 && (*word.at == '"' || *word.at == '\'');
    const char *c = word.at + quoted, *end = word.at + word.length - quoted;
    while (c < end) {
        bool octal = *word.at == '"' && *c == '\\' && end - c >= 4 && isdigit(c[1]);
        if (octal)
            text_add(&plain, "%c",
                     (char)strtol((char[]){c[1], c[2], c[3], 0}, NULL, 8));
        else if (*word.at == '"' && *c == '\\' && end - c >= 2)
            text_add(&plain, "%c", *++c);
        else text_add(&plain, "%c", *c);
        c += octal ? 4 : 1;
    }
    text_add_json(json, plain.data ? plain.data : "");
    free(plain.data);
}

static void add_using(Text *json, Word columns) {
    char *copy = strndup(columns.at, columns.length);
    text_add(json, "\"using\": [");
    for (const char *rest = copy; *rest;) {
        add_word(json, word_take(&rest, ':'));
        if (*rest) text_add(json, ", ");
    }
    text_add(json, "]");
    free(copy);
}

// What follows one of gnuplot's words goes by a name of ours.
static const struct {
    const char *word, *name;
} kept[] = {{"with", "with"},        {"w", "with"},          {"title", "title"},
            {"linecolor", "colour"}, {"lc", "colour"},       {"dashtype", "dash"},
            {"dt", "dash"},          {"linewidth", "width"}, {"lw", "width"},
            {"pointtype", "point"},  {"pt", "point"},        {"pointsize", "size"},
            {"ps", "size"},          {"axes", "axes"},       {"every", "every"},
            {"fill", "fill"},        {"fillstyle", "fill"},  {"smooth", "smooth"}};

static void add_series(Text *json, const char *series) {
    text_add(json, "{");
    Word word = word_take(&series, ' ');
    if (is(word, "using")) add_using(json, word_take(&series, ' '));
    while ((word = word_take(&series, ' ')).length)
        for (size_t k = 0; k < sizeof kept / sizeof *kept; k++) {
            if (!is(word, kept[k].word)) continue;
            Word value = word_take(&series, ' ');
            if (is(value, "rgb")) value = word_take(&series, ' ');
            text_add(json, ", \"%s\": ", kept[k].name);
            add_word(json, value);
            break;
        }
    text_add(json, "}");
}

// "xy 2": the base of each axis; gnuplot's own base is 10, and its last word holds.
typedef struct {
    const char *name;
    Word base;
} Axis;
enum { AXES = 3 };

static void read_logscale(Axis *axes, const char *line) {
    Word names = word_take(&line, ' '), base = word_take(&line, ' ');
    if (base.length == 0) base = (Word){"10", 2};
    for (size_t i = 0, length; i < names.length; i += length) {
        length = i + 1 < names.length && names.at[i + 1] == '2' ? 2 : 1;
        for (int a = 0; a < AXES; a++)
            if (is((Word){names.at + i, length}, axes[a].name)) axes[a].base = base;
    }
}

static void add_logscales(Text *json, const Axis *axes) {
    bool any = false;
    text_add(json, " \"log\": {");
    for (int a = 0; a < AXES; a++) {
        if (!axes[a].base.length) continue;
        text_add(json, "%s\"%s\": %.*s", any ? ", " : "", axes[a].name,
                 (int)axes[a].base.length, axes[a].base.at);
        any = true;
    }
    text_add(json, "}, ");
}

static const char logscale[] = "set logscale ";

static void add_sets(Text *json, const Plot *p) {
    char *sets = strdup(p->sets.data ? p->sets.data : "");
    Axis axes[AXES] = {{"x", {0}}, {"y", {0}}, {"y2", {0}}};
    Text rest = {0};
    for (char *line = strtok(sets, "\n"); line; line = strtok(NULL, "\n")) {
        if (strncmp(line, logscale, strlen(logscale)) == 0) {
            read_logscale(axes, line + strlen(logscale));
        } else if (strncmp(line, "set xlabel", 10) != 0
                   && strncmp(line, "set ylabel", 10) != 0) {
            if (rest.size) text_add(&rest, ", ");
            text_add_json(&rest, line + strlen("set "));
        }
    }
    add_logscales(json, axes);
    text_add(json, "\"set\": [%s],\n", rest.data ? rest.data : "");
    free(sets), free(rest.data);
}

static void add_label(Text *json, const char *key, const Text *label) {
    text_add(json, " \"%s\": ", key);
    text_add_json(json, label->data ? label->data : "");
    text_add(json, ",\n");
}

char *plot_json(const Plot *p) {
    Text json = {0};
    text_add(&json, "{\"title\": ");
    text_add_json(&json, p->title);
    text_add(&json, ",\n \"table\": \"%s.tsv\",\n", p->name);
    add_label(&json, "x", &p->x_label), add_label(&json, "y", &p->y_label);
    add_sets(&json, p);
    text_add(&json, " \"series\": [");
    for (size_t i = 0; i < p->series_count; i++) {
        text_add(&json, i ? ",\n  " : "\n  ");
        add_series(&json, p->series[i].data);
    }
    text_add(&json, "]}\n");
    return json.data;
}
