// Writes a figure's files and has them drawn.
#include <assert.h>
#include <ctype.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/error.h"
#include "common/numeric/small.h"
#include "common/program/file.h"
#include "common/program/plot_parts.h"

// "OUT/NAME.ending"; the caller frees it.
static char *path_of(const Plot *p, const char *ending) {
    Text path = {0};
    text_add(&path, "%s/%s.%s", p->lab->out, p->name, ending);
    return path.data;
}

static void write_text(const Plot *p, const char *ending, const char *const *parts) {
    Output out;
    Error err;
    char *path = path_of(p, ending);
    if (!output_open(&out, path, &err)) die("%s", err.text);
    for (; *parts; parts++) fputs(*parts, out.stream);
    if (!output_commit(&out, &err)) die("%s", err.text);
    free(path);
}

static void add_terminal(Text *script, const Plot *p) {
    const char *terminal = p->lab->terminal;
    bool svg = strcmp(terminal, "svg") == 0;
    if (strcmp(terminal, "dumb") == 0) {
        text_add(script, "set terminal dumb size 100,32\n");
        return;
    }
    text_add(script, "set terminal %s size 640,440 %s\nset output \"%s.%s\"\n",
             svg ? "svg" : "pngcairo",
             svg ? "font \"Helvetica,14\" background \"white\"" : "font \"Sans,11\"",
             p->name, terminal);
}

// gnuplot's letters of points are numbered by pointtype, its signs of lines by linetype,
// of which there are six. Each series gets its own; the seventh line becomes points.
typedef struct {
    int points, lines;
} Letters;
enum { LINE_SIGNS = 6 };

static void add_in_letters(Text *script, const char *series, Letters *letters) {
    const char *title = strstr(series, " title "), *end = series + strlen(series);
    const char *point = strstr(series, "pointtype "),
               *line = strstr(series, "with lines");
    if (!title) title = end;
    if (point && point < title) {
        const char *number = point + strlen("pointtype ");
        text_add(script, "%.*s%d%s", (int)(number - series), series, ++letters->points,
                 number + strspn(number, "0123456789"));
    } else if (line && line < title && letters->lines >= LINE_SIGNS) {
        text_add(script, "%.*swith points pointtype %d%s", (int)(line - series), series,
                 ++letters->points, line + strlen("with lines"));
    } else {
        text_add(script, "%.*s linetype %d%s", (int)(title - series), series,
                 ++letters->lines % LINE_SIGNS + 1, title);
    }
}

// What the files were made by, as a comment of one line: "# ch02_attention heads --seed 2".
static char *made_by(const Plot *p) {
    static const char *const how[] = {"threads", "out",  "terminal", "as",
                                      "open",    "list", "claim",    NULL};
    char *line = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&line, &size);
    if (!out) die("out of memory");
    fprintf(out, "# %s %s", program_name(), p->lab->spec->name);
    options_write(out, &p->lab->args, how);
    if (fclose(out) != 0) die("out of memory");
    for (char *c = line; *c; c++)
        if (iscntrl((unsigned char)*c) || strchr("\\`", *c)) *c = ' ';
    return line;
}

// Says it where the files here were made with other options: of a tour's labs once.
static void warn_of_overwriting(const Plot *p, const char *now) {
    static bool said;
    char *path = path_of(p, "gp");
    Bytes old;
    bool exists = access(path, F_OK) == 0 && file_read(&old, path, NULL);
    if (exists) {
        size_t size = strcspn(old.data, "\n");
        bool same = size == strlen(now) && memcmp(old.data, now, size) == 0;
        if (old.data[0] == '#' && !same && !said)
            warn("%s/%s.* was made by '%.*s' and is overwritten; --as NAME keeps both",
                 p->lab->out, p->name, (int)size - 2, old.data + 2);
        said |= p->lab->tour && !same;
        bytes_free(&old);
    }
    free(path);
}

// How long the longest title of a series is; counts how many have one. What only raises
// or lowers has no width.
static size_t longest_title(const Plot *p, int *titles) {
    size_t longest = 0;
    *titles = 0;
    for (size_t i = 0; i < p->series_count; i++) {
        const char *c = strstr(p->series[i].data, " title ");
        if (!c) continue;
        size_t length = 0;
        char quote = *(c += strlen(" title "));
        while (*c && *++c && *c != quote) length += !strchr("{}_^", *c);
        longest = size_max(longest, length);
        ++*titles;
    }
    return longest;
}

// gnuplot takes letters for wider than they are, the more so the longer a title is; with
// more than three, that and smaller letters let two columns stand where it saw room for
// one. In the terminal letters are as wide as they are.
static void add_key(Text *script, const Plot *p) {
    const char *terminal = p->lab->terminal;
    int titles;
    double length = (double)longest_title(p, &titles), narrower = 1;
    text_add(script, "set key outside top center horizontal Left reverse ");
    if (titles <= 3 || strcmp(terminal, "dumb") == 0) {
        text_add(script, "samplen 1.5 width -1\n");
        return;
    }
    bool svg = strcmp(terminal, "svg") == 0;
    if (svg) narrower = 0.5 + length / 7;
    text_add(script, "samplen 1.2 width %.1f font \",%d\"\n", -narrower, svg ? 12 : 9);
}

