// Problem 1: whole-word masking.
#include <math.h>
#include <string.h>

#include "ch04_pretrain/homework/grade.h"

enum { MOST = 400, DRAWS = 20000, LETTERS = 4, MASK_TOKEN = 77, UNWRITTEN = 5555 };

// ---- (a) words

typedef enum {
    WORDS_RIGHT,
    WORDS_JOINED,      // a word goes on after a special token
    WORDS_BRIDGED,     // the same, and the special token is not counted
    WORDS_HEADLESS,    // without a beginning no word
    WORDS_SPECIAL,     // a special token is a word, or part of one
    WORDS_ALONE,       // a special token is a word of its own
    WORDS_LAST,        // the last word is forgotten
    WORDS_MEMBER,      // a special token belongs to the word before it
    WORDS_INVERTED,    // begins for continues
    WORDS_LONG,        // a count of one more
    WORDS_SHORT,       // one less
    WORDS_ONES,        // every word has one token
    WORDS_PIECES,      // every token is a word
    WORDS_NUMBERED,    // first is the word's number
    WORDS_FROM_1,      // the row's first token is not looked at
    WORDS_END,         // the end for the count
    WORDS_LAST_PLACE,  // the place of the last token for the count
    WORDS_ORPHANS,     // each token without a beginning is a word
    WORDS_BEGUN,       // joined, and without a beginning in the row no word
    WORDS_BEGUN_TO,    // the same, special tokens counted
} WordRule;

// Whether a token is in a word, and whether it begins one, by a rule.
static bool in_word(WordRule rule, Piece piece, bool inside) {
    if (rule == WORDS_SPECIAL || (rule == WORDS_MEMBER && inside)) return true;
    bool begun = rule == WORDS_BEGUN || rule == WORDS_BEGUN_TO;
    if ((begun || rule == WORDS_HEADLESS) && piece == PIECE_CONTINUES) return inside;
    return piece != PIECE_SPECIAL;
}
static bool begins_word(WordRule rule, Piece piece, bool inside) {
    if (!inside || rule == WORDS_PIECES) return true;
    if (rule == WORDS_INVERTED) return piece == PIECE_CONTINUES;
    if (rule == WORDS_MEMBER) return piece == PIECE_BEGINS;
    return piece != PIECE_CONTINUES;
}

static void change_word(WordRule rule, int number, Word *word) {
    if (rule == WORDS_LONG) word->count++;
    if (rule == WORDS_SHORT) word->count--;
    if (rule == WORDS_ONES) word->count = 1;
    if (rule == WORDS_NUMBERED) word->first = number;
    if (rule == WORDS_END) word->count += word->first;
    if (rule == WORDS_LAST_PLACE) word->count += word->first - 1;
}

static int words_by(WordRule rule, const Piece *pieces, int n, Word *words) {
    int count = 0;
    bool inside = false, gaps = rule == WORDS_BRIDGED || rule == WORDS_BEGUN,
         bridges = gaps || rule == WORDS_JOINED || rule == WORDS_BEGUN_TO;
    for (int i = rule == WORDS_FROM_1; i < n; i++) {
        Piece piece = pieces[i];
        if (piece == PIECE_SPECIAL && rule == WORDS_ALONE)
            words[count++] = (Word){i, 1};
        if (!in_word(rule, piece, inside)) {
            inside &= bridges;
            continue;
        }
        if (begins_word(rule, piece, inside)) words[count++] = (Word){i, 0};
        Word *last = &words[count - 1];
        last->count = gaps ? last->count + 1 : i + 1 - last->first;
        inside |= rule != WORDS_ORPHANS || piece == PIECE_BEGINS;
    }
    for (int w = 0; w < count; w++) change_word(rule, w, &words[w]);
    return count - (rule == WORDS_LAST && count > 0);
}

static bool same_words(const Word *a, int a_count, const Word *b, int b_count) {
    if (a_count != b_count) return false;
    for (int w = 0; w < a_count; w++)
        if (a[w].first != b[w].first || a[w].count != b[w].count) return false;
    return true;
}

// "SBCC": special, begins, continues, continues.
static int pieces_of(const char *letters, Piece *pieces) {
    int n = (int)strlen(letters);
    for (int i = 0; i < n; i++)
        pieces[i] = letters[i] == 'S'   ? PIECE_SPECIAL
                    : letters[i] == 'B' ? PIECE_BEGINS
                                        : PIECE_CONTINUES;
    return n;
}

