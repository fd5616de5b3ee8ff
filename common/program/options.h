// Options of a command or a lab: `--name value`, `--name=value`, `--flag`, and files.
//
// A program lists its options once, in a table; parsing, --help and the messages follow
// from it:
//
//     static const Option options[] = {
//         {"dim", "128", "head dimension"},
//         {"allow-special", OPTION_FLAG, "read special tokens in the text"},
//         {"output", NULL, "the file to write", .letter = 'o'},
//         {0}};
//
// Values are checked where they are read: option_int(&args, "dim", 2, 4096) ends the
// program with one line, "ch02_attention: --dim 7000: expected a whole number from 2 to
// 4096", status 2.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

extern const char OPTION_FLAG[];  // the `value` of an option that takes none

typedef struct {
    const char *name;
    const char *value;  // the default; NULL: none; OPTION_FLAG: a switch
    const char *help;
    char letter;  // a one-letter form, `-o`; 0: none
} Option;

enum { ARGS_MOST_TABLES = 3 };

typedef struct {
    // where options are looked up; each ends with {0}
    const Option *tables[ARGS_MOST_TABLES];
    // in the order of the command line, values beside them
    const Option **given;
    const char **values;
    size_t given_count;
    const char **files;  // everything that is not an option
    size_t file_count;
    bool help;  // --help or -h was there
} Args;

// Parses argv[0 .. argc-1] (no program name in it) against up to three tables, NULL for
// none. Exits with status 2 on an unknown option or a missing value. Pointers into argv
// are kept.
void args_parse(Args *args, int argc, char **argv, const Option *table0,
                const Option *table1, const Option *table2);
void args_free(Args *args);

// The last value given, else the default, else NULL.
const char *option_text(const Args *args, const char *name);
bool option_flag(const Args *args, const char *name);
// A number has no blank before it: what is accepted can stand in a title as it was typed.
long long option_int(const Args *args, const char *name, long long least,
                     long long most);
double option_real(const Args *args, const char *name, double least, double most);
// A list "10000,500000": fills at most `most` numbers and returns how many there are
// (at least 1).
int option_list(const Args *args, const char *name, double *numbers, int most,
                double least, double greatest);
// The index of the value among `choices` (NULL-terminated). The option's help names all of
// them or none; if it has a "...", some.
int option_choice(const Args *args, const char *name, const char *const *choices);
// Whether all of a table's options have their defaults. This is no reading: nobody learns
// from it what an option may be.
bool options_at_defaults(const Args *args, const Option *table);
// The n-th value of an option that may be repeated, in order; NULL past the last.
const char *option_nth(const Args *args, const char *name, size_t n);

// What an option may be is said where it is read. Whoever wants to know it without a
// mistake being made has the readings watched.
typedef enum {
    OPTION_IS_TEXT,
    OPTION_IS_FLAG,
    OPTION_IS_INT,
    OPTION_IS_REAL,
    OPTION_IS_LIST,
    OPTION_IS_CHOICE,
    OPTION_KINDS
} OptionKind;

typedef struct {
    const char *name;
    OptionKind kind;
    double least, most;          // of numbers
    int numbers;                 // of a list: at most so many
    const char *const *choices;  // ends with NULL
} OptionReading;

// Called before an option is read; NULL: by nobody.
extern void (*option_watcher)(const OptionReading *reading);

// A line per option: "  --dim 128          head dimension".
void options_print(const Option *table);
// " --dim 64 --base 500000": the options that are not at their defaults, in the tables'
// order, but those named in `without` (NULL-terminated).
void options_write(FILE *out, const Args *args, const char *const *without);
