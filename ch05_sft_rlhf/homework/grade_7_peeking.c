// Problem 7: an interval that peeking does not break.
#include <math.h>

#include "ch05_sft_rlhf/homework/grade.h"

static const double TOLERANCE = 1e-9;

// Wins, ties and losses; w, t and l of a text.
enum { ROUNDS_MOST = 64 };
typedef struct {
    double x[ROUNDS_MOST];
    int n;
} Rounds;

static Rounds rounds(const char *text) {
    Rounds r = {.n = 0};
    for (; *text; text++) r.x[r.n++] = *text == 'w' ? 1 : *text == 't' ? 0.5 : 0;
    return r;
}

static const double *guarded(const Rounds *r) {
    return grade_guarded("x", r->x, (size_t)r->n * sizeof *r->x);
}

// ---- one capital

typedef struct {
    Rounds rounds;
    double q, bet;
} Bet;

typedef enum {
    BET_RIGHT,
    BET_NO_ODDS,  // 1 + bet (x - q)
    BET_SUM,      // what is won is not staked again
    BET_NO_LOG,
    BET_TIES,    // a tie is a loss
    BET_ODDS,    // 1 - q for q
    BET_ADDED,   // 1 + bet x / q
    BET_LAST,    // the last round is left out
    BET_LOSSES,  // on losses
} BetRule;

static void capital_by(int rule, const void *of, double *to) {
    const Bet *b = of;
    double log_sum = 0, sum = 0;
    int n = b->rounds.n - (rule == BET_LAST);
    for (int i = 0; i < n; i++) {
        double x = b->rounds.x[i], q = rule == BET_ODDS ? 1 - b->q : b->q;
        if (rule == BET_TIES && x < 1) x = 0;
        if (rule == BET_LOSSES) x = 1 - x, q = 1 - q;
        double gain = b->bet * (x / q - 1);
        if (rule == BET_NO_ODDS) gain = b->bet * (x - q);
        if (rule == BET_ADDED) gain = b->bet * x / q;
        log_sum += log1p(gain), sum += gain;
    }
    *to = rule == BET_SUM ? log1p(sum) : rule == BET_NO_LOG ? exp(log_sum) : log_sum;
}

static const Slip BET_SLIPS[] = {
    {BET_NO_ODDS, "no-odds", "x - q for x / q - 1: these are not the odds"},
    {BET_SUM, "not-staked-again", "gains are added: what was won is staked again"},
    {BET_NO_LOG, "no-log", "this is the capital: its logarithm is asked for"},
    {BET_TIES, "ties", "a tie is one half, not a loss"},
    {BET_ODDS, "odds", "q and 1 - q are exchanged"},
    {BET_ADDED, "stake-kept", "the stake is paid: x / q - 1"},
    {BET_LAST, "one-short", "the last round is missing"},
    {BET_LOSSES, "bet-on-losses", "this is a bet on losses"},
};

static void check_capital(Grade *g) {
    Bet b = {rounds("wwtlwltwwl"), 0.4, 0.5};
    double got = log_capital(guarded(&b.rounds), b.rounds.n, b.q, b.bet);
    grade_numbers(g, 5, "ln of the capital after ten rounds", &got, 1, TOLERANCE,
                  capital_by, &b, BET_SLIPS, COUNT_OF(BET_SLIPS));
}

enum { LONG = 4000 };
static void check_capital_long(Grade *g) {
    static double x[LONG];
    for (int i = 0; i < LONG; i++) x[i] = 1;
    double got = log_capital(grade_guarded("x", x, sizeof x), LONG, 0.25, 0.5),
           want = LONG * log(2.5);
    grade_mistake(g, !isfinite(got), "overflow",
                  "the capital is infinite in C: add logarithms");
    grade_near(g, 2, "ln of the capital after 4000 wins", got, want, 1e-6);
}

// ---- three people

