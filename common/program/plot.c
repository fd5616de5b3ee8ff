#include "common/program/plot.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "common/error.h"
#include "common/program/plot_parts.h"

const char *plot_line_colour(int i) {
    static const char *const colours[] = {PLOT_BLUE, PLOT_VERMILION, PLOT_GREEN,
                                          PLOT_PURPLE};
    return colours[i % 4];
}
const char *plot_point_colour(int i) {
    static const char *const colours[] = {PLOT_BLACK, PLOT_ORANGE, PLOT_SKY, PLOT_GREY};
    return colours[i % 4];
}

// What could end the text, be substituted (a ` runs a command) or begin an escape goes
// by its number.
void plot_add_quoted(Text *text, const char *words) {
    text_add(text, "\"");
    for (; *words; words++)
        if (iscntrl((unsigned char)*words)) text_add(text, " ");
        else if (strchr("\"\\`", *words)) text_add(text, "\\%03o", (unsigned)*words);
        else text_add(text, "%c", *words);
    text_add(text, "\"");
}

// What the files are called: --as NAME, in a tour or from a lab's second figure on with
// the figure's own name behind it.
static char *name_of(const Lab *lab, const char *name) {
    Text text = {0};
    if (!lab->as) text_add(&text, "%s", name);
    else if (lab->figures == 0 && !lab->tour) text_add(&text, "%s", lab->as);
    else text_add(&text, "%s_%s", lab->as, name);
    return text.data;
}

Plot *plot_new(Lab *lab, const char *name, const char *columns) {
    Plot *p = allocate(1, sizeof *p);
    *p = (Plot){.lab = lab, .title = lab->spec->title, .columns = 1};
    p->name = name_of(lab, name);
    lab->figures++;
    for (const char *c = columns; *c; c++) p->columns += *c == ' ';
    text_add(&p->table, "%s\n", columns);
    for (size_t i = 0; i < p->table.size; i++)
        if (p->table.data[i] == ' ') p->table.data[i] = '\t';
    return p;
}

void plot_row_values(Plot *p, const double *values) {
    int numbers = 0;
    for (int i = 0; i < p->columns; i++) numbers += isfinite(values[i]) != 0;
    p->rows += numbers >= 2;
    for (int i = 0; i < p->columns; i++) {
        const char *end = i + 1 < p->columns ? "\t" : "\n";
        if (isnan(values[i])) text_add(&p->table, "nan%s", end);
        else text_add(&p->table, "%.10g%s", values[i], end);
    }
}

void plot_title(Plot *p, const char *title) { p->title = title; }

void plot_axes(Plot *p, const char *x_label, const char *y_label) {
    text_add(&p->x_label, "%s", x_label), text_add(&p->y_label, "%s", y_label);
    text_add(&p->sets, "set xlabel ");
    plot_add_quoted(&p->sets, x_label);
    text_add(&p->sets, "\nset ylabel ");
    plot_add_quoted(&p->sets, y_label);
    text_add(&p->sets, "\n");
}

void plot_set(Plot *p, const char *format, ...) {
    va_list args;
    va_start(args, format);
    text_add(&p->sets, "set ");
    text_add_args(&p->sets, format, args);
    text_add(&p->sets, "\n");
    va_end(args);
}

void plot_series(Plot *p, const char *format, ...) {
    reserve(p->series, p->series_capacity, p->series_count + 1);
    Text *series = &p->series[p->series_count++];
    *series = (Text){0};
    va_list args;
    va_start(args, format);
    text_add_args(series, format, args);
    va_end(args);
}

// A series in the house's style, and its title, which is text.
static __attribute__((format(printf, 3, 4))) void styled(Plot *p, const char *title,
                                                         const char *format, ...) {
    va_list args;
    va_start(args, format);
    plot_series(p, "using ");
    Text *series = &p->series[p->series_count - 1];
    text_add_args(series, format, args);
    text_add(series, " title ");
    plot_add_quoted(series, title);
    va_end(args);
}

void plot_line(Plot *p, const char *x, const char *y, const char *title) {
    styled(p, title, "\"%s\":\"%s\" with lines linewidth 2 linecolor \"%s\"", x, y,
           plot_line_colour(p->lines++));
}

void plot_dashes(Plot *p, const char *x, const char *y, const char *title) {
    styled(p, title, "\"%s\":\"%s\" with lines dashtype 2 linewidth 2 linecolor \"%s\"",
           x, y, plot_line_colour(p->lines++));
}

void plot_points(Plot *p, const char *x, const char *y, const char *title) {
    styled(p, title,
           "\"%s\":\"%s\" with points pointtype %d pointsize 0.9 linecolor \"%s\"", x,
           y, p->points % 2 ? 9 : 7, plot_point_colour(p->points));
    p->points++;
}

void plot_errors(Plot *p, const char *x, const char *y, const char *error,
                 const char *title) {
    styled(p, title,
           "\"%s\":\"%s\":\"%s\" with yerrorbars pointtype 7 pointsize 0.9 "
           "linecolor \"%s\"",
           x, y, error, plot_point_colour(p->points++));
}

void plot_not_in_letters(Plot *p) { p->not_in_letters = true; }
