#include "common/program/lab.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "common/numeric/hash.h"
#include "common/program/file.h"

// ---- what a lab prints

static bool progress_shown;

void lab_line(void) {
    if (progress_shown) fputs("\r\033[K", stderr);
    progress_shown = false;
}

void lab_print(Lab *lab, const char *format, ...) {
    (void)lab;
    va_list args;
    va_start(args, format);
    lab_line();
    fputs("  ", stdout);
    vprintf(format, args);
    fputc('\n', stdout);
    va_end(args);
}

// "name: 40 %, loss 2.31" over the line that is there; the last one clears it.
static void progress(const Lab *lab, double done, double total, const char *quantity) {
    if (!isatty(STDERR_FILENO)) return;
    fprintf(stderr, "\r%s: %3.0f %%%s\033[K", lab->spec->name, 100 * done / total,
            quantity);
    progress_shown = true;
    if (done >= total) lab_line();
    fflush(stderr);
}

void lab_progress(Lab *lab, double done, double total) {
    progress(lab, done, total, "");
}

void lab_progress_value(Lab *lab, double done, double total, const char *name,
                        double value) {
    char text[64];
    snprintf(text, sizeof text, ", %s %.4g", name, value);
    progress(lab, done, total, text);
}

// ---- running

// --out, or plots/ beside the program. The caller frees it.
static char *out_folder(const Args *args) {
    const char *given = option_text(args, "out"), *folder = program_folder();
    if (given) return strdup(given);
    char *out = allocate(strlen(folder) + sizeof "plots", 1);
    return strcat(strcpy(out, folder), "plots");
}

// A name that is a file's beginning on every system, and needs no quotes.
static bool name_is_plain(const char *name) {
    for (const char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '-' && *c != '_') return false;
    return *name && *name != '-' && strlen(name) <= 100;
}

void lab_begin(Lab *lab, const Args *args) {
    lab->args = *args;
    lab->seed = (uint64_t)option_int(args, "seed", 0, INT64_MAX);
    lab->out = out_folder(args);
    const char *const terminals[] = {"svg", "png", "dumb", NULL};
    lab->terminal = terminals[option_choice(args, "terminal", terminals)];
    lab->as = option_text(args, "as");
    if (lab->as && !name_is_plain(lab->as))
        die("--as %s: expected letters, digits, - and _", lab->as);
    lab->open = option_flag(args, "open");
    Error err;
    if (!make_folder(lab->out, &err)) die("--out: %s", err.text);
}

void lab_run(Lab *lab, const LabSpec *spec) {
    lab->spec = spec;
    lab->heads = false;
    lab->figures = 0;
    Rng all = rng_new(lab->seed);
    lab->rng = rng_split(&all, hash_text(HASH_START, spec->name));
    printf("\n%s  %s  (%s)\n", spec->section, spec->title, spec->name);
    spec->run(lab);
    stdout_flush();
}

int lab_end(Lab *lab) {
    printf("\n%d claims, %d failed", lab->claims, lab->failed);
    if (lab->wrote) printf("; figures in %s", lab->out);
    printf("\n");
    free(lab->out);
    return lab->failed ? 1 : 0;
}