typedef struct {
    WordRule rule;
    const char *code, *says;
} WordMistake;
static const WordMistake WORD_MISTAKES[] = {
    {WORDS_JOINED, "joined",
     "a word goes on after a special token: what continues there is a word of its own"},
    {WORDS_BRIDGED, "joined",
     "a word goes on after a special token: what continues there is a word of its own"},
    {WORDS_HEADLESS, "headless",
     "tokens whose word began before the row, or before a special token, are missing: "
     "they are a word too"},
    {WORDS_SPECIAL, "special-words", "a special token is in no word, and is none"},
    {WORDS_ALONE, "special-words", "a special token is in no word, and is none"},
    {WORDS_LAST, "last-word", "the last word is missing: no token comes to end it"},
    {WORDS_MEMBER, "special-words",
     "a special token was counted as part of the word before it: it is in no word"},
    {WORDS_INVERTED, "begins-inverted",
     "a word begins at PIECE_BEGINS: here tokens that continue one begin it"},
    {WORDS_LONG, "count-long",
     "each count is one too large: the word's first token twice?"},
    {WORDS_SHORT, "count-short",
     "each count is one too small: the first token counts too"},
    {WORDS_ONES, "counts-of-one",
     "every count is 1: a word goes on while tokens continue it"},
    {WORDS_PIECES, "pieces",
     "every token is a word here: one that continues is in the word "
     "before it"},
    {WORDS_NUMBERED, "first-is-number",
     "`first` is the word's first token in the row, not the word's number"},
    {WORDS_FROM_1, "first-token", "the row's first token is not looked at"},
    {WORDS_END, "end-for-count", "`count` is how many tokens, not where the word ends"},
    {WORDS_LAST_PLACE, "end-for-count",
     "`count` is how many tokens, not where the last one is"},
    {WORDS_ORPHANS, "orphans-apart",
     "tokens that continue a word whose beginning is not there are one word together, "
     "not one each"},
    {WORDS_BEGUN, "begun-alone",
     "PIECE_BEGINS alone begins a word here, and no special token ends it: what "
     "continues at the row's start or right after a special token is a word too"},
    {WORDS_BEGUN_TO, "begun-alone",
     "PIECE_BEGINS alone begins a word here, and no special token ends it: what "
     "continues at the row's start or right after a special token is a word too"},
};

static bool row_right(const char *letters) {
    Piece pieces[MOST];
    Word blank[MOST], want[MOST];
    memset(blank, 0xff, sizeof blank);
    int n = pieces_of(letters, pieces);
    Word *got = grade_guarded("words", blank, (size_t)n * sizeof *blank);
    int count =
        find_words(grade_guarded("pieces", pieces, (size_t)n * sizeof *pieces), n, got);
    return same_words(got, count, want, words_by(WORDS_RIGHT, pieces, n, want));
}

// After a row whose words are wrong: what makes it one that is not simple.
static void contrast_row(Grade *g) {
    static const struct {
        const char *letters, *code, *says;
    } cases[] = {
        {"BCCBBC", "only-no-specials",
         "right where no special token is among them: what does one end, and does the "
         "next word begin right after it?"},
        {"BCSBCCSBC", "only-apart",
         "right where a special token stands between all words: what is otherwise "
         "where "
         "one begins right after another?"},
        {"SBSBBS", "only-single-tokens",
         "right where every word has one token: what do those that continue belong "
         "to?"},
        {"CCBCBS", "only-special-last",
         "right where the one special token is the last: what is a token that "
         "continues right after a special one?"},
    };
    for (int i = 0; i < COUNT_OF(cases); i++)
        grade_contrast(g, row_right(cases[i].letters), cases[i].code, "%s: %s",
                       cases[i].letters, cases[i].says);
}

static void check_row(Grade *g, int points, const char *letters) {
    Piece pieces[MOST];
    Word blank[MOST], want[MOST], slip[MOST];
    memset(blank, 0xff, sizeof blank);
    int n = pieces_of(letters, pieces);
    Word *got = grade_guarded("words", blank, (size_t)n * sizeof *blank);
    int count =
        find_words(grade_guarded("pieces", pieces, (size_t)n * sizeof *pieces), n, got);
    int wanted = words_by(WORDS_RIGHT, pieces, n, want);
    bool good = same_words(got, count, want, wanted);
    for (int i = 0; i < COUNT_OF(WORD_MISTAKES); i++) {
        int slips = words_by(WORD_MISTAKES[i].rule, pieces, n, slip);
        grade_mistake(g, !good && same_words(got, count, slip, slips),
                      WORD_MISTAKES[i].code, "%s", WORD_MISTAKES[i].says);
    }
    if (count != wanted)
        grade_expect(g, points, good, "the row %s: %d words, should be %d", letters,
                     count, wanted);
    else
        grade_expect(g, points, good,
                     "the row %s has %d words, but not from where to where you say",
                     letters, wanted);
    if (!good) contrast_row(g);
}

static void check_plain_rows(Grade *g) { check_row(g, 3, "SBCCBBCSBS"); }
static void check_cut_rows(Grade *g) {
    check_row(g, 2, "CCBCSSCBSC");
    grade_expect(g, 1, find_words(NULL, 0, NULL) == 0, "a row of 0 tokens has 0 words");
}

