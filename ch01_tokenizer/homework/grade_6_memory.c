// Problem 6: a memory of words.
#include <math.h>
#include <stdlib.h>

#include "ch01_tokenizer/homework/grade.h"

enum {
    MOST = 5,
    STEPS = 4000
};  // words of a line; draws until nothing changes any more

// The share from its definition: the probability of each pair (newer, older), carried from
// draw to draw.
static double share_by_draws(const double *p, int n, bool first_out) {
    double state[MOST][MOST] = {{0}}, all = 0, share = 0;
    for (int i = 0; i < n; i++) all += p[i];
    if (n == 1) return 1;
    state[0][1] = 1;
    for (int step = 0; step < STEPS; step++) {
        double next[MOST][MOST] = {{0}};
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                for (int r = 0; r < n && state[i][j] > 0; r++) {
                    bool stays = r == i || (first_out && r == j);
                    next[stays ? i : r][stays ? j : i] += state[i][j] * p[r] / all;
                }
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) state[i][j] = next[i][j];
    }
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) share += state[i][j] * (p[i] + p[j]) / all;
    return share;
}

// The solution's sum with a slip in it.
typedef enum {
    NEWER_AGAIN,
    WRONG_DIVISOR,
    NOT_WEIGHED,
    NO_DIVISOR,  // the older is drawn with p_r / S, not S - p_i
    BOTH_PLAIN,  // so too, and the newer one's own draws counted
    SUM_IS_ONE,  // 1 - p_i for S - p_i
    OLDER_ALONE,
    TWICE_NEWER,     // 2 sum of squares
    NEWER_WEIGHT,    // the newer one's share is missing
    PRODUCT,         // p_i p_r without division
    MEAN,            // over the words, not weighed
    SUM_FORGOTTEN,   // p_i p_r / (1 - p_i)
    PAIRS_ONCE,      // r after i only
    PAIRS_BACK,      // r before i only
    NO_SUM,          // 1 for S everywhere
    NEWER_PLAIN,     // p_r for the newer one's p_r / S
    OLDER_PLAIN,     // p_i p_r / (S - p_i) for the older one
    FIRST_AS_NEWER,  // the sum over the newer one leaves out word 0
    LAST_AS_NEWER,   // or the last one
    FIRST_DRAWN,     // the sum over the one drawn leaves out word 0
    LAST_DRAWN,      // or the last one
    BOTH_LESS,       // S - p_i - p_r
    // pairs (newer, older), each with what both words know; of these
    ONE_ORDER,      // the one order: the first is the newer
    NO_LAST_OLDER,  // none with the last word as the older, or as the newer
    NO_LAST_NEWER,
} Slip;
// How likely r is the older word while i is the newer one, of n words.
static double older_by(Slip slip, const double *p, int n, double all, int i, int r) {
    if ((slip == FIRST_AS_NEWER && i == 0) || (slip == LAST_AS_NEWER && i == n - 1))
        return 0;
    if (i == r && slip != NEWER_AGAIN && slip != BOTH_PLAIN) return 0;
    if ((slip == PAIRS_ONCE && r < i) || (slip == PAIRS_BACK && r > i)) return 0;
    switch (slip) {
        case NO_DIVISOR:
        case BOTH_PLAIN: return p[i] / all * p[r] / all;
        case SUM_FORGOTTEN: return p[i] * p[r] / (1 - p[i]);
        case SUM_IS_ONE: return p[i] / all * p[r] / (1 - p[i]);
        case WRONG_DIVISOR: return p[i] / all * p[r] / (all - p[r]);
        case NEWER_WEIGHT: return p[r] / (all - p[i]);
        case PRODUCT: return p[i] * p[r];
        case OLDER_PLAIN: return p[i] * p[r] / (all - p[i]);
        case BOTH_LESS: return p[i] / all * p[r] / (all - p[i] - p[r]);
        case TWICE_NEWER: return 0;
        default: return p[i] / all * p[r] / (all - p[i]);
    }
}

