// Problem 1: BPE-dropout.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ch01_tokenizer/homework/grade.h"

enum { MOST_SYMBOLS = 48, BYTES = 256 };

static Merges merges_of(Pair *pairs, int count) {
    return (Merges){.base = BYTES, .count = count, .pairs = pairs};
}

// Random merges of the letters a, b, c and of what they make.
static Merges random_merges(Rng *rng, Pair *pairs, int count) {
    for (int t = 0; t < count; t++) {
        int from = t < 6 ? 3 : 3 + t, left = rng_below(rng, from),
            right = rng_below(rng, from);
        pairs[t] = (Pair){left < 3 ? 'a' + left : BYTES + left - 3,
                          right < 3 ? 'a' + right : BYTES + right - 3};
    }
    return merges_of(pairs, count);
}

static size_t random_letters(Rng *rng, int *symbols, int most, int letters) {
    int n = rng_below(rng, most + 1);
    for (int i = 0; i < n; i++) symbols[i] = 'a' + rng_below(rng, letters);
    return (size_t)n;
}

// The letters that symbols stand for; at most MOST_SYMBOLS. SIZE_MAX: there is no such
// symbol, or too many.
static size_t spell(const Merges *merges, const int *symbols, size_t n, int *to) {
    int stack[2 * MOST_SYMBOLS];
    size_t size = 0;
    for (size_t i = 0; i < n; i++) {
        int depth = 0;
        stack[depth++] = symbols[i];
        while (depth > 0) {
            int symbol = stack[--depth];
            if (symbol < 0 || symbol >= merges->base + merges->count
                || depth + 2 > 2 * MOST_SYMBOLS)
                return SIZE_MAX;
            if (symbol < merges->base) {
                if (size == MOST_SYMBOLS) return SIZE_MAX;
                to[size++] = symbol;
                continue;
            }
            stack[depth++] = merges->pairs[symbol - merges->base].right;
            stack[depth++] = merges->pairs[symbol - merges->base].left;
        }
    }
    return size;
}

// At p = 0: BPE, and what comes of a slip in choosing the place.
typedef enum {
    LOWEST_LEFTMOST,
    LOWEST_RIGHTMOST,
    FIRST_PLACE,  // whatever its rank
    HIGHEST,
    ONE_MERGE,     // and then the end
    LAST_MISSED,   // the loop over places ends one early
    LAST_PLACE,    // whatever its rank
    FIRST_MISSED,  // the loop over places begins at 1
    CHOICES
} Choice;

static bool better(Choice choice, int merged, int best) {
    if (best == NO_SYMBOL) return true;
    if (choice == FIRST_PLACE) return false;
    if (choice == LAST_PLACE) return true;
    if (choice == HIGHEST) return merged > best;
    return choice == LOWEST_RIGHTMOST ? merged <= best : merged < best;
}

static size_t encode_by(Choice choice, const PairTable *table, int *symbols, size_t n) {
    for (;;) {
        int best = NO_SYMBOL;
        size_t where = 0;
        for (size_t i = choice == FIRST_MISSED; i + 1 + (choice == LAST_MISSED) < n;
             i++) {
            int merged = pair_find(table, symbols[i], symbols[i + 1]);
            if (merged != NO_SYMBOL && better(choice, merged, best))
                best = merged, where = i;
        }
        if (best == NO_SYMBOL) return n;
        symbols[where] = best;
        for (size_t i = where + 1; i + 1 < n; i++) symbols[i] = symbols[i + 1];
        n--;
        if (choice == ONE_MERGE) return n;
    }
}

typedef struct {
    int untouched;  // words that stayed bytes though they have merges
    int wrong;      // p = 0: other than BPE; p = 1: other than the bytes
    int misspelt;   // the symbols do not spell the word
    int reordered;  // of these: its letters, in another order
    int other_than[CHOICES];
    int tried;
    // the shortest wrong word
    char example[MOST_SYMBOLS + 1];
    size_t example_got, example_want;
} DropoutRun;