// ---- (b) the selection

// Words of 1 to 4 tokens, special tokens between some.
typedef struct {
    Word words[MOST];
    int count, n, tokens;
} Row;

static Row random_row(Rng *rng, int words, int longest) {
    Row row = {.n = 1};
    for (int w = 0; w < words; w++) {
        int length = 1 + rng_below(rng, longest);
        row.words[row.count++] = (Word){row.n, length};
        row.n += length + (rng_below(rng, 3) == 0), row.tokens += length;
    }
    return row;
}

static int budget(int tokens, double share) {
    return (int)fmax(1, round(share * tokens));
}

// The student's selection of a row. selected[MOST]: also what lies outside of words.
static void run_select(Rng *rng, const Row *row, double share, bool *selected) {
    bool blank[MOST];
    for (int i = 0; i < MOST; i++) blank[i] = i % 2;
    bool *got = grade_guarded("selected", blank, (size_t)row->n * sizeof *blank);
    Word *words =
        grade_guarded("words", row->words, (size_t)row->count * sizeof *row->words);
    select_words(rng, words, row->count, share, row->n, got);
    memcpy(selected, got, (size_t)row->n * sizeof *got);
}

static int count_selected(const bool *selected, int from, int n) {
    int count = 0;
    for (int i = from; i < from + n; i++) count += selected[i];
    return count;
}

// What is wrong with the selections of many rows.
typedef struct {
    int split;    // words selected in part
    int outside;  // rows with selected tokens that are in no word
    int none;     // rows without any
    int kept;     // rows in which everything that was true before still is
    int between;  // tokens in no word that do not hold what was there before
} Selections;

static void judge_row(Selections *s, const Row *row, const bool *selected) {
    int inside = 0, before = 0;
    for (int w = 0; w < row->count; w++) {
        Word word = row->words[w];
        int some = count_selected(selected, word.first, word.count);
        s->split += some > 0 && some < word.count, inside += some;
    }
    for (int i = 1; i < row->n; i += 2) before += selected[i];
    bool in[MOST] = {false};
    for (int w = 0; w < row->count; w++)
        memset(in + row->words[w].first, true, (size_t)row->words[w].count);
    for (int i = 0; i < row->n; i++) s->between += !in[i] && selected[i] != (i % 2);
    int all = count_selected(selected, 0, row->n);
    s->outside += all > inside, s->none += all == 0, s->kept += before == row->n / 2;
}

static void check_whole(Grade *g) {
    enum { ROWS = 200 };
    Rng rng = rng_new(41), draws = rng_new(42);
    Selections s = {0};
    for (int r = 0; r < ROWS; r++) {
        Row row = random_row(&rng, 40, 4);
        bool selected[MOST];
        run_select(&draws, &row, 0.15, selected);
        judge_row(&s, &row, selected);
    }
    grade_mistake(g, s.kept == ROWS, "not-cleared",
                  "tokens that were not selected keep what was in selected[] before: "
                  "write false there");
    grade_mistake(
        g, s.split == 0 && s.outside > 0 && s.between == 0, "between-not-written",
        "tokens in no word, special ones, keep what was in selected[] before: "
        "it is written for every token of the row");
    grade_mistake(g, s.split > 0 && s.outside == 0, "split",
                  "tokens were selected, not words: a word has all of its tokens "
                  "selected, or none");
    grade_expect(g, 3, s.split == 0 && s.outside == 0 && s.none == 0,
                 "of %d rows, %d words are selected in part, %d rows have selected "
                 "tokens that are in no word, %d have none selected",
                 ROWS, s.split, s.outside, s.none);
}

// Rows in which there is always a word that still fits: the budget is reached exactly.
typedef struct {
    int over, under;  // rows with too many, too few
    int least;        // the largest lack
    // rows with other budgets: rounded down, up, to even; of all n; of words; one word
    int down, up, even, with_rest, of_words, one_word, fixed;
    int in_words;  // rows with as many words as the budget has tokens
} Shares;

static int words_selected(const Row *row, const bool *selected) {
    int some = 0;
    for (int w = 0; w < row->count; w++) some += selected[row->words[w].first];
    return some;
}

static Shares run_shares(int rows, int longest, double share) {
    Rng rng = rng_new(43), draws = rng_new(44);
    Shares s = {0};
    for (int r = 0; r < rows; r++) {
        Row row = random_row(&rng, 60, longest);
        bool selected[MOST];
        run_select(&draws, &row, share, selected);
        int got = 0, want = budget(row.tokens, share);
        for (int w = 0; w < row.count; w++)  // what lies between is asked elsewhere
            got += count_selected(selected, row.words[w].first, row.words[w].count);
        s.over += got > want, s.under += got < want;
        if (want - got > s.least) s.least = want - got;
        s.down += got == (int)(share * row.tokens);
        s.up += got == (int)ceil(share * row.tokens);
        s.with_rest += got == budget(row.n, share);
        s.even += got == (int)fmax(1, rint(share * row.tokens));
        s.of_words += got <= budget(row.count, share);
        s.fixed += got == budget(row.tokens, 0.15);
        s.one_word += words_selected(&row, selected) == 1;
        s.in_words += words_selected(&row, selected) == want;
    }
    return s;
}

