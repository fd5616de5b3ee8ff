#include "tools/house.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// ---- columns

// Columns of the line at p: characters, not bytes.
static int columns_of(const char *p) {
    int columns = 0;
    for (; *p && *p != '\n'; p++) columns += ((unsigned char)*p & 0xc0) != 0x80;
    return columns;
}

void listings_check(const Page *lecture) {
    for (const char *p = lecture->text; *p; p = line_end(p)) {
        if (!fence_length(p)) continue;
        const char *end = fence_end(p);
        for (; line_end(p) < end; p = line_end(p)) {
            int columns = columns_of(p);
            if (columns > MOST_COLUMNS_LISTING)
                problem(lecture->path, line_of(lecture->text, p),
                        "a listing of %d columns, at most %d", columns,
                        MOST_COLUMNS_LISTING);
        }
    }
}

static bool source_check(const char *path, Error *err) {
    Bytes file;
    if (!file_read(&file, path, err)) return false;
    size_t line = 1;
    for (const char *p = file.data; *p; p = line_end(p), line++) {
        int columns = columns_of(p);
        if (columns > MOST_COLUMNS_SOURCE)
            problem(path, line, "%d columns, at most %d", columns, MOST_COLUMNS_SOURCE);
    }
    bytes_free(&file);
    return true;
}

// ---- maps

static bool is_there(const char *folder, const char *name) {
    static const char *const places[] = {"",         "labs/", "commands/", "bench/",
                                         "tests/",   "fuzz/", "homework/", "numeric/",
                                         "program/", "../"};
    char path[512];
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(path, sizeof path, "%s/%s%s", folder, places[i], name);
        if (access(path, F_OK) == 0) return true;
    }
    return false;
}

// The name of a file that begins at p: letters and the like, then .c, .h or .[ch].
// Fills name, without the ending, and ending; returns how long all of it is, or 0.
static size_t file_name(const char *p, char *name, size_t size, const char **ending) {
    static const char *const endings[] = {".[ch]", ".c", ".h"};
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        "0123456789_-/.";
    size_t length = strspn(p, letters);
    for (size_t i = 0; i < 3; i++) {
        size_t end = strlen(endings[i]);
        size_t base = i == 0 ? length - (length && p[length - 1] == '.') : length - end;
        if (base == 0 || base >= length + (i == 0) || base >= size
            || !starts(p + base, endings[i]))
            continue;
        snprintf(name, size, "%.*s", (int)base, p);
        *ending = endings[i];
        return base + end;
    }
    return 0;
}

// Calls found(...) for every name of a file in the map: `attention.[ch]`, in backticks,
// so that llama2.c in prose is none.
typedef void Found(const Page *map, const char *at, const char *name,
                   const char *ending, void *context);
static void names_in(const Page *map, Found *found, void *context) {
    char name[256];
    const char *ending;
    for (const char *p = map->text; *p;) {
        size_t length = file_name(p, name, sizeof name, &ending);
        if (length && p > map->text && p[-1] == '`')
            found(map, p, name, ending, context);
        size_t word = strcspn(p, " \t\n`|()<>,;*");
        p += length > word ? length : word ? word : 1;
    }
}

static void named_is_there(const Page *map, const char *at, const char *name,
                           const char *ending, void *folder) {
    for (const char *kind = "ch"; *kind; kind++) {
        char file[300];
        if (!strchr(ending, *kind)) continue;
        snprintf(file, sizeof file, "%s.%c", name, *kind);
        if (!is_there(folder, file))
            problem(map->path, line_of(map->text, at), "no file %s", file);
    }
}

typedef struct {
    const char *file;  // "attention", without .c
    bool named;
} Wanted;

static void is_wanted(const Page *map, const char *at, const char *name,
                      const char *ending, void *context) {
    (void)map, (void)at;
    Wanted *wanted = context;
    if (strcmp(name, wanted->file) == 0 && strchr(ending, 'c')) wanted->named = true;
}

// Every .c file that the pattern finds in the folder must be named.
static void all_named(const Page *map, const char *folder, const char *pattern) {
    char path[512];
    glob_t files = {0};
    snprintf(path, sizeof path, "%s/%s", folder, pattern);
    if (glob(path, 0, NULL, &files) != 0) files.gl_pathc = 0;
    for (size_t i = 0; i < files.gl_pathc; i++) {
        char *file = strrchr(files.gl_pathv[i], '/') + 1;
        file[strlen(file) - 2] = '\0';
        Wanted wanted = {file, false};
        names_in(map, is_wanted, &wanted);
        if (!wanted.named) problem(map->path, 1, "%s.c is not on the map", file);
    }
    globfree(&files);
}

static bool map_check(const char *folder, Error *err) {
    char path[512];
    Page map;
    snprintf(path, sizeof path, "%s/README.md", folder);
    if (access(path, F_OK) != 0) {
        problem(path, 1, "no map of the folder's files");
        return true;
    }
    if (!page_read(&map, path, err)) return false;
    names_in(&map, named_is_there, (void *)folder);
    all_named(&map, folder, "*.c");
    all_named(&map, folder, "numeric/*.c");
    all_named(&map, folder, "program/*.c");
    page_free(&map);
    return true;
}

// ---- all of it

static bool each(const char *pattern, bool (*check)(const char *, Error *),
                 Error *err) {
    glob_t found = {0};
    bool ok = true;
    if (glob(pattern, 0, NULL, &found) != 0) found.gl_pathc = 0;
    for (size_t i = 0; i < found.gl_pathc && ok; i++)
        ok = check(found.gl_pathv[i], err);
    globfree(&found);
    return ok;
}

bool house_check(Error *err) {
    static const char *const sources[] = {"common/*.[ch]",
                                          "common/*/*.[ch]",
                                          "tools/*.[ch]",
                                          "ch[0-9][0-9]_*/*.[ch]",
                                          "ch[0-9][0-9]_*/*/*.[ch]",
                                          "ch[0-9][0-9]_*/*/*/*.[ch]"};
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        if (!each(sources[i], source_check, err)) return false;
    return each("ch[0-9][0-9]_*", map_check, err) && each("common", map_check, err);
}
