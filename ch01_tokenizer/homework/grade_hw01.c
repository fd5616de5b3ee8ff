// The grader of chapter 1's homework. Where a result can be computed from its definition, it is; random
// cases have fixed seeds. How a check counts: common/homework.h.
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/homework/hw01.h"
#include "common/error.h"
#include "common/homework.h"

static bool same_ints(const int *a, size_t a_count, const int *b, size_t b_count) {
    return a_count == b_count && (a_count == 0 || memcmp(a, b, a_count * sizeof *a) == 0);
}

static bool holds(const int *numbers, size_t count, int number) {
    for (size_t i = 0; i < count; i++)
        if (numbers[i] == number) return true;
    return false;
}

// ---- 1. BPE-dropout -------------------------------------------------------------------------------------

enum { MOST_SYMBOLS = 48, BYTES = 256 };

static Merges merges_of(Pair *pairs, int count) {
    return (Merges){.base = BYTES, .count = count, .pairs = pairs};
}

// Random merges of the letters a, b, c and of what they make.
static Merges random_merges(Rng *rng, Pair *pairs, int count) {
    for (int t = 0; t < count; t++) {
        int from = t < 6 ? 3 : 3 + t, left = rng_below(rng, from), right = rng_below(rng, from);
        pairs[t] =
            (Pair){left < 3 ? 'a' + left : BYTES + left - 3, right < 3 ? 'a' + right : BYTES + right - 3};
    }
    return merges_of(pairs, count);
}

static size_t random_letters(Rng *rng, int *symbols, int most, int letters) {
    int n = rng_below(rng, most + 1);
    for (int i = 0; i < n; i++) symbols[i] = 'a' + rng_below(rng, letters);
    return (size_t)n;
}