typedef enum {
    MIX_RIGHT,
    MIX_OF_LOGS,  // the mean of the logarithms
    MIX_SUM,      // not divided by 3
    MIX_BEST,     // the richest
    MIX_MIDDLE,   // one who bets the mean share
    MIX_NO_LOG
} MixRule;

static void mixed_by(int rule, const void *of, double *to) {
    Bet b = *(const Bet *)of;
    double logs = 0, sum = 0, best = -INFINITY, one;
    for (int k = 1; k <= 3; k++) {
        b.bet = k / 4.0, capital_by(BET_RIGHT, &b, &one);
        logs += one / 3, sum += exp(one), best = fmax(best, one);
    }
    b.bet = 0.5, capital_by(BET_RIGHT, &b, &one);
    const double by[] = {
        [MIX_RIGHT] = log(sum / 3), [MIX_OF_LOGS] = logs, [MIX_SUM] = log(sum),
        [MIX_BEST] = best,          [MIX_MIDDLE] = one,   [MIX_NO_LOG] = sum / 3};
    *to = by[rule];
}

static const Slip MIX_SLIPS[] = {
    {MIX_OF_LOGS, "mean-of-logs", "a mean of logarithms: the mean is of the capitals"},
    {MIX_SUM, "sum", "this is the sum of three capitals: a mean begins with 1"},
    {MIX_BEST, "richest", "the richest of the three: who that is one knows afterwards"},
    {MIX_MIDDLE, "middle", "one who bets 1/2: the mean is of capitals, not of bets"},
    {MIX_NO_LOG, "mixed-no-log", "this is the capital: its logarithm is asked for"},
};

static void check_mixed(Grade *g) {
    Bet b = {rounds("wwtwlwwtwl"), 0.4, 0};
    double got = log_mixed_capital(guarded(&b.rounds), b.rounds.n, b.q);
    grade_numbers(g, 4, "ln of the mean of three capitals", &got, 1, TOLERANCE,
                  mixed_by, &b, MIX_SLIPS, COUNT_OF(MIX_SLIPS));
}

// ---- the first doubt

static double mean_capital(const double *x, int n, double q) {
    Bet b = {.q = q};
    double to;
    for (b.rounds.n = 0; b.rounds.n < n; b.rounds.n++)
        b.rounds.x[b.rounds.n] = x[b.rounds.n];
    mixed_by(MIX_NO_LOG, &b, &to);
    return to;
}

static int first_by(const Rounds *r, double q, double bound) {
    for (int n = 1; n <= r->n; n++)
        if (mean_capital(r->x, n, q) >= bound) return n;
    return 0;
}

static void check_first(Grade *g) {
    Rounds r = rounds("wwlwwwwwwtwlllllllll");
    int got = first_doubt(guarded(&r), r.n, 0.5, 0.2), want = first_by(&r, 0.5, 5);
    grade_mistake(g, got == want - 1, "from-0", "rounds are counted from 1");
    grade_mistake(g, got > want && mean_capital(r.x, got, 0.5) >= 5, "last",
                  "this is a later doubt: the first is asked for");
    grade_mistake(g, got == 0, "at-the-end",
                  "it was in doubt before, and is not at the end: once is enough");
    grade_mistake(g, got == first_by(&r, 0.5, 10), "halved",
                  "1 / alpha is asked for, not 2 / alpha");
    grade_mistake(g, got == 1, "below", "in doubt is a capital of 1 / alpha or *more*");
    grade_expect(g, 4, got == want, "the first doubt is after %d rounds, should be %d",
                 got, want);
}

static void check_first_none(Grade *g) {
    Rounds r = rounds("wltwl");
    int got = first_doubt(guarded(&r), r.n, 0.5, 0.05);
    grade_mistake(g, got == r.n || got == -1, "none", "where there was none: 0");
    grade_expect(g, 2, got == 0, "without a doubt: %d, should be 0", got);
}

// ---- the interval

