// Problem 4: the n best segmentations.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/homework/grade.h"
#include "common/error.h"

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
        tokens[i] = (UnigramToken){m.texts[i], strlen(texts[i]), log_p[i],
                                   strlen(texts[i]) == 1};
    }
    m.unigram = unigram_new(tokens, count);
    free(tokens);
    return m;
}

typedef enum {
    ALL_TOKENS,
    NO_PAIRS,     // none of two letters: a walk to one of three passes a node without
    WHOLE_LOGS,   // whole ln p
    ALL_ARE_USED  // no -INFINITY
} ModelKind;

// a, b, c and their strings of two and three, each with a random ln p; one in five is
// not used (-INFINITY).
static Model random_model(Rng *rng, ModelKind kind) {
    enum { COUNT = 3 + 9 + 27 };
    char texts[COUNT][8] = {{0}};
    const char *pointers[COUNT];
    double log_p[COUNT];
    size_t count = 0;
    for (int i = 0; i < COUNT; i++) {
        int size = i < 3    ? 1
                   : i < 12 ? 2
                            : 3,
            code = i < 3    ? i
                   : i < 12 ? i - 3
                            : i - 12;
        for (int k = 0; k < size; k++, code /= 3) texts[i][k] = (char)('a' + code % 3);
        double p = rng_below(rng, 5) == 0 ? -INFINITY : -1 - 6 * rng_uniform(rng);
        if (kind == NO_PAIRS && size == 2) continue;
        if (kind == ALL_ARE_USED && p == -INFINITY) p = -2.5;
        log_p[count] = kind == WHOLE_LOGS ? round(4 * p) : p;
        pointers[count++] = texts[i];
    }
    return model_of(pointers, log_p, count);
}

