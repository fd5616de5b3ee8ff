#include "ch05_sft_rlhf/commands/curve.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/program/plot.h"

// ---- as a table

void curve_print(const Learning *l) {
    int last = l->points - 1;
    printf("\n%-10s %8s %8s %26s\n", "kind", "trained", "right",
           "95 % right after tokens");
    for (int k = 0; k < TASK_KINDS; k++) {
        int at = learning_learnt_at(l->right[k], l->points);
        printf("%-10s %8s %7.1f%% ", tasks[k].name, tasks[k].share > 0 ? "yes" : "no",
               100 * l->right[k][last]);
        if (at < 0) printf("%26s\n", "never");
        else printf("%24.1f M\n", l->tokens[at] / 1e6);
    }
    for (int k = 0; k < LEARNING_STORIES; k++)
        printf("story %-4d %8s %7.1f%%\n", k + 1, "", 100 * l->of_story[k][last]);
}

// ---- as a figure

// A column for each kind and each story; their names are those of the kinds with
// underscores.
static char *columns(void) {
    Text names = {0};
    text_add(&names, "megatokens");
    for (int k = 0; k < TASK_KINDS; k++) text_add(&names, " %s", tasks[k].name);
    for (int k = 0; k < LEARNING_STORIES; k++) text_add(&names, " story_%d", k + 1);
    for (char *at = names.data; *at; at++)
        if (*at == '-') *at = '_';
    return names.data;
}

static void fill(Plot *p, const Learning *l) {
    for (int i = 0; i < l->points; i++) {
        double row[1 + TASK_KINDS + LEARNING_STORIES];
        row[0] = l->tokens[i] / 1e6;
        for (int k = 0; k < TASK_KINDS; k++) row[1 + k] = l->right[k][i];
        for (int k = 0; k < LEARNING_STORIES; k++)
            row[1 + TASK_KINDS + k] = l->of_story[k][i];
        plot_row_values(p, row);
    }
}

enum { LINE_COLOURS = 4, UNTRAINED_COLOUR = 6 };

// Eight colours: of lines, then of points.
static const char *colour_of(int i) {
    return i < LINE_COLOURS ? plot_line_colour(i) : plot_point_colour(i - LINE_COLOURS);
}

// Trained: lines; never trained: points.
static void add_series(Plot *p, TaskKind kind, int *lines, int *points) {
    bool trained = tasks[kind].share > 0;
    int *count = trained ? lines : points;
    plot_series(p, "using 1:%d with %s linecolor \"%s\" title '%s'", 2 + (int)kind,
                trained ? "lines linewidth 2" : "points pointtype 7 pointsize 0.6",
                colour_of(trained ? *count : UNTRAINED_COLOUR + *count),
                tasks[kind].name);
    ++*count;
}

// The kinds that ask about a tale, or those that bring their own words.
static void draw(const Learning *l, bool of_tale, const LabSpec *spec,
                 const char *folder, const char *terminal) {
    Lab lab = {.spec = spec, .out = (char *)folder, .terminal = terminal};
    char *names = columns();
    Plot *p = plot_new(&lab, spec->name, names);
    int lines = 0, points = 0;
    fill(p, l);
    for (int k = 0; k < TASK_KINDS; k++)
        if (tasks[k].of_tale == of_tale) add_series(p, (TaskKind)k, &lines, &points);
    plot_axes(p, "million tokens of fine-tuning", "share right, held out");
    plot_set(p, "yrange [0:1.05]");
    plot_set(p, "key outside right center vertical");
    plot_end(p);
    free(names);
}

void curve_draw(const Learning *l, const char *folder, const char *terminal) {
    static const LabSpec tales = {.name = "learning",
                                  .title = "questions about a story, while fine-tuned"},
                         words = {.name = "learning_words",
                                  .title = "questions about words, while fine-tuned"};
    draw(l, true, &tales, folder, terminal);
    draw(l, false, &words, folder, terminal);
}
