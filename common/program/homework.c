// The graders' command line, and what they print.
#include "common/program/homework.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/program/homework_run.h"

enum { SHOW_LIMIT = 16 << 10 };  // bytes of a problem's prints that -v shows

typedef struct {
    bool verbose, json, help, wrong;
    int level;         // of the hints: 1 a symptom, 2 the likely cause; 0 not said
    const char *only;  // a problem's id, or NULL
} Command;

static Command command_of(int argc, char **argv) {
    Command c = {0};
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        if (strcmp(word, "-v") == 0) c.verbose = true;
        else if (strcmp(word, "-h1") == 0) c.level = 1;
        else if (strcmp(word, "-h2") == 0) c.level = 2;
        else if (strcmp(word, "--json") == 0) c.json = true;
        else if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0) c.help = true;
        else if (c.only || word[0] == '-') c.wrong = true;
        else c.only = word;
    }
    c.wrong |= c.json && (c.verbose || c.level > 0);
    return c;
}

static int usage(FILE *to, const char *name, const Problem *problems) {
    fprintf(to, "usage: grade_%s [-h1|-h2] [-v] [PROBLEM], or --json [PROBLEM]\n",
            name);
    fprintf(to, "  -h1      hints tell the symptom: what is wrong, with numbers\n");
    fprintf(to, "  -h2      hints tell the likely cause, where it is known\n");
    fprintf(to, "  -v       shows what your functions print\n");
    fprintf(to,
            "  --json   one line for scripts: points, and a code for each mistake\n");
    for (const Problem *p = problems; p->id; p++)
        fprintf(to, "  %-8s %s: %d points, %s, %d min\n", p->id, p->title, p->points,
                p->difficulty, p->minutes);
    return to == stdout ? 0 : 2;
}

// ---- Lines

static void show_prints(const Outcome *run) {
    size_t shown = run->size < SHOW_LIMIT ? run->size : SHOW_LIMIT;
    for (size_t i = 0; i < shown; i++) {
        if (i == 0 || run->printed[i - 1] == '\n') printf("   | ");
        putchar(run->printed[i]);
    }
    if (shown > 0 && run->printed[shown - 1] != '\n') putchar('\n');
    if (shown < run->size) printf("   | ... and %zu bytes more\n", run->size - shown);
}

static bool is_todo(const Findings *f) { return strstr(f->codes, "todo") != NULL; }

// Where to look when a cause is asked for and none is known.
static void print_no_cause(const Findings *f, const char *name) {
    printf("; no cause known for this: look at ");
    if (strcmp(f->codes, "time") == 0)
        printf(
            "the loops: one does not come to its end. An interval that is halved "
            "must shrink, what is unsigned is never below 0, and a step that changes "
            "nothing comes again");
    else if (strcmp(f->codes, "crash") == 0)
        printf("what make SANITIZE=1 %s says", name);
    else printf("the contract in %s.h, and at what -v shows", name);
}

static void print_line(const Problem *p, const Findings *f, int width, int level,
                       const char *name) {
    const char *hint = level == 2 && f->cause[0] ? f->cause : f->symptom;
    printf("%-2s %-*s %4d/%d%s%s", p->id, width, p->title, (int)f->earned, p->points,
           *hint ? "  " : "", hint);
    if (level == 2 && *hint && !f->cause[0] && !is_todo(f)) print_no_cause(f, name);
    if (is_todo(f) && f->earned == 0) printf("; %s, %d min", p->difficulty, p->minutes);
    putchar('\n');
}

// ---- JSON

static void json_string(const char *key, const char *text) {
    printf("\"%s\":\"", key);
    for (const char *c = text; *c; c++) {
        unsigned char byte = (unsigned char)*c;
        if (byte < ' ' || byte > 126) putchar('?');
        else if (byte == '"' || byte == '\\') printf("\\%c", byte);
        else putchar(byte);
    }
    putchar('"');
}

// "a,b" as ["a","b"].
static void json_codes(const char *codes) {
    printf("\"codes\":[");
    for (const char *at = codes; *at;) {
        int size = (int)strcspn(at, ",");
        printf("%s\"%.*s\"", at == codes ? "" : ",", size, at);
        at += size + (at[size] == ',');
    }
    putchar(']');
}

static void json_problem(const Problem *p, const Findings *f, bool first) {
    printf("%s{", first ? "" : ",");
    json_string("id", p->id), putchar(',');
    json_string("title", p->title);
    printf(",\"points\":%d,\"earned\":%d,", p->points, (int)f->earned);
    json_string("difficulty", p->difficulty);
    printf(",\"minutes\":%d,", p->minutes);
    json_codes(f->codes), putchar(',');
    json_string("symptom", f->symptom), putchar(',');
    json_string("cause", f->cause), putchar('}');
}

// ---- All problems

static bool chosen(const Command *c, const Problem *p) {
    return !c->only || strcmp(c->only, p->id) == 0;
}

static int title_width(const Problem *problems) {
    int width = 16;
    for (const Problem *p = problems; p->id; p++) {
        assert(p->points > 0 && p->seconds > 0 && p->minutes > 0 && p->difficulty
               && p->check && !strchr(p->title, '/'));
        if ((int)strlen(p->title) > width) width = (int)strlen(p->title);
    }
    return width;
}

typedef struct {
    int earned, points;
    bool more;  // a cause is known that was not printed
} Total;

static Total grade_all(const Command *c, const char *name, const Problem *problems) {
    Total total = {0};
    int width = title_width(problems);
    for (const Problem *p = problems; p->id; p++) {
        if (!chosen(c, p)) continue;
        Outcome run = homework_run(p);
        const Findings *f = &run.findings;
        if (c->json) json_problem(p, f, total.points == 0);
        else print_line(p, f, width, c->level, name);
        if (c->verbose) show_prints(&run);
        fflush(stdout);
        free(run.printed);
        total.earned += f->earned, total.points += p->points;
        total.more |= f->cause[0] != '\0';
    }
    return total;
}

int homework_main(int argc, char **argv, const char *name, const Problem *problems) {
    program_name_set(name);
    for (const Problem *p = problems; p->id && argc == 3; p++)
        if (strcmp(argv[1], HOMEWORK_CHECK) == 0 && strcmp(argv[2], p->id) == 0)
            homework_check(p, HOMEWORK_PIPE);
    Command c = command_of(argc, argv);
    if (c.help) return usage(stdout, name, problems);
    bool found = false;
    for (const Problem *p = problems; p->id; p++) found |= chosen(&c, p);
    if (!found) warn("there is no problem %s", c.only);
    if (c.wrong || !found) return usage(stderr, name, problems);
    if (c.json) printf("{\"homework\":\"%s\",\"problems\":[", name);
    Total total = grade_all(&c, name, problems);
    if (c.json) printf("],\"earned\":%d,\"points\":%d}\n", total.earned, total.points);
    else printf("%s: %d/%d\n", name, total.earned, total.points);
    if (!c.json && c.level == 0 && total.more)
        printf("For the likely cause: make %s ARGS=-h2\n", name);
    return fflush(stdout) == 0 && total.earned == total.points ? 0 : 1;
}
