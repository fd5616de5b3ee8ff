// Longest match: how it works, what it costs, and that it is neither BPE nor optimal.
// Lecture, section 1.3.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/bpe_encode.h"
#include "ch01_tokenizer/bpe_train.h"
#include "ch01_tokenizer/longest_match.h"
#include "ch01_tokenizer/source.h"
#include "common/error.h"
#include "common/program/plot.h"

enum { SYMBOLS = 8, TRAINING = 20000, TABLES = 10, LONGEST_TEXT = 4096 };
static const double ENTROPY = 1.93;  // bits per symbol of the random sources

static const Option options[] = {
    {"merges", "200", "merges of the table"},
    {"strings", "400", "random strings to segment with each of 10 tables"},
    {"length", "40", "symbols in each"},
    {0}};

// ---- [1.4] an example, by hand

static const char *const dictionary[] = {"", "今天", "天气", "真好啊"};  // ids 1, 2, 3
enum { DICTIONARY = 4 };
static const char sentence[] = "今天天气真好啊";

static Trie dictionary_trie(void) {
    Trie trie = {0};
    for (int i = 1; i < DICTIONARY; i++)
        trie_add(&trie, dictionary[i], strlen(dictionary[i]), i);
    return trie;
}

static void show_step(void *lab, const char *prefix, size_t length, int token) {
    lab_print(lab, "  is %.*s a token?  %s", (int)length, prefix,
              token == NO_TOKEN ? "no" : "yes: cut it off");
}

static void claim_sentence(Lab *lab) {
    Trie trie = dictionary_trie();
    MatchWork scan = {0}, walk = {0};
    int tokens[sizeof sentence], same[sizeof sentence];
    size_t n = strlen(sentence), count = longest_match_scan(&trie, sentence, n, tokens,
                                                            &scan, show_step, lab);
    size_t found = longest_match(&trie, sentence, n, same, &walk);
    // Of 7, 5 and 3 characters that are left, tokens of 2, 2 and 3 are found: (7-2+1) +
    // (5-2+1) + (3-3+1).
    claim_equal(lab, "1.4", "scan: look-ups = sum of rest - length + 1", 6 + 4 + 1,
                (long long)scan.lookups);
    // A character is 3 bytes; a look-up reads the prefix it asks for: 3 (7+..+2) + 3
    // (5+..+2) + 3 (3).
    claim_equal(lab, "1.4", "scan: bytes read", 3 * (27 + 14 + 3),
                (long long)scan.bytes);
    // No token is the beginning of another: each is walked once, and one byte more
    // unless the text ends.
    claim_equal(lab, "1.4", "trie: bytes read = text + tokens - 1",
                (long long)(n + count - 1), (long long)walk.bytes);
    int differ = count != found || memcmp(tokens, same, count * sizeof *tokens) != 0;
    claim_equal(lab, "1.4", "scan and trie: different segmentations", 0, differ);
    trie_free(&trie);
}

// Why from the longest: once single characters are tokens (they must be, or text has no
// segmentation at all), the shortest match is never longer than one.
static void claim_shortest(Lab *lab) {
    Trie trie = dictionary_trie();
    for (size_t i = 0; i < strlen(sentence); i += 3)
        trie_add(&trie, sentence + i, 3, DICTIONARY + (int)i);
    int tokens[sizeof sentence];
    size_t n = strlen(sentence);
    claim_equal(lab, "1.4", "shortest first: tokens = characters", 7,
                (long long)shortest_match(&trie, sentence, n, tokens));
    claim_equal(lab, "1.4", "longest first: tokens", 3,
                (long long)longest_match(&trie, sentence, n, tokens, NULL));
    trie_free(&trie);
}

// ---- [1.5] longest match, BPE and the fewest tokens

// The tokens of a table of merges as strings over a, b, c, ...; freed by free_texts.
static char **texts_of(const Merges *merges) {
    int n = merges->base + merges->count;
    char **texts = allocate((size_t)n, sizeof *texts);
    for (int i = 0; i < merges->base; i++) {
        texts[i] = allocate(2, 1);
        texts[i][0] = (char)('a' + i);
    }
    for (int t = 0; t < merges->count; t++) {
        const char *left = texts[merges->pairs[t].left],
                   *right = texts[merges->pairs[t].right];
        size_t size = strlen(left) + strlen(right) + 1;
        char *text = texts[merges->base + t] = allocate(size, 1);
        snprintf(text, size, "%s%s", left, right);
    }
    return texts;
}

static void free_texts(char **texts, int n) {
    for (int i = 0; i < n; i++) free(texts[i]);
    free(texts);
}

