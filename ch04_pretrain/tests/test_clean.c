// Cleaning: each rule against cases made by hand, sets and duplicates against brute force,
// and whole files.
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ch04_pretrain/clean.h"
#include "ch04_pretrain/lsh.h"
#include "ch04_pretrain/minhash.h"
#include "ch04_pretrain/mixture.h"
#include "ch04_pretrain/quality.h"

static Document of(const char *text) { return (Document){text, strlen(text)}; }

static double measured(CleanRule rule, const char *text, Script wanted) {
    Document d = of(text);
    return clean_rules[rule].measure(&d, wanted);
}

#define NEAR(a, b) cr_assert_float_eq(a, b, 1e-12, "%.15g, not %.15g", a, b)

// ---- rules

Test(clean, words) {
    NEAR(measured(RULE_WORDS, " one  two\nthree ", SCRIPT_LATIN), 3.0);
    NEAR(measured(RULE_WORDS, "", SCRIPT_LATIN), 0.0);
}

Test(clean, letters) {
    NEAR(measured(RULE_LETTERS, "ab 12\n{}", SCRIPT_LATIN), 2.0 / 6);
    // four characters, eight bytes; a byte that is no UTF-8 is a character
    NEAR(measured(RULE_LETTERS, "\xd0\x96\xd0\xb8\xd0\xb7\xd0\xbd", SCRIPT_LATIN), 1.0);
    NEAR(measured(RULE_LETTERS, "a\xff", SCRIPT_LATIN), 0.5);
    NEAR(measured(RULE_LETTERS, " \n", SCRIPT_LATIN), 1.0);
}

Test(clean, script) {
    const char *mixed = "ab \xd0\x96\xd0\xb8\xd0\xb7 1";  // two letters, three letters
    NEAR(measured(RULE_SCRIPT, mixed, SCRIPT_LATIN), 0.4);
    NEAR(measured(RULE_SCRIPT, mixed, SCRIPT_CYRILLIC), 0.6);
    NEAR(measured(RULE_SCRIPT, mixed, SCRIPT_HAN), 0.0);
    NEAR(measured(RULE_SCRIPT, mixed, (Script)SCRIPT_NONE), 1.0);
    NEAR(measured(RULE_SCRIPT, "12", SCRIPT_LATIN), 1.0);
    cr_assert_eq(script_of(0xd7), SCRIPT_NONE);
    cr_assert_eq(script_of(-1), SCRIPT_NONE);
    cr_assert_eq(script_of(0x4e2d), SCRIPT_HAN);
}

Test(clean, lines) {
    NEAR(measured(RULE_LINES, "a\nb\n\n a \nb\nc", SCRIPT_LATIN), 2.0 / 5);
    NEAR(measured(RULE_LINES, "", SCRIPT_LATIN), 0.0);
    NEAR(measured(RULE_LINES, "a\na\na\na\n", SCRIPT_LATIN), 0.75);
}

// The second a b c d e, six words with the f that makes another run of five with it.
Test(clean, runs) {
    NEAR(measured(RULE_RUNS, "a b c d e x a b c d e y", SCRIPT_LATIN), 5.0 / 12);
    NEAR(measured(RULE_RUNS, "a b c d e f a b c d e f", SCRIPT_LATIN), 0.5);
    NEAR(measured(RULE_RUNS, "a b c d e f g h i j k l", SCRIPT_LATIN), 0.0);
    NEAR(measured(RULE_RUNS, "a b", SCRIPT_LATIN), 0.0);
    // with itself: a a a a a | a, the sixth begins no run, and closes the second
    NEAR(measured(RULE_RUNS, "a a a a a a", SCRIPT_LATIN), 5.0 / 6);
}

Test(clean, first_rule_that_is_broken) {
    double bounds[CLEAN_RULES];
    for (int r = 0; r < CLEAN_RULES; r++) bounds[r] = clean_rules[r].bound;
    bounds[RULE_WORDS] = 3;
    const char *texts[] = {"one two", "1 2 3 4", "a b c\na b c\na b c",
                           "one two three"};
    CleanRule expected[] = {RULE_WORDS, RULE_LETTERS, RULE_LINES, CLEAN_RULES};
    for (int i = 0; i < 4; i++) {
        Document d = of(texts[i]);
        cr_assert_eq(clean_rule_broken(&d, bounds, SCRIPT_LATIN), expected[i], "%s",
                     texts[i]);
    }
}

