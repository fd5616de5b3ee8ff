// What plot.c collects and plot_draw.c writes: a figure under way. Labs see plot.h.
#pragma once
#include "common/program/plot.h"
#include "common/program/text.h"

struct Plot {
    Lab *lab;
    char *name;
    const char *title;
    Text table, sets, x_label, y_label, *series;
    size_t series_count, series_capacity;
    int columns;
    size_t rows;  // that have a point in them: two numbers
    bool not_in_letters;
    int lines, points;  // how many of each so far: their colours
};

// A text as gnuplot takes it literally.
void plot_add_quoted(Text *script, const char *words);

// What NAME.json says; the caller frees it.
char *plot_json(const Plot *p);