typedef struct {
    Merges merges;
    PairTable table;
    char **texts;
    Trie trie;    // of the texts
    Trie closed;  // and of all their suffixes
    int size;
} Table;

static Table table_of(Merges merges) {
    Table t = {.merges = merges,
               .table = pair_table_of(&merges),
               .size = merges.base + merges.count};
    t.texts = texts_of(&merges);
    int number = 0;
    for (int i = 0; i < t.size; i++) {
        size_t length = strlen(t.texts[i]);
        if (trie_find(&t.trie, t.texts[i], length) == NO_TOKEN)
            trie_add(&t.trie, t.texts[i], length, i);
        for (size_t k = 0; k < length; k++)
            trie_add(&t.closed, t.texts[i] + k, length - k, number++);
    }
    return t;
}

static void table_free(Table *t) {
    free_texts(t->texts, t->size);
    trie_free(&t->trie), trie_free(&t->closed);
    pair_table_free(&t->table);
    merges_free(&t->merges);
}

static size_t encode_bpe(const Table *t, const char *text, size_t n, int *tokens) {
    for (size_t i = 0; i < n; i++) tokens[i] = text[i] - 'a';
    return bpe_encode_naive(&t->table, tokens, n, NULL);
}

static void print_segmentation(Lab *lab, const char *how, const Table *t,
                               const int *tokens, size_t count) {
    char line[256] = "";
    for (size_t i = 0; i < count; i++) {
        size_t used = strlen(line);
        snprintf(line + used, sizeof line - used, "%s%s", i ? "|" : "",
                 t->texts[tokens[i]]);
    }
    lab_print(lab, "  %-14s %s", how, line);
}

// Four merges, in order, and a text; how many tokens BPE and longest match make of it.
static void claim_example(Lab *lab, const Pair *pairs, int count_of_pairs, int base,
                          const char *text, int bpe, int longest) {
    size_t n = (size_t)count_of_pairs;
    Merges merges = {
        .base = base, .count = count_of_pairs, .pairs = allocate(n, sizeof(Pair))};
    memcpy(merges.pairs, pairs, n * sizeof *pairs);
    Table t = table_of(merges);
    int tokens[16];
    char order[64] = "";
    for (size_t i = 0; i < n; i++)
        snprintf(order + strlen(order), sizeof order - strlen(order), "%s%s",
                 i ? " < " : "", t.texts[(size_t)base + i]);
    lab_print(lab, "%s, merges %s", text, order);
    size_t count = encode_bpe(&t, text, strlen(text), tokens);
    print_segmentation(lab, "BPE", &t, tokens, count);
    char what[64];
    snprintf(what, sizeof what, "%s: tokens by merge order (BPE)", text);
    claim_equal(lab, "1.5", what, bpe, (long long)count);
    count = longest_match(&t.trie, text, strlen(text), tokens, NULL);
    print_segmentation(lab, "longest match", &t, tokens, count);
    snprintf(what, sizeof what, "%s: tokens by longest match", text);
    claim_equal(lab, "1.5", what, longest, (long long)count);
    table_free(&t);
}

static void claim_examples(Lab *lab) {
    enum { a, b, c, d, e };
    // b c is merged first and leaves a and d alone.
    claim_example(lab, (Pair[]){{b, c}, {a, b}, {c, d}}, 3, 4, "abcd", 3, 2);
    // Longest match takes abc and leaves d and e alone; c d came first.
    claim_example(lab, (Pair[]){{c, d}, {5, e}, {a, b}, {7, c}}, 4, 5, "abcde", 2, 3);
}

static Table train_table(Rng *rng, const Source *source, int merges) {
    int *text = allocate(TRAINING, sizeof *text);
    source_draw(source, rng, text, TRAINING);
    Words words = {0};
    words_add(&words, text, TRAINING, 1);
    Merges learned;
    bpe_train(&learned, &words, SYMBOLS, merges, NULL);
    words_free(&words);
    free(text);
    return table_of(learned);
}

static void draw_text(const Source *source, Rng *rng, char *text, int n) {
    int *symbols = allocate((size_t)n, sizeof *symbols);
    source_draw(source, rng, symbols, n);
    for (int i = 0; i < n; i++) text[i] = (char)('a' + symbols[i]);
    free(symbols);
}

typedef struct {
    long long bpe, longest, fewest;            // tokens in all
    long long differ, longest_wins, bpe_wins;  // strings
    // strings: fewest > another; longest > fewest
    long long beaten, longest_misses, closed_misses;
} Tally;