static void keep_example(DropoutRun *run, const int *word, size_t n, size_t got,
                         size_t want) {
    if (run->wrong > 1 && strlen(run->example) <= n) return;
    for (size_t i = 0; i < n; i++) run->example[i] = (char)word[i];
    run->example[n] = '\0', run->example_got = got, run->example_want = want;
}

static bool same_letters(const int *a, const int *b, size_t n) {
    for (size_t i = 0; i < n; i++) {
        int more = 0;
        for (size_t k = 0; k < n; k++) more += (a[k] == a[i]) - (b[k] == a[i]);
        if (more != 0) return false;
    }
    return true;
}

// One word; the student's function sees its n symbols and nothing behind them.
static void try_word(DropoutRun *run, const Merges *merges, const PairTable *table,
                     const int *word, size_t n, double p, Rng *draws) {
    int want[MOST_SYMBOLS], spelt[MOST_SYMBOLS];
    memcpy(want, word, n * sizeof *want);
    size_t merged = encode_by(LOWEST_LEFTMOST, table, want, n);
    int *got = grade_guarded("symbols", word, n * sizeof *word);
    size_t left = bpe_dropout(table, got, n, p, draws);
    bool bytes = same_ints(got, left, word, n);
    run->tried++;
    run->untouched += merged < n && bytes;
    size_t letters = left > n ? SIZE_MAX : spell(merges, got, left, spelt);
    bool misspelt = !same_ints(spelt, letters, word, n);
    run->misspelt += misspelt;
    run->reordered += misspelt && letters == n && same_letters(spelt, word, n);
    if (p == 0 ? !same_ints(got, left, want, merged) : !bytes) {
        run->wrong++;
        keep_example(run, word, n, left, p == 0 ? merged : n);
    }
    for (Choice c = 0; c < CHOICES; c++) {
        int slip[MOST_SYMBOLS];
        memcpy(slip, word, n * sizeof *slip);
        size_t count = encode_by(c, table, slip, n);
        run->other_than[c] += !same_ints(got, left, slip, count);
    }
}

static DropoutRun run_dropout(double p) {
    enum { TABLES = 40, WORDS_EACH = 25, MERGES = 24 };
    DropoutRun run = {0};
    Rng rng = rng_new(11), draws = rng_new(12);
    for (int i = 0; i < TABLES; i++) {
        Pair pairs[MERGES];
        Merges merges = random_merges(&rng, pairs, MERGES);
        PairTable table = pair_table_of(&merges);
        for (int w = 0; w < WORDS_EACH; w++) {
            int word[MOST_SYMBOLS];
            size_t n = random_letters(&rng, word, MOST_SYMBOLS, 3);
            try_word(&run, &merges, &table, word, n, p, &draws);
        }
        pair_table_free(&table);
    }
    return run;
}

// A word with at most four outcomes, and the probability of each under the true rule
// and under wrong ones.
enum { OUTCOMES = 4, RIVALS = 5, DRAWS = 40000 };

typedef struct {
    double p[OUTCOMES];
    const char *code, *diagnosis;
} Law;

typedef struct {
    int points;
    const char *word;
    Pair pairs[3];
    int merges;
    double p;
    const char *names[OUTCOMES];
    int outcomes[OUTCOMES][5];  // symbols, then 0s
    double truth[OUTCOMES];
    Law rivals[RIVALS];  // those with a diagnosis
} DropoutCase;

static void count_outcomes(const DropoutCase *c, int *counts) {
    Pair pairs[3];
    memcpy(pairs, c->pairs, sizeof pairs);
    Merges merges = merges_of(pairs, c->merges);
    PairTable table = pair_table_of(&merges);
    Rng rng = rng_new(13);
    for (int i = 0; i < DRAWS; i++) {
        int word[5] = {0}, symbols[5] = {0};
        size_t n = strlen(c->word);
        for (size_t k = 0; k < n; k++) word[k] = c->word[k];
        int *got = grade_guarded("symbols", word, n * sizeof *word);
        size_t left = bpe_dropout(&table, got, n, c->p, &rng);
        if (left <= n) memcpy(symbols, got, left * sizeof *got);
        for (int o = 0; o < OUTCOMES; o++)
            counts[o] += memcmp(symbols, c->outcomes[o], sizeof symbols) == 0;
    }
    pair_table_free(&table);
}