// The scores of the `most` best segmentations, best first; how many. inner: how many of
// them are kept at the places inside the text: `most`, or, for a wrong answer to be
// recognised by, 1.
static size_t best_scores(const Unigram *u, const char *text, size_t n, size_t most,
                          size_t inner, double *scores) {
    double *lists = allocate((n + 1) * most, sizeof *lists);
    size_t *counts = allocate(n + 1, sizeof *counts);
    counts[0] = 1;
    for (size_t end = 1; end <= n; end++)
        for (size_t begin = end > 3 ? end - 3 : 0; begin < end; begin++) {
            int token = trie_find(&u->trie, text + begin, end - begin);
            if (token == NO_TOKEN || u->tokens[token].log_p == -INFINITY) continue;
            for (size_t r = 0; r < counts[begin] && r < inner; r++) {
                double *list = &lists[end * most],
                       score = lists[begin * most + r] + u->tokens[token].log_p;
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

enum { LEFT_OVER = 3 };  // in `count` before

static NBest run_nbest(const Unigram *u, const char *text, size_t n, size_t most) {
    NBest b = {.unigram = u, .text = text, .n = n, .most = most};
    b.got = allocate(most, sizeof *b.got), b.want = allocate(most, sizeof *b.want);
    // a student sets all that is in it; a count that was only added to is still inside
    for (size_t i = 0; i < most; i++)
        b.got[i] = (Segmentation){NAN, LEFT_OVER,
                                  allocate(n + 1 + LEFT_OVER, sizeof *b.got[i].tokens)};
    b.want_count = best_scores(u, text, n, most, most, b.want);
    b.got_count = unigram_nbest(u, grade_guarded("text", text, n), n, most, b.got);
    return b;
}

// The first letters alone, in a list that never gets full. (A text of few letters has
// few.)
static NBest with_room(const NBest *b) {
    enum { SHORT = 3, ALL = 8 };
    return run_nbest(b->unigram, b->text, b->n < SHORT ? b->n : SHORT, ALL);
}

// A score is a sum of up to 300 terms, above -2100: an addition rounds by less than
// 2.3e-13, all by 7e-11.
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
        if (at + token->size > b->n
            || memcmp(b->text + at, token->text, token->size) != 0)
            return false;
        at += token->size, log_p += token->log_p;
    }
    return at == b->n && close_to(s->log_p, log_p);
}

// All are segmentations of the text, if their tokens are read from the end.
static bool backwards(const NBest *b) {
    int *turned = allocate(b->n + 1, sizeof *turned);
    bool all = b->got_count > 0;
    for (size_t i = 0; i < b->got_count && all; i++) {
        Segmentation s = b->got[i];
        if (s.count > b->n) all = false;
        for (size_t k = 0; k < s.count && all; k++)
            turned[k] = s.tokens[s.count - 1 - k];
        s.tokens = turned;
        all = all && is_segmentation(b, &s);
    }
    free(turned);
    return all;
}

// As many as there should be, all of the text, the best first: but not the best.
static bool second_rate(const NBest *b) {
    if (b->got_count != b->want_count) return false;
    for (size_t i = 0; i < b->got_count; i++)
        if (!is_segmentation(b, &b->got[i])
            || (i > 0 && b->got[i].log_p > b->got[i - 1].log_p))
            return false;
    return !good_scores(b, b->want, b->want_count);
}

// All that is missing has the ln p of the one before it: equal ones were taken for one.
static bool ties_missing(const NBest *b) {
    size_t i = 0, missing = 0;
    for (size_t k = 0; k < b->want_count; k++) {
        if (i < b->got_count && close_to(b->got[i].log_p, b->want[k])) i++;
        else if (k > 0 && close_to(b->want[k], b->want[k - 1])) missing++;
        else return false;
    }
    for (size_t k = 0; k < i; k++)
        if (!is_segmentation(b, &b->got[k])) return false;
    return missing > 0;
}

static bool uses_impossible(const NBest *b) {
    for (size_t i = 0; i < b->got_count && i < b->most; i++) {
        const Segmentation *s = &b->got[i];
        for (size_t k = 0; s->log_p == -INFINITY && k < s->count && k < b->n; k++)
            if (s->tokens[k] >= 0 && (size_t)s->tokens[k] < b->unigram->count
                && b->unigram->tokens[s->tokens[k]].log_p == -INFINITY)
                return true;
    }
    return false;
}

static bool has_twins(const NBest *b) {
    for (size_t i = 0; i < b->got_count; i++)
        for (size_t j = 0; j < i; j++)
            if (b->got[i].count <= b->n
                && same_ints(b->got[i].tokens, b->got[i].count, b->got[j].tokens,
                             b->got[j].count))
                return true;
    return false;
}

static bool good_nbest(const NBest *b) {
    if (!good_scores(b, b->want, b->want_count) || has_twins(b)) return false;
    for (size_t i = 0; i < b->got_count; i++)
        if (!is_segmentation(b, &b->got[i])) return false;
    return true;
}

// Whether the lists of a few random models are right.
static bool right_with(ModelKind kind, size_t letters, size_t most) {
    Rng rng = rng_new(42);
    bool right = true;
    for (int i = 0; i < 20 && right; i++) {
        Model m = random_model(&rng, kind);
        char text[12];
        for (size_t k = 0; k < letters; k++) text[k] = (char)('a' + rng_below(&rng, 3));
        NBest b = run_nbest(&m.unigram, text, letters, most);
        right = good_nbest(&b);
    }
    return right;
}

// Wrong only where tokens have ln p = -infinity.
static bool right_if_all_used(void) {
    return right_with(ALL_ARE_USED, 9, 6) && right_with(ALL_ARE_USED, 5, 20)
           && !(right_with(ALL_TOKENS, 9, 6) && right_with(ALL_TOKENS, 5, 20));
}

// Only the last token varies: at every inner place only the best way was kept.
static bool one_inside(const NBest *b) {
    double *scores = allocate(b->most, sizeof *scores);
    size_t count = best_scores(b->unigram, b->text, b->n, b->most, 1, scores);
    bool same =
        good_scores(b, scores, count) && !good_scores(b, b->want, b->want_count);
    free(scores);
    return same;
}

static bool climbs(const NBest *b) {
    for (size_t i = 1; i < b->got_count; i++)
        if (b->got[i].log_p < b->got[i - 1].log_p) return false;
    return b->got_count > 1 && b->got[b->got_count - 1].log_p > b->got[0].log_p;
}

// The list that never gets full is there, from its worst to its best.
static bool rising(const NBest *b) {
    if (!climbs(b)) return false;
    NBest few = with_room(b);
    bool all = climbs(&few) && few.got_count == few.want_count;
    for (size_t i = 0; all && i < few.got_count; i++)
        all = close_to(few.got[i].log_p, few.want[few.want_count - 1 - i]);
    return all;
}

// The segmentations that are asked for, token by token, but for their ln p.
static bool scores_not_set(const NBest *b) {
    if (b->got_count != b->want_count || b->got_count == 0) return false;
    for (size_t i = 0; i < b->got_count; i++) {
        Segmentation s = b->got[i];
        s.log_p = b->want[i];
        if (!is_segmentation(b, &s)) return false;
    }
    return !good_scores(b, b->want, b->want_count);
}

static bool padded(const NBest *b) {
    for (size_t i = 0; i < b->got_count && i < b->most; i++)
        if (b->got[i].log_p == -INFINITY) return true;
    return false;
}

// Each ln p is that of the last token alone.
static bool last_token_alone(const NBest *b) {
    bool last = b->got_count > 0;
    for (size_t i = 0; i < b->got_count && i < b->most; i++) {
        const Segmentation *one = &b->got[i];
        last = last && one->count > 0 && one->count <= b->n
               && one->tokens[one->count - 1] >= 0
               && (size_t)one->tokens[one->count - 1] < b->unigram->count
               && close_to(one->log_p,
                           b->unigram->tokens[one->tokens[one->count - 1]].log_p);
    }
    return last;
}

// Whether the list is right where it never gets full.
static bool good_with_room(const NBest *b) {
    NBest few = with_room(b);
    return good_nbest(&few);
}

// All of them are in a list that never gets full, but not the best first.
static bool unsorted(const NBest *b) {
    NBest few = with_room(b);
    if (few.got_count != few.want_count || good_scores(&few, few.want, few.want_count))
        return false;
    for (size_t i = 0; i < few.want_count; i++) {
        size_t found = 0, should = 0;
        for (size_t k = 0; k < few.want_count; k++) {
            found += close_to(few.got[k].log_p, few.want[i]);
            should += close_to(few.want[k], few.want[i]);
        }
        if (found != should) return false;
    }
    return true;
}

// Segmentations in order, but fewer than there are.
static bool fewer(const NBest *b) {
    if (b->got_count == 0 || b->got_count >= b->want_count || has_twins(b))
        return false;
    for (size_t i = 0; i < b->got_count; i++)
        if (!is_segmentation(b, &b->got[i])) return false;
    return !climbs(b);
}

// The same segmentation twice.
static void recognise_twins(Grade *g, const NBest *b) {
    bool scores = good_scores(b, b->want, b->want_count);
    grade_mistake(
        g, has_twins(b) && !scores && b->got_count == b->want_count, "entry-twice",
        "a way is twice in a place's list, and another one is missing: "
        "inserting moves all that is behind up by one, and each way is put in "
        "once");
    grade_mistake(g, has_twins(b), "duplicates",
                  "this is n-best with duplicates: the same segmentation is in the "
                  "list twice. Does the way back take the rank of each step?");
}

// Lists of segmentations, but not those that were asked for.
static void recognise_list(Grade *g, const NBest *b) {
    grade_mistake(g, right_if_all_used(), "unused-ends",
                  "right where all tokens are used, wrong where some have ln p = "
                  "-infinity: such a token is passed over, but one that is longer, and "
                  "begins with it, is not");
    recognise_twins(g, b);
    grade_mistake(g, rising(b), "rising",
                  "the list is the wrong way round: the best segmentation comes first");
    grade_mistake(g, one_inside(b), "last-token-only",
                  "only the last token varies: the second best way to an inner "
                  "place was thrown away");
    grade_mistake(g, backwards(b), "backwards",
                  "the tokens are in the order of the way back: turn them round");
    grade_mistake(g, ties_missing(b) && !has_twins(b), "ties-missing",
                  "segmentations with the same ln p were taken for one: those "
                  "whose tokens differ are two");
    bool scores = good_scores(b, b->want, b->want_count);
    grade_mistake(g, scores && !backwards(b) && !has_twins(b) && !good_nbest(b),
                  "way-back",
                  "each ln p is right, but the tokens are not those that make it: the "
                  "way back takes the place, the rank there and the token, all three "
                  "of one step, and begins at the end with the list's own rank");
    grade_mistake(g, unsorted(b), "not-sorted",
                  "the segmentations are those that are asked for, but not in order: "
                  "the best comes first, at each place");
    bool few = fewer(b) && !one_inside(b) && !ties_missing(b);
    grade_mistake(g, few && b->got_count == 1 && close_to(b->got[0].log_p, b->want[0]),
                  "one-only", "the best one alone was returned, and there are more");
    grade_mistake(
        g, few, "some-never",
        "some segmentations are never found: a token that ends at j may begin "
        "at any place before it, and go on from each way that is kept there");
    bool second = second_rate(b) && !has_twins(b) && !one_inside(b),
         whole = second && good_with_room(b);
    grade_mistake(g, second && whole, "second-rate",
                  "segmentations of the text, but not the best ones: in a list "
                  "that is full, a better way takes the place of the worst");
    grade_mistake(
        g, second && !whole, "some-never",
        "not the best ones, though each is a segmentation: some tokens are never "
        "looked for. One that ends at j may begin at any place before it");
}

// What was not set, or not where it begins.
static void recognise_ends(Grade *g, const NBest *b) {
    bool more = b->got_count > 0 && b->n > 0;
    for (size_t i = 0; i < b->got_count && i < b->most && more; i++)
        more = b->got[i].count > b->n && b->got[i].count <= b->n + LEFT_OVER;
    grade_mistake(g, more, "count-kept",
                  "count goes on from what was in it: set it to 0 before tokens are "
                  "counted, nobody else does");
    bool none = b->n > 0 && b->got_count == 0 && b->want_count > 0;
    grade_mistake(
        g, none && right_if_all_used(), "place-without-a-way",
        "no way leads to the end, though there are some: a place to which none "
        "leads, as no token with ln p > -infinity ends there, is no reason to "
        "stop. Others are before and after it");
    grade_mistake(g, none, "none-found",
                  "no way leads to the end, though there are some: place 0 has one "
                  "way, of no tokens and ln p = 0. Tokens that begin there and tokens "
                  "that end at n, are both in the loops, or does one stop too early?");
    bool nearly = b->got_count > 0 && b->got_count == b->want_count;
    for (size_t i = 0; i < b->got_count && nearly; i++)
        nearly = fabs(b->got[i].log_p - b->want[i]) < 1e-4;
    grade_mistake(
        g, nearly && !good_scores(b, b->want, b->want_count), "score-float",
        "ln p is right to seven digits only: is it, or a sum of it, a float?");
}

static void recognise_nbest(Grade *g, const NBest *b) {
    recognise_ends(g, b);
    grade_mistake(g, b->n == 0 && b->got_count == 0, "empty-none",
                  "an empty text has one segmentation, of no tokens");
    grade_mistake(g, b->n == 0 && b->got_count > 1, "empty-many",
                  "an empty text has one segmentation, of no tokens, and no other");
    bool sum = b->got_count > 0 && b->want_count > 1
               && !close_to(b->got[0].log_p, b->want[0])
               && close_to(b->got[0].log_p, unigram_log_p(b->unigram, b->text, b->n));
    grade_mistake(g, sum, "forward-sum",
                  "the first ln p is that of the whole text: the forward sum, not "
                  "the best path");
    grade_mistake(g, b->n > 1 && last_token_alone(b), "last-token-score",
                  "a way's ln p is that of its last token alone: add that of the way "
                  "before it");
    grade_mistake(g, uses_impossible(b), "impossible-token",
                  "a token with ln p = -infinity was used: a segmentation with it "
                  "has p = 0 and is none");
    grade_mistake(
        g, padded(b), "padded",
        "a segmentation with p = 0 fills the list: return how many there are");
    grade_mistake(g, b->got_count == b->most && b->want_count < b->most,
                  "most-returned",
                  "`most` was returned, and there are fewer: how many there are");
    grade_mistake(
        g, scores_not_set(b), "score-not-set",
        "these are the tokens of the best, but log_p is not the sum of theirs");
    recognise_list(g, b);
}

// The simpler models, texts and lists that are right.
static void contrast_nbest(Grade *g, bool right) {
    static const struct {
        ModelKind kind;
        size_t letters, most;
        const char *code, *says;
    } cases[] = {
        {WHOLE_LOGS, 9, 6, "only-whole-logs",
         "right where all ln p are whole numbers: is a difference of two of them, or "
         "one "
         "of them, an int somewhere, say in what qsort is told?"},
        {ALL_ARE_USED, 9, 6, "only-all-used",
         "right where no token has ln p = -infinity: what becomes of a place to which "
         "no "
         "way leads?"},
        {ALL_TOKENS, 9, 1, "only-the-best",
         "right where the best one alone is asked for: which ways to a place are kept, "
         "and from which of them does a token go on?"},
        {ALL_TOKENS, 4, 20, "only-with-room",
         "right where the list never gets full: what is thrown away where it is?"},
        {ALL_TOKENS, 2, 20, "only-two-letters",
         "right for texts of two letters: what of ways that come together at inner "
         "places?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases && !right; i++)
        grade_contrast(g, right_with(cases[i].kind, cases[i].letters, cases[i].most),
                       cases[i].code, "%s", cases[i].says);
}

// Tokens a, b, c and abc, and ab or not: the walk to abc passes its node. Whether abc
// is found.
static bool finds_longest(bool with_pair) {
    const char *const texts[] = {"a", "b", "c", "abc", "ab"};
    const double log_p[] = {-1, -1, -1, -4, -9};
    Model m = model_of(texts, log_p, with_pair ? 5 : 4);
    NBest all = run_nbest(&m.unigram, "abc", 3, 4);
    return all.got_count > 1 && all.got_count <= 3 && close_to(all.got[1].log_p, -4);
}

static void expect_list(Grade *g, int points, const char *what, const NBest *b) {
    if (b->got_count > b->most) {
        grade_expect(g, points, false,
                     "%s: %zu segmentations, at most %zu were asked for", what,
                     b->got_count, b->most);
        return;
    }
    if (!good_nbest(b)) {
        grade_mistake(g, finds_longest(true) && !finds_longest(false), "walk-stops",
                      "of a, b, c and abc the longest is never found: the walk through "
                      "the trie was given up at a node where no token ends (ab), and a "
                      "longer one may go on from there");
        recognise_nbest(g, b);
    }
    size_t i = 0;
    while (i < b->got_count && i < b->want_count
           && close_to(b->got[i].log_p, b->want[i]))
        i++;
    if (i < b->got_count && i < b->want_count) {
        grade_expect(g, points, false, "%s: number %zu has ln p %.6f, should be %.6f",
                     what, i + 1, b->got[i].log_p, b->want[i]);
        return;
    }
    if (b->got_count == b->want_count)
        grade_expect(
            g, points, good_nbest(b),
            "%s: the tokens of one do not spell the text, or not with its ln p", what);
    else
        grade_expect(g, points, false, "%s: how many segmentations: %zu, should be %zu",
                     what, b->got_count, b->want_count);
}

static void expect_nbest(Grade *g, int points, const char *what, const NBest *b) {
    expect_list(g, points, what, b);
    contrast_nbest(g, b->got_count <= b->most && good_nbest(b));
}

static void check_nbest(Grade *g) {
    // abc: a bc -2.2, ab c -2.5, a b c -3, abc -4. Half of that, and then more than
    // there are.
    const char *const texts[] = {"a", "b", "c", "ab", "bc", "abc"};
    const double log_p[] = {-1, -1, -1, -1.5, -1.2, -4};
    Model m = model_of(texts, log_p, 6);
    NBest two = run_nbest(&m.unigram, "abc", 3, 2),
          all = run_nbest(&m.unigram, "abc", 3, 7);
    expect_nbest(g, 2, "abc, the best 2", &two);
    expect_nbest(g, 2, "abc, the best 7 (of 4)", &all);
    NBest none = run_nbest(&m.unigram, "abxc", 4, 3),
          empty = run_nbest(&m.unigram, "", 0, 3);
    expect_nbest(g, 1, "a text without a segmentation", &none);
    expect_nbest(g, 1, "the empty text", &empty);

    Rng rng = rng_new(41);
    for (int i = 0;; i++) {
        Model random = random_model(&rng, i % 4 == 3 ? NO_PAIRS : ALL_TOKENS);
        char text[12];
        size_t n = 1 + (size_t)rng_below(&rng, sizeof text),
               most = 1 + (size_t)rng_below(&rng, 20);
        for (size_t k = 0; k < n; k++) text[k] = (char)('a' + rng_below(&rng, 3));
        NBest b = run_nbest(&random.unigram, text, n, most);
        bool last = i == 199 || !good_nbest(&b);
        if (last) expect_nbest(g, 3, "a random model", &b);
        if (last) break;
    }
    enum { LONG = 300 };  // about 10^70 segmentations: not by listing them all
    char text[LONG];
    for (int i = 0; i < LONG; i++) text[i] = (char)('a' + rng_below(&rng, 3));
    Model random = random_model(&rng, ALL_TOKENS);
    NBest b = run_nbest(&random.unigram, text, LONG, 40);
    expect_nbest(g, 2, "a text of 300 letters, the best 40", &b);
}

// w: at power 1, half: at 1/2.
static void recognise_weights(Grade *g, const double *w, const double *half) {
    double sum = sqrt(4) + sqrt(2) + 1;
    grade_mistake(
        g, close_to(w[0], 0.08) || close_to(w[0], 1), "weights-not-normalised",
        "the weights are the p themselves, or their ratios to the largest: divide by "
        "their sum over the list");
    grade_mistake(
        g, close_to(half[0], 4.0 / 7) && !close_to(half[1], 2.0 / 7),
        "weights-power-above",
        "the power is above the fraction alone: the sum is one of p^power too");
    grade_mistake(g, !close_to(half[0], 2 / sum) && close_to(half[0], 4.0 / 7),
                  "weights-no-power", "the power was left out");
    grade_mistake(g, close_to(w[0], 1.0 / 7) && close_to(w[2], 4.0 / 7),
                  "weights-inverted",
                  "the best segmentation has the least weight: p^power, not p^-power");
    grade_mistake(g, close_to(half[0], 16. / 21), "weights-inverse-power",
                  "ln p was divided by the power: multiplied by it");
    grade_mistake(g, close_to(w[0], 1.0 / 3) && close_to(w[1], 0.5 / 3),
                  "weights-by-count",
                  "divided by the number of segmentations: by the sum of p^power");
    bool ratios = close_to(w[0], 2 * w[1]) && close_to(half[0], sqrt(2) * half[1]);
    grade_mistake(g, ratios && fabs(w[0] + w[1] + w[2] - 1) > 1e-6, "weights-other-sum",
                  "the ratios are right, but the weights do not sum to 1: add up the "
                  "very terms that are divided");
    bool nearly = fabs(w[0] - 4.0 / 7) < 1e-6 && fabs(half[0] - 2 / sum) < 1e-6;
    grade_mistake(g, nearly && !(close_to(w[0], 4.0 / 7) && close_to(half[0], 2 / sum)),
                  "weights-float", "right to seven digits only: is something a float?");
    grade_mistake(g, close_to(w[0], 4.0 / 7) && close_to(half[0], 4.0 / 14),
                  "weights-times-power", "p was multiplied by the power: raised to it");
}

static void check_weights(Grade *g) {
    Segmentation three[] = {
        {log(0.08), 0, NULL}, {log(0.04), 0, NULL}, {log(0.02), 0, NULL}};
    Segmentation small[] = {{-2000, 0, NULL}, {-2000 + log(0.25), 0, NULL}};
    double w[3] = {0}, half[3] = {0}, flat[3] = {0}, tiny[2] = {0}, plain[2] = {0};
    nbest_weights(three, 3, 1, w);
    nbest_weights(three, 3, 0.5, half);
    nbest_weights(three, 3, 0, flat);
    nbest_weights(small, 2, 0.5, tiny);
    nbest_weights(small, 2, 1, plain);
    double sum = sqrt(4) + sqrt(2) + 1;
    recognise_weights(g, w, half);
    grade_expect(g, 2,
                 close_to(w[0], 4.0 / 7) && close_to(w[2], 1.0 / 7)
                     && close_to(half[0], 2 / sum) && close_to(half[1], sqrt(2) / sum)
                     && close_to(flat[2], 1.0 / 3),
                 "p = 0.08, 0.04, 0.02: the weights are %.4f %.4f %.4f, at power 1/2 "
                 "%.4f %.4f %.4f",
                 w[0], w[1], w[2], half[0], half[1], half[2]);
    bool one = close_to(w[0], 4.0 / 7) && close_to(w[2], 1.0 / 7);
    grade_contrast(
        g, one && close_to(half[0], 2 / sum), "only-power-1",
        "right at power 1 and 1/2, wrong at 0: there all are equal, 1 / count");
    grade_contrast(
        g, one, "only-power-1",
        "right at power 1: where does the power come in, above and in the sum?");
    grade_contrast(
        g, close_to(flat[2], 1.0 / 3), "only-power-0",
        "right at power 0, where all are equal: what is above, and what in the "
        "sum?");
    bool ordinary = close_to(w[0], 4.0 / 7),
         lost = ordinary && (!isfinite(tiny[0]) || tiny[0] == 0);
    grade_mistake(g, lost && close_to(plain[0], 0.8), "weights-power-late",
                  "at power 1 it is right, at 1/2 e^1000 is infinite: subtract the "
                  "largest ln p first, then multiply by the power");
    grade_mistake(g, lost && !close_to(plain[0], 0.8), "weights-underflow",
                  "exp(ln p) of a long text underflows to 0, and 0/0 is NaN: subtract "
                  "the largest ln p");
    if (close_to(tiny[0], 2.0 / 3))
        grade_near(g, 2, "ln p = -2000 and ln 4 less, power 1: the first weight",
                   plain[0], 0.8, EXACT);
    else
        grade_near(g, 2, "ln p = -2000 and ln 4 less, power 1/2: the first weight",
                   tiny[0], 2.0 / 3, EXACT);
}

void check_unigram(Grade *g) {
    grade_part(g, check_nbest(g));
    grade_part(g, check_weights(g));
}