static void tally_string(Tally *tally, const Table *t, const char *text, size_t n,
                         int *tokens) {
    int *other = tokens + n;
    size_t bpe = encode_bpe(t, text, n, tokens),
           longest = longest_match(&t->trie, text, n, other, NULL);
    tally->differ += bpe != longest || memcmp(tokens, other, bpe * sizeof *tokens) != 0;
    size_t fewest = fewest_tokens(&t->trie, text, n, tokens);
    tally->bpe += (long long)bpe, tally->longest += (long long)longest,
        tally->fewest += (long long)fewest;
    tally->longest_wins += longest < bpe, tally->bpe_wins += bpe < longest;
    tally->beaten += fewest > bpe || fewest > longest,
        tally->longest_misses += longest > fewest;
    tally->closed_misses += longest_match(&t->closed, text, n, other, NULL)
                            != fewest_tokens(&t->closed, text, n, tokens);
}

// number: of the table, for the progress.
static void tally_table(Lab *lab, int number, Tally *tally, const Table *t,
                        const Source *source, Rng *rng, int strings, int length) {
    size_t n = (size_t)length;
    char *text = allocate(n, 1);
    int *tokens = allocate(2 * n, sizeof *tokens);
    for (int i = 0; i < strings; i++) {
        if (i % 64 == 0) lab_progress(lab, number + (double)i / strings, TABLES);
        draw_text(source, rng, text, length);
        tally_string(tally, t, text, n, tokens);
    }
    free(text), free(tokens);
}

// Several sources: one alone may by chance have a table that holds nearly all suffixes
// of its tokens.
static void claim_random(Lab *lab, Rng *rng, int merges, int strings, int length) {
    Tally tally = {0};
    for (int i = 0; i < TABLES; i++) {
        Source source = source_with_entropy(rng, SYMBOLS, ENTROPY);
        Table table = train_table(rng, &source, merges);
        tally_table(lab, i, &tally, &table, &source, rng, strings, length);
        table_free(&table);
        source_free(&source);
    }
    lab_progress(lab, 1, 1);
    double all = (double)strings * TABLES;
    lab_print(lab,
              "%d random strings of %d symbols for each of %d tables of %d merges; "
              "tokens per string:",
              strings, length, TABLES, merges);
    lab_print(lab, "  BPE %.3f   longest match %.3f   fewest %.3f",
              (double)tally.bpe / all, (double)tally.longest / all,
              (double)tally.fewest / all);
    lab_print(lab, "  BPE and longest match differ on %.1f %% of the strings",
              100 * (double)tally.differ / all);
    claim_equal(lab, "1.5", "strings where the fewest tokens are beaten", 0,
                tally.beaten);
    // These have no law, only existence: they must not be 0.
    claim_at_least(lab, "1.5", "strings that BPE and longest match cut apart", 1,
                   (double)tally.differ);
    claim_at_least(lab, "1.5", "strings where longest match has fewer tokens", 1,
                   (double)tally.longest_wins);
    claim_at_least(lab, "1.5", "strings where BPE has fewer tokens", 1,
                   (double)tally.bpe_wins);
    claim_at_least(lab, "1.5", "strings where longest match is not shortest", 1,
                   (double)tally.longest_misses);
    claim_equal(lab, "1.5", "the same, all suffixes of tokens added", 0,
                tally.closed_misses);
}

// ---- [1.6] what the scan and the trie cost

static long long lookups_by_formula(const Table *t, const int *tokens, size_t count,
                                    size_t n) {
    long long sum = 0, rest = (long long)n;
    for (size_t i = 0; i < count; i++) {
        long long length = (long long)strlen(t->texts[tokens[i]]);
        sum += rest - length + 1;
        rest -= length;
    }
    return sum;
}

// The trie's worst case: tokens a and aa..ab of `longest` letters, text aaa..a. Every
// walk goes all the way
// to the missing b, and finds a.  With K for `longest`:
//     sum over the rests k = 1 .. n of min(K, k) = n K - K (K - 1) / 2      (n >= K)
enum { ADVERSARY = 16 };

static MatchWork adversary(size_t n, int scan) {
    Trie trie = {0};
    char token[ADVERSARY], *text = allocate(n, 1);
    memset(token, 'a', sizeof token);
    memset(text, 'a', n);
    token[ADVERSARY - 1] = 'b';
    trie_add(&trie, "a", 1, 0);
    trie_add(&trie, token, sizeof token, 1);
    int *tokens = allocate(n, sizeof *tokens);
    MatchWork work = {0};
    if (scan) longest_match_scan(&trie, text, n, tokens, &work, NULL, NULL);
    else longest_match(&trie, text, n, tokens, &work);
    trie_free(&trie);
    free(text), free(tokens);
    return work;
}