// The one word of a row may use up the budget to the last token.
static bool exact_fit_passed_over(void) {
    Row row = {.words = {{0, 3}}, .count = 1, .n = 3, .tokens = 3};
    Rng rng = rng_new(46);
    bool selected[MOST];
    run_select(&rng, &row, 1, selected);
    return count_selected(selected, 0, 3) == 0;
}

static void recognise_fixed(Grade *g, int longest) {
    Shares other = run_shares(20, longest, 0.4);
    grade_mistake(g, other.fixed == 20, "share-fixed",
                  "the budget is 15 %% whatever `share` says");
}

static bool single_tokens_right(void) {
    Shares s = run_shares(20, 1, 0.15);
    return s.over == 0 && s.under == 0;
}

// Budgets that were computed otherwise.
static void recognise_budget(Grade *g, const Shares *s, int rows) {
    grade_mistake(g, s->with_rest == rows, "counts-specials",
                  "the budget was computed from the whole row: special tokens do not "
                  "count");
    grade_mistake(g, s->down == rows, "rounded-down",
                  "share m was rounded down: the budget is the nearest whole number");
    grade_mistake(g, s->up == rows, "rounded-up",
                  "share m was rounded up: the budget is the nearest whole number");
    grade_mistake(g, s->even == rows, "rounded-to-even",
                  "a half was rounded to the even number, as rint and lrint do: round "
                  "takes it upwards");
}

static void check_share(Grade *g) {
    enum { ROWS = 200, LONGEST = 4 };
    Shares s = run_shares(ROWS, LONGEST, 0.15);
    bool good = s.over == 0 && s.under == 0;
    if (good) recognise_fixed(g, LONGEST);
    else recognise_budget(g, &s, ROWS);
    grade_mistake(g, !good && s.one_word == ROWS, "one-word",
                  "one word is selected, and no more: until the budget is used up");
    grade_mistake(g, s.under == ROWS && s.of_words == ROWS, "share-of-words",
                  "the budget is a share of the words: of the tokens in them");
    grade_mistake(g, s.over > 0 && s.under > 0, "independent",
                  "each word was drawn by itself, so the number of tokens varies: go "
                  "through the words in random order until the budget is used up");
    grade_mistake(g, s.over > 0 && s.in_words > ROWS / 2, "words-for-tokens",
                  "as many words as the budget has tokens: each takes as many of it as "
                  "it has tokens");
    grade_mistake(g, s.over > 0, "overshoots",
                  "the last word went beyond the budget: one that does not fit is "
                  "passed over");
    grade_mistake(
        g, s.least >= LONGEST, "twice",
        "the budget was not used up: does a word take more of it than it has tokens, "
        "or is one drawn twice, or left out by a draw of its own? Each comes once in "
        "the order");
    grade_mistake(g, s.under > 0 && s.over == 0 && exact_fit_passed_over(), "exact-fit",
                  "a word with as many tokens as are left was passed over: it fits");
    grade_mistake(
        g, s.under > 0, "stops",
        "stopped at a word that did not fit, or took its tokens from the budget all "
        "the same: pass over it, a shorter one may still fit");
    grade_expect(g, 2, good,
                 "of %d rows, %d have more than round(share m) tokens selected, %d "
                 "fewer, though a word still fits",
                 ROWS, s.over, s.under);
    grade_contrast(g, single_tokens_right(), "only-single-tokens",
                   "the budget is kept where every word has one token: what does a "
                   "longer one take of it?");
}

static void check_least(Grade *g) {
    Row small = {.words = {{0, 1}, {1, 1}}, .count = 2, .n = 2, .tokens = 2},
        wide = {.words = {{0, 3}}, .count = 1, .n = 3, .tokens = 3};
    Rng rng = rng_new(45);
    bool one[MOST], none[MOST];
    run_select(&rng, &small, 0.15, one);
    run_select(&rng, &wide, 0.15, none);
    int got = count_selected(one, 0, 2), too_wide = count_selected(none, 0, 3);
    grade_mistake(g, got == 0 && too_wide == 0, "no-least",
                  "round(share m) is 0 in a short row: the budget is at least 1");
    grade_mistake(
        g, too_wide == 3, "forced",
        "a word that does not fit into the budget was selected, so that there "
        "is one: where none fits, none is selected");
    grade_mistake(g, got == 2, "least-other",
                  "round(share m) is 0 in a short row, and the budget came to 2: it is "
                  "at least 1, and no more for that");
    Reading both[] = {{"of two words of 1 token", got, 1, 0},
                      {"of a single word of 3", too_wide, 0, 0}};
    grade_readings(g, 1, "tokens selected, where the budget is 1", both, 2);
}