// Each count is binomial. Five standard errors: a right answer fails one comparison in
// 1.7 million, and the laws compared differ by 30 standard errors or more somewhere.
static double five_errors(double p) { return 5 * sqrt(DRAWS * p * (1 - p)); }

static bool fits(const int *counts, const double *p) {
    for (int o = 0; o < OUTCOMES; o++)
        if (fabs(counts[o] - DRAWS * p[o]) > five_errors(p[o])) return false;
    return true;
}

static bool is_rival(const DropoutCase *c, const int *counts, int r) {
    return c->rivals[r].diagnosis && !fits(counts, c->truth)
           && fits(counts, c->rivals[r].p);
}

// Merges per word, more than the law's. Each is at most 3: within five errors of 3.
static double merges_more(const DropoutCase *c, const int *counts) {
    double more = 0;
    for (int o = 0; o < OUTCOMES; o++) {
        int symbols = 0;
        while (c->outcomes[o][symbols]) symbols++;
        more += ((int)strlen(c->word) - symbols) * (counts[o] - DRAWS * c->truth[o]);
    }
    return more / DRAWS;
}

// Where no law that is known fits: what all of them come to.
static bool recognise_rate(Grade *g, const DropoutCase *c, const int *counts) {
    if (fits(counts, c->truth)) return false;
    double more = merges_more(c, counts), margin = 3 * 5 * sqrt(0.25 / DRAWS);
    return grade_mistake(
               g, more < -margin, "merges-too-few",
               "too few merges: a place that is skipped skips itself alone. The others "
               "of that step have their chance, and the next step draws for all anew")
           || grade_mistake(
               g, more > margin, "merges-too-many",
               "too many merges: a step merges one place, draws once for each, for "
               "those that were skipped before too, and the first step that leaves "
               "none ends the word");
}

// A word of one place, and one of two whose merges are the same: the simpler cases.
static void contrast_law(Grade *g, const DropoutCase *c) {
    DropoutCase one = {0,
                       "ab",
                       {{'a', 'b'}},
                       1,
                       c->p,
                       {"ab"},
                       {{BYTES}, {'a', 'b'}},
                       {1 - c->p, c->p},
                       {{{0}, NULL, NULL}}};
    int counts[OUTCOMES] = {0};
    count_outcomes(&one, counts);
    grade_contrast(
        g, fits(counts, one.truth), "only-one-place",
        "right for a word with one place: of several, does each have a draw of "
        "its own, in every step anew, and does the step end when none is left?");
    bool unskipped = run_dropout(0).wrong == 0;
    grade_contrast(
        g, unskipped, "only-p-0",
        "right at p = 0, wrong for one place at p = %g, which is to be merged "
        "with probability %g: how is the draw compared with p?",
        c->p, 1 - c->p);
}

// False where a mistake is recognised.
static bool check_law(Grade *g, const DropoutCase *c, const int *counts) {
    int off = 0;
    bool good = fits(counts, c->truth), known = false;
    for (int r = 0; r < RIVALS; r++)
        known |=
            is_rival(c, counts, r)
            && grade_mistake(g, true, c->rivals[r].code, "%s", c->rivals[r].diagnosis);
    for (int o = OUTCOMES - 1; o >= 0; o--)
        if (fabs(counts[o] - DRAWS * c->truth[o]) > five_errors(c->truth[o])) off = o;
    grade_expect(
        g, c->points, good,
        "%s at p = %g: \"%s\" came in %.3f of the draws, should be %.3f +- %.3f",
        c->word, c->p, c->names[off], (double)counts[off] / DRAWS, c->truth[off],
        five_errors(c->truth[off]) / DRAWS);
    if (!good && !known) contrast_law(g, c);
    return !known;
}

#define FOR_GOOD "for-good", SKIPPED_FOR_GOOD
#define BEST_ONLY "best-only", SKIPPED_BEST
#define ONE_A_MERGE "draw-per-merge", DRAW_PER_MERGE
#define UNTIL_MERGED "until-merged", DRAWN_AGAIN
static const char SKIPPED_FOR_GOOD[] =
    "the merge was skipped for good, not for this step: after another merge it gets a "
    "new chance";