// The letters that symbols stand for; at most MOST_SYMBOLS. SIZE_MAX: there is no such symbol, or too many.
static size_t spell(const Merges *merges, const int *symbols, size_t n, int *to) {
    int stack[2 * MOST_SYMBOLS];
    size_t size = 0;
    for (size_t i = 0; i < n; i++) {
        int depth = 0;
        stack[depth++] = symbols[i];
        while (depth > 0) {
            int symbol = stack[--depth];
            if (symbol < 0 || symbol >= merges->base + merges->count || depth + 2 > 2 * MOST_SYMBOLS)
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

typedef struct {
    int untouched;  // words that stayed bytes though they have merges
    int wrong;      // p = 0: other than BPE; p = 1: other than the bytes; between: do not spell the word
    int tried;
} DropoutRun;

static DropoutRun run_dropout(double p) {
    enum { TABLES = 40, WORDS_EACH = 25, MERGES = 24 };
    DropoutRun run = {0};
    Rng rng = rng_new(11), draws = rng_new(12);
    for (int i = 0; i < TABLES; i++) {
        Pair pairs[MERGES];
        Merges merges = random_merges(&rng, pairs, MERGES);
        PairTable table = pair_table_of(&merges);
        for (int w = 0; w < WORDS_EACH; w++) {
            int word[MOST_SYMBOLS] = {0}, want[MOST_SYMBOLS], got[MOST_SYMBOLS], spelt[MOST_SYMBOLS];
            size_t n = random_letters(&rng, word, MOST_SYMBOLS, 3);
            memcpy(want, word, sizeof want);
            memcpy(got, word, sizeof word);
            size_t merged = bpe_encode_naive(&table, want, n, NULL);
            size_t left = bpe_dropout(&table, got, n, p, &draws);
            bool bytes = same_ints(got, left, word, n);
            run.tried++;
            run.untouched += merged < n && bytes;
            if (p == 0) run.wrong += !same_ints(got, left, want, merged);
            else if (p == 1) run.wrong += !bytes;
            else run.wrong += left > n || !same_ints(spelt, spell(&merges, got, left, spelt), word, n);
        }
        pair_table_free(&table);
    }
    return run;
}

// A word with at most four outcomes, and the probability of each under the true rule and under wrong ones.
enum { OUTCOMES = 4, RIVALS = 4, DRAWS = 40000 };

typedef struct {
    double p[OUTCOMES];
    const char *diagnosis;
} Law;

typedef struct {
    const char *word;
    Pair pairs[3];
    int merges;
    double p;
    const char *names[OUTCOMES];
    int outcomes[OUTCOMES][5];  // symbols, then 0s
    double truth[OUTCOMES];
    Law rivals[RIVALS];         // those with a diagnosis
} DropoutCase;

static void count_outcomes(const DropoutCase *c, int *counts) {
    Pair pairs[3];
    memcpy(pairs, c->pairs, sizeof pairs);
    Merges merges = merges_of(pairs, c->merges);
    PairTable table = pair_table_of(&merges);
    Rng rng = rng_new(13);
    for (int i = 0; i < DRAWS; i++) {
        int symbols[5] = {0};
        size_t n = strlen(c->word);
        for (size_t k = 0; k < n; k++) symbols[k] = c->word[k];
        size_t left = bpe_dropout(&table, symbols, n, c->p, &rng);
        for (size_t k = left; k < 5; k++) symbols[k] = 0;
        for (int o = 0; o < OUTCOMES; o++)
            counts[o] += memcmp(symbols, c->outcomes[o], sizeof symbols) == 0;
    }
    pair_table_free(&table);
}

// Each count is binomial. Five standard errors: a right answer fails one comparison in 1.7 million, and the
// laws compared differ by 30 standard errors or more somewhere.
static double five_errors(double p) { return 5 * sqrt(DRAWS * p * (1 - p)); }

static bool fits(const int *counts, const double *p) {
    for (int o = 0; o < OUTCOMES; o++)
        if (fabs(counts[o] - DRAWS * p[o]) > five_errors(p[o])) return false;
    return true;
}

// False where a mistake is recognised.
static bool check_law(Grade *g, int points, const DropoutCase *c) {
    int counts[OUTCOMES] = {0}, off = 0;
    count_outcomes(c, counts);
    bool good = fits(counts, c->truth);
    for (int r = 0; r < RIVALS && c->rivals[r].diagnosis; r++)
        if (grade_mistake(g, !good && fits(counts, c->rivals[r].p), "%s", c->rivals[r].diagnosis))
            return false;
    for (int o = OUTCOMES - 1; o >= 0; o--)
        if (fabs(counts[o] - DRAWS * c->truth[o]) > five_errors(c->truth[o])) off = o;
    grade_expect(g, points, good, "%s at p = %g: \"%s\" came in %.3f of the draws, should be %.3f +- %.3f",
                 c->word, c->p, c->names[off], (double)counts[off] / DRAWS, c->truth[off],
                 five_errors(c->truth[off]) / DRAWS);
    return true;
}

static const char FOR_GOOD[] =
    "the merge was skipped for good, not for this step: after another merge it gets a new chance";
static const char BEST_ONLY[] =
    "a step that skips the best merge ends the encoding: the next best has its chance first";
static const char ONE_A_MERGE[] =
    "the draw is one a merge, not one a place: \"abab\" must be able to become a b ab";
static const char UNTIL_MERGED[] =
    "a skipped merge is drawn again until it goes through: a step draws once a place";

static void check_dropout(Grade *g) {
    DropoutRun none = run_dropout(0);
    grade_mistake(g, none.wrong > 0 && none.wrong == none.untouched,
                  "with p = 0 nothing was merged: p is the probability of skipping, not of merging");
    grade_expect(g, 4, none.wrong == 0, "with p = 0, %d of %d words differ from bpe_encode_naive",
                 none.wrong, none.tried);
    DropoutRun some = run_dropout(0.3);
    grade_expect(g, 2, some.wrong == 0, "with p = 0.3, the symbols of %d of %d words do not spell the word",
                 some.wrong, some.tried);

    // q = 1 - p. Both: q (first ab) q + p q (first cd) q. Lost in the second step: q p and p q p.
    double p = 0.3, q = 1 - p;
    enum { AB = BYTES, CD = BYTES + 1, BC = BYTES + 1, ABC = BYTES + 2 };
    DropoutCase two = {
        "abcd", {{'a', 'b'}, {'c', 'd'}}, 2, p, {"ab cd", "ab c d", "a b cd", "a b c d"},
        {{AB, CD}, {AB, 'c', 'd'}, {'a', 'b', CD}, {'a', 'b', 'c', 'd'}},
        {q * q * (1 + p), q * p, p * q * p, p * p},
        {{{q * q, q * p, p * q, p * p}, FOR_GOOD},
         {{q * q, q * p, 0, p}, BEST_ONLY},
         {{1, 0, 0, 0}, UNTIL_MERGED},
         {{q, 0, 0, p}, "one draw decides about the whole word: every place has its own, in every step"}}};
    if (!check_law(g, 4, &two)) return;

    double h = 0.5;  // p = q
    DropoutCase twins = {
        "abab", {{'a', 'b'}}, 1, h, {"ab ab", "ab a b", "a b ab", "a b a b"},
        {{AB, AB}, {AB, 'a', 'b'}, {'a', 'b', AB}, {'a', 'b', 'a', 'b'}},
        {h * h * (1 + h), h * h, h * h * h, h * h},
        {{{h * h, h * h, 0, h}, ONE_A_MERGE},  // drawn in each step
         {{h, 0, 0, h}, ONE_A_MERGE},          // drawn once
         {{h * h + 2 * h * h * h, h * h * h, h * h * h, h * h},
          "a step merges every place of its pair that was not skipped: it merges one place only"},
         {{h * h, h * h, h * h, h * h}, FOR_GOOD}}};
    if (!check_law(g, 4, &twins)) return;

    DropoutCase nested = {
        "abc", {{'a', 'b'}, {'b', 'c'}, {AB, 'c'}}, 3, p, {"abc", "ab c", "a bc", "a b c"},
        {{ABC}, {AB, 'c'}, {'a', BC}, {'a', 'b', 'c'}},
        {q * q, q * p, p * q, p * p},
        {{{q * q, q * p, 0, p}, BEST_ONLY}}};
    if (!check_law(g, 3, &nested)) return;

    DropoutRun all = run_dropout(1);  // last: who draws again and again never returns
    grade_expect(g, 3, all.wrong == 0,
                 "with p = 1, %d of %d words were merged (rng_uniform is below 1, always)", all.wrong,
                 all.tried);
}

// ---- 2. Streaming UTF-8 ---------------------------------------------------------------------------------

enum { MOST_POINTS = 256 };

// The right rule, and wrong ones that the grader knows.
typedef enum { MAXIMAL_SUBPART, EACH_BYTE, ONE_A_RUN, SWALLOWED, ANY_SECOND } Rule;

typedef struct {
    size_t length;  // bytes
    bool good, open;  // open: with more bytes it might still become good
    int point;
} Unit;

// The character that text begins with, or else the broken stretch: by the right rule, a maximal subpart.
static Unit unit_at(const unsigned char *t, size_t n, Rule rule) {
    if (t[0] < 0x80) return (Unit){1, true, false, t[0]};
    if (t[0] < 0xC2 || t[0] > 0xF4) return (Unit){1, false, false, REPLACEMENT};
    size_t size = t[0] < 0xE0 ? 2 : t[0] < 0xF0 ? 3 : 4;
    int low = t[0] == 0xE0 ? 0xA0 : t[0] == 0xF0 ? 0x90 : 0x80;
    int high = t[0] == 0xED ? 0x9F : t[0] == 0xF4 ? 0x8F : 0xBF;
    bool allowed = n < 2 || (low <= t[1] && t[1] <= high);
    if (rule == ANY_SECOND) low = 0x80, high = 0xBF;
    int point = t[0] & (0x7F >> size);
    size_t i = 1;
    for (; i < size && i < n && low <= t[i] && t[i] <= high; i++) {
        point = point << 6 | (t[i] & 0x3F);
        low = 0x80, high = 0xBF;
    }
    if (i == size && allowed) return (Unit){size, true, false, point};
    if (rule == EACH_BYTE) return (Unit){1, false, i == n, REPLACEMENT};
    if (rule == SWALLOWED && i < n && i < size) i++;
    return (Unit){i, false, i == n && i < size, REPLACEMENT};
}

// The whole text; with `all` false without a unit at its end that is still open.
static size_t decode_text(const char *text, size_t n, Rule rule, bool all, int *points) {
    size_t count = 0;
    bool run = false;
    for (size_t i = 0; i < n;) {
        Unit unit = unit_at((const unsigned char *)text + i, n - i, rule);
        if (unit.open && !all) break;
        if (unit.good || rule != ONE_A_RUN || !run) points[count++] = unit.point;
        run = !unit.good;
        i += unit.length;
    }
    return count;
}

typedef struct {
    const char *text;
    size_t n;
} Text;
#define TEXT(literal) {literal, sizeof literal - 1}

static const Text WELL_FORMED = TEXT(
    "a\xC3\xA9\xE2\x82\xAC\0\xF0\x9F\x98\x80z"                                       // usual characters
    "\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF\xC2\x80\xE0\xA0\x80\xF0\x90\x80\x80");  // and extreme ones

// The first five are the Unicode Standard's own examples in section 3.9: version 5.2's table 3-8, then the
// newer tables 3-8 to 3-11 (overlong forms, surrogates, other broken bytes, cut characters).
static const Text BROKEN[] = {
    TEXT("\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64"),
    TEXT("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"),
    TEXT("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"),
    TEXT("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"),
    TEXT("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"),
    TEXT("\xE2\x82\xE2\x82\xAC\xF0\x9F\x98\xF0\x9F\x98\x80\xC3\xC3\xA9"),
    TEXT("\xF4\x90\x80\x80\xF5\x80\x80\x80\xC1\x81"),
    TEXT("\xE2\x82\n\xF0\x9F\0\xC3"),
};
enum { BROKEN_TEXTS = sizeof BROKEN / sizeof *BROKEN };

typedef struct {
    int points[MOST_POINTS];
    size_t count;
    bool too_many;  // more than a chunk can give
    bool late;      // something decided was not written with its chunk
} Stream;

static void feed(Stream *s, Utf8Stream *state, const Text *text, size_t from, size_t to) {
    assert(s->count + to - from + 1 < MOST_POINTS);
    int decided[MOST_POINTS];
    char *chunk = allocate(to - from + 1, 1);  // a copy of its own: reading past it shows
    memcpy(chunk, text->text + from, to - from);
    size_t got = utf8_stream(state, chunk, to - from, s->points + s->count);
    free(chunk);
    s->too_many |= got > to - from + 1;
    s->count += got > to - from + 1 ? to - from + 1 : got;
    s->late |= s->count < decode_text(text->text, to, MAXIMAL_SUBPART, false, decided);
}

// In chunks of `size` bytes, the first of `first`; an empty chunk after that.
static Stream stream_text(const Text *text, size_t first, size_t size) {
    static Stream s;
    memset(&s, 0, sizeof s);
    Utf8Stream state = {0};
    for (size_t from = 0, to = first; from < text->n; from = to, to += size) {
        if (to > text->n) to = text->n;
        feed(&s, &state, text, from, to);
        if (from == 0) feed(&s, &state, text, to, to);
    }
    int end[4];
    size_t got = utf8_stream_end(&state, end);
    s.too_many |= got > 1;
    if (got > 0) s.points[s.count++] = end[0];
    return s;
}

static bool as_rule(const Stream *s, const Text *text, Rule rule) {
    int want[MOST_POINTS];
    size_t count = decode_text(text->text, text->n, rule, true, want);
    return !s->too_many && same_ints(s->points, s->count, want, count);
}

// A step: the code points are right; the hint shows the text and the first difference.
static void expect_points(Grade *g, int points, const char *what, int number, const Stream *s,
                          const Text *text) {
    int want[MOST_POINTS];
    size_t count = decode_text(text->text, text->n, MAXIMAL_SUBPART, true, want), i = 0;
    char bytes[200] = "";
    for (size_t b = 0; b < text->n && b < 48; b++)
        snprintf(bytes + strlen(bytes), sizeof bytes - strlen(bytes), " %02X",
                 (unsigned char)text->text[b]);
    while (i < count && i < s->count && s->points[i] == want[i]) i++;
    if (s->too_many)
        grade_expect(g, points, false, "%s %d: more than n + 1 code points of a chunk of n bytes", what,
                     number + 1);
    else if (i < count && i < s->count)
        grade_expect(g, points, false, "%s %d, code point %zu is U+%04X, should be U+%04X:%s", what,
                     number + 1, i, (unsigned)s->points[i], (unsigned)want[i], bytes);
    else
        grade_expect(g, points, s->count == count, "%s %d: %zu code points, should be %zu:%s", what,
                     number + 1, s->count, count, bytes);
}

// Of all ways to cut the text, one that is decoded wrongly; or whole, if none is. Cuts into equal chunks,
// then every pair of places.
static Stream worst_cut(const Text *text) {
    for (size_t size = 1; size <= text->n; size++) {
        Stream s = stream_text(text, size, size);
        if (!as_rule(&s, text, MAXIMAL_SUBPART)) return s;
    }
    for (size_t first = 1; first < text->n; first++)
        for (size_t second = 1; second < text->n - first; second++) {
            Stream s = stream_text(text, first, second);
            if (!as_rule(&s, text, MAXIMAL_SUBPART)) return s;
        }
    return stream_text(text, text->n, 1);
}

// The first of the broken texts that is decoded wrongly, whole or cut, and what came of it; else the last.
static int first_wrong(bool cut, Stream *s) {
    for (int i = 0;; i++) {
        *s = cut ? worst_cut(&BROKEN[i]) : stream_text(&BROKEN[i], BROKEN[i].n, 1);
        if (i == BROKEN_TEXTS - 1 || !as_rule(s, &BROKEN[i], MAXIMAL_SUBPART)) return i;
    }
}

static void recognise_rule(Grade *g, Rule rule, const char *diagnosis) {
    bool all = true, wrong = false;
    for (int i = 0; i < BROKEN_TEXTS; i++) {
        Stream s = stream_text(&BROKEN[i], BROKEN[i].n, 1);
        all = all && as_rule(&s, &BROKEN[i], rule);
        wrong = wrong || !as_rule(&s, &BROKEN[i], MAXIMAL_SUBPART);
    }
    grade_mistake(g, all && wrong, "%s", diagnosis);
}

static void check_end(Grade *g) {
    Utf8Stream state = {0};
    int points[16] = {0}, end[4] = {0};
    size_t held = utf8_stream(&state, "\xF0\x9F\x98", 3, points), got = utf8_stream_end(&state, end);
    size_t again = utf8_stream_end(&state, end + 1);
    size_t next = utf8_stream(&state, "\x80", 1, points + 4);
    grade_mistake(g, held == 0 && got == 0,
                  "what is still open when the text ends was lost: it is one U+FFFD");
    bool good = held == 0 && got == 1 && end[0] == REPLACEMENT;
    grade_expect(g, 1, good, "F0 9F 98, then the end: %zu and %zu code points, should be 0 and one U+FFFD",
                 held, got);
    grade_expect(g, 1, again == 0 && next == 1 && points[4] == REPLACEMENT,
                 "after its end a stream must be as new: nothing held, and 80 is U+FFFD");
}

static void check_stream(Grade *g) {
    const Text *good = &WELL_FORMED;
    Stream whole = stream_text(good, good->n, 1);
    expect_points(g, 3, "in one chunk, well-formed text", 0, &whole, good);

    Stream cut = worst_cut(good);
    bool bad = !as_rule(&cut, good, MAXIMAL_SUBPART);
    Utf8Stream state = {0};
    int euro[8] = {0};
    size_t first = utf8_stream(&state, "\xE2\x82", 2, euro);
    size_t second = utf8_stream(&state, "\xAC", 1, euro + (first < 4 ? first : 4));
    grade_mistake(g, bad && first > 0 && euro[0] == REPLACEMENT,
                  "the cut character was replaced too early: its other bytes come with the next chunk");
    grade_mistake(g, bad && first == 0 && !(second == 1 && euro[0] == 0x20AC),
                  "the bytes before a cut were lost: carry them over in the Utf8Stream");
    expect_points(g, 5, "cut, well-formed text", 0, &cut, good);
    check_end(g);

    recognise_rule(g, EACH_BYTE,
                   "each byte of a broken character was replaced: F1 80 80 before 'b' is one U+FFFD");
    recognise_rule(g, ONE_A_RUN,
                   "a run of broken bytes became one U+FFFD: each maximal subpart has its own");
    recognise_rule(g, SWALLOWED,
                   "the byte that cannot follow was swallowed: it begins anew (C2 62 is U+FFFD b)");
    recognise_rule(g, ANY_SECOND,
                   "E0 80, ED A0, F0 81 or F4 91 taken as one subpart: no character begins so");
    Stream s;
    int wrong = first_wrong(false, &s);
    expect_points(g, 5, "broken text", wrong, &s, &BROKEN[wrong]);
    wrong = first_wrong(true, &s);
    expect_points(g, 3, "cut, broken text", wrong, &s, &BROKEN[wrong]);
    bool late = false;
    for (int i = 0; i < BROKEN_TEXTS; i++) {
        s = stream_text(&BROKEN[i], 1, 1);
        late |= s.late;
    }
    grade_expect(g, 2, !late, "a code point came a chunk late: write it with the byte that decides it");
}

// ---- 3. WordPiece in linear time ------------------------------------------------------------------------

struct MatchTrie {
    int count, capacity;
    int (*next)[256];
    int *token;
    char (*text)[64];  // what leads to the node from its root
    int *root;
};

static long steps;  // calls of match_step

int match_nodes(const MatchTrie *trie) { return trie->count; }

int match_step(const MatchTrie *trie, int node, unsigned char byte) {
    if (node < 0 || node >= trie->count) die("match_step: there is no node %d", node);
    steps++;
    return trie->next[node][byte];
}

int match_token(const MatchTrie *trie, int node) {
    if (node < 0 || node >= trie->count) die("match_token: there is no node %d", node);
    return trie->token[node];
}

// Nodes in the order of their depth, both tries in turn. Token i is tokens[i], but for tokens[0], [UNK].
static MatchTrie match_trie_of(const char *const *tokens, int n) {
    Trie tries[2] = {0};
    size_t most = 2;
    for (int i = 0; i < 2; i++) trie_add(&tries[i], "\n", 1, 0);  // so that it has a root; a dead end
    for (int i = 1; i < n; i++) {
        int rest = strncmp(tokens[i], "##", 2) == 0;
        trie_add(&tries[rest], tokens[i] + 2 * rest, strlen(tokens[i]) - 2 * (size_t)rest, i);
    }
    most = tries[0].count + tries[1].count;
    MatchTrie trie = {.count = 2,
                      .next = allocate(most, sizeof *trie.next),
                      .token = allocate(most, sizeof(int)),
                      .text = allocate(most, sizeof *trie.text),
                      .root = allocate(most, sizeof(int))};
    int *old = allocate(most, sizeof *old);
    trie.root[REST_ROOT] = REST_ROOT;
    for (int node = 0; node < trie.count; node++) {
        const TrieNode *from = &tries[trie.root[node]].nodes[old[node]];
        trie.token[node] = node < 2 ? NO_TOKEN : from->token;
        size_t depth = strlen(trie.text[node]);
        assert(depth + 1 < sizeof trie.text[node]);
        for (int byte = 0; byte < 256; byte++) {
            trie.next[node][byte] = NO_NODE;
            if (!from->next[byte] || byte == '\n') continue;
            int child = trie.next[node][byte] = trie.count++;
            old[child] = from->next[byte];
            trie.root[child] = trie.root[node];
            memcpy(trie.text[child], trie.text[node], depth);
            trie.text[child][depth] = (char)byte;
        }
    }
    free(old), trie_free(&tries[0]), trie_free(&tries[1]);
    return trie;
}

// The longest token that begins text[0 .. n-1], and its length; NO_TOKEN if none.
static int longest(const MatchTrie *trie, int root, const char *text, size_t n, size_t *length) {
    int node = root, token = NO_TOKEN;
    for (size_t i = 0; i < n && (node = trie->next[node][(unsigned char)text[i]]) != NO_NODE; i++)
        if (trie->token[node] != NO_TOKEN) token = trie->token[node], *length = i + 1;
    return token;
}

static int node_at(const MatchTrie *trie, int node, const char *text, size_t n) {
    for (size_t i = 0; i < n && node != NO_NODE; i++) node = trie->next[node][(unsigned char)text[i]];
    return node;
}

// By definition: cut longest tokens off, at least one, until the rest is a node at REST_ROOT.
static MatchLink defined_link(const MatchTrie *trie, int node) {
    const char *text = trie->text[node];
    size_t n = strlen(text), length = 0;
    MatchLink link = {NO_NODE, 0, allocate(n + 1, sizeof(int))};
    for (int root = trie->root[node]; n > 0 && link.link == NO_NODE; root = REST_ROOT) {
        int token = longest(trie, root, text, n, &length);
        if (token == NO_TOKEN) break;
        link.pops[link.pop_count++] = token;
        text += length, n -= length;
        link.link = node_at(trie, REST_ROOT, text, n);
    }
    if (link.link == NO_NODE) link.pop_count = 0;
    return link;
}

static MatchLink *defined_links(const MatchTrie *trie) {
    MatchLink *links = allocate((size_t)trie->count, sizeof *links);
    for (int node = 0; node < trie->count; node++) links[node] = defined_link(trie, node);
    return links;
}

// By definition: the longest token, and again.
static size_t defined_encode(const MatchTrie *trie, const char *word, size_t n, int *tokens) {
    size_t count = 0, length = 0;
    for (size_t i = 0; i < n; i += length) {
        tokens[count] = longest(trie, i ? REST_ROOT : WORD_ROOT, word + i, n - i, &length);
        if (tokens[count++] != NO_TOKEN) continue;
        tokens[0] = UNKNOWN_TOKEN;
        return 1;
    }
    return count;
}

// Song et al.'s own example, with a few words more.
static const char *const PAPER[] = {"[UNK]", "a", "abcdx", "##b", "##c", "##cdy", "##dz"};
static const char *const PAPER_WORDS[] = {"abcdz", "abcdx", "a", "abc", "abcdxcdyb", "acdycdydz"};
static const char *const STUCK_WORDS[] = {"abcdzq", "abcd", "z", "ab c", "abcdxa", "bcdy", "acd"};

enum { RANDOM_TOKENS = 14, VOCABULARIES = 60 };

// Random tokens of a and b; the single letters are not always among them, so that words get stuck.
static MatchTrie random_trie(Rng *rng) {
    static char texts[RANDOM_TOKENS][16];
    const char *tokens[RANDOM_TOKENS] = {"[UNK]"};
    for (int i = 1; i < RANDOM_TOKENS; i++) {
        int rest = rng_below(rng, 3) > 0, size = 1 + rng_below(rng, 6);
        strcpy(texts[i], rest ? "##" : "");
        for (int k = 0; k < size; k++) texts[i][2 * rest + k] = "ab"[rng_below(rng, 2)];
        texts[i][2 * rest + size] = '\0';
        tokens[i] = texts[i];
    }
    return match_trie_of(tokens, RANDOM_TOKENS);
}

static void match_trie_free(MatchTrie *trie) {
    free(trie->next), free(trie->token), free(trie->text), free(trie->root);
}

// A node as a student would write it: ##cd.
static const char *node_name(const MatchTrie *trie, int node, char *to) {
    if (node < 0 || node >= trie->count) sprintf(to, node == NO_NODE ? "NO_NODE" : "no node at all");
    else if (node < 2) sprintf(to, node == WORD_ROOT ? "WORD_ROOT" : "REST_ROOT");
    else sprintf(to, "%s%s", trie->root[node] == REST_ROOT ? "##" : "", trie->text[node]);
    return to;
}

static bool good_pops(const MatchLink *got, const MatchLink *want) {
    if (got->pop_count != want->pop_count || (got->pop_count > 0 && !got->pops)) return false;
    return same_ints(got->pops, (size_t)got->pop_count, want->pops, (size_t)want->pop_count);
}

// The first node whose link differs, or NO_NODE.
static int wrong_link(const MatchTrie *trie, const MatchLink *got, const MatchLink *want) {
    for (int node = 0; node < trie->count; node++)
        if (got[node].link != want[node].link || !good_pops(&got[node], &want[node])) return node;
    return NO_NODE;
}

static void expect_links(Grade *g, int points, const MatchTrie *trie, const MatchLink *got,
                         const MatchLink *want) {
    char name[80], is[80], should[80];
    int node = wrong_link(trie, got, want);
    if (node == NO_NODE) {
        grade_expect(g, points, true, "the links");
        return;
    }
    node_name(trie, node, name);
    node_name(trie, got[node].link, is), node_name(trie, want[node].link, should);
    if (got[node].link != want[node].link)
        grade_expect(g, points, false, "the link of %s leads to %s, should lead to %s", name, is, should);
    else
        grade_expect(g, points, false, "the link of %s: %d pops, should be %d%s", name, got[node].pop_count,
                     want[node].pop_count,
                     got[node].pop_count == want[node].pop_count ? ", but others" : "");
}

static void check_links(Grade *g) {
    MatchTrie paper = match_trie_of(PAPER, sizeof PAPER / sizeof *PAPER);
    MatchLink *got = allocate((size_t)paper.count, sizeof *got), *want = defined_links(&paper);
    match_links(&paper, got);
    bool to_word = false, no_pops = false;
    for (int node = 0; node < paper.count; node++) {
        to_word |= got[node].link == WORD_ROOT && want[node].link == REST_ROOT;
        no_pops |=
            got[node].link == want[node].link && want[node].pop_count > 0 && got[node].pop_count == 0;
    }
    grade_mistake(g, to_word,
                  "a link leads to WORD_ROOT: what follows a token inside a word begins at REST_ROOT");
    grade_mistake(g, no_pops, "a link without pops: going on from it would lose the tokens before it");
    expect_links(g, 6, &paper, got, want);
    Rng rng = rng_new(31);
    for (int i = 0;; i++) {
        MatchTrie trie = random_trie(&rng);
        got = allocate((size_t)trie.count, sizeof *got), want = defined_links(&trie);
        match_links(&trie, got);
        bool last = i == VOCABULARIES - 1 || wrong_link(&trie, got, want) != NO_NODE;
        if (last) expect_links(g, 4, &trie, got, want);
        match_trie_free(&trie);
        if (last) return;
    }
}

typedef struct {
    const MatchTrie *trie;
    const MatchLink *links;
    const char *word;
    size_t n, got_count, want_count;
    int *got, *want;
    long steps;
} Encoding;

static Encoding encode_word(const MatchTrie *trie, const MatchLink *links, const char *word, size_t n) {
    Encoding e = {trie, links, word, n};
    size_t room = 4 * n + 64;
    e.got = allocate(room, sizeof *e.got), e.want = allocate(room, sizeof *e.want);
    e.want_count = defined_encode(trie, word, n, e.want);
    steps = 0;
    e.got_count = match_encode(trie, links, word, n, e.got);
    e.steps = steps;
    if (e.got_count > room) e.got_count = 0;
    return e;
}

static bool good_encoding(const Encoding *e) {
    return same_ints(e->got, e->got_count, e->want, e->want_count);
}

static bool is_unknown(const int *tokens, size_t count) { return count == 1 && tokens[0] == UNKNOWN_TOKEN; }

// A word that gets stuck, of which something is left beside [UNK].
static bool partly_unknown(const Encoding *e) {
    return e->n > 0 && is_unknown(e->want, e->want_count) && !is_unknown(e->got, e->got_count);
}

// What the walk still held at the word's end is missing.
static bool end_missing(const Encoding *e) {
    return !is_unknown(e->want, e->want_count) && e->got_count < e->want_count &&
           same_ints(e->got, e->got_count, e->want, e->got_count);
}

// A segmentation exists, but the word ended inside a longer token.
static bool end_unknown(const Encoding *e) {
    return e->n > 0 && !is_unknown(e->want, e->want_count) && is_unknown(e->got, e->got_count);
}

// All of some words, so that a mistake shows by what it does to each kind.
typedef struct {
    int wrong, partly, missing, unknown;  // how many
    Encoding first;                       // of the wrong ones
} Tally;

static void tally(Tally *t, Encoding e) {
    if (good_encoding(&e)) return;
    if (t->wrong++ == 0) t->first = e;
    t->partly += partly_unknown(&e);
    t->missing += end_missing(&e);
    t->unknown += end_unknown(&e);
}

static void expect_words(Grade *g, int points, const char *what, const Tally *t) {
    const Encoding *e = &t->first;
    bool others = e->got_count == e->want_count;
    const char *kind = is_unknown(e->want, e->want_count) ? " ([UNK])" : others ? ", but others" : "";
    grade_expect(g, points, t->wrong == 0,
                 "%s: \"%.40s\": %zu of them, should be %zu%s (wrong words: %d)", what,
                 e->word ? e->word : "", e->got_count, e->want_count, kind, t->wrong);
}

static void check_encode(Grade *g) {
    MatchTrie paper = match_trie_of(PAPER, sizeof PAPER / sizeof *PAPER);
    MatchLink *links = defined_links(&paper);
    Tally known = {0}, stuck = {0}, random = {0};
    for (size_t i = 0; i < sizeof PAPER_WORDS / sizeof *PAPER_WORDS; i++)
        tally(&known, encode_word(&paper, links, PAPER_WORDS[i], strlen(PAPER_WORDS[i])));
    tally(&known, encode_word(&paper, links, "", 0));
    grade_mistake(g, known.missing > 0 && known.missing == known.wrong,
                  "the end-of-word trap: the tokens the walk still holds at the word's end are missing");
    grade_mistake(g, known.unknown > 0 && known.unknown == known.wrong,
                  "the end-of-word trap: a word that ends inside a longer token is not lost yet");
    expect_words(g, 4, "tokens of the paper's vocabulary", &known);

    for (size_t i = 0; i < sizeof STUCK_WORDS / sizeof *STUCK_WORDS; i++)
        tally(&stuck, encode_word(&paper, links, STUCK_WORDS[i], strlen(STUCK_WORDS[i])));
    grade_mistake(g, stuck.partly > 0 && stuck.partly == stuck.wrong,
                  "only the part where it got stuck became [UNK]: the whole word is one [UNK]");
    expect_words(g, 3, "tokens of a word that gets stuck", &stuck);

    Rng rng = rng_new(32);
    for (int i = 0; i < VOCABULARIES && random.wrong == 0; i++) {
        MatchTrie *trie = allocate(1, sizeof *trie);
        *trie = random_trie(&rng);
        const MatchLink *random_links = defined_links(trie);
        for (int w = 0; w < 40; w++) {
            size_t n = (size_t)rng_below(&rng, 24);
            char *word = allocate(n + 1, 1);
            for (size_t k = 0; k < n; k++) word[k] = "ab"[rng_below(&rng, 2)];
            tally(&random, encode_word(trie, random_links, word, n));
        }
    }
    expect_words(g, 3, "tokens of a random vocabulary", &random);
}

// a a a ... with a token a^40 b: from every place the walk goes 40 deep in vain, if it starts there.
static void check_linear(Grade *g) {
    enum { DEEP = 40, LONG = 20000 };
    char long_token[DEEP + 2] = "", long_rest[DEEP + 4] = "##";
    memset(long_token, 'a', DEEP), memset(long_rest + 2, 'a', DEEP);
    long_token[DEEP] = long_rest[DEEP + 2] = 'b';
    const char *const tokens[] = {"[UNK]", "a", "##a", "##aa", long_token, long_rest};
    MatchTrie trie = match_trie_of(tokens, 6);
    MatchLink *links = defined_links(&trie);
    char *word = allocate(LONG + 1, 1);
    memset(word, 'a', LONG);
    Tally t = {0};
    long most = 0;
    for (int stuck = 0; stuck < 2; stuck++) {
        if (stuck) word[LONG - 1] = '?';
        Encoding e = encode_word(&trie, links, word, LONG);
        tally(&t, e);
        if (e.steps > most) most = e.steps;
    }
    grade_mistake(g, t.wrong == 0 && most > 2 * LONG + 1,
                  "%ld steps for %d bytes, allowed are 2n + 1: bytes were read again after a token", most,
                  LONG);
    grade_expect(g, 5, t.wrong == 0 && most <= 2 * LONG + 1,
                 "a word of %d times a, the last a '?' or not: %s", LONG,
                 t.wrong ? "the wrong tokens" : "too many steps");
}

static void check_match(Grade *g) {
    check_links(g);
    check_encode(g);
    check_linear(g);
}

// ---- 4. The n best segmentations ------------------------------------------------------------------------

// The model owns its texts through `texts`.
typedef struct {
    Unigram unigram;
    char (*texts)[8];
} Model;

static Model model_of(const char *const *texts, const double *log_p, size_t count) {
    Model m = {.texts = allocate(count, sizeof *m.texts)};
    UnigramToken *tokens = allocate(count, sizeof *tokens);
    for (size_t i = 0; i < count; i++) {
        strcpy(m.texts[i], texts[i]);
        tokens[i] = (UnigramToken){m.texts[i], strlen(texts[i]), log_p[i], strlen(texts[i]) == 1};
    }
    m.unigram = unigram_new(tokens, count);
    free(tokens);
    return m;
}

// a, b, c and their strings of two and three, each with a random ln p; one in five is not used (-INFINITY).
static Model random_model(Rng *rng) {
    enum { COUNT = 3 + 9 + 27 };
    char texts[COUNT][8] = {{0}};
    const char *pointers[COUNT];
    double log_p[COUNT];
    for (int i = 0; i < COUNT; i++) {
        int size = i < 3 ? 1 : i < 12 ? 2 : 3, code = i < 3 ? i : i < 12 ? i - 3 : i - 12;
        for (int k = 0; k < size; k++, code /= 3) texts[i][k] = (char)('a' + code % 3);
        log_p[i] = i >= 3 && rng_below(rng, 5) == 0 ? -INFINITY : -1 - 6 * rng_uniform(rng);
        pointers[i] = texts[i];
    }
    return model_of(pointers, log_p, COUNT);
}

// The scores of the `most` best segmentations, best first; how many. inner: how many of them are kept at
// the places inside the text: `most`, or, for a wrong answer to be recognised by, 1.
static size_t best_scores(const Unigram *u, const char *text, size_t n, size_t most, size_t inner,
                          double *scores) {
    double *lists = allocate((n + 1) * most, sizeof *lists);
    size_t *counts = allocate(n + 1, sizeof *counts);
    counts[0] = 1;
    for (size_t end = 1; end <= n; end++)
        for (size_t begin = end > 3 ? end - 3 : 0; begin < end; begin++) {
            int token = trie_find(&u->trie, text + begin, end - begin);
            if (token == NO_TOKEN || u->tokens[token].log_p == -INFINITY) continue;
            for (size_t r = 0; r < counts[begin] && r < inner; r++) {
                double *list = &lists[end * most], score = lists[begin * most + r] + u->tokens[token].log_p;
                if (counts[end] == most && list[most - 1] >= score) break;
                size_t i = counts[end] < most ? counts[end]++ : most - 1;
                for (; i > 0 && list[i - 1] < score; i--) list[i] = list[i - 1];
                list[i] = score;
            }
        }
    size_t count = counts[n];
    memcpy(scores, &lists[n * most], count * sizeof *scores);
    free(lists), free(counts);
    return count;
}

typedef struct {
    const Unigram *unigram;
    const char *text;
    size_t n, most, got_count, want_count;
    Segmentation *got;
    double *want;
} NBest;

static NBest run_nbest(const Unigram *u, const char *text, size_t n, size_t most) {
    NBest b = {u, text, n, most};
    b.got = allocate(most, sizeof *b.got), b.want = allocate(most, sizeof *b.want);
    for (size_t i = 0; i < most; i++) b.got[i].tokens = allocate(n + 1, sizeof *b.got[i].tokens);
    b.want_count = best_scores(u, text, n, most, most, b.want);
    b.got_count = unigram_nbest(u, text, n, most, b.got);
    return b;
}

// A score is a sum of up to 300 terms, above -2100: an addition rounds by less than 2.3e-13, all by 7e-11.
static const double EXACT = 1e-9;

static bool close_to(double a, double b) { return fabs(a - b) <= EXACT; }

static bool good_scores(const NBest *b, const double *want, size_t want_count) {
    if (b->got_count != want_count) return false;
    for (size_t i = 0; i < want_count; i++)
        if (!close_to(b->got[i].log_p, want[i])) return false;
    return true;
}

// Whether a segmentation is one of the text, and its log_p that of its tokens.
static bool is_segmentation(const NBest *b, const Segmentation *s) {
    size_t at = 0;
    double log_p = 0;
    if (s->count > b->n) return false;
    for (size_t i = 0; i < s->count; i++) {
        if (s->tokens[i] < 0 || (size_t)s->tokens[i] >= b->unigram->count) return false;
        const UnigramToken *token = &b->unigram->tokens[s->tokens[i]];
        if (at + token->size > b->n || memcmp(b->text + at, token->text, token->size) != 0) return false;
        at += token->size, log_p += token->log_p;
    }
    return at == b->n && close_to(s->log_p, log_p);
}

static bool has_twins(const NBest *b) {
    for (size_t i = 0; i < b->got_count; i++)
        for (size_t j = 0; j < i; j++)
            if (b->got[i].count <= b->n &&
                same_ints(b->got[i].tokens, b->got[i].count, b->got[j].tokens, b->got[j].count))
                return true;
    return false;
}

static bool good_nbest(const NBest *b) {
    if (!good_scores(b, b->want, b->want_count) || has_twins(b)) return false;
    for (size_t i = 0; i < b->got_count; i++)
        if (!is_segmentation(b, &b->got[i])) return false;
    return true;
}

// Only the last token varies: at every inner place only the best way was kept.
static bool one_inside(const NBest *b) {
    double *scores = allocate(b->most, sizeof *scores);
    size_t count = best_scores(b->unigram, b->text, b->n, b->most, 1, scores);
    bool same = good_scores(b, scores, count) && !good_scores(b, b->want, b->want_count);
    free(scores);
    return same;
}

static bool rising(const NBest *b) {
    for (size_t i = 1; i < b->got_count; i++)
        if (b->got[i].log_p < b->got[i - 1].log_p) return false;
    return b->got_count > 1 && b->got[b->got_count - 1].log_p > b->got[0].log_p;
}

static bool padded(const NBest *b) {
    for (size_t i = 0; i < b->got_count && i < b->most; i++)
        if (b->got[i].log_p == -INFINITY) return true;
    return false;
}

static void expect_nbest(Grade *g, int points, const char *what, const NBest *b) {
    if (b->got_count > b->most) {
        grade_expect(g, points, false, "%s: %zu segmentations, at most %zu were asked for", what,
                     b->got_count, b->most);
        return;
    }
    if (!good_nbest(b)) {
        bool sum = b->got_count > 0 && b->want_count > 1 && !close_to(b->got[0].log_p, b->want[0]) &&
                   close_to(b->got[0].log_p, unigram_log_p(b->unigram, b->text, b->n));
        grade_mistake(g, sum,
                      "the first ln p is that of the whole text: the forward sum, not the best path");
        grade_mistake(g, padded(b), "a segmentation with p = 0 fills the list: return how many there are");
        grade_mistake(g, has_twins(b),
                      "this is n-best with duplicates: the same segmentation stands in the list twice");
        grade_mistake(g, rising(b), "the list is the wrong way round: the best segmentation comes first");
        grade_mistake(g, one_inside(b),
                      "only the last token varies: the second best way to an inner place was thrown away");
    }
    size_t i = 0;
    while (i < b->got_count && i < b->want_count && close_to(b->got[i].log_p, b->want[i])) i++;
    if (i < b->got_count && i < b->want_count) {
        grade_expect(g, points, false, "%s: number %zu has ln p %.6f, should be %.6f", what, i + 1,
                     b->got[i].log_p, b->want[i]);
        return;
    }
    if (b->got_count == b->want_count)
        grade_expect(g, points, good_nbest(b),
                     "%s: the tokens of one do not spell the text, or not with its ln p", what);
    else
        grade_expect(g, points, false, "%s: how many segmentations: %zu, should be %zu", what, b->got_count,
                     b->want_count);
}

static void check_nbest(Grade *g) {
    // abc: a bc -2.2, ab c -2.5, a b c -3, abc -4. Half of that, and then more than there are.
    const char *const texts[] = {"a", "b", "c", "ab", "bc", "abc"};
    const double log_p[] = {-1, -1, -1, -1.5, -1.2, -4};
    Model m = model_of(texts, log_p, 6);
    NBest two = run_nbest(&m.unigram, "abc", 3, 2), all = run_nbest(&m.unigram, "abc", 3, 7);
    expect_nbest(g, 2, "abc, the best 2", &two);
    expect_nbest(g, 2, "abc, the best 7 (of 4)", &all);
    NBest none = run_nbest(&m.unigram, "abxc", 4, 3), empty = run_nbest(&m.unigram, "", 0, 3);
    expect_nbest(g, 1, "a text without a segmentation", &none);
    expect_nbest(g, 1, "the empty text", &empty);

    Rng rng = rng_new(41);
    for (int i = 0;; i++) {
        Model random = random_model(&rng);
        char text[12];
        size_t n = 1 + (size_t)rng_below(&rng, sizeof text), most = 1 + (size_t)rng_below(&rng, 20);
        for (size_t k = 0; k < n; k++) text[k] = (char)('a' + rng_below(&rng, 3));
        NBest b = run_nbest(&random.unigram, text, n, most);
        bool last = i == 199 || !good_nbest(&b);
        if (last) expect_nbest(g, 6, "a random model", &b);
        if (last) break;
    }
    enum { LONG = 300 };  // about 10^70 segmentations: not by listing them all
    char text[LONG];
    for (int i = 0; i < LONG; i++) text[i] = (char)('a' + rng_below(&rng, 3));
    Model random = random_model(&rng);
    NBest b = run_nbest(&random.unigram, text, LONG, 40);
    expect_nbest(g, 3, "a text of 300 letters, the best 40", &b);
}

static void check_weights(Grade *g) {
    Segmentation three[] = {{log(0.08), 0, NULL}, {log(0.04), 0, NULL}, {log(0.02), 0, NULL}};
    Segmentation small[] = {{-2000, 0, NULL}, {-2000 + log(0.25), 0, NULL}};
    double w[3] = {0}, half[3] = {0}, flat[3] = {0}, tiny[2] = {0};
    nbest_weights(three, 3, 1, w);
    nbest_weights(three, 3, 0.5, half);
    nbest_weights(three, 3, 0, flat);
    nbest_weights(small, 2, 0.5, tiny);
    double sum = sqrt(4) + sqrt(2) + 1;
    grade_mistake(g, close_to(w[0], 0.08),
                  "the weights are the p themselves: divide by their sum over the list");
    grade_mistake(g, !close_to(half[0], 2 / sum) && close_to(half[0], 4.0 / 7), "the power was left out");
    grade_expect(g, 3,
                 close_to(w[0], 4.0 / 7) && close_to(w[2], 1.0 / 7) && close_to(half[0], 2 / sum) &&
                     close_to(half[1], sqrt(2) / sum) && close_to(flat[2], 1.0 / 3),
                 "p = 0.08, 0.04, 0.02: the weights are %.4f %.4f %.4f, at power 1/2 %.4f %.4f %.4f", w[0],
                 w[1], w[2], half[0], half[1], half[2]);
    grade_mistake(g, !isfinite(tiny[0]) || tiny[0] == 0,
                  "exp(ln p) of a long text underflows to 0, and 0/0 is NaN: subtract the largest ln p");
    grade_near(g, 2, "ln p = -2000 and ln 4 less, power 1/2: the first weight", tiny[0], 2.0 / 3, EXACT);
}

static void check_unigram(Grade *g) {
    check_nbest(g);
    check_weights(g);
}

// ---- 5. Byte fallback -----------------------------------------------------------------------------------

// a b / e-acute, the mark, two CJK characters, a face.
static const int POINTS[] = {'/', 'a', 'b', 0xE9, SPACE_MARK, 0x4E2D, 0x6587, 0x1F600};
static const PointVocabulary VOCABULARY = {POINTS, sizeof POINTS / sizeof *POINTS};
static const PointVocabulary NO_POINTS = {NULL, 0};
enum { SLASH = FIRST_POINT, LETTER_A, LETTER_B, E_ACUTE, MARK, ZHONG, WEN, FACE };
#define BYTE(n) (FIRST_BYTE + (n))

typedef struct {
    int tokens[64];
    size_t count;
} Tokens;

static Tokens fallback_of(const PointVocabulary *v, const char *text, size_t n) {
    Tokens t = {{0}, 0};
    assert(n <= 64);
    size_t count = fallback_encode(v, text, n, t.tokens);
    t.count = count <= n ? count : 0;
    return t;
}

static bool comes_back(const PointVocabulary *v, const char *text, size_t n) {
    char back[4 * 64];
    Tokens t = fallback_of(v, text, n);
    size_t size = fallback_decode(v, t.tokens, t.count, back);
    return size == n && memcmp(back, text, n) == 0;
}

typedef struct {
    Text text;
    int tokens[12], count;
    const char *what;
} FallbackCase;

static const FallbackCase CASES[] = {
    {TEXT("a\xE4\xB8\xAD\xF0\x9F\x98\x80"), {LETTER_A, ZHONG, FACE}, 3, "characters of the vocabulary"},
    {TEXT("z\xE2\x82\xAC"), {BYTE('z'), BYTE(0xE2), BYTE(0x82), BYTE(0xAC)}, 4, "z and the euro sign"},
    {TEXT("a b"), {LETTER_A, MARK, LETTER_B}, 3, "a space"},
    {TEXT("\xE2\x96\x81"), {BYTE(0xE2), BYTE(0x96), BYTE(0x81)}, 3, "the text's own U+2581"},
    {TEXT("\xE4\xB8/\xE9\xE4"), {BYTE(0xE4), BYTE(0xB8), SLASH, BYTE(0xE9), BYTE(0xE4)}, 5, "cut bytes"},
    {TEXT("\xC0\xAF\xE0\x81\xA1"), {BYTE(0xC0), BYTE(0xAF), BYTE(0xE0), BYTE(0x81), BYTE(0xA1)}, 5,
     "overlong forms"},
    {TEXT("a\0\xED\xA0\x80"), {LETTER_A, BYTE(0), BYTE(0xED), BYTE(0xA0), BYTE(0x80)}, 5, "0, a surrogate"},
};
enum { FALLBACK_CASES = sizeof CASES / sizeof *CASES };

static void check_fallback_encode(Grade *g) {
    Tokens euro = fallback_of(&VOCABULARY, "z\xE2\x82\xAC", 4);
    Tokens mark = fallback_of(&VOCABULARY, "\xE2\x96\x81", 3);
    Tokens overlong = fallback_of(&VOCABULARY, "\xC0\xAF", 2);
    grade_mistake(g, holds(euro.tokens, euro.count, UNK),
                  "an unknown character became <unk>: fall back to its bytes");
    grade_mistake(g, mark.count == 1 && mark.tokens[0] == MARK,
                  "the text's own U+2581 and the space became the same token: one of them is lost");
    grade_mistake(g, overlong.count == 1 && overlong.tokens[0] == SLASH,
                  "C0 AF was read as '/': an overlong form is broken bytes, and would not come back");
    int i = 0;
    for (; i < FALLBACK_CASES; i++) {
        Tokens t = fallback_of(&VOCABULARY, CASES[i].text.text, CASES[i].text.n);
        if (!same_ints(t.tokens, t.count, CASES[i].tokens, (size_t)CASES[i].count)) break;
    }
    grade_expect(g, 4, i == FALLBACK_CASES, "encoding %s: other tokens",
                 i < FALLBACK_CASES ? CASES[i].what : "");
    Tokens bare = fallback_of(&NO_POINTS, "a \xC3\xA9", 4);
    static const int want[] = {BYTE('a'), BYTE(' '), BYTE(0xC3), BYTE(0xA9)};
    grade_equal_ints(g, 1, "encoding with an empty vocabulary", bare.tokens, (int)bare.count, want, 4);
}

static void check_fallback_decode(Grade *g) {
    static const int euro[] = {1, BYTE(0xE2), BYTE(0x82), BYTE(0xAC), ZHONG, MARK, 2, UNK};
    static const int cut[] = {LETTER_A, BYTE(0xE2), BYTE(0x82), FACE, BYTE(0xFF)};
    static const int mark[] = {MARK, BYTE(0xE2), BYTE(0x96), BYTE(0x81)};
    char a[64], b[64], c[64];
    size_t a_size = fallback_decode(&VOCABULARY, euro, 8, a);
    size_t b_size = fallback_decode(&VOCABULARY, cut, 5, b);
    size_t c_size = fallback_decode(&VOCABULARY, mark, 4, c);
    grade_mistake(g, a_size >= 6 && memcmp(a, "\xC3\xA2\xC2\x82\xC2\xAC", 6) == 0,
                  "each byte token was decoded as a character of its own: <0xE2> is a byte, not U+00E2");
    grade_mistake(g, memmem(b, b_size < 64 ? b_size : 0, "\xEF\xBF\xBD", 3) != NULL,
                  "a broken sequence was replaced by U+FFFD: decoding loses nothing");
    grade_mistake(g, c_size == 2 && memcmp(c, "  ", 2) == 0,
                  "the bytes E2 96 81 came back as a space: only the *token* of U+2581 is one");
    grade_equal_bytes(g, 2, "decoding <s> E2 82 AC U+4E2D U+2581 </s> <unk>", a, a_size,
                      "\xE2\x82\xAC\xE4\xB8\xAD ", 7);
    grade_equal_bytes(g, 1, "decoding a E2 82 U+1F600 FF", b, b_size, "a\xE2\x82\xF0\x9F\x98\x80\xFF", 8);
    grade_equal_bytes(g, 1, "decoding U+2581 E2 96 81", c, c_size, " \xE2\x96\x81", 4);
}

static void check_fallback(Grade *g) {
    check_fallback_encode(g);
    check_fallback_decode(g);
    int lost = 0, random_lost = 0;
    for (int pair = 0; pair < 65536; pair++) {
        char text[2] = {(char)(pair >> 8), (char)pair};
        lost += !comes_back(&VOCABULARY, text, 2);
    }
    static const char likely[] = "ab/ \xE4\xB8\xAD\xE2\x96\x81\xF0\x9F\x98\x80\xC3\xA9\xED\xA0\xC0\xFF";
    Rng rng = rng_new(51);
    for (int i = 0; i < 20000; i++) {
        char text[24];
        size_t n = (size_t)rng_below(&rng, sizeof text);
        for (size_t k = 0; k < n; k++) text[k] = likely[rng_below(&rng, sizeof likely)];
        random_lost += !comes_back(&VOCABULARY, text, n) || !comes_back(&NO_POINTS, text, n);
    }
    grade_expect(g, 3, lost == 0, "of the 65536 texts of two bytes, %d do not come back", lost);
    grade_expect(g, 3, random_lost == 0, "of 20000 random texts, %d do not come back", random_lost);
}

static const Problem problems[] = {
    {"1", "BPE-dropout", 20, 10, check_dropout},
    {"2", "Streaming UTF-8", 20, 10, check_stream},
    {"3", "WordPiece in linear time", 25, 10, check_match},
    {"4", "The n best segmentations", 20, 10, check_unigram},
    {"5", "Byte fallback", 15, 10, check_fallback},
    {0},
};

int main(int argc, char **argv) { return homework_main(argc, argv, "hw01", problems); }