// Words of 1, 2 and 3 tokens, a budget of 3. An outcome is a set of words.
enum { ONE_TWO, THREE, ONE, TWO, OTHER, SETS };
typedef struct {
    double p[SETS];
    const char *code, *says;
} SelectionLaw;

static const SelectionLaw SELECTION_MISTAKES[] = {
    {{1},
     "in-order",
     "the words were tried from left to right: every order is equally likely"},
    {{0, 1},
     "long-first",
     "the longest word is always tried first: every order is equally likely"},
    {{1. / 2, 1. / 2},
     "by-token",
     "the long word comes first in half of the orders, and it should in a third: is it "
     "more likely than a short one, or does the shuffle leave no word in its place?"},
    {{19. / 27, 8. / 27},
     "naive-shuffle",
     "each word was exchanged with any word, so that some orders are more likely than "
     "others: with one that is not in its place yet (rng_shuffle)"},
    {{1. / 3, 1. / 3, 1. / 6, 1. / 6},
     "stops",
     "stopped at a word that did not fit: pass over it, a shorter one may still fit"},
};

// Four words of one token and a budget of 2: how often each two of them were selected.
enum { PAIRS = 6 };
static void count_pairs(Rng *rng, int *pairs) {
    Row row = {
        .words = {{0, 1}, {1, 1}, {2, 1}, {3, 1}}, .count = 4, .n = 4, .tokens = 4};
    static const int number[4][4] = {{0, 0, 1, 2}, {0, 0, 3, 4}, {0, 0, 0, 5}};
    for (int d = 0; d < DRAWS; d++) {
        bool selected[MOST];
        int first = -1;
        run_select(rng, &row, 0.5, selected);
        for (int i = 0; i < 4; i++) {
            if (!selected[i]) continue;
            if (first >= 0) pairs[number[first][i]]++;
            else first = i;
        }
    }
}

static int set_of(const bool *selected) {
    int bits = 0;
    for (int i = 0; i < 6; i++) bits |= selected[i] << i;
    return bits == 7    ? ONE_TWO
           : bits == 56 ? THREE
           : bits == 1  ? ONE
           : bits == 6  ? TWO
                        : OTHER;
}

static void check_order(Grade *g) {
    Row row = {.words = {{0, 1}, {1, 2}, {3, 3}}, .count = 3, .n = 6, .tokens = 6};
    const double truth[SETS] = {2. / 3, 1. / 3};
    Rng rng = rng_new(46);
    int counts[SETS] = {0};
    for (int i = 0; i < DRAWS; i++) {
        bool selected[MOST];
        run_select(&rng, &row, 0.5, selected);
        counts[set_of(selected)]++;
    }
    for (int i = 0; i < COUNT_OF(SELECTION_MISTAKES); i++)
        grade_mistake(g, fits_law(counts, DRAWS, SELECTION_MISTAKES[i].p, SETS),
                      SELECTION_MISTAKES[i].code, "%s", SELECTION_MISTAKES[i].says);
    static const double even[PAIRS] = {1. / 6, 1. / 6, 1. / 6, 1. / 6, 1. / 6, 1. / 6},
                        beside[PAIRS] = {0.25, 0, 0.25, 0.25, 0, 0.25};
    int pairs[PAIRS] = {0};
    count_pairs(&rng, pairs);
    grade_mistake(g, fits_law(pairs, DRAWS, beside, PAIRS), "random-start",
                  "words are tried from left to right, from a random one on: every "
                  "order is equally likely, not only these");
    grade_expect(
        g, 4,
        fits_law(counts, DRAWS, truth, SETS) && fits_law(pairs, DRAWS, even, PAIRS),
        "words of 1, 2, 3 tokens, budget 3: the first two in %.3f of the "
        "draws, should be 0.667; the third alone in %.3f, should be 0.333. Of "
        "four words of 1 token the first two in %.3f, should be 0.167",
        (double)counts[ONE_TWO] / DRAWS, (double)counts[THREE] / DRAWS,
        (double)pairs[0] / DRAWS);
}

// ---- (c) what is seen, what is predicted

// Three tokens selected, one not, and again.
typedef struct {
    int tokens[MOST], seen[MOST], targets[MOST];
    bool selected[MOST];
} Masked;