static const char SKIPPED_BEST[] =
    "a step that skips the best merge ends the encoding: every place has a draw of its "
    "own, and the next best has its chance first";
static const char DRAW_PER_MERGE[] =
    "one draw per merge rule, instead of one per place: \"abab\" must be able to "
    "become a b ab";
static const char DRAWN_AGAIN[] =
    "a skipped merge is drawn again until it goes through: a step draws once per place";

static const struct {
    Choice choice;
    const char *code, *says;
} PLACE_SLIPS[] = {
    {LOWEST_RIGHTMOST, "rightmost",
     "of several places with the lowest symbol the rightmost was merged: the "
     "leftmost "
     "comes first, so compare with <"},
    {FIRST_PLACE, "first-place",
     "the leftmost place was merged whatever its symbol: the lowest merged symbol "
     "comes first"},
    {LAST_PLACE, "last-place",
     "the rightmost place was merged whatever its symbol: the lowest merged symbol "
     "comes first"},
    {HIGHEST, "highest",
     "the highest merged symbol comes first here: low symbols were learned early, "
     "and come first"},
    {ONE_MERGE, "one-merge",
     "one merge, and then the end: steps go on until none is left, and what the lowest "
     "symbol is compared with begins anew in each"},
    {LAST_MISSED, "last-pair",
     "the last pair is never looked at: n symbols have n - 1 pairs, so the loop "
     "ends one early"},
    {FIRST_MISSED, "first-pair",
     "the first pair is never looked at: places count from 0"},
};

static void check_without(Grade *g) {
    DropoutRun none = run_dropout(0);
    bool idle = none.wrong > 0 && none.wrong == none.untouched;
    if (idle && run_dropout(1).wrong == 0)
        grade_mistake(g, true, "never-merges",
                      "nothing is ever merged, whatever p is: what does the lowest "
                      "symbol begin with? The first place that was not skipped must "
                      "be taken whatever its symbol");
    else
        grade_mistake(g, idle, "p-is-skipping",
                      "with p = 0 nothing was merged: p is the probability of "
                      "skipping, not of merging");
    bool known = idle || none.misspelt > 0;
    for (size_t i = 0; i < sizeof PLACE_SLIPS / sizeof *PLACE_SLIPS; i++)
        known |= grade_mistake(
            g, none.wrong > 0 && none.other_than[PLACE_SLIPS[i].choice] == 0,
            PLACE_SLIPS[i].code, "%s", PLACE_SLIPS[i].says);
    grade_mistake(
        g, none.misspelt > 0 && none.reordered == none.misspelt, "reordered",
        "the symbols spell the letters in another order: a pair is a left and "
        "a right symbol, and what they merge to takes their place");
    grade_mistake(
        g, none.misspelt > 0, "symbols-lost",
        "after a merge there is one symbol less: all that follow the pair move "
        "down by one, and n falls by one");
    char should[48] = ", but not the right ones";
    if (none.example_got != none.example_want)
        snprintf(should, sizeof should, ", should be %zu", none.example_want);
    grade_mistake(
        g, none.wrong > 0 && !known, "other-place",
        "places are merged, but not always that of the lowest merged symbol: "
        "what pair_find says is compared, with the lowest so far in this step");
    grade_expect(
        g, 4, none.wrong == 0,
        "with p = 0, %d of %d words differ from bpe_encode_naive; the shortest, "
        "\"%s\": %zu symbols%s",
        none.wrong, none.tried, none.example, none.example_got, should);
}

static void check_spelling(Grade *g) {
    DropoutRun some = run_dropout(0.3);
    grade_expect(g, 2, some.misspelt == 0,
                 "with p = 0.3, the symbols of %d of %d words do not spell the word",
                 some.misspelt, some.tried);
    grade_contrast(
        g, run_dropout(0).wrong == 0, "only-p-0",
        "right at p = 0: what does a skipped place leave behind, of the place "
        "or of the symbol that was chosen before?");
}

enum { AB = BYTES };  // the first merged symbol