static long long adversary_formula(long long n) {
    // rests below ADVERSARY are walked to the text's end
    long long k = n < ADVERSARY ? n : ADVERSARY;
    return n * k - k * (k - 1) / 2;
}

static size_t longest_token(const Table *t) {
    size_t longest = 0;
    for (int i = 0; i < t->size; i++)
        if (strlen(t->texts[i]) > longest) longest = strlen(t->texts[i]);
    return longest;
}

static void claim_costs(Lab *lab, const Table *t, const Source *source, Rng *rng) {
    char *text = allocate(LONGEST_TEXT, 1);
    int *tokens = allocate(LONGEST_TEXT, sizeof *tokens);
    draw_text(source, rng, text, LONGEST_TEXT);
    double mean = (double)LONGEST_TEXT
                  / (double)longest_match(&t->trie, text, LONGEST_TEXT, tokens, NULL);
    Plot *p = plot_new(lab, "longest_match",
                       "n lookups lookups_formula bytes bytes_formula trie adversary "
                       "adversary_formula once");
    MatchWork scan = {0}, walk = {0};
    size_t count = 0;
    for (int n = 16; n <= LONGEST_TEXT; n *= 2) {
        scan = walk = (MatchWork){0};
        longest_match_scan(&t->trie, text, (size_t)n, tokens, &scan, NULL, NULL);
        count = longest_match(&t->trie, text, (size_t)n, tokens, &walk);
        // With tokens of length m: sum over tokens of rest - m + 1, and of (rest^2 -
        // m^2) / 2.
        double x = n, lookups = x * x / (2 * mean) - x / 2 + x / mean,
               bytes = x * x * x / (6 * mean);
        plot_row(p, n, (double)scan.lookups, lookups, (double)scan.bytes, bytes,
                 (double)walk.lookups, (double)adversary((size_t)n, 0).lookups,
                 (double)adversary_formula(n), n);
    }
    claim_equal(lab, "1.6", "scan, n = 4096: look-ups by the formula",
                lookups_by_formula(t, tokens, count, LONGEST_TEXT),
                (long long)scan.lookups);
    claim_at_most(lab, "1.6", "trie, n = 4096: steps <= tokens (1 + longest)",
                  (double)(count * (1 + longest_token(t))), (double)walk.lookups);
    claim_equal(lab, "1.6", "trie, worst case: n K - K (K-1) / 2, K = 16",
                adversary_formula(LONGEST_TEXT),
                (long long)adversary(LONGEST_TEXT, 0).lookups);
    claim_equal(lab, "1.6", "scan, the same text: n (n + 1) / 2",
                LONGEST_TEXT * (LONGEST_TEXT + 1LL) / 2,
                (long long)adversary(LONGEST_TEXT, 1).lookups);
    plot_title(p, "Longest match: what a scan costs, and what a trie");
    plot_axes(p, "n: length of the text in bytes", "operations");
    plot_set(p, "logscale xy");
    plot_set(p, "format y \"10^{%%T}\"");
    plot_line(p, "n", "lookups_formula", "n^2 / 2m - n / 2 + n / m");
    plot_line(p, "n", "bytes_formula", "n^3 / 6m");
    plot_line(p, "n", "once", "n: every byte once");
    plot_line(p, "n", "adversary_formula", "n K - K (K-1) / 2");
    plot_points(p, "n", "lookups", "scan: look-ups");
    plot_points(p, "n", "bytes", "scan: bytes read");
    plot_points(p, "n", "trie", "trie: steps");
    plot_points(p, "n", "adversary", "trie: steps, worst case");
    plot_end(p);
    free(text), free(tokens);
}

static void run(Lab *lab) {
    int merges = (int)option_int(&lab->args, "merges", 100, 2000);
    int strings = (int)option_int(&lab->args, "strings", 100, 100000);
    int length = (int)option_int(&lab->args, "length", 20, 1000);
    claim_sentence(lab);
    claim_shortest(lab);
    claim_examples(lab);
    Rng rng = lab->rng;
    claim_random(lab, &rng, merges, strings, length);
    Source source = source_with_entropy(&rng, SYMBOLS, ENTROPY);
    Table table = train_table(&rng, &source, merges);
    claim_costs(lab, &table, &source, &rng);
    table_free(&table);
    source_free(&source);
}

const LabSpec lab_longest_match = {"longest-match", "1.3",
                                   "Longest match: scan, trie, and the fewest tokens",
                                   run, options};
