#include "tools/page.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int problems;
const char *problem_prefix = "";

void problem(const char *path, size_t line, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s%s:%zu: ", problem_prefix, path, line);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    problems++;
}

bool starts(const char *p, const char *with) {
    return strncmp(p, with, strlen(with)) == 0;
}

char *line_end(const char *p) {
    p += strcspn(p, "\n");
    return (char *)(*p ? p + 1 : p);
}

size_t line_of(const char *text, const char *place) {
    size_t line = 1;
    for (const char *p = text; p < place; p++) line += *p == '\n';
    return line;
}

size_t run_of(const char *p, char c) {
    size_t n = 0;
    while (p[n] == c) n++;
    return n;
}

static bool is_blank_line(const char *p) {
    p += strspn(p, " \t\r");
    return *p == '\n' || *p == '\0';
}

static void blank(char *from, const char *to, char with) {
    for (; from < to; from++)
        if (*from != '\n') *from = with;
}

// ---- code and comments
// ----------------------------------------------------------------------------------

size_t fence_length(const char *line) {
    line += strspn(line, " \t");
    size_t n = *line == '`' || *line == '~' ? run_of(line, *line) : 0;
    bool code_span =
        n && *line == '`' && memchr(line + n, '`', (size_t)(line_end(line) - line) - n);
    return n >= 3 && !code_span ? n : 0;
}

char *fence_end(const char *line) {
    char mark = line[strspn(line, " \t")];
    size_t length = fence_length(line);
    for (const char *p = line_end(line); *p; p = line_end(p)) {
        const char *close = p + strspn(p, " \t");
        size_t n = run_of(close, mark);
        if (n >= length && is_blank_line(close + n)) return line_end(p);
    }
    return (char *)line + strlen(line);
}

// Past the code span that opens at p, or past its backticks if it is none. It ends
// within its paragraph.
static char *code_span_end(char *p) {
    size_t n = run_of(p, '`');
    for (char *q = p + n; *q; q++) {
        if (*q == '\n' && is_blank_line(q + 1)) break;
        if (*q != '`') continue;
        size_t m = run_of(q, '`');
        if (m == n) return q + m;
        q += m - 1;
    }
    return p + n;
}

static bool is_list_item(const char *line) {
    size_t mark = *line && strchr("-+*", *line) ? 1 : strspn(line, "0123456789");
    if (mark && isdigit((unsigned char)*line))
        mark += line[mark] == '.' || line[mark] == ')';
    return mark && line[mark] == ' ';
}

static void blank_code(char *p) {
    // in a list, indented lines are prose
    bool indented = false, after_blank = true, in_list = false;
    for (bool line_start = true; *p; line_start = p[-1] == '\n') {
        char *end = p + 1;
        if (line_start) {
            bool blank_line = is_blank_line(p), deep = *p == '\t' || starts(p, "    ");
            if (!isspace((unsigned char)*p)) in_list = is_list_item(p);
            indented = !blank_line && deep && !in_list && (indented || after_blank);
            after_blank = blank_line;
        }
        if (line_start && indented) {
            end = line_end(p);
            blank(p, end, CODE);
        } else if (line_start && fence_length(p)) {
            end = fence_end(p);
            blank(p, end, CODE);
        } else if (starts(p, "<!--")) {
            char *close = strstr(p, "-->");
            end = close ? close + 3 : p + strlen(p);
            blank(p, end, ' ');
        } else if (*p == '\\' && p[1] && p[1] != '\n') {
            end = p + 2;
        } else if (*p == '`') {
            size_t ticks = run_of(p, '`');
            end = code_span_end(p);
            if (end > p + ticks) blank(p, end, CODE);
        }
        p = end;
    }
}

bool page_read(Page *page, const char *path, Error *err) {
    *page = (Page){.path = path};
    if (!file_read(&page->file, path, err)) return false;
    page->text = page->file.data;
    page->prose = strdup(page->text);
    if (!page->prose) die("out of memory");
    blank_code(page->prose);
    return true;
}

void page_free(Page *page) {
    bytes_free(&page->file);
    free(page->prose);
}

// ---- maths
// ----------------------------------------------------------------------------------------------

// Markdown sees a list, a quotation or a heading before anybody sees maths.
static bool is_block(const char *line) {
    line += strspn(line, " ");
    if (*line == '>' || (*line == '#' && line[run_of(line, '#')] == ' ')) return true;
    if (*line && strchr("-+*", *line) && line[1] == ' ') return true;
    return (*line == '=' || *line == '-') && is_blank_line(line + run_of(line, *line));
}

static const char *marks(size_t n) { return n == 2 ? "$$" : "$"; }

void page_blank_maths(Page *page, bool report) {
    size_t n = 0, line = 1;
    char *open = NULL;  // the formula we are in: its n marks
    bool row = page->prose[0] == '|';
    int braces = 0;
    const char *path = page->path;
    for (char *p = page->prose, *next; *p; p = next) {
        next = p + 1;
        if (*p == '\n') {
            line++, row = *next == '|';
            if (!open) continue;
            if (is_blank_line(next)) {
                if (report)
                    problem(path, line - 1, "unbalanced %s: the paragraph ends",
                            marks(n));
                open = NULL;
            } else if (report && is_block(next)) {
                problem(
                    path, line,
                    "maths breaks: this line begins a list, a quotation or a heading");
            }
            continue;
        }
        if (*p == '\\' && *next && *next != '\n') next++;
        if (*p == '|' && open && row && report)
            problem(path, line, "a | in maths splits the cell: \\vert");
        braces += (*p == '{') - (*p == '}');
        if (*p != '$') continue;
        size_t found = *next == '$' ? 2 : 1;
        next = p + found;
        char before = ' ';
        if (p > page->prose) before = p[-1];
        if (!open) {
            open = p, n = found, braces = 0;
            if (!report || n == 2) continue;
            if (isspace((unsigned char)*next))
                problem(path, line, "$ begins no maths: a space follows");
            if (isalnum((unsigned char)before))
                problem(path, line, "$ begins no maths: a letter precedes");
            continue;
        }
        if (found != n && report)
            problem(path, line, "unbalanced %s: %s follows", marks(n), marks(found));
        if (found == n && n == 1 && report) {
            if (isspace((unsigned char)before))
                problem(path, line, "$ ends no maths: a space precedes");
            if (isalnum((unsigned char)*next))
                problem(path, line, "$ ends no maths: a letter follows");
        }
        if (braces && report) problem(path, line, "unbalanced braces in maths");
        if (found == n) blank(open, next, ' ');
        open = NULL;
    }
    if (open && report) problem(path, line, "unbalanced %s: the text ends", marks(n));
}