static void write_script(const Plot *p) {
    bool dumb = strcmp(p->lab->terminal, "dumb") == 0;
    Letters letters = {0};
    Text script = {0};
    char *by = made_by(p);
    warn_of_overwriting(p, by);
    text_add(&script, "%s\n", by);
    add_terminal(&script, p);
    text_add(&script, "set title ");
    plot_add_quoted(&script, p->title);
    text_add(
        &script,
        "\nset datafile separator tab columnheaders\nset datafile missing \"nan\"\n");
    add_key(&script, p);
    text_add(&script,
             "set grid linecolor \"#cccccc\"\n"
             "set border 3\nset tics nomirror\n%s",
             p->sets.data ? p->sets.data : "");
    for (size_t i = 0; i < p->series_count; i++) {
        text_add(&script, "%s \\\n    \"%s.tsv\" ", i ? "," : "plot", p->name);
        if (dumb) add_in_letters(&script, p->series[i].data, &letters);
        else text_add(&script, "%s", p->series[i].data);
    }
    write_text(p, "gp", (const char *[]){script.data, "\n", NULL});
    free(script.data), free(by);
}

static void copy_stream(FILE *from, FILE *to) {
    rewind(from);
    for (int c; (c = getc(from)) != EOF;) putc(c, to);
}

// gnuplot in the out folder; false where it is not installed. What it says is shown when
// it fails: its warnings ("empty y range") are about data that are as they should be.
static bool run_gnuplot(const Plot *p) {
    stdout_flush();
    FILE *said = tmpfile();
    if (!said) die("gnuplot could not be started: no temporary file");
    pid_t child = fork();
    if (child < 0) die("gnuplot could not be started");
    if (child == 0) {
        dup2(fileno(said), STDERR_FILENO);
        char *script = path_of(p, "gp") + strlen(p->lab->out) + 1;
        if (chdir(p->lab->out) == 0) execlp("gnuplot", "gnuplot", script, (char *)NULL);
        _exit(127);
    }
    int status;
    waitpid(child, &status, 0);
    if (status != 0) copy_stream(said, stderr);
    fclose(said);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) return false;
    if (status != 0) die("gnuplot could not draw %s/%s.gp", p->lab->out, p->name);
    return true;
}

extern char **environ;  // not every system's unistd.h declares it

static bool has_display(void) {
#ifdef __APPLE__
    return true;
#else
    return getenv("DISPLAY") || getenv("WAYLAND_DISPLAY");
#endif
}

// Shows the figure with what the desktop has for it, which stays open when we end.
static void open_figure(const Plot *p) {
#ifdef __APPLE__
    static char viewer[] = "open";
#else
    static char viewer[] = "xdg-open";
#endif
    char *path = path_of(p, p->lab->terminal), *argv[] = {viewer, path, NULL};
    if (!has_display()) {
        warn("--open: there is no display here; the figure is %s", path);
        free(path);
        return;
    }
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child;
    if (posix_spawnp(&child, viewer, &quiet, NULL, argv, environ) != 0)
        warn("--open: there is no %s here; the figure is %s", viewer, path);
    posix_spawn_file_actions_destroy(&quiet);
    free(path);
}

// Draws, and returns the ending of what a reader can look at now.
static const char *draw(const Plot *p) {
    static bool no_gnuplot;
    bool dumb = strcmp(p->lab->terminal, "dumb") == 0;
    if (dumb && p->not_in_letters) return "tsv";
    if (!no_gnuplot && !run_gnuplot(p)) {
        no_gnuplot = true;
        warn("gnuplot is not installed: the figures' data and scripts are in %s",
             p->lab->out);
    }
    if (no_gnuplot || dumb) return "tsv";
    if (p->lab->open) open_figure(p);
    return p->lab->terminal;
}

static void say_drawn(const Plot *p, const char *ending) {
    const char *what = strcmp(ending, "tsv") == 0 ? "data" : "figure";
    printf("  %s: %s/%s.%s\n", what, p->lab->out, p->name, ending);
}

static void write_and_draw(const Plot *p) {
    lab_line();
    p->lab->wrote = true;
    write_script(p);
    write_text(p, "tsv", (const char *[]){p->table.data, NULL});
    char *json = plot_json(p);
    write_text(p, "json", (const char *[]){json, NULL});
    free(json);
    if (p->rows == 0)
        printf("  figure: nothing to draw, %s/%s.tsv has no numbers\n", p->lab->out,
               p->name);
    else say_drawn(p, draw(p));
}

void plot_end(Plot *p) {
    assert(p->series_count && "a plot without series");
    // who only asks what options may be (list_json.h) looks at no figure
    if (!option_watcher) write_and_draw(p);
    for (size_t i = 0; i < p->series_count; i++) free(p->series[i].data);
    free(p->x_label.data), free(p->y_label.data);
    free(p->series), free(p->table.data), free(p->sets.data), free(p->name), free(p);
}