typedef enum {
    INTERVAL_RIGHT,
    INTERVAL_LAST,        // at the last look alone
    INTERVAL_NOT_HALVED,  // 1 / alpha on either side
    INTERVAL_NORMAL,      // 1.96 standard errors
    INTERVAL_MIRRORED,    // the upper end as one less the lower
    INTERVAL_ONE_SIDE,    // high is 1
    INTERVAL_EXCHANGED,
} IntervalRule;

static double low_by(IntervalRule rule, const Rounds *r, double alpha) {
    double low = 0, high = 1, bound = (rule == INTERVAL_NOT_HALVED ? 1 : 2) / alpha;
    for (int i = 0; i < 50; i++) {
        double q = (low + high) / 2;
        bool doubt = rule == INTERVAL_LAST ? mean_capital(r->x, r->n, q) >= bound
                                           : first_by(r, q, bound) > 0;
        *(doubt ? &low : &high) = q;
    }
    return low;
}

typedef struct {
    Rounds rounds;
    double alpha;
} Looks;

static void interval_by(int rule, const void *of, double *to) {
    const Looks *l = of;
    Rounds losses = l->rounds;
    double sum = 0, squares = 0, n = l->rounds.n;
    for (int i = 0; i < losses.n; i++) {
        losses.x[i] = 1 - losses.x[i];
        sum += l->rounds.x[i], squares += l->rounds.x[i] * l->rounds.x[i];
    }
    to[0] = low_by((IntervalRule)rule, &l->rounds, l->alpha);
    to[1] = rule == INTERVAL_MIRRORED ? 1 - to[0]
            : rule == INTERVAL_ONE_SIDE
                ? 1
                : 1 - low_by((IntervalRule)rule, &losses, l->alpha);
    if (rule == INTERVAL_EXCHANGED) {
        double low = to[0];
        to[0] = to[1], to[1] = low;
    }
    if (rule != INTERVAL_NORMAL) return;
    double mean = sum / n, error = sqrt((squares / n - mean * mean) / (n - 1));
    to[0] = mean - 1.96 * error, to[1] = mean + 1.96 * error;
}

static const Slip INTERVAL_SLIPS[] = {
    {INTERVAL_LAST, "last-look", "this looks once, at the end: every look counts"},
    {INTERVAL_NOT_HALVED, "not-halved",
     "two sides share alpha: each has the bound 2 / alpha"},
    {INTERVAL_NORMAL, "normal", "this is the usual interval: it holds for one look"},
    {INTERVAL_MIRRORED, "mirrored",
     "the upper end is found with losses (1 - x), not as 1 - low"},
    {INTERVAL_ONE_SIDE, "one-side", "the upper end is missing"},
    {INTERVAL_EXCHANGED, "exchanged", "low and high are exchanged"},
};

static void check_interval_of(Grade *g, int points, const char *what,
                              const char *text) {
    Looks l = {rounds(text), 0.1};
    WinInterval w = win_interval(guarded(&l.rounds), l.rounds.n, l.alpha);
    double got[] = {w.low, w.high};
    grade_numbers(g, points, what, got, 2, 1e-7, interval_by, &l, INTERVAL_SLIPS,
                  COUNT_OF(INTERVAL_SLIPS));
}

static void check_interval(Grade *g) {
    check_interval_of(g, 5, "the interval after 24 rounds", "wwwwwwtwwwlwltllwllwtlll");
}
static void check_interval_wins(Grade *g) {
    check_interval_of(g, 3, "the interval after 12 wins", "wwwwwwwwwwww");
}

void check_peeking(Grade *g) {
    grade_part(g, check_capital(g));
    grade_part(g, check_capital_long(g));
    grade_part(g, check_mixed(g));
    grade_part(g, check_first(g));
    grade_part(g, check_first_none(g));
    grade_part(g, check_interval(g));
    grade_part(g, check_interval_wins(g));
}
