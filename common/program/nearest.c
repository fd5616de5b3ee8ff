#include "common/program/nearest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/numeric/small.h"

enum { LONGEST = 40 };

Nearest nearest_to(const char *word, size_t length, const char *before) {
    return (Nearest){word, length, NULL, 2 + length / 4, before, ""};
}

static char plain(char c) { return c == '_' ? '-' : c; }

// Optimal string alignment: row i holds the distances of the word's first i letters to
// every beginning of the name; an exchange looks two rows back. A beginning counts as one
// more: what follows was left out.
static size_t distance(const char *word, size_t n, const char *name, size_t m) {
    size_t rows[3][LONGEST + 1];
    for (size_t j = 0; j <= m; j++) rows[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *row = rows[i % 3], *last = rows[(i + 2) % 3],
               *older = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            char a = plain(word[i - 1]), b = plain(name[j - 1]);
            row[j] =
                size_min(last[j - 1] + (a != b), size_min(last[j], row[j - 1]) + 1);
            bool exchanged =
                i > 1 && j > 1 && a == plain(name[j - 2]) && b == plain(word[i - 2]);
            if (exchanged) row[j] = size_min(row[j], older[j - 2] + 1);
        }
    }
    size_t least = rows[n % 3][m];
    for (size_t j = 0; n >= 3 && j < m; j++)
        least = size_min(least, rows[n % 3][j] + 1);
    return least;
}

void nearest_try(Nearest *nearest, const char *name) {
    size_t n = nearest->length, m = strlen(name);
    if (n > LONGEST || m > LONGEST) return;
    size_t d = distance(nearest->word, n, name, m);
    if (d >= nearest->distance) return;
    nearest->distance = d;
    nearest->name = name;
}

const char *nearest_text(Nearest *nearest) {
    static const char help[] = "--help lists them";
    if (!nearest->name) snprintf(nearest->text, sizeof nearest->text, "; %s", help);
    else
        snprintf(nearest->text, sizeof nearest->text, "; did you mean %s%s? %s",
                 nearest->before, nearest->name, help);
    return nearest->text;
}