// ---- shingles

Test(shingles, sets) {
    const char *texts[] = {"the cat sat on the mat", "The cat sat, on the mat.",
                           "the cat sat on the rug"};
    Shingles s[3], one = shingles_of("cat", 3, 3), none = shingles_of(" ", 1, 3);
    for (int i = 0; i < 3; i++) s[i] = shingles_of(texts[i], strlen(texts[i]), 3);
    cr_assert_eq(s[0].count, 4);
    NEAR(jaccard(&s[0], &s[1]), 1.0);      // commas and capitals do not count
    NEAR(jaccard(&s[0], &s[2]), 3.0 / 5);  // four each, three in both
    cr_assert(one.count == 1 && none.count == 0);
    NEAR(jaccard(&none, &one), 0.0);
    NEAR(jaccard(&none, &none), 1.0);
    for (int i = 0; i < 3; i++) shingles_free(&s[i]);
    shingles_free(&one), shingles_free(&none);
}

// ---- MinHash, by its definition: which of the elements is least

Test(minhash, equal_where_the_least_is_in_both) {
    enum { K = 50, ELEMENTS = 30 };
    uint64_t a_at[20], b_at[20], to_a[K], to_b[K];
    for (uint64_t i = 0; i < 20; i++)
        a_at[i] = i, b_at[i] = i + 10;  // 10 .. 19 in both
    Shingles a = {a_at, 20}, b = {b_at, 20};
    Rng rng = rng_new(5);
    uint64_t *seeds = minhash_seeds(&rng, K);
    minhash_sign(to_a, &a, seeds, K), minhash_sign(to_b, &b, seeds, K);
    int expected = 0;
    for (int i = 0; i < K; i++) {
        uint64_t least = 0;
        for (uint64_t x = 1; x < ELEMENTS; x++)
            if (minhash_value(x, seeds[i]) < minhash_value(least, seeds[i])) least = x;
        bool both = least >= 10 && least < 20;
        cr_assert_eq(to_a[i] == to_b[i], both, "function %d", i);
        expected += both;
    }
    NEAR(minhash_similarity(to_a, to_b, K), (double)expected / K);
    free(seeds);
}

// Functions that are different: the places of the least elements of one set are all over
// it. One function used k times has one.
Test(minhash, functions_differ) {
    enum { K = 100, ELEMENTS = 20 };
    uint64_t at[ELEMENTS];
    bool was_least[ELEMENTS] = {false};
    Rng rng = rng_new(5);
    uint64_t *seeds = minhash_seeds(&rng, K);
    for (uint64_t i = 0; i < ELEMENTS; i++) at[i] = i;
    for (int k = 0; k < K; k++) {
        size_t least = 0;
        for (size_t i = 1; i < ELEMENTS; i++)
            if (minhash_value(at[i], seeds[k]) < minhash_value(at[least], seeds[k]))
                least = i;
        was_least[least] = true;
    }
    // each is missed by all with probability .95^100 = .006: more than three are with 6e-6
    int missed = 0;
    for (int i = 0; i < ELEMENTS; i++) missed += !was_least[i];
    cr_assert_leq(missed, 3, "%d of %d are never the least", missed, ELEMENTS);
    free(seeds);
}

// ---- bands

static size_t asked[20][2], asked_count;
static bool note(const void *of_what, size_t i, size_t j) {
    (void)of_what;
    asked[asked_count][0] = i, asked[asked_count++][1] = j;
    return true;
}

Test(lsh, one_band_is_enough) {
    // bands of two: 0 and 2 share the second, 1 and 3 no band though two numbers
    const uint64_t signatures[] = {1, 2, 3, 4,  //
                                   5, 6, 7, 8,  //
                                   9, 2, 3, 4,  //
                                   5, 0, 7, 0};
    size_t group[4];
    asked_count = 0;
    cr_assert_eq(lsh_group(group, signatures, 4, 2, 2, note, NULL), 1);
    cr_assert(asked[0][0] == 0 && asked[0][1] == 2);
    cr_assert(group[0] == 0 && group[1] == 1 && group[2] == 0 && group[3] == 3);
}

