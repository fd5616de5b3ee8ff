#include "common/program/options.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/program/nearest.h"

const char OPTION_FLAG[] = "";
void (*option_watcher)(const OptionReading *reading);

static void watch(OptionReading reading) {
    if (option_watcher) option_watcher(&reading);
}

static const Option *find(const Args *args, const char *name, size_t length,
                          char letter) {
    for (int t = 0; t < ARGS_MOST_TABLES; t++)
        for (const Option *o = args->tables[t]; o && o->name; o++)
            if ((letter && o->letter == letter)
                || (!letter && strlen(o->name) == length
                    && strncmp(o->name, name, length) == 0))
                return o;
    return NULL;
}

static void add(Args *args, const Option *option, const char *value) {
    args->given = reallocate(args->given, args->given_count + 1, sizeof *args->given);
    args->values =
        reallocate(args->values, args->given_count + 1, sizeof *args->values);
    args->given[args->given_count] = option;
    args->values[args->given_count++] = value;
}

static _Noreturn void unknown(const Args *args, const char *word, const char *name,
                              size_t length) {
    Nearest meant = nearest_to(name, length, "--");
    for (int t = 0; t < ARGS_MOST_TABLES; t++)
        for (const Option *o = args->tables[t]; o && o->name; o++)
            nearest_try(&meant, o->name);
    die("unknown option %s%s", word, nearest_text(&meant));
}

// One option at argv[i]; returns the index of the last argument it used.
static int parse_option(Args *args, int argc, char **argv, int i) {
    char *name = argv[i];
    bool is_long = name[1] == '-';
    name += is_long ? 2 : 1;
    char *equals = is_long ? strchr(name, '=') : NULL;
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    const Option *option = NULL;
    if (is_long) option = find(args, name, length, 0);
    else if (length == 1) option = find(args, name, length, name[0]);
    if (!option) unknown(args, argv[i], name, length);
    if (option->value == OPTION_FLAG) {
        if (equals) die("--%s takes no value", option->name);
        add(args, option, "yes");
        return i;
    }
    if (!equals && i + 1 == argc) die("%s needs a value: %s", argv[i], option->help);
    add(args, option, equals ? equals + 1 : argv[i + 1]);
    return equals ? i : i + 1;
}

void args_parse(Args *args, int argc, char **argv, const Option *table0,
                const Option *table1, const Option *table2) {
    *args = (Args){.tables = {table0, table1, table2}};
    args->files = allocate((size_t)argc + 1, sizeof *args->files);
    bool only_files = false;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        if (only_files || word[0] != '-' || word[1] == '\0')
            args->files[args->file_count++] = word;
        else if (strcmp(word, "--") == 0) only_files = true;
        else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
            args->help = true;
        else i = parse_option(args, argc, argv, i);
    }
}

void args_free(Args *args) {
    free(args->given), free(args->values), free(args->files);
    *args = (Args){0};
}

const char *option_nth(const Args *args, const char *name, size_t n) {
    for (size_t i = 0; i < args->given_count; i++)
        if (strcmp(args->given[i]->name, name) == 0 && n-- == 0) return args->values[i];
    return NULL;
}

static const char *value_of(const Args *args, const char *name) {
    for (size_t i = args->given_count; i-- > 0;)
        if (strcmp(args->given[i]->name, name) == 0) return args->values[i];
    const Option *option = find(args, name, strlen(name), 0);
    assert(option && "an option that no table lists");
    return option->value;
}

const char *option_text(const Args *args, const char *name) {
    watch((OptionReading){name, OPTION_IS_TEXT});
    return value_of(args, name);
}

