// plot: the losses of training runs in one figure.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/commands/commands.h"
#include "common/program/file.h"
#include "common/program/plot.h"

enum { MOST_LOGS = 8, MOST_COLUMNS = 16, POINTS = 200 };

const Option plot_options[] = {
    {"log", NULL, "tables that `train --log` wrote: A.tsv,B.tsv,..."},
    {"x", "step", "step, tokens or seconds"},
    {"out", ".", "folder for the figure and its data"},
    {"as", "losses", "what the files are called"},
    {"terminal", "svg", "svg, png, or dumb (drawn in this terminal)"},
    {0}};

// ---- a table

typedef struct {
    const char *path;
    double *x, *loss, *validation;
    size_t rows, capacity;
} Log;

static int column_of(const char *head, const char *name, const char *path) {
    size_t length = strlen(name);
    for (int i = 0;; i++) {
        size_t here = strcspn(head, "\t\n");
        if (here == length && strncmp(head, name, length) == 0) return i;
        if (head[here] != '\t' || i == MOST_COLUMNS)
            die("%s:1: expected a column %s: a table that `train --log` wrote", path,
                name);
        head += here + 1;
    }
}

static double field(const char *line, int column) {
    for (; column > 0; column--) line += strcspn(line, "\t\n") + 1;
    return strtod(line, NULL);
}

static int count_fields(const char *line) {
    int count = 1;
    for (; *line && *line != '\n'; line++) count += *line == '\t';
    return count;
}

static void add_row(Log *log, double x, double loss, double validation) {
    if (log->rows == log->capacity) {
        log->capacity = log->capacity ? 2 * log->capacity : 256;
        size_t n = log->capacity;
        log->x = reallocate(log->x, n, sizeof *log->x);
        log->loss = reallocate(log->loss, n, sizeof *log->loss);
        log->validation = reallocate(log->validation, n, sizeof *log->validation);
    }
    size_t i = log->rows++;
    log->x[i] = x, log->loss[i] = loss, log->validation[i] = validation;
}

static Log log_read(const char *path, const char *x_name) {
    Log log = {.path = path};
    Bytes b;
    Error err;
    if (!file_read(&b, path, &err)) die("%s", err.text);
    int x = column_of(b.data, x_name, path), loss = column_of(b.data, "loss", path),
        validation = column_of(b.data, "validation", path),
        columns = count_fields(b.data), number = 1;
    const char *line = b.data, *end = b.data + b.size;
    while ((line = memchr(line, '\n', (size_t)(end - line))) && ++line < end) {
        number++;
        if (count_fields(line) != columns)
            die("%s:%d: expected %d columns", path, number, columns);
        add_row(&log, field(line, x), field(line, loss), field(line, validation));
    }
    bytes_free(&b);
    if (log.rows < 2) die("%s: expected two steps at least", path);
    return log;
}

// ---- the figure

// Losses of single steps jump: each point is the mean of a stretch of them.
static void plot_log(Plot *p, const Log *log, int which, int logs) {
    double row[1 + 2 * MOST_LOGS];
    size_t stretch = (log->rows + POINTS - 1) / POINTS;
    for (size_t first = 0; first < log->rows; first += stretch) {
        double sum = 0, validation = NAN;
        size_t last = first;
        for (; last < log->rows && last < first + stretch; last++) {
            sum += log->loss[last];
            if (!isnan(log->validation[last])) validation = log->validation[last];
        }
        for (int i = 0; i < 1 + 2 * logs; i++) row[i] = NAN;
        row[0] = log->x[last - 1];
        row[1 + 2 * which] = sum / (double)(last - first);
        row[2 + 2 * which] = validation;
        plot_row_values(p, row);
    }
}

static void draw(Lab *lab, const Log *logs, int count, const char *x) {
    char columns[512] = "", name[64], title[256];
    snprintf(columns, sizeof columns, "%s", x);
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, " loss_%d held_out_%d", i + 1, i + 1);
        strcat(columns, name);
    }
    Plot *p = plot_new(lab, "losses", columns);
    for (int i = 0; i < count; i++) plot_log(p, &logs[i], i, count);
    plot_axes(p, x, "nats per target");
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "loss_%d", i + 1);
        snprintf(title, sizeof title, "%s, training", logs[i].path);
        plot_line(p, x, name, title);
        snprintf(name, sizeof name, "held_out_%d", i + 1);
        snprintf(title, sizeof title, "%s, held out", logs[i].path);
        plot_points(p, x, name, title);
    }
    plot_end(p);
}

int command_plot(const Args *args) {
    static const char *const terminals[] = {"svg", "png", "dumb", NULL};
    static const char *const xs[] = {"step", "tokens", "seconds", NULL};
    static const LabSpec spec = {.name = "plot", .title = "losses in training"};
    const char *list = option_text(args, "log");
    if (args->file_count)
        die("plot: unexpected '%s'; --log A.tsv,B.tsv", args->files[0]);
    if (!list) die("plot: --log A.tsv[,B.tsv...] is needed");
    const char *x = xs[option_choice(args, "x", xs)];
    Lab lab = {.spec = &spec,
               .args = *args,
               .as = option_text(args, "as"),
               .out = (char *)option_text(args, "out"),
               .terminal = terminals[option_choice(args, "terminal", terminals)]};
    char *paths = strdup(list);
    Log logs[MOST_LOGS];
    int count = 0;
    Error err;
    for (char *rest = paths, *path; (path = strtok_r(rest, ",", &rest));) {
        if (count == MOST_LOGS) die("--log: expected at most %d tables", MOST_LOGS);
        logs[count++] = log_read(path, x);
    }
    if (count == 0) die("plot: --log A.tsv[,B.tsv...] is needed");
    if (!make_folder(lab.out, &err)) die("--out: %s", err.text);
    draw(&lab, logs, count, x);
    for (int i = 0; i < count; i++)
        free(logs[i].x), free(logs[i].loss), free(logs[i].validation);
    free(paths);
    return 0;
}