// The row's tokens are 0 .. letters - 1.
static void run_mask_of(Masked *m, Rng *rng, const Corruption *c, int letters) {
    int blank[MOST];
    for (int i = 0; i < MOST; i++) blank[i] = UNWRITTEN;
    for (int i = 0; i < MOST; i++)
        m->tokens[i] = rng_below(rng, letters), m->selected[i] = i % 4 != 3;
    int *seen = grade_guarded("seen", blank, sizeof blank),
        *targets = grade_guarded("targets", blank, sizeof blank);
    mask_selected(rng, c, LETTERS, MASK_TOKEN,
                  grade_guarded("tokens", m->tokens, sizeof m->tokens),
                  grade_guarded("selected", m->selected, sizeof m->selected), MOST,
                  seen, targets);
    memcpy(m->seen, seen, sizeof m->seen);
    memcpy(m->targets, targets, sizeof m->targets);
}

static void run_mask(Masked *m, Rng *rng, const Corruption *c) {
    run_mask_of(m, rng, c, LETTERS);
}

typedef enum {
    TARGETS_RIGHT,
    TARGETS_MASKED,
    TARGETS_SEEN,
    TARGETS_ALL,
    TARGETS_INVERTED,  // those that are not selected
    TARGETS_ZERO,      // 0 for IGNORED
    TARGETS_MASK,      // the mask for IGNORED
    TARGETS_HIDDEN,    // the mask at what is selected
    TARGETS_CHANGED,   // what looks other than it was
} TargetRule;

static int target_by(TargetRule rule, const Masked *m, int i) {
    if (rule == TARGETS_ALL) return m->tokens[i];
    if (rule == TARGETS_INVERTED) return m->selected[i] ? IGNORED : m->tokens[i];
    if (rule == TARGETS_CHANGED && m->seen[i] == m->tokens[i]) return IGNORED;
    if (!m->selected[i])
        return rule == TARGETS_ZERO ? 0 : rule == TARGETS_MASK ? MASK_TOKEN : IGNORED;
    if (rule == TARGETS_HIDDEN) return MASK_TOKEN;
    if (rule == TARGETS_MASKED && m->seen[i] != MASK_TOKEN) return IGNORED;
    return rule == TARGETS_SEEN ? m->seen[i] : m->tokens[i];
}

// How many targets are not by this rule. Any negative number is IGNORED.
static int targets_off(TargetRule rule, const Masked *m) {
    int off = 0;
    for (int i = 0; i < MOST; i++) {
        int want = target_by(rule, m, i), got = m->targets[i];
        off += want < 0 ? got >= 0 : got != want;
    }
    return off;
}

static void check_targets(Grade *g) {
    Masked m;
    Rng rng = rng_new(47);
    run_mask(&m, &rng, &(Corruption){1, 0.4, 0.3});
    int off = targets_off(TARGETS_RIGHT, &m), unwritten = 0;
    for (int i = 0; i < MOST; i++) unwritten += m.targets[i] == UNWRITTEN;
    grade_mistake(g, unwritten > 0, "targets-not-written",
                  "targets[] is written for every token of the row: %d of %d still "
                  "hold what was there before",
                  unwritten, MOST);
    grade_mistake(g, off > 0 && targets_off(TARGETS_MASKED, &m) == 0, "masked-only",
                  "only what became [MASK] is a target: the loss counts at all "
                  "selected tokens, visible ones too");
    grade_mistake(g, off > 0 && targets_off(TARGETS_SEEN, &m) == 0, "seen-target",
                  "the target is what the model sees: it is the token of the text");
    grade_mistake(g, off > 0 && targets_off(TARGETS_ALL, &m) == 0, "all-targets",
                  "every token is a target: those not selected are IGNORED");
    grade_mistake(g, off > 0 && targets_off(TARGETS_INVERTED, &m) == 0,
                  "targets-inverted",
                  "the targets are those that were not selected: selected ones are");
    bool zero = targets_off(TARGETS_ZERO, &m) == 0;
    grade_mistake(g, off > 0 && (zero || targets_off(TARGETS_MASK, &m) == 0),
                  "not-ignored",
                  "where nothing is to be predicted the target is IGNORED, not %s",
                  zero ? "0, which is a token" : "the mask");
    grade_mistake(g, off > 0 && targets_off(TARGETS_HIDDEN, &m) == 0, "mask-target",
                  "the target is the mask: it is the token of the text");
    grade_mistake(g, off > 0 && targets_off(TARGETS_CHANGED, &m) == 0, "changed-only",
                  "only tokens that look different are targets: all selected ones are");
    grade_expect(g, 4, off == 0, "%d of %d targets are not what they should be", off,
                 MOST);
}

static void check_others_stay(Grade *g) {
    Masked m;
    Rng rng = rng_new(48);
    run_mask(&m, &rng, &BERT_CORRUPTION);
    int changed = 0;
    for (int i = 0; i < MOST; i++)
        changed += !m.selected[i] && m.seen[i] != m.tokens[i];
    int unwritten = 0;
    for (int i = 0; i < MOST; i++) unwritten += m.seen[i] == UNWRITTEN;
    grade_mistake(
        g, unwritten > 0, "seen-not-written",
        "seen[] is written for every token of the row: %d still hold what was "
        "there before",
        unwritten);
    grade_mistake(
        g, changed > MOST / 16, "all-masked",
        "tokens that were not selected are masked too: they stay as they are");
    grade_expect(g, 1, changed == 0, "%d tokens changed that were not selected",
                 changed);
}