// The sum over pairs instead of words.
static double share_of_pairs(Slip slip, const double *p, int n, double all) {
    double share = 0;
    for (int i = 0; i < n - (slip == NO_LAST_NEWER); i++)
        for (int r = slip == ONE_ORDER ? i + 1 : 0; r < n - (slip == NO_LAST_OLDER);
             r++)
            share += older_by(slip, p, n, all, i, r) * (p[i] + p[r]) / all;
    return share;
}

static double share_with(Slip slip, const double *p, int n) {
    double all = 0, share = 0;
    for (int i = 0; i < n; i++) all += p[i];
    if (slip >= ONE_ORDER) return share_of_pairs(slip, p, n, all);
    if (slip == NO_SUM) all = 1;
    for (int r = slip == FIRST_DRAWN; r < n - (slip == LAST_DRAWN); r++) {
        double there = slip == OLDER_ALONE   ? 0
                       : slip == NEWER_PLAIN ? p[r]
                                             : p[r] / all;
        if (slip == TWICE_NEWER) there *= 2;
        for (int i = 0; i < n; i++) there += older_by(slip, p, n, all, i, r);
        share += slip == NOT_WEIGHED ? there
                 : slip == MEAN      ? there / n
                                     : p[r] / all * there;
    }
    return share;
}

static const struct {
    Slip slip;
    const char *code, *says;
} SHARE_SLIPS[] = {
    {NO_DIVISOR, "older-not-renormalised",
     "the older word is the last drawn but for the newer one's draws: among all "
     "but "
     "that, so divide by S - p_i, not by S"},
    {BOTH_PLAIN, "two-draws",
     "the last two draws may be the same word: the line keeps two different ones"},
    {SUM_IS_ONE, "sum-is-one",
     "the sum of p need not be 1: the older word is drawn from S - p_i, not 1 - "
     "p_i"},
    {SUM_FORGOTTEN, "sum-is-one",
     "the sum of p need not be 1: p_i / S, and the older word from S - p_i"},
    {NO_SUM, "sum-is-one",
     "the sum of p was taken for 1, and need not be: p_i / S, and S - p_i"},
    {NEWER_PLAIN, "newer-not-divided",
     "the newer word's probability is p_i / S, not p_i: the sum of p need not be "
     "1"},
    {OLDER_PLAIN, "older-not-divided",
     "the older word's share misses a division by S: p_i / S for the newer one, "
     "and p_r / (S - p_i)"},
    {FIRST_AS_NEWER, "first-word",
     "word 0 is left out where the newer word is summed over: words count from 0"},
    {LAST_AS_NEWER, "last-word",
     "the last word is left out where the newer word is summed over"},
    {FIRST_DRAWN, "first-word", "the draws of word 0 are left out: words count from 0"},
    {LAST_DRAWN, "last-word", "the draws of the last word are left out"},
    {BOTH_LESS, "older-divisor",
     "the older word is drawn from all but the newer, i: S - p_i, its own draws "
     "stay in"},
    {MEAN, "not-weighed", "a mean over the words: weigh each by how often it is drawn"},
    {OLDER_ALONE, "older-alone",
     "that is the older word alone: the line knows the newer "
     "one too"},
    {TWICE_NEWER, "twice-newer",
     "the older word is not as likely as the newer one: it is another word"},
    {NEWER_WEIGHT, "newer-not-weighed",
     "which word is the newer one is weighed by how often it is drawn: p_i / S"},
    {PRODUCT, "older-product", "p_i p_r is divided by S (S - p_i)"},
    {PAIRS_ONCE, "pairs-once",
     "each pair was taken once: which of its two words is the newer one makes two "
     "cases"},
    {ONE_ORDER, "pairs-once",
     "each pair was taken once: which of its two words is the newer one makes two "
     "cases, of different probability"},
    {NO_LAST_OLDER, "last-word",
     "the last word is left out where the older word is summed over"},
    {NO_LAST_NEWER, "last-word",
     "the last word is left out where the newer word is summed over"},
    {PAIRS_BACK, "pairs-once",
     "each pair was taken once: which of its two words is the newer one makes two "
     "cases"},
};

