#include "common/program/plot.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/error.h"
#include "common/program/file.h"

typedef struct {
    char *data;
    size_t size, capacity;
} Text;

struct Plot {
    Lab *lab;
    const char *name, *title;
    Text table, sets, series;
    int columns;
    bool not_in_letters;
    int lines, points;  // how many of each so far: their colours
};

const char *plot_line_colour(int i) {
    static const char *const colours[] = {PLOT_BLUE, PLOT_VERMILION, PLOT_GREEN,
                                          PLOT_PURPLE};
    return colours[i % 4];
}
const char *plot_point_colour(int i) {
    static const char *const colours[] = {PLOT_BLACK, PLOT_ORANGE, PLOT_SKY, PLOT_GREY};
    return colours[i % 4];
}

static void append(Text *text, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    size_t length = (size_t)vsnprintf(NULL, 0, format, args);
    reserve(text->data, text->capacity, text->size + length + 1);
    vsnprintf(text->data + text->size, length + 1, format, again);
    text->size += length;
    va_end(again);
}

static __attribute__((format(printf, 2, 3))) void add(Text *text, const char *format,
                                                      ...) {
    va_list args;
    va_start(args, format);
    append(text, format, args);
    va_end(args);
}

Plot *plot_new(Lab *lab, const char *name, const char *columns) {
    Plot *p = allocate(1, sizeof *p);
    *p = (Plot){.lab = lab, .name = name, .title = lab->spec->title, .columns = 1};
    for (const char *c = columns; *c; c++) p->columns += *c == ' ';
    add(&p->table, "%s\n", columns);
    for (size_t i = 0; i < p->table.size; i++)
        if (p->table.data[i] == ' ') p->table.data[i] = '\t';
    return p;
}

void plot_row_values(Plot *p, const double *values) {
    for (int i = 0; i < p->columns; i++) {
        const char *end = i + 1 < p->columns ? "\t" : "\n";
        if (isnan(values[i])) add(&p->table, "nan%s", end);
        else add(&p->table, "%.10g%s", values[i], end);
    }
}

void plot_title(Plot *p, const char *title) { p->title = title; }

void plot_axes(Plot *p, const char *x_label, const char *y_label) {
    add(&p->sets, "set xlabel \"%s\"\nset ylabel \"%s\"\n", x_label, y_label);
}

void plot_set(Plot *p, const char *format, ...) {
    va_list args;
    va_start(args, format);
    add(&p->sets, "set ");
    append(&p->sets, format, args);
    add(&p->sets, "\n");
    va_end(args);
}

void plot_series(Plot *p, const char *format, ...) {
    va_list args;
    va_start(args, format);
    add(&p->series, "%s \\\n    \"%s.tsv\" ", p->series.size ? "," : "plot", p->name);
    append(&p->series, format, args);
    va_end(args);
}

void plot_line(Plot *p, const char *x, const char *y, const char *title) {
    plot_series(
        p, "using \"%s\":\"%s\" with lines linewidth 2 linecolor \"%s\" title \"%s\"",
        x, y, plot_line_colour(p->lines++), title);
}

void plot_dashes(Plot *p, const char *x, const char *y, const char *title) {
    plot_series(p,
                "using \"%s\":\"%s\" with lines dashtype 2 linewidth 2 linecolor "
                "\"%s\" title \"%s\"",
                x, y, plot_line_colour(p->lines++), title);
}

void plot_points(Plot *p, const char *x, const char *y, const char *title) {
    plot_series(p,
                "using \"%s\":\"%s\" with points pointtype %d pointsize 0.9 linecolor "
                "\"%s\" title \"%s\"",
                x, y, p->points % 2 ? 9 : 7, plot_point_colour(p->points), title);
    p->points++;
}

void plot_errors(Plot *p, const char *x, const char *y, const char *error,
                 const char *title) {
    plot_series(p,
                "using \"%s\":\"%s\":\"%s\" with yerrorbars pointtype 7 pointsize 0.9 "
                "linecolor \"%s\" title \"%s\"",
                x, y, error, plot_point_colour(p->points++), title);
}

void plot_not_in_letters(Plot *p) { p->not_in_letters = true; }

// ---- writing and drawing

static void write_text(const Plot *p, const char *ending, const char *const *parts) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.%s", p->lab->out, p->name, ending);
    Output out;
    Error err;
    if (!output_open(&out, path, &err)) die("%s", err.text);
    for (; *parts; parts++) fputs(*parts, out.stream);
    if (!output_commit(&out, &err)) die("%s", err.text);
}

static void write_script(const Plot *p) {
    char head[1024], output[512];
    const char *terminal = p->lab->terminal;
    if (strcmp(terminal, "dumb") == 0)
        snprintf(output, sizeof output, "set terminal dumb size 100,32\n");
    else
        snprintf(output, sizeof output,
                 "set terminal %s size 640,440 %s\nset output \"%s.%s\"\n",
                 strcmp(terminal, "svg") == 0 ? "svg" : "pngcairo",
                 strcmp(terminal, "svg") == 0
                     ? "font \"Helvetica,14\" background \"white\""
                     : "font \"Sans,11\"",
                 p->name, terminal);
    snprintf(head, sizeof head,
             "%sset title \"%s\"\nset datafile separator tab columnheaders\nset "
             "datafile missing \"nan\"\n"
             "set key outside top center horizontal Left reverse samplen 1.5 width -1\n"
             "set grid linecolor \"#cccccc\"\nset border 3\nset tics nomirror\n",
             output, p->title);
    write_text(p, "gp",
               (const char *[]){head, p->sets.data ? p->sets.data : "", p->series.data,
                                "\n", NULL});
}

// gnuplot in the out folder; false where it is not installed.
static bool run_gnuplot(const Plot *p) {
    fflush(stdout);
    pid_t child = fork();
    if (child < 0) die("gnuplot could not be started");
    if (child == 0) {
        char script[512];
        snprintf(script, sizeof script, "%s.gp", p->name);
        if (chdir(p->lab->out) == 0) execlp("gnuplot", "gnuplot", script, (char *)NULL);
        _exit(127);
    }
    int status;
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) return false;
    if (status != 0) die("gnuplot could not draw %s/%s.gp", p->lab->out, p->name);
    return true;
}

void plot_end(Plot *p) {
    static bool no_gnuplot;
    assert(p->series.size && "a plot without series");
    write_text(p, "tsv", (const char *[]){p->table.data, NULL});
    write_script(p);
    bool dumb = strcmp(p->lab->terminal, "dumb") == 0;
    if (!no_gnuplot && !(dumb && p->not_in_letters) && !run_gnuplot(p)) {
        no_gnuplot = true;
        warn("gnuplot is not installed: the figures' data and scripts are in %s",
             p->lab->out);
    }
    const char *ending = no_gnuplot || dumb ? "tsv" : p->lab->terminal;
    printf("  figure: %s/%s.%s\n", p->lab->out, p->name, ending);
    free(p->table.data), free(p->sets.data), free(p->series.data), free(p);
}