// What happens to a selected token: it is masked, another one, the same.
enum { BECAME_MASK, BECAME_OTHER, STAYED, STRANGE, FATES };

static void count_fates(int *fates, int *twins, Rng *rng, const Corruption *c,
                        int rows) {
    for (int r = 0; r < rows; r++) {
        Masked m;
        run_mask(&m, rng, c);
        for (int i = 0; i < MOST; i++) {
            if (!m.selected[i]) continue;
            int seen = m.seen[i];
            bool letter = seen >= 0 && seen < LETTERS;
            fates[seen == MASK_TOKEN    ? BECAME_MASK
                  : !letter             ? STRANGE
                  : seen == m.tokens[i] ? STAYED
                                        : BECAME_OTHER]++;
            if (i % 4 < 2)
                *twins += (seen == MASK_TOKEN) == (m.seen[i + 1] == MASK_TOKEN);
        }
    }
}

// BERT's shares: 80 %, of the next 10 % some are the same again, 10 % stay.
#define OTHER_TOKEN (0.1 * (LETTERS - 1) / LETTERS)
#define REST_OTHER (0.2 * (LETTERS - 1) / LETTERS)
static const double FATES_RIGHT[FATES] = {0.8, OTHER_TOKEN, 0.2 - OTHER_TOKEN};

static const struct {
    double p[FATES];
    const char *code, *says;
} FATE_SLIPS[] = {
    {{0.7, OTHER_TOKEN, 0.3 - OTHER_TOKEN},
     "random-before-mask",
     "c->random was taken first, and then the mask what is below c->mask, which leaves "
     "it "
     "c->mask - c->random: below the sum of the two"},
    {{0.8, 0.2 * OTHER_TOKEN, 0.2 - 0.2 * OTHER_TOKEN},
     "nested",
     "a second draw decides between random and same with c->random: that is a share of "
     "all selected, not of those left, so 80/2/18 came out"},
    {{0.8, 0, 0.2},
     "never-random",
     "no token became a random one: what is not below c->mask is not below c->random "
     "either; below c->mask + c->random"},
    {{0.8, REST_OTHER, 0.2 - REST_OTHER},
     "never-stays",
     "what is not masked became random, all of it: of the rest only c->random, the "
     "others stay"},
    {{0.2, 0.6, 0.2},
     "mask-above",
     "a fifth became [MASK]: a draw is below c->mask with probability c->mask, not "
     "above it"},
    {{0.2, OTHER_TOKEN, 0.8 - OTHER_TOKEN},
     "mask-above",
     "a fifth became [MASK]: a draw is below c->mask with probability c->mask, not "
     "above it"},
    {{0.1, 0.8 * (LETTERS - 1) / LETTERS, 0.9 - 0.8 * (LETTERS - 1) / LETTERS},
     "shares-exchanged",
     "c->mask and c->random are exchanged: a tenth became [MASK], eight tenths a "
     "random token"},
    {{0.1, OTHER_TOKEN, 0.9 - OTHER_TOKEN},
     "mask-above",
     "a tenth became [MASK]: a draw is below c->mask with probability c->mask"},
    {{1, 0, 0},
     "always-masked",
     "every selected token became [MASK]: with probability c->mask only"},
    {{0.8, 0.1, 0.1},
     "never-same",
     "the random token is never the token itself: it is drawn from all, itself too"},
};

// Where everything becomes random: every token equally often.
static bool all_tokens_come(Grade *g) {
    static const double even[LETTERS] = {0.25, 0.25, 0.25, 0.25},
                        no_last[LETTERS] = {1. / 3, 1. / 3, 1. / 3, 0},
                        no_first[LETTERS] = {0, 1. / 3, 1. / 3, 1. / 3};
    int counts[LETTERS] = {0}, draws = 0;
    Rng rng = rng_new(50);
    for (int r = 0; r < 40; r++) {
        Masked m;
        run_mask(&m, &rng, &(Corruption){1, 0, 1});
        for (int i = 0; i < MOST; i++) {
            int seen = m.seen[i];
            if (!m.selected[i] || seen < 0 || seen >= LETTERS) continue;
            counts[seen]++, draws++;
        }
    }
    if (draws == 0) return false;
    grade_mistake(g, fits_law(counts, draws, no_last, LETTERS), "last-token-never",
                  "the last token of the vocabulary is never drawn: rng_below(rng, n) "
                  "is one of 0 .. n - 1");
    grade_mistake(g, fits_law(counts, draws, no_first, LETTERS), "first-token-never",
                  "token 0 is never drawn: rng_below(rng, n) is one of 0 .. n - 1");
    return fits_law(counts, draws, even, LETTERS);
}

