#include "common/program/list_json.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/error.h"
#include "common/numeric/threads.h"
#include "common/program/file.h"
#include "common/program/lab.h"
#include "common/program/text.h"

// ---- in the lab's process: a line for each option that is read

static struct {
    int to;  // the other process
    const Option *options;
    bool *told;  // [options]
} asked;

static void add_number(Text *text, const char *key, double value) {
    if (isfinite(value)) text_add(text, ", \"%s\": %.17g", key, value);
    else text_add(text, ", \"%s\": null", key);
}

// dim	"kind": "int", "least": 2, "most": 1024
static void add_reading(Text *line, const OptionReading *r) {
    static const char *const kinds[] = {
        [OPTION_IS_TEXT] = "text", [OPTION_IS_FLAG] = "flag",
        [OPTION_IS_INT] = "int",   [OPTION_IS_REAL] = "real",
        [OPTION_IS_LIST] = "list", [OPTION_IS_CHOICE] = "choice"};
    _Static_assert(sizeof kinds / sizeof *kinds == OPTION_KINDS, "a word for each");
    text_add(line, "%s\t\"kind\": \"%s\"", r->name, kinds[r->kind]);
    if (r->kind == OPTION_IS_INT || r->kind == OPTION_IS_REAL
        || r->kind == OPTION_IS_LIST)
        add_number(line, "least", r->least), add_number(line, "most", r->most);
    if (r->kind == OPTION_IS_LIST) add_number(line, "numbers", r->numbers);
    for (const char *const *c = r->choices; c && *c; c++) {
        text_add(line, c == r->choices ? ", \"choices\": [" : ", ");
        text_add_json(line, *c);
    }
    text_add(line, r->choices ? "]\n" : "\n");
}

static void tell(const OptionReading *reading) {
    bool all = true;
    for (int i = 0; asked.options[i].name; i++) {
        if (strcmp(asked.options[i].name, reading->name) == 0 && !asked.told[i]) {
            Text line = {0};
            asked.told[i] = true;
            add_reading(&line, reading);
            if (write(asked.to, line.data, line.size) < 0) _exit(1);
            free(line.data);
        }
        all &= asked.told[i];
    }
    if (all) _exit(0);
}

enum { MOST_SECONDS = 10 };  // for a lab that computes before it has read its options

static _Noreturn void begin(const LabSpec *spec, const Option *common, int to) {
    int nowhere = open("/dev/null", O_RDWR), count = 0;
    while (spec->options[count].name) count++;
    dup2(nowhere, STDOUT_FILENO), dup2(nowhere, STDERR_FILENO);
    setrlimit(RLIMIT_CPU, &(struct rlimit){MOST_SECONDS, MOST_SECONDS});
    threads_set(1);
    char no_folder[] = "/dev/null";
    Lab lab = {.seed = 1, .out = no_folder, .terminal = "dumb"};
    args_parse(&lab.args, 0, NULL, common, NULL, spec->options);
    asked.to = to;
    asked.options = spec->options;
    asked.told = allocate((size_t)count, sizeof *asked.told);
    option_watcher = tell;
    lab_run(&lab, spec);
    _exit(0);
}

// ---- in the program's own

// The lines of a lab's process; the caller frees them with bytes_free.
static Bytes readings_of(const LabSpec *spec, const Option *common) {
    int ends[2];
    stdout_flush();
    if (pipe(ends) != 0) die("--json: no pipe");
    pid_t child = fork();
    if (child < 0) die("--json: no process can be made");
    if (child == 0) close(ends[0]), begin(spec, common, ends[1]);
    close(ends[1]);
    Text all = {0};
    char part[4096];
    for (ssize_t got; (got = read(ends[0], part, sizeof part)) > 0;)
        text_append(&all, part, (size_t)got);
    close(ends[0]);
    waitpid(child, NULL, 0);
    return (Bytes){all.data, all.size};
}

// What follows the option's name in its line; "" where the lab never read it.
static void add_kind(Text *out, const Bytes *readings, const Option *option) {
    size_t length = strlen(option->name);
    const char *line = readings->data;
    for (; line && *line; line += strcspn(line, "\n") + 1)
        if (strncmp(line, option->name, length) == 0 && line[length] == '\t') {
            text_add(out, ", %.*s", (int)strcspn(line + length + 1, "\n"),
                     line + length + 1);
            return;
        }
    text_add(out, ", \"kind\": \"%s\"", option->value == OPTION_FLAG ? "flag" : "text");
}

static void add_option(Text *out, const Option *option, const Bytes *readings) {
    text_add(out, "\n  {\"name\": \"%s\", \"value\": ", option->name);
    if (option->value) text_add_json(out, option->value);
    else text_add(out, "null");
    text_add(out, ", \"help\": ");
    text_add_json(out, option->help);
    add_kind(out, readings, option);
    text_add(out, "}");
}

static void add_lab(Text *out, const LabSpec *spec, const Option *common) {
    text_add(out, "\n {\"name\": \"%s\", \"section\": \"%s\", \"title\": ", spec->name,
             spec->section);
    text_add_json(out, spec->title);
    text_add(out, ", \"options\": [");
    bool any = spec->options && spec->options->name;
    Bytes readings = any ? readings_of(spec, common) : (Bytes){0};
    for (const Option *o = spec->options; o && o->name; o++) {
        add_option(out, o, &readings);
        if (o[1].name) text_add(out, ",");
    }
    text_add(out, "]}");
    bytes_free(&readings);
}

void list_json(const Program *program, const Option *common) {
    Text out = {0};
    text_add(&out, "{\"program\": \"%s\", \"title\": ", program_name());
    text_add_json(&out, program->title);
    text_add(&out, ", \"labs\": [");
    for (const LabSpec *const *l = program->labs; *l; l++) {
        add_lab(&out, *l, common);
        if (l[1]) text_add(&out, ",");
    }
    text_add(&out, "]}\n");
    fputs(out.data, stdout);
    free(out.data);
}