// Slips that show in the three words, and in the same ten times as often.
static void recognise_share(Grade *g, double got, const double *p) {
    bool right = fabs(got - share_by_draws(p, 3, false)) <= 1e-9;
    grade_mistake(
        g, !isfinite(got), "share-nan",
        "this is no number: something was divided by 0. Is the sum of p in an "
        "int, where 1/2 is 0?");
    for (size_t i = 0; i < sizeof SHARE_SLIPS / sizeof *SHARE_SLIPS; i++)
        grade_mistake(
            g, !right && fabs(got - share_with(SHARE_SLIPS[i].slip, p, 3)) <= 1e-9,
            SHARE_SLIPS[i].code, "%s", SHARE_SLIPS[i].says);
}

static double newer_alone(const double *p, int n) {
    double all = 0, squares = 0;
    for (int i = 0; i < n; i++) all += p[i], squares += p[i] * p[i];
    return squares / (all * all);
}

static const double EXACT = 1e-9;  // rounding of a few dozen operations is far below
static bool close_to(double a, double b) { return fabs(a - b) <= EXACT; }

static double share_of(const double *p, int n) {
    return line_share(grade_guarded("p", p, (size_t)n * sizeof *p), (size_t)n);
}

// The simpler line whose share is right.
static void contrast_line(Grade *g, bool right) {
    static const struct {
        double p[MOST];
        int n;
        const char *code, *says;
    } cases[] = {
        {{0.5, 0.3, 0.2},
         3,
         "only-sum-1",
         "right where the sum of p is 1: each p needs to be divided by S, also in S - "
         "p_i"},
        {{0.2, 0.2, 0.2, 0.2},
         4,
         "only-equal-words",
         "right where all words are drawn equally often: which p stands where, p_i of "
         "the newer word or p_r of the older?"},
        {{0.4, 0.3, 0.2},
         3,
         "only-three-words",
         "right for three words: is the sum taken over all n?"},
        {{0.3, 0.2},
         2,
         "only-two-words",
         "right for two words, of which the line holds both: of three, which is the "
         "older one, and how often?"},
        {{0.3},
         1,
         "only-one-word",
         "right for a line of one word: which two are held of more words, and how "
         "often?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases && !right; i++)
        grade_contrast(g,
                       close_to(share_of(cases[i].p, cases[i].n),
                                share_by_draws(cases[i].p, cases[i].n, false)),
                       cases[i].code, "%s", cases[i].says);
}

// One word, two, and random ones.
static void check_lines(Grade *g) {
    static const double one[] = {0.3}, two[] = {0.2, 0.01};
    double alone = share_of(one, 1), both = share_of(two, 2);
    grade_expect(g, 1, close_to(alone, 1) && close_to(both, 1),
                 "lines of one and of two words: %.6f and %.6f, should be 1", alone,
                 both);
    Rng rng = rng_new(61);
    double worst = 0;
    for (int t = 0; t < 20; t++) {
        double p[MOST];
        int n = 3 + rng_below(&rng, MOST - 2);
        for (int i = 0; i < n; i++) p[i] = 0.05 + rng_uniform(&rng);
        double off = fabs(share_of(p, n) - share_by_draws(p, n, false));
        worst = off > worst || isnan(off) ? off : worst;
    }
    grade_expect(g, 2, worst <= EXACT, "random lines: off by %g", worst);
    contrast_line(g, worst <= EXACT);
    grade_mistake(g, !close_to(alone, 1) && close_to(both, 1), "one-word",
                  "a line of one word knows all of its draws: its share is 1");
}

static void check_line(Grade *g) {
    static const double three[] = {0.5, 0.25, 0.25}, scaled[] = {5, 2.5, 2.5};
    double got = share_of(three, 3), at_scale = share_of(scaled, 3);
    grade_mistake(
        g, close_to(got, share_by_draws(three, 3, true)), "first-out",
        "that is first in, first out, the lecture's: here a word that is found "
        "becomes the newer one");
    grade_mistake(g, close_to(got, newer_alone(three, 3)), "newer-alone",
                  "that is the newer word alone: the line knows the older one too");
    grade_mistake(
        g, close_to(got, share_with(NEWER_AGAIN, three, 3)), "older-is-newer",
        "the older word is never the newer one too: leave i = r out of the sum");
    grade_mistake(
        g, close_to(got, share_with(WRONG_DIVISOR, three, 3)), "older-divisor",
        "the older word is drawn from all but the newer, i: divide by S - p_i");
    grade_mistake(g, close_to(got, share_with(NOT_WEIGHED, three, 3)), "not-weighed",
                  "how likely each word is there was summed up: weigh it by how often "
                  "that word is drawn");
    recognise_share(g, got, three);
    contrast_line(g, grade_near(g, 2, "p = 1/2, 1/4, 1/4", got,
                                share_by_draws(three, 3, false), EXACT));
    grade_mistake(g, !close_to(at_scale, got) && close_to(at_scale, 10 * got),
                  "not-a-share",
                  "a share of the line's own draws: divide by the sum of p");
    recognise_share(g, at_scale, scaled);
    contrast_line(g, grade_near(g, 1, "the same, ten times as often", at_scale,
                                share_by_draws(three, 3, false), EXACT));
    check_lines(g);
}

// The least number of words with an error in it.
typedef enum {
    SIZE_RIGHT,
    SIZE_SHORT_SUM,  // ranks 1 .. ranks - 1 are summed
    SIZE_FROM_ZERO,  // 0^-a is
    SIZE_RISING,     // r^a
    SIZE_PLAIN,      // the share against a sum that is not divided
    SIZE_ONE_LESS,   // a rank from 0
    SIZE_ONE_MORE,
    SIZE_STRICT,     // more than the share
    SIZE_NO_POWER,   // 1 / r whatever a is
    SIZE_SQUARES,    // p^2: draws of draws
    SIZE_REST,       // what is not known
    SIZE_LEAST,      // the least frequent ones are held
    SIZE_WHOLE,      // 1 / r in integers
    SIZE_WHOLE_SUM,  // in the sum of all draws alone
    SIZE_WHOLE_HELD,
    SIZE_EXP,    // e^(-a r)
    SIZE_WORDS,  // a share of the words
} SizeRule;

// What the word of this rank, from 1, is drawn with.
static double drawn_by(SizeRule rule, double rank, double a) {
    if (rule == SIZE_EXP) return exp(-a * rank);
    if (rule == SIZE_WHOLE && rank > 1) return pow(0, a);
    return pow(rank, -a);
}

static size_t size_by(SizeRule rule, size_t ranks, double a, double share) {
    double all = 0, held = 0;
    if (rule == SIZE_WORDS) a = 0;
    if (rule == SIZE_RISING) a = -a;
    if (rule == SIZE_NO_POWER) a = 1;
    if (rule == SIZE_SQUARES) a = 2 * a;
    size_t last = ranks - (rule == SIZE_SHORT_SUM);
    for (size_t r = rule == SIZE_FROM_ZERO ? 0 : 1; r <= last; r++)
        all += drawn_by(rule == SIZE_WHOLE_SUM ? SIZE_WHOLE : rule, (double)r, a);
    if (rule == SIZE_PLAIN) all = 1;
    if (rule == SIZE_REST) share = 1 - share;
    for (size_t r = 0; r < ranks; r++) {
        bool enough = rule == SIZE_STRICT ? held > share * all : held >= share * all;
        if (enough)
            return r - (rule == SIZE_ONE_LESS && r > 0) + (rule == SIZE_ONE_MORE);
        double rank = rule == SIZE_LEAST ? (double)(ranks - r) : (double)r + 1;
        held += drawn_by(rule == SIZE_WHOLE_HELD ? SIZE_WHOLE : rule,
                         rank - (rule == SIZE_FROM_ZERO), a);
    }
    return ranks;
}

typedef struct {
    size_t ranks;
    double a, share;
} Memory;
static const Memory MEMORIES[] = {{4, 1, 0.5},     {10, 0, 0.35}, {7, 1, 0.8},
                                  {20, 0.5, 0.6},  {9, 2, 0.9},   {30, 1.2, 0.3},
                                  {12, 0.7, 0.95}, {8, 0, 0.5}};  // the last: reached

static const struct {
    SizeRule rule;
    const char *code, *says;
} SIZE_SLIPS[] = {
    {SIZE_SHORT_SUM, "last-rank-missing",
     "the last rank is missing in the sum of all draws: 1 .. ranks"},
    {SIZE_WHOLE, "integers", "1 / r is 0 in integers, for all ranks but the first"},
    {SIZE_WHOLE_SUM, "integers",
     "1 / r is 0 in integers, for all ranks but the first: in the sum of all "
     "draws"},
    {SIZE_WHOLE_HELD, "integers",
     "1 / r is 0 in integers, for all ranks but the first: in what the memory "
     "knows"},
    {SIZE_EXP, "size-exponential", "r to the power -a, not e^(-a r)"},
    {SIZE_WORDS, "share-of-words",
     "this is the share of the words: it is of the draws, and a frequent word has "
     "more of them"},
    {SIZE_FROM_ZERO, "rank-zero", "0^-a is infinite: ranks count from 1"},
    {SIZE_RISING, "size-rising",
     "the words become more frequent with their rank: the exponent is -a"},
    {SIZE_PLAIN, "size-not-a-share",
     "the share was compared with a sum that was not divided: `all` draws are the "
     "sum "
     "over all ranks"},
    {SIZE_ONE_LESS, "one-short",
     "a rank counted from 0 is one less than the number of words up to it"},
    {SIZE_ONE_MORE, "one-long", "one word more than it takes"},
    {SIZE_STRICT, "size-strict",
     "a share that is reached is enough: 0 words know a share of 0"},
    {SIZE_NO_POWER, "no-power", "r^-a: the exponent was not used"},
    {SIZE_SQUARES, "squares", "draws have the probability r^-a, not its square"},
    {SIZE_REST, "share-of-rest", "this memory misses the share: it is to know it"},
    {SIZE_LEAST, "least-frequent", "the most frequent words are held, rank 1 first"},
};

static void recognise_size(Grade *g) {
    enum { COUNT = sizeof MEMORIES / sizeof *MEMORIES };
    size_t got[COUNT];
    bool right = true;
    for (int i = 0; i < COUNT; i++) {
        const Memory *m = &MEMORIES[i];
        got[i] = memory_words(m->ranks, m->a, m->share);
        right &= got[i] == size_by(SIZE_RIGHT, m->ranks, m->a, m->share);
    }
    for (size_t k = 0; k < sizeof SIZE_SLIPS / sizeof *SIZE_SLIPS && !right; k++) {
        bool same = true;
        for (int i = 0; i < COUNT; i++)
            same &= got[i]
                    == size_by(SIZE_SLIPS[k].rule, MEMORIES[i].ranks, MEMORIES[i].a,
                               MEMORIES[i].share);
        grade_mistake(g, same, SIZE_SLIPS[k].code, "%s", SIZE_SLIPS[k].says);
    }
}

static bool size_right(size_t ranks, double a, double share) {
    return memory_words(ranks, a, share) == size_by(SIZE_RIGHT, ranks, a, share);
}

// The simpler memory whose size is right.
static void contrast_size(Grade *g, bool right) {
    if (right) return;
    bool whole = size_right(7, 1, 0.8) && size_right(9, 2, 0.9);
    grade_contrast(
        g, whole && !size_right(20, 0.5, 0.6), "only-whole-a",
        "right where a is a whole number, wrong where it is 0.5: is it made an "
        "int, or is r^-a computed in another way than by pow?");
    grade_contrast(
        g, whole && size_right(4, 1, 0.4), "only-between",
        "right where the share lies between what two sizes know, wrong where "
        "it is reached exactly, or all draws are asked for: sums are compared "
        "with a sum, in one order of adding");
    grade_contrast(
        g, size_right(10, 0, 0.35) && size_right(20, 0, 0.72), "only-a-0",
        "right where a is 0 and all words are drawn equally often: which word "
        "has r^-a, and is its own in the sum?");
    grade_contrast(g, size_right(4, 1, 0.5) && size_right(9, 1, 0.7), "only-a-1",
                   "right where a is 1: is r^-a computed for any a, 0 too?");
    grade_contrast(
        g, size_right(1, 1, 0.5), "only-one-rank",
        "right for one word: what is summed over the ranks, and what over the "
        "words held?");
}

// The two that can be added up by hand, then the others.
static void expect_sizes(Grade *g, size_t half, size_t flat) {
    const Memory *wrong = NULL;
    for (size_t i = sizeof MEMORIES / sizeof *MEMORIES; i-- > 0;)
        if (!size_right(MEMORIES[i].ranks, MEMORIES[i].a, MEMORIES[i].share))
            wrong = &MEMORIES[i];
    if (half != 2 || flat != 4)
        grade_expect(g, 2, false,
                     "half of four words' draws: %zu words, should be 2; 0.35 of ten "
                     "equal ones: %zu, should be 4",
                     half, flat);
    else
        grade_expect(
            g, 2, !wrong, "%zu words, a = %g, share %g: %zu, should be %zu",
            wrong ? wrong->ranks : 0, wrong ? wrong->a : 0, wrong ? wrong->share : 0,
            wrong ? memory_words(wrong->ranks, wrong->a, wrong->share) : 0,
            wrong ? size_by(SIZE_RIGHT, wrong->ranks, wrong->a, wrong->share) : 0);
    contrast_size(g, !wrong);
}

static void check_size(Grade *g) {
    recognise_size(g);
    // 1, 1/2, 1/3, 1/4: of 25/12 the first has 0.48, the first two have 0.72
    size_t half = memory_words(4, 1, 0.5), flat = memory_words(10, 0, 0.35),
           none = memory_words(4, 1, 0), all = memory_words(4, 1, 1);
    grade_mistake(g, half == 2 && none == 1, "size-strict",
                  "a share that is reached is enough: 0 words know a share of 0");
    expect_sizes(g, half, flat);
    grade_expect(g, 1, none == 0 && all == 4,
                 "none and all of four words' draws: %zu and %zu, should be 0 and 4",
                 none, all);
    contrast_size(g, none == 0 && all == 4);
    size_t large = memory_words(1000000, 1, 0.9), want = 237100;
    grade_mistake(
        g,
        half == 2 && flat == 4 && all == 4 && large > 200000 && large < 270000
            && llabs((long long)large - (long long)want) > 1,
        "float-sum",
        "a million small numbers were added up in float: next to a large sum most "
        "of each is rounded away. Sum in double");
    grade_expect(g, 1, llabs((long long)large - (long long)want) <= 1,
                 "nine tenths of the draws of a million words: %zu, should be %zu",
                 large, want);
    grade_contrast(
        g, size_right(1000, 1, 0.9), "only-thousand",
        "right for a thousand words, wrong for a million: what overflows, or "
        "loses its digits?");
}

void check_memory(Grade *g) {
    grade_part(g, check_line(g));
    grade_part(g, check_size(g));
}