// With other shares than BERT's.
static bool other_shares(Grade *g) {
    enum { ROWS = 40, SELECTED = ROWS * MOST / 4 * 3 };
    const double other = 0.5 * (LETTERS - 1) / LETTERS,
                 want[FATES] = {0.3, other, 0.7 - other};
    int fates[FATES] = {0}, twins = 0;
    Rng rng = rng_new(51);
    count_fates(fates, &twins, &rng, &(Corruption){0.15, 0.3, 0.5}, ROWS);
    grade_mistake(g, fits_law(fates, SELECTED, FATES_RIGHT, FATES), "shares-fixed",
                  "80 %% and 10 %% whatever the corruption says: the shares are "
                  "c->mask and c->random");
    // what became random is any token, whatever the draw was that decided it
    int letters[LETTERS] = {0}, draws = 0;
    static const double even[LETTERS] = {0.25, 0.25, 0.25, 0.25};
    for (int k = 0; k < 20; k++) {
        Masked m;
        run_mask_of(&m, &rng, &(Corruption){0.15, 0.5, 0.5}, LETTERS / 2);
        for (int i = 0; i < MOST; i++) {
            bool letter = m.seen[i] >= 0 && m.seen[i] < LETTERS;
            if (m.selected[i] && letter) letters[m.seen[i]]++, draws++;
        }
    }
    grade_mistake(g, letters[LETTERS - 1] + letters[LETTERS - 2] == 0, "from-row",
                  "the random token is one of the row's: it is drawn from all, 0 .. "
                  "vocabulary - 1");
    grade_mistake(
        g, !fits_law(letters, draws, even, LETTERS), "draw-used-twice",
        "the random token is not any token where there is a mask: was it made "
        "of the same draw that decided?");
    grade_expect(g, 0, fits_law(letters, draws, even, LETTERS),
                 "half of the selected are masked, the rest random: of %d tokens 0, 1, "
                 "2, 3 in %d, %d, %d, %d",
                 draws, letters[0], letters[1], letters[2], letters[3]);
    return fits_law(fates, SELECTED, want, FATES);
}

static void check_fates(Grade *g) {
    enum { ROWS = 100, SELECTED = ROWS * MOST / 4 * 3, TWINS = ROWS * MOST / 2 };
    int fates[FATES] = {0}, twins = 0;
    Rng rng = rng_new(49);
    count_fates(fates, &twins, &rng, &BERT_CORRUPTION, ROWS);
    double together = (double)twins / TWINS, apart = 0.8 * 0.8 + 0.2 * 0.2,
           masked = (double)fates[BECAME_MASK] / SELECTED;
    grade_mistake(
        g, fates[STRANGE] > 0 && fates[BECAME_MASK] == 0, "other-mask",
        "what is masked became a token that is not `mask`: it is the argument, not a "
        "constant");
    bool spread = fates[BECAME_MASK] < SELECTED;
    grade_mistake(g, spread && together > 0.95, "one-draw",
                  "one draw for a whole word, or row: each token has its own");
    for (int i = 0; i < COUNT_OF(FATE_SLIPS); i++)
        grade_mistake(g, fits_law(fates, SELECTED, FATE_SLIPS[i].p, FATES),
                      FATE_SLIPS[i].code, "%s", FATE_SLIPS[i].says);
    grade_mistake(g, fabs(masked - 0.8 * BERT_CORRUPTION.select) < 0.01,
                  "selects-again",
                  "c->select was drawn once more: what is selected is settled already");
    grade_mistake(
        g, fates[STRANGE] > 0, "no-such-token",
        "some became a token that does not exist: tokens are 0 .. vocabulary - 1");
    bool good = fits_law(fates, SELECTED, FATES_RIGHT, FATES)
                && fabs(together - apart) < 0.02 && all_tokens_come(g);
    if (good) good = other_shares(g);
    grade_expect(
        g, 4, good,
        "of the selected, %.3f became [MASK], should be 0.800; %.3f another of "
        "4 tokens, should be %.3f; neighbours share their fate in %.3f, should "
        "be %.3f",
        masked, (double)fates[BECAME_OTHER] / SELECTED, OTHER_TOKEN, together, apart);
}

void check_words(Grade *g) {
    grade_part(g, check_plain_rows(g));
    grade_part(g, check_cut_rows(g));
    grade_part(g, check_whole(g));
    grade_part(g, check_share(g));
    grade_part(g, check_least(g));
    grade_part(g, check_order(g));
    grade_part(g, check_targets(g));
    grade_part(g, check_others_stay(g));
    grade_part(g, check_fates(g));
}