// 0-1 by the first band, 1-2 by the second: a chain, whose first document is 0. And five
// equal ones: no pair of a group is asked about again.
Test(lsh, chains) {
    const uint64_t chain[] = {1, 9, 1, 5, 7, 5};
    size_t group[5];
    cr_assert_eq(lsh_group(group, chain, 3, 1, 2, note, NULL), 2);
    cr_assert(group[0] == 0 && group[1] == 0 && group[2] == 0);
    const uint64_t equal[10] = {0};
    asked_count = 0;
    cr_assert_eq(lsh_group(group, equal, 5, 1, 2, note, NULL), 4);
}

Test(lsh, curve) {
    NEAR(lsh_curve(0.5, 1, 1), 0.5);
    NEAR(lsh_curve(0.5, 2, 2), 1 - 0.75 * 0.75);
    double s = lsh_threshold(5, 20);
    cr_assert_float_eq(s, 0.549, 5e-4);
    NEAR(lsh_curve(s, 5, 20), 1 - pow(0.95, 20));
}

// ---- near-duplicates: the pairs that comparing all would find

Test(near, as_all_pairs) {
    enum { DOCUMENTS = 60, WORDS = 60 };
    static char text[DOCUMENTS][WORDS * 8];
    Rng rng = rng_new(3);
    Documents d = {.list = calloc(DOCUMENTS, sizeof(Document)), .count = DOCUMENTS};
    int words[DOCUMENTS][WORDS];
    for (int i = 0; i < DOCUMENTS; i++) {
        char *to = text[i];
        for (int w = 0; w < WORDS; w++) {
            bool copied = i % 3 && rng_below(&rng, 40);  // of the one before
            words[i][w] = copied ? words[i - 1][w] : rng_below(&rng, 1000);
            to += sprintf(to, "w%d ", words[i][w]);
        }
        d.list[i] = of(text[i]);
    }
    NearSettings s = near_settings(1);
    Shingles shingles[DOCUMENTS];
    for (int i = 0; i < DOCUMENTS; i++)
        shingles[i] = shingles_of(d.list[i].at, d.list[i].size, s.words);
    size_t first[DOCUMENTS], expected[DOCUMENTS], near = 0;
    for (size_t i = 0; i < DOCUMENTS; i++) {
        expected[i] = i;
        for (size_t j = 0; j < i; j++)
            if (jaccard(&shingles[i], &shingles[j]) >= s.least)
                expected[i] = expected[i] < expected[j] ? expected[i] : expected[j];
        near += expected[i] != i;
    }
    cr_assert(5 < near && near < 35, "the case has %zu near ones", near);
    size_t compared = near_duplicates(&d, &s, first);
    cr_assert_lt(compared, DOCUMENTS * (DOCUMENTS - 1) / 8);
    for (size_t i = 0; i < DOCUMENTS; i++)
        cr_assert_eq(first[i], expected[i], "%zu", i);
    for (int i = 0; i < DOCUMENTS; i++) shingles_free(&shingles[i]);
    free(d.list);
}

// ---- quality: two kinds of documents, told apart by one word

// Half of what is to be cleaned is good, in each half that a classifier learns against.
static bool good_at(size_t i) { return i % 4 < 2; }

Test(quality, two_kinds) {
    static char text[200][64];
    Documents good = {.list = calloc(100, sizeof(Document)), .count = 100},
              rest = {.list = calloc(100, sizeof(Document)), .count = 100};
    Rng rng = rng_new(1);
    for (int i = 0; i < 200; i++) {
        bool is_good = i < 100 || good_at((size_t)i - 100);
        sprintf(text[i], "%s the w%d and the w%d", is_good ? "truly" : "buy now",
                rng_below(&rng, 50), rng_below(&rng, 50));
        (i < 100 ? good : rest).list[i % 100] = of(text[i]);
    }
    Quality q = quality_learn(&good, &rest, 1, &rng);
    // how far the nearest of them is on its side: bad ones, good ones
    double bytes[2] = {-INFINITY, INFINITY}, words[2] = {-INFINITY, INFINITY};
    for (size_t i = 0; i < 100; i++) {
        double b = quality_by_bytes(&q, &rest.list[i]),
               w = quality_by_words(&q, &rest.list[i], i);
        if (good_at(i)) bytes[1] = fmin(bytes[1], b), words[1] = fmin(words[1], w);
        else bytes[0] = fmax(bytes[0], b), words[0] = fmax(words[0], w);
    }
    cr_assert(bytes[0] < 0 && bytes[0] < bytes[1] - 0.2, "%g %g", bytes[0], bytes[1]);
    cr_assert(words[0] < 0 && words[0] < words[1] - 1, "%g %g", words[0], words[1]);
    quality_free(&q), free(good.list), free(rest.list);
}