// q = 1 - p. Both: q (first ab) q + p q (first cd) q. Lost in the second step: q p, and
// p q p.
static DropoutCase law_of_two(void) {
    enum { CD = BYTES + 1 };
    double p = 0.3, q = 1 - p;
    return (DropoutCase){
        4,
        "abcd",
        {{'a', 'b'}, {'c', 'd'}},
        2,
        p,
        {"ab cd", "ab c d", "a b cd", "a b c d"},
        {{AB, CD}, {AB, 'c', 'd'}, {'a', 'b', CD}, {'a', 'b', 'c', 'd'}},
        {q * q * (1 + p), q * p, p * q * p, p * p},
        {{{q * q, q * p, p * q, p * p}, FOR_GOOD},
         {{q * q, q * p, 0, p}, BEST_ONLY},
         {{1, 0, 0, 0}, UNTIL_MERGED},
         {{q, 0, 0, p},
          "draw-per-word",
          "one draw decides about the whole word: every place has its "
          "own, in every step"},
         {{q * q * q, q * q * p, 0, 1 - q * q},
          "any-skip-ends",
          "one place that is skipped ends the encoding: the others have "
          "their chance, it ends when none of them is left"}}};
}

static DropoutCase law_of_twins(void) {
    double h = 0.5;  // p = q
    return (DropoutCase){
        4,
        "abab",
        {{'a', 'b'}},
        1,
        h,
        {"ab ab", "ab a b", "a b ab", "a b a b"},
        {{AB, AB}, {AB, 'a', 'b'}, {'a', 'b', AB}, {'a', 'b', 'a', 'b'}},
        {h * h * (1 + h), h * h, h * h * h, h * h},
        {{{h * h, h * h, 0, h}, ONE_A_MERGE},  // drawn in each step
         {{h, 0, 0, h}, ONE_A_MERGE},          // drawn once
         {{h * h + 2 * h * h * h, h * h * h, h * h * h, h * h},
          "all-places",
          "a step merges every place of its pair that was not skipped: it merges one "
          "place only"},
         {{1 - h * h, 0, 0, h * h},
          "all-places",
          "a step merges every place of its pair, skipped ones too: it merges one "
          "place only"},
         {{h * h, h * h, h * h, h * h}, FOR_GOOD}}};
}

// The lower merge is the one on the right.
static DropoutCase law_of_nested(void) {
    enum { BC = BYTES, AB_HERE = BYTES + 1, ABC = BYTES + 2 };
    double p = 0.3, q = 1 - p;
    return (DropoutCase){3,
                         "abc",
                         {{'b', 'c'}, {'a', 'b'}, {'a', BC}},
                         3,
                         p,
                         {"abc", "a bc", "ab c", "a b c"},
                         {{ABC}, {'a', BC}, {AB_HERE, 'c'}, {'a', 'b', 'c'}},
                         {q * q, q * p, p * q, p * p},
                         {{{q * q, q * p, 0, p}, BEST_ONLY},
                          {{q * (1 - p * p), p * (1 - p * p), 0, p * p},
                           "drawn-till-found",
                           "after one place was not skipped the others were not drawn "
                           "any more: every place has its own draw, a lower merge "
                           "too"}}};
}

static void check_laws(Grade *g) {
    enum { LAWS = 3 };
    const DropoutCase laws[LAWS] = {law_of_two(), law_of_twins(), law_of_nested()};
    int counts[LAWS][OUTCOMES] = {{0}};
    for (int k = 0; k < LAWS; k++) {
        count_outcomes(&laws[k], counts[k]);
        if (!check_law(g, &laws[k], counts[k])) return;
    }
    DropoutRun all = run_dropout(1);  // last: who draws again and again never returns
    grade_expect(
        g, 3, all.wrong == 0,
        "with p = 1, %d of %d words were merged (rng_uniform is below 1, always)",
        all.wrong, all.tried);
    bool plain = run_dropout(0).wrong == 0;
    for (int k = 0; k < LAWS && plain; k++)
        if (recognise_rate(g, &laws[k], counts[k])) return;
}

void check_dropout(Grade *g) {
    grade_part(g, check_without(g));
    grade_part(g, check_spelling(g));
    grade_part(g, check_laws(g));
}
