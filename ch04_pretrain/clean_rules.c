#include "ch04_pretrain/clean_rules.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/utf8.h"
#include "ch04_pretrain/shingles.h"
#include "common/numeric/hash.h"

enum { RUN = 5 };

static double share(double part, double whole, double of_nothing) {
    return whole > 0 ? part / whole : of_nothing;
}

// ---- words, letters

static double words_of(const Document *d, Script wanted) {
    (void)wanted;
    WordHashes words = word_hashes_read(d->at, d->size);
    double count = (double)words.count;
    word_hashes_free(&words);
    return count;
}

// characters: without white space; letters[SCRIPT_COUNT]: of each script.
static double count_letters(const Document *d, double letters[SCRIPT_COUNT]) {
    double characters = 0;
    for (size_t i = 0; i < d->size;) {
        int length, point = utf8_decode(d->at + i, d->size - i, &length);
        int script = script_of(point);
        if (script != SCRIPT_NONE) letters[script]++;
        characters += point < 0 || point > 127 || !isspace(point);
        i += (size_t)length;
    }
    return characters;
}

static double all_letters(const double letters[SCRIPT_COUNT]) {
    double sum = 0;
    for (int s = 0; s < SCRIPT_COUNT; s++) sum += letters[s];
    return sum;
}

static double share_of_letters(const Document *d, Script wanted) {
    (void)wanted;
    double letters[SCRIPT_COUNT] = {0}, characters = count_letters(d, letters);
    return share(all_letters(letters), characters, 1);
}

static double share_of_script(const Document *d, Script wanted) {
    double letters[SCRIPT_COUNT] = {0};
    if ((int)wanted == SCRIPT_NONE) return 1;
    count_letters(d, letters);
    return share(letters[wanted], all_letters(letters), 1);
}

// ---- repetition

// Hashes of the lines that are not blank; the caller frees them.
static uint64_t *hash_lines(const Document *d, size_t *count) {
    uint64_t *hashes = NULL;
    size_t capacity = 0;
    *count = 0;
    for (const char *p = d->at, *end = p + d->size, *next; p < end; p = next) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        next = newline ? newline + 1 : end;
        const char *last = newline ? newline : end;
        while (p < last && isspace((unsigned char)*p)) p++;
        while (p < last && isspace((unsigned char)last[-1])) last--;
        if (p == last) continue;
        reserve(hashes, capacity, *count + 1);
        hashes[(*count)++] = hash_bytes(HASH_START, p, (size_t)(last - p));
    }
    return hashes;
}

static double share_of_lines(const Document *d, Script wanted) {
    (void)wanted;
    size_t count, different;
    uint64_t *hashes = hash_lines(d, &count);
    different = hashes_unique(hashes, count);
    free(hashes);
    return share((double)(count - different), (double)count, 0);
}

static double share_of_runs(const Document *d, Script wanted) {
    (void)wanted;
    WordHashes words = word_hashes_read(d->at, d->size);
    bool *again = allocate(words.count + 1, sizeof *again);
    word_hashes_repeated(&words, RUN, again);
    double repeated = 0;
    for (size_t i = 0; i < words.count; i++) repeated += again[i];
    double found = share(repeated, (double)words.count, 0);
    free(again), word_hashes_free(&words);
    return found;
}

// ---- the table

const CleanRuleType clean_rules[] = {
    // fewest words of a document
    [RULE_WORDS] = {"words", words_of, true, 20},
    // least share of letters among its characters
    [RULE_LETTERS] = {"letters", share_of_letters, true, 0.6},
    // largest share of lines that it has had before
    [RULE_LINES] = {"lines", share_of_lines, false, 0.3},
    // largest share of words in five that it has had before
    [RULE_RUNS] = {"runs", share_of_runs, false, 0.3},
    // least share of --script among its letters
    [RULE_SCRIPT] = {"script-share", share_of_script, true, 0.8},
};
_Static_assert(sizeof clean_rules / sizeof *clean_rules == CLEAN_RULES,
               "a rule without its line");

// Whether a measured number is on the right side of a bound.
static bool clean_rule_keeps(CleanRule rule, double measured, double bound) {
    return clean_rules[rule].at_least ? measured >= bound : measured <= bound;
}

CleanRule clean_rule_broken(const Document *d, const double bounds[CLEAN_RULES],
                            Script wanted) {
    CleanRule rule = 0;
    while (
        rule < CLEAN_RULES
        && clean_rule_keeps(rule, clean_rules[rule].measure(d, wanted), bounds[rule]))
        rule++;
    return rule;
}