// ---- mixtures

Test(mixture, epochs) {
    double weights[] = {0.75, 0.25, 0}, sizes[] = {100, 200, 5};
    NEAR(mixture_total(weights, sizes, 3, 1), 100 / 0.75);
    NEAR(mixture_epochs(0.25, 200, 100 / 0.75), 1.0 / 6);
    NEAR(mixture_sum(weights, 3), 1.0);
    double all = 0;
    for (int i = 0; i < LLAMA_SOURCES; i++) all += llama_mixture[i].weight;
    NEAR(all, 1.0);
}

Test(mixture, chosen) {
    size_t bytes[100], taken = 0, all = 0;
    unsigned char chosen[100];
    Rng rng = rng_new(1);
    for (size_t i = 0; i < 100; i++) bytes[i] = 50 + i, all += bytes[i];
    mixture_choose(bytes, 100, 0.3, &rng, chosen);
    for (size_t i = 0; i < 100; i++) taken += chosen[i] * bytes[i];
    cr_assert_float_eq((double)taken, 0.3 * (double)all, 75);
    mixture_choose(bytes, 100, 1, &rng, chosen);
    for (size_t i = 0; i < 100; i++) cr_assert(chosen[i]);
    mixture_choose(bytes, 100, 0, &rng, chosen);
    for (size_t i = 0; i < 100; i++) cr_assert(!chosen[i]);
}

// ---- whole files

static const char *file_of(const char *name, const char *text) {
    FILE *f = fopen(name, "w");
    fputs(text, f);
    fclose(f);
    return name;
}

#define LONG \
    "one two three four five six seven eight nine ten eleven twelve thirteen " \
    "fourteen fifteen sixteen seventeen eighteen nineteen twenty more"

// The same file twice: all of the second goes. A near one over two files: the later goes.
Test(clean, files) {
    char folder[] = "/tmp/cleanXXXXXX";
    cr_assert(mkdtemp(folder) && chdir(folder) == 0);
    const char *paths[] = {
        file_of("a",
                LONG "<|endoftext|>short<|endoftext|>" LONG " and an end of its own"),
        file_of("b",
                LONG "<|endoftext|>1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 "
                     "20")};
    CleanSettings s = clean_defaults();
    Cleaning c;
    Error err;
    cr_assert(clean(&c, paths, 2, &s, &err), "%s", err.text);
    int expected[] = {CLEAN_REASONS, RULE_WORDS, CLEAN_REASONS, REASON_EQUAL,
                      RULE_LETTERS};
    cr_assert_eq(c.all.count, 5);
    for (int i = 0; i < 5; i++)
        cr_assert_eq(c.reason[i], expected[i], "document %d", i);
    clean_free(&c);
    s.near.least = 0.7;  // of 21 runs of five words, 17 are in both
    cr_assert(clean(&c, paths, 2, &s, &err));
    cr_assert_eq(c.reason[2], REASON_NEAR);
    clean_free(&c);
    unlink("a"), unlink("b"), rmdir(folder);
}

// A page without a mark between documents is one; in a file with marks each may be one.
Test(clean, pages) {
    char folder[] = "/tmp/cleanXXXXXX";
    cr_assert(mkdtemp(folder) && chdir(folder) == 0);
    const char *paths[] = {file_of("a", "<html><p>" LONG "<p>x &amp; y</html>"),
                           file_of("b", "<body>1 &lt; 2<|endoftext|>" LONG " <b>")};
    CleanSettings s = clean_defaults();
    s.bounds[RULE_WORDS] = 0, s.bounds[RULE_LETTERS] = 0;
    Cleaning c;
    Error err;
    cr_assert(clean(&c, paths, 2, &s, &err), "%s", err.text);
    cr_assert(c.pages == 2 && c.all.count == 3);
    cr_assert(memmem(c.all.list[0].at, c.all.list[0].size, "\n\nx & y\n", 8));
    cr_assert(c.all.list[1].size == 6 && memcmp(c.all.list[1].at, "1 < 2\n", 6) == 0);
    cr_assert(memmem(c.all.list[2].at, c.all.list[2].size, "<b>", 3), "no page");
    clean_free(&c);
    unlink("a"), unlink("b"), rmdir(folder);
}