static bool same(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

bool options_at_defaults(const Args *args, const Option *table) {
    for (const Option *o = table; o && o->name; o++)
        if (!same(value_of(args, o->name), o->value)) return false;
    return true;
}

bool option_flag(const Args *args, const char *name) {
    watch((OptionReading){name, OPTION_IS_FLAG});
    return value_of(args, name)[0] != '\0';
}

static const char *required(const Args *args, const char *name) {
    const char *text = value_of(args, name);
    if (!text) die("--%s is needed; --help tells more", name);
    return text;
}

long long option_int(const Args *args, const char *name, long long least,
                     long long most) {
    watch((OptionReading){name, OPTION_IS_INT, (double)least, (double)most});
    const char *text = required(args, name);
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (isspace((unsigned char)*text) || end == text || *end || errno || value < least
        || value > most)
        die("--%s %s: expected a whole number from %lld to %lld", name, text, least,
            most);
    return value;
}

static double number(const char *name, const char *text, size_t length, double least,
                     double most) {
    char *end;
    double value = strtod(text, &end);
    if (isspace((unsigned char)*text) || end == text || end != text + length
        || !(value >= least && value <= most))
        die("--%s %.*s: expected a number from %g to %g", name, (int)length, text,
            least, most);
    return value;
}

double option_real(const Args *args, const char *name, double least, double most) {
    watch((OptionReading){name, OPTION_IS_REAL, least, most});
    const char *text = required(args, name);
    return number(name, text, strlen(text), least, most);
}

int option_list(const Args *args, const char *name, double *numbers, int most,
                double least, double greatest) {
    watch((OptionReading){name, OPTION_IS_LIST, least, greatest, most});
    const char *text = required(args, name);
    for (int count = 0;;) {
        size_t length = strcspn(text, ",");
        if (count == most) die("--%s: expected at most %d numbers", name, most);
        numbers[count++] = number(name, text, length, least, greatest);
        if (text[length] == '\0') return count;
        text += length + 1;
    }
}

static bool names_word(const char *text, const char *word) {
    size_t length = strlen(word);
    for (const char *at = text; (at = strstr(at, word)); at++)
        if ((at == text || !isalnum((unsigned char)at[-1]))
            && !isalnum((unsigned char)at[length]))
            return true;
    return false;
}

// A help text that names one choice names all, or says "...": what is new in a table of
// kinds cannot be forgotten in the help.
static bool help_is_whole(const char *help, const char *const *choices) {
    int named = 0, count = 0;
    for (; choices[count]; count++) named += names_word(help, choices[count]);
    return named == 0 || named == count || strstr(help, "...");
}

int option_choice(const Args *args, const char *name, const char *const *choices) {
    watch((OptionReading){name, OPTION_IS_CHOICE, .choices = choices});
    const char *text = required(args, name);
    assert(help_is_whole(find(args, name, strlen(name), 0)->help, choices)
           && "option_choice: the option's help names some choices, and not all");
    char listed[256] = "";
    for (int i = 0; choices[i]; i++) {
        if (strcmp(choices[i], text) == 0) return i;
        size_t used = strlen(listed);
        snprintf(listed + used, sizeof listed - used, "%s%s", i ? ", " : "",
                 choices[i]);
    }
    die("--%s %s: expected one of %s", name, text, listed);
}

void options_print(const Option *table) {
    for (const Option *o = table; o && o->name; o++) {
        char left[64], letter[8] = "";
        if (o->letter) snprintf(letter, sizeof letter, "-%c, ", o->letter);
        const char *value = o->value == OPTION_FLAG ? "" : o->value ? o->value : "...";
        snprintf(left, sizeof left, "%s--%s %s", letter, o->name, value);
        printf("  %-30s %s\n", left, o->help);
    }
}

// Whether a table before this one has an option of that name, which is then the one.
static bool hidden(const Args *args, int table, const char *name) {
    for (int t = 0; t < table; t++)
        for (const Option *o = args->tables[t]; o && o->name; o++)
            if (strcmp(o->name, name) == 0) return true;
    return false;
}

void options_write(FILE *out, const Args *args, const char *const *without) {
    for (int t = 0; t < ARGS_MOST_TABLES; t++)
        for (const Option *o = args->tables[t]; o && o->name; o++) {
            const char *value = value_of(args, o->name);
            bool left_out = hidden(args, t, o->name);
            for (const char *const *w = without; *w; w++)
                left_out |= strcmp(*w, o->name) == 0;
            if (same(value, o->value) || left_out) continue;
            fprintf(out, " --%s", o->name);
            if (o->value != OPTION_FLAG) fprintf(out, " %s", value);
        }
}
