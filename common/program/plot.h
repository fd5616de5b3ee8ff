// Figures: a table of numbers, and which columns to lay over one another.
//
// A lab fills a table row by row; plot_end writes four files into the lab's --out
// folder:
//     NAME.tsv    the table: a line of column names, then tab-separated numbers
//     NAME.gp     a gnuplot script that draws it: run `gnuplot NAME.gp` there to draw it again;
//                 its first line says which options made it
//     NAME.json   what the figure is, for programs that draw it themselves (plot_json.c)
//     NAME.svg    the figure (or NAME.png; --terminal dumb draws in the terminal, each
//                 series with a letter of its own)
// NAME is plot_new's, or that of --as. Without gnuplot it says so once and leaves the first three.
//
// House style: what was measured is points, what the lecture derived is lines.
//
//     Plot *p = plot_new(lab, "rope_decay", "distance cosine_sum bound measured");
//     plot_row(p, s, cosine_sum, bound, measured);
//     plot_axes(p, "distance", "score");
//     plot_set(p, "logscale x 2");
//     plot_line(p, "distance", "bound", "Abel bound");
//     plot_points(p, "distance", "measured", "rotated vectors");
//     plot_end(p);
#pragma once
#include "common/program/lab.h"

typedef struct Plot Plot;

// Okabe and Ito's palette, which colour-blind readers can tell apart, and a grey: for
// series in gnuplot's own words, "linecolor \"" PLOT_BLUE "\"". plot_line and
// plot_dashes take the colours of lines in turn, plot_points and plot_errors those of
// points; points never have a line's colour.
#define PLOT_BLUE "#0072b2"
#define PLOT_VERMILION "#d55e00"
#define PLOT_GREEN "#009e73"
#define PLOT_PURPLE "#cc79a7"
#define PLOT_BLACK "#000000"
#define PLOT_ORANGE "#e69f00"
#define PLOT_SKY "#56b4e9"
#define PLOT_GREY "#7f7f7f"
// i >= 0: blue, vermilion, green, purple in turn; black, orange, sky, grey in turn.
const char *plot_line_colour(int i);
const char *plot_point_colour(int i);

// columns: names separated by spaces; name and column names: letters, digits,
// underscores.
Plot *plot_new(Lab *lab, const char *name, const char *columns);
// As many doubles as there are columns; NAN leaves a hole.
void plot_row_values(Plot *p, const double *values);
#define plot_row(p, ...) plot_row_values((p), (const double[]){__VA_ARGS__})

// Titles and labels, here and of series, are text: whatever is in them, gnuplot draws it
// and runs nothing (_ ^ { } still mean sub- and superscripts).
void plot_title(Plot *p, const char *title);  // default: the lab's title
void plot_axes(Plot *p, const char *x_label, const char *y_label);
// One gnuplot `set` command: plot_set(p, "logscale xy"). Not for a user's words.
void plot_set(Plot *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Series, by column name: derived, measured, measured with the error bar +-error, and a
// filled step.
void plot_line(Plot *p, const char *x, const char *y, const char *title);
void plot_dashes(Plot *p, const char *x, const char *y, const char *title);
void plot_points(Plot *p, const char *x, const char *y, const char *title);
void plot_errors(Plot *p, const char *x, const char *y, const char *error,
                 const char *title);
// Any other series in gnuplot's own words, none of them a user's: "using \"x\":\"y\" axes x1y2 with lines
// title 'z'".
void plot_series(Plot *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// The figure has colours or areas that letters cannot show: --terminal dumb leaves its
// data and draws nothing.
void plot_not_in_letters(Plot *p);
// Writes the files, draws, and frees p.
void plot_end(Plot *p);
