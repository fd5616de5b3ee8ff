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
    BET_TIES,       // a tie is a loss
    BET_ODDS,       // 1 - q for q
    BET_ADDED,      // 1 + bet x / q
    BET_LAST,       // the last round is left out
    BET_LOSSES,     // on losses
    BET_PLAIN_SUM,  // gains added, no logarithm
    BET_TIMES_Q,    // x q - 1
    BET_SIGN,       // 1 - bet (x / q - 1)
    BET_ALL,        // all is staked: bet is ignored
    BET_MEAN,       // per round
    BET_LOG2,
    BET_LOG10,
    BET_TIE_WINS,
    BET_NO_BRACKET,  // 1 + bet x / q - 1
    BET_REST,        // the first round is left out
    BET_TIE_KEEPS,   // a tie changes nothing
    BET_FREE,        // a loss costs nothing
    BET_NO_BET,      // 1 - bet + x / q
    BET_EVEN,        // 1 + bet (2 x - 1)
    BET_OTHER_ODDS,  // (x - q) / (1 - q)
} BetRule;

static void capital_by(int rule, const void *of, double *to) {
    const Bet *b = of;
    double log_sum = 0, sum = 0;
    int n = b->rounds.n - (rule == BET_LAST);
    for (int i = rule == BET_REST; i < n; i++) {
        double x = b->rounds.x[i], q = rule == BET_ODDS ? 1 - b->q : b->q;
        if (rule == BET_TIES && x < 1) x = 0;
        if (rule == BET_TIE_WINS && x > 0) x = 1;
        if (rule == BET_LOSSES) x = 1 - x, q = 1 - q;
        double gain = b->bet * (x / q - 1);
        if (rule == BET_NO_ODDS) gain = b->bet * (x - q);
        if (rule == BET_ADDED) gain = b->bet * x / q;
        if (rule == BET_TIMES_Q) gain = b->bet * (x * q - 1);
        if (rule == BET_SIGN) gain = -gain;
        if (rule == BET_ALL) gain = x / q - 1;
        if (rule == BET_NO_BRACKET) gain = b->bet * x / q - 1;
        if (rule == BET_NO_BET) gain = x / q - b->bet;
        if (rule == BET_OTHER_ODDS) gain = b->bet * (x - q) / (1 - q);
        if (rule == BET_EVEN) gain = b->bet * (2 * x - 1);
        if (x == (rule == BET_TIE_KEEPS ? 0.5 : rule == BET_FREE ? 0 : -1)) gain = 0;
        log_sum += log1p(gain), sum += gain;
    }
    *to = log_sum;
    if (rule == BET_SUM) *to = log1p(sum);
    if (rule == BET_NO_LOG) *to = exp(log_sum);
    if (rule == BET_PLAIN_SUM) *to = sum;
    if (rule == BET_MEAN) *to /= n;
    if (rule == BET_LOG2) *to /= log(2);
    if (rule == BET_LOG10) *to /= log(10);
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
    {BET_PLAIN_SUM, "no-log",
     "gains were added up: factors 1 + gain are multiplied, so their logarithms are "
     "added"},
    {BET_TIMES_Q, "times-q", "x q for x / q: these are not the odds"},
    {BET_SIGN, "bet-sign",
     "a win costs here: the capital is multiplied by 1 + bet (x / q - 1)"},
    {BET_ALL, "stakes-all",
     "all is staked, so that a loss leaves nothing: a share `bet` of it"},
    {BET_NO_BRACKET, "no-bracket",
     "bet x / q - 1: the bet is multiplied by both, bet (x / q - 1), so that a loss "
     "leaves 1 - bet"},
    {BET_MEAN, "per-round", "divided by n: the whole capital is asked for"},
    {BET_LOG2, "log-2", "a logarithm to base 2: the natural one is asked for"},
    {BET_LOG10, "log-10", "a logarithm to base 10: the natural one is asked for"},
    {BET_TIE_WINS, "tie-wins", "a tie is one half, not a win"},
    {BET_REST, "first-missing", "the first round is missing"},
    {BET_TIE_KEEPS, "tie-keeps",
     "a tie changes nothing here: it has the factor 1 + bet (1/2 / q - 1)"},
    {BET_FREE, "loss-free",
     "a loss costs nothing here: 1 - bet of the capital is left"},
    {BET_NO_BET, "win-not-staked",
     "1 - bet + x / q: what is won is in proportion to the stake, bet x / q"},
    {BET_OTHER_ODDS, "odds",
     "divided by 1 - q: a stake that wins is paid 1 / q times, (x - q) / q"},
    {BET_EVEN, "even-odds",
     "these are even odds, whatever q is: a stake that wins is paid 1 / q times"},
};

// The second row has no losses: where a loss leaves nothing, it shows how.
static void capitals_by(int rule, const void *of, double *to) {
    const Bet *b = of;
    for (int i = 0; i < 2; i++) capital_by(rule, &b[i], &to[i]);
}

static int capitals_of(const void *of, double *got) {
    const Bet *b = of;
    for (int i = 0; i < 2; i++)
        got[i] = log_capital(guarded(&b[i].rounds), b[i].rounds.n, b[i].q, b[i].bet);
    return 2;
}

static void check_capital(Grade *g) {
    const Bet b[] = {{rounds("wwtlwltwwl"), 0.4, 0.5}, {rounds("wtwwt"), 0.6, 0.25}},
              half[] = {{rounds("wwtlwltwwl"), 0.5, 0.5}, {rounds("wtwwt"), 0.5, 0.25}},
              no_ties[] = {{rounds("wwlwlwwl"), 0.4, 0.5}, {rounds("www"), 0.6, 0.25}},
              wins[] = {{rounds("wwwww"), 0.4, 0.5}, {rounds("www"), 0.6, 0.25}},
              one[] = {{rounds("w"), 0.4, 0.5}, {rounds("l"), 0.6, 0.25}};
    const Simpler simpler[] = {
        {"only-no-ties", "right without ties: what is a tie's factor?", no_ties},
        {"only-q-half", "right where q is 1/2: where does q stand, and where 1 - q?",
         half},
        {"only-wins", "right where all rounds are won: what is left after a loss?",
         wins},
        {"only-one-round", "right for one round: how do several come together?", one}};
    double got[2];
    capitals_of(b, got);
    grade_mistake(g, isnan(got[0]), "negative-capital",
                  "the logarithm of a negative number: after a loss 1 - bet of the "
                  "capital is left, so the factor is 1 + bet (x / q - 1)");
    grade_numbers(g, 5, "ln of the capital after ten rounds, and after five", got, 2,
                  TOLERANCE, capitals_by, b, BET_SLIPS, COUNT_OF(BET_SLIPS));
    grade_simpler(g, TOLERANCE, capitals_of, capitals_by, simpler, COUNT_OF(simpler));
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
    MIX_NO_LOG,
    MIX_LOG_DIVIDED,  // the logarithm of the sum, divided by 3
    MIX_FIRST,        // who bets 1/4
    MIX_LAST,
    MIX_POOREST,
    MIX_SUM_OF_LOGS,
} MixRule;

static void mixed_by(int rule, const void *of, double *to) {
    Bet b = *(const Bet *)of;
    double logs = 0, sum = 0, best = -INFINITY, least = INFINITY, one, each[3];
    for (int k = 1; k <= 3; k++) {
        b.bet = k / 4.0, capital_by(BET_RIGHT, &b, &one);
        logs += one / 3, sum += exp(one), each[k - 1] = one;
        best = fmax(best, one), least = fmin(least, one);
    }
    b.bet = 0.5, capital_by(BET_RIGHT, &b, &one);
    const double by[] = {[MIX_RIGHT] = log(sum / 3),
                         [MIX_OF_LOGS] = logs,
                         [MIX_SUM] = log(sum),
                         [MIX_BEST] = best,
                         [MIX_MIDDLE] = one,
                         [MIX_NO_LOG] = sum / 3,
                         [MIX_LOG_DIVIDED] = log(sum) / 3,
                         [MIX_FIRST] = each[0],
                         [MIX_LAST] = each[2],
                         [MIX_POOREST] = least,
                         [MIX_SUM_OF_LOGS] = 3 * logs};
    *to = by[rule];
}

static const Slip MIX_SLIPS[] = {
    {MIX_OF_LOGS, "mean-of-logs", "a mean of logarithms: the mean is of the capitals"},
    {MIX_SUM, "sum", "this is the sum of three capitals: a mean begins with 1"},
    {MIX_BEST, "richest", "the richest of the three: who that is one knows afterwards"},
    {MIX_MIDDLE, "middle",
     "one who bets 1/2, or a mean taken anew in each round, which is the same: the "
     "mean "
     "is of the capitals at the end, not of bets"},
    {MIX_NO_LOG, "mixed-no-log", "this is the capital: its logarithm is asked for"},
    {MIX_LOG_DIVIDED, "log-divided",
     "the logarithm was divided by 3: the mean is of the capitals, ln of the sum less "
     "ln 3"},
    {MIX_FIRST, "one-person",
     "this is one of the three, who bets 1/4: the mean of all"},
    {MIX_LAST, "one-person", "this is one of the three, who bets 3/4: the mean of all"},
    {MIX_POOREST, "poorest", "the poorest of the three: the mean is asked for"},
    {MIX_SUM_OF_LOGS, "mean-of-logs",
     "logarithms were added, which multiplies capitals: the mean is of the capitals"},
};

// In the first row of rounds who bets 1/2 is the richest, in the second who bets most,
// in the third who bets least.
enum { MIXES = 3 };
#define MIX_TEXTS "wwtwlwwtwl", "wwwtwwww", "llwltlll"

typedef struct {
    const char *texts[MIXES];
    double q;
} Mixes;

static void mixes_by(int rule, const void *of, double *to) {
    const Mixes *m = of;
    for (int i = 0; i < MIXES; i++) {
        Bet b = {rounds(m->texts[i]), m->q, 0};
        mixed_by(rule, &b, &to[i]);
    }
}
static int mixes_of(const void *of, double *got) {
    const Mixes *m = of;
    for (int i = 0; i < MIXES; i++) {
        Rounds r = rounds(m->texts[i]);
        got[i] = log_mixed_capital(guarded(&r), r.n, m->q);
    }
    return MIXES;
}

// Whose mean of capitals this is, if of three who bet other shares. After n wins at q =
// 1/2 one has u^n, u = 1 + bet: the sums of u, u^2 and u^3 give a cubic, and what comes
// after four wins says whether it is so.
static bool other_bets(double bets[3]) {
    double sums[5];
    for (int n = 1; n <= 4; n++) {
        Rounds r = rounds(&"wwww"[4 - n]);
        sums[n] = 3 * exp(log_mixed_capital(guarded(&r), r.n, 0.5));
    }
    double a = sums[1] / 3, second = (sums[1] * sums[1] - sums[2]) / 2,
           third = (second * sums[1] - sums[1] * sums[2] + sums[3]) / 3,
           p = a * a - second / 3, q = (2 * a * a * a - a * second + third) / 2,
           four = 0;
    if (!(p > 0)) return false;
    double turn = acos(fmax(-1, fmin(1, q / pow(p, 1.5)))),
           third_of_all = 2 * acos(-1) / 3;
    for (int k = 0; k < 3; k++) {
        bets[2 - k] =
            a + 2 * sqrt(p) * cos(turn / 3 + third_of_all * (k == 0 ? 0 : 3 - k));
        four += pow(bets[2 - k], 4), bets[2 - k] -= 1;
    }
    return fabs(four - sums[4]) < 1e-6 && bets[0] > -1e-6 && bets[2] < 1 + 1e-6;
}

static void check_mixed(Grade *g) {
    static const Mixes usual = {{MIX_TEXTS}, 0.4}, short_ones = {{"w", "l", "w"}, 0.4},
                       no_losses = {{"wwwww", "wwww", "ww"}, 0.4};
    static const Simpler simpler[] = {
        {"only-no-losses",
         "right where all rounds are won: what happens to the three after a loss?",
         &no_losses},
        {"only-one-round",
         "right after one round: what of each of the three goes into the next one?",
         &short_ones}};
    double got[MIXES], bets[3] = {0};
    mixes_of(&usual, got);
    bool nothing = true;
    for (int i = 0; i < MIXES; i++) nothing &= fabs(got[i]) < TOLERANCE;
    grade_mistake(g, nothing, "bets-of-integers",
                  "no capital changes: are the bets 0? 1 / 4, of integers, is 0 in C");
    grade_numbers(g, 3, "ln of the mean of three capitals", got, MIXES, TOLERANCE,
                  mixes_by, &usual, MIX_SLIPS, COUNT_OF(MIX_SLIPS));
    bool others = other_bets(bets);
    grade_contrast(
        g, others, "other-bets",
        "this is the mean of three who bet %.3g, %.3g and %.3g: they bet 1/4, "
        "1/2 and 3/4",
        fabs(bets[0]), fabs(bets[1]), fabs(bets[2]));
    grade_simpler(g, TOLERANCE, mixes_of, mixes_by, simpler, COUNT_OF(simpler));
    static double wins[LONG], losses[LONG];
    for (int i = 0; i < LONG; i++) wins[i] = 1;
    double high = log_mixed_capital(grade_guarded("x", wins, sizeof wins), LONG, 0.25),
           low =
               log_mixed_capital(grade_guarded("x", losses, sizeof losses), LONG, 0.25);
    grade_mistake(
        g, isfinite(high) && !isfinite(low), "mixed-maximum-from-zero",
        "after 4000 losses every capital is 0 in C: the largest logarithm was "
        "looked for from 0 on. Begin with -INFINITY, or with the first");
    grade_mistake(g, !isfinite(high) || !isfinite(low), "mixed-overflow",
                  "a capital is infinite in C, or 0: take the largest of the three "
                  "logarithms out of the sum first");
    Reading both[] = {{"after 4000 wins", high, LONG * log(3.25) - log(3), 1e-6},
                      {"after 4000 losses", low, LONG * log(0.75) - log(3), 1e-6}};
    grade_readings(g, 1, "ln of the mean of three capitals", both, 2);
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

enum { DOUBTS = 4 };
typedef struct {
    const char *texts[DOUBTS];
    double alpha[DOUBTS];
} Doubts;
// Each is in doubt before its end, and no longer at it.
static const Doubts FALLING = {
    {"wwlwwwwwwtwlllllllll", "wtwwwwlwwwlwwlwwllllllll", "wwwwtwwwwlwwwwwwlllllllll",
     "lwwwwtwwwwwwwwwlllllllll"},
    {0.2, 0.25, 0.05, 0.1}};
static const Doubts RISING = {{"wwwwwwwwww", "wwwwwwwwwwww", "wwwwwwwwwwwwwww",
                               "wwwwwwwww"},
                              {0.2, 0.25, 0.05, 0.1}},
                    ONE_ROUND = {{"w", "w", "w", "w"}, {0.7, 0.8, 0.6, 0.75}};

typedef enum {
    DOUBT_RIGHT,
    DOUBT_FROM_0,
    DOUBT_FROM_2,
    DOUBT_END,   // at the end alone
    DOUBT_LAST,  // the last round after which it was
    DOUBT_SUM,   // of the capitals
    DOUBT_RICHEST,
    DOUBT_LOGS,    // the mean of logarithms
    DOUBT_MIDDLE,  // one who bets 1/2
    DOUBT_HALVED,  // 2 / alpha
    DOUBT_DOUBLED,
    DOUBT_PLAIN,  // the logarithm against 1 / alpha
    DOUBT_BELOW,  // capital below 1 / alpha, or against alpha
    DOUBT_POOR,   // no more than alpha
    DOUBT_EXP,    // the capital against -ln alpha
} DoubtRule;

static int doubt_by(DoubtRule rule, const Rounds *r, double alpha) {
    int mixed = rule == DOUBT_SUM       ? MIX_SUM
                : rule == DOUBT_RICHEST ? MIX_BEST
                : rule == DOUBT_LOGS    ? MIX_OF_LOGS
                : rule == DOUBT_MIDDLE  ? MIX_MIDDLE
                                        : MIX_RIGHT;
    double sides = rule == DOUBT_HALVED    ? 2
                   : rule == DOUBT_DOUBLED ? 0.5
                                           : 1,
           bound = rule == DOUBT_PLAIN   ? 1 / alpha
                   : rule == DOUBT_BELOW ? log(alpha)
                   : rule == DOUBT_EXP   ? log(-log(alpha))
                                         : log(sides / alpha);
    int found = 0;
    for (int n = rule == DOUBT_END ? r->n : 1; n <= r->n; n++) {
        Bet b = {.rounds = *r, .q = 0.5};
        double log_capital;
        b.rounds.n = n, mixed_by(mixed, &b, &log_capital);
        if (rule == DOUBT_POOR ? log_capital > log(alpha) : log_capital < bound)
            continue;
        found = n - (rule == DOUBT_FROM_0) + (rule == DOUBT_FROM_2);
        if (rule != DOUBT_LAST) break;
    }
    return found;
}

static void doubts_by(int rule, const void *of, double *to) {
    const Doubts *d = of;
    for (int i = 0; i < DOUBTS; i++) {
        Rounds r = rounds(d->texts[i]);
        to[i] = doubt_by((DoubtRule)rule, &r, d->alpha[i]);
    }
}
static int doubts_of(const void *of, double *got) {
    const Doubts *d = of;
    for (int i = 0; i < DOUBTS; i++) {
        Rounds r = rounds(d->texts[i]);
        got[i] = first_doubt(guarded(&r), r.n, 0.5, d->alpha[i]);
    }
    return DOUBTS;
}

static const Slip DOUBT_SLIPS[] = {
    {DOUBT_FROM_0, "from-0", "rounds are counted from 1"},
    {DOUBT_FROM_2, "one-late",
     "one round too many: after the first round the number is 1"},
    {DOUBT_END, "at-the-end",
     "it was in doubt before, and is not at the end: once is enough"},
    {DOUBT_LAST, "last", "this is the last doubt: the first is asked for"},
    {DOUBT_SUM, "doubt-of-sum",
     "the sum of three capitals was compared: their mean begins with 1"},
    {DOUBT_RICHEST, "doubt-of-richest",
     "the richest of the three was compared: the mean of their capitals"},
    {DOUBT_LOGS, "doubt-of-logs",
     "a mean of logarithms was compared: the mean is of the capitals"},
    {DOUBT_MIDDLE, "doubt-of-middle",
     "one who bets 1/2 was compared: the mean of three capitals"},
    {DOUBT_HALVED, "halved", "1 / alpha is asked for, not 2 / alpha"},
    {DOUBT_DOUBLED, "bound-halved", "1 / alpha is asked for, not 1 / (2 alpha)"},
    {DOUBT_PLAIN, "bound-not-log",
     "a logarithm is compared with 1 / alpha: with -ln alpha, or its exponential"},
    {DOUBT_BELOW, "below",
     "in doubt is a capital of 1 / alpha or *more*, not of alpha"},
    {DOUBT_EXP, "bound-log",
     "a capital is compared with -ln alpha: with 1 / alpha, or its logarithm"},
    {DOUBT_POOR, "poor",
     "a capital of alpha or less was looked for: bets on wins that lose say nothing "
     "against q, in doubt is 1 / alpha or more"},
};

static void check_first(Grade *g) {
    double got[DOUBTS];
    doubts_of(&FALLING, got);
    // whoever looks at the end alone finds this one, and none of the others
    Rounds wins = rounds("wwwwwwwwww");
    int found = first_doubt(guarded(&wins), wins.n, 0.5, 0.2);
    // the same rounds, ended where the doubt is
    Rounds until = rounds(FALLING.texts[0]);
    int first = until.n = doubt_by(DOUBT_RIGHT, &until, FALLING.alpha[0]),
        only_at_end = first_doubt(guarded(&until), until.n, 0.5, FALLING.alpha[0]);
    bool zeros = true;
    for (int i = 0; i < DOUBTS; i++) zeros &= got[i] == 0;
    grade_mistake(g, zeros && found == wins.n, "at-the-end",
                  "it was in doubt before, and is not at the end: once is enough");
    if (grade_mistake(
            g, got[0] == first && only_at_end == 0, "last-round",
            "a doubt after the last round is not found: rounds 1 to n are looked "
            "at, the n-th too"))
        grade_expect(g, 0, false,
                     "of %d rounds, in doubt after all of them: 0, should be %d",
                     until.n, first);
    grade_mistake(
        g, zeros, "never-in-doubt",
        "no doubt is found: after each round ask for the mean of the capitals "
        "after all rounds until then, and compare its logarithm with -ln alpha");
    grade_numbers(g, 4, "the first doubt in four rows of rounds", got, DOUBTS, 0,
                  doubts_by, &FALLING, DOUBT_SLIPS, COUNT_OF(DOUBT_SLIPS));
    static const Simpler simpler[] = {
        {"only-wins",
         "right where all rounds are won: what is kept, or forgotten, after a loss?",
         &RISING},
        {"only-one-round", "right for one round: what is kept from one to the next?",
         &ONE_ROUND}};
    grade_simpler(g, 0, doubts_of, doubts_by, simpler, COUNT_OF(simpler));
}

static void check_first_none(Grade *g) {
    // after a tie at q = 1/2 all have what they had: 1, if it is not rounded below it
    Rounds tie = rounds("ttt");
    int at_once = first_doubt(guarded(&tie), tie.n, 0.5, 1);
    if (!(log_mixed_capital(guarded(&tie), 1, 0.5) >= 0)) at_once = 1;
    Rounds early = rounds(FALLING.texts[0]);
    bool counts = first_doubt(guarded(&early), early.n, 0.5, FALLING.alpha[0])
                  == doubt_by(DOUBT_RIGHT, &early, FALLING.alpha[0]);
    grade_mistake(g, counts && at_once != 1, "strictly-more",
                  "in doubt is a capital of 1 / alpha or more: just as much is enough");
    Rounds r = rounds("wltwl");
    int got = first_doubt(guarded(&r), r.n, 0.5, 0.05);
    grade_mistake(g, got == r.n || got == r.n + 1 || got == -1, "none",
                  "where there was none: 0");
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
    INTERVAL_DOUBLED,      // 1 / (2 alpha)
    INTERVAL_QUARTERED,    // 4 / alpha
    INTERVAL_HIGH_LOSSES,  // the upper end is one of the rate of losses
    INTERVAL_LOSSES,       // of the rate of losses, both
    INTERVAL_LOW_SIDE,     // low is 0
    INTERVAL_ALL,          // 0 .. 1: the search went the wrong way
    INTERVAL_SAME,         // high = low
    INTERVAL_TIES_NONE,    // losses are what is 0: a tie is none
    INTERVAL_TIES_LOST,    // losses are what is below 1: a tie is one
    INTERVAL_NOTHING,      // 0 .. 0: the search went the wrong way
    INTERVAL_AROUND,       // as far above the mean as below
    INTERVAL_SHORT,        // the last round is not looked at
    INTERVAL_HALF_HALVED,  // the upper end has the bound 1 / alpha
} IntervalRule;

static double low_by(IntervalRule rule, const Rounds *r, double alpha) {
    double sides = rule == INTERVAL_NOT_HALVED  ? 1
                   : rule == INTERVAL_DOUBLED   ? 0.5
                   : rule == INTERVAL_QUARTERED ? 4
                                                : 2;
    double low = 0, high = 1, bound = sides / alpha;
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
    Rounds wins = l->rounds;
    if (rule == INTERVAL_SHORT) wins.n--;
    Rounds losses = wins;
    double sum = 0, squares = 0, n = l->rounds.n;
    for (int i = 0; i < losses.n; i++) {
        double x = losses.x[i];
        losses.x[i] = rule == INTERVAL_TIES_NONE   ? x == 0
                      : rule == INTERVAL_TIES_LOST ? x < 1
                                                   : 1 - x;
        sum += l->rounds.x[i], squares += l->rounds.x[i] * l->rounds.x[i];
    }
    to[0] = low_by((IntervalRule)rule, &wins, l->alpha);
    to[1] = rule == INTERVAL_MIRRORED ? 1 - to[0]
            : rule == INTERVAL_ONE_SIDE
                ? 1
                : 1 - low_by((IntervalRule)rule, &losses, l->alpha);
    if (rule == INTERVAL_HALF_HALVED)
        to[1] = 1 - low_by(INTERVAL_NOT_HALVED, &losses, l->alpha);
    double low = to[0], high = to[1];
    if (rule == INTERVAL_EXCHANGED) to[0] = high, to[1] = low;
    if (rule == INTERVAL_HIGH_LOSSES) to[1] = 1 - high;
    if (rule == INTERVAL_LOSSES) to[0] = 1 - high, to[1] = 1 - low;
    if (rule == INTERVAL_LOW_SIDE) to[0] = 0;
    if (rule == INTERVAL_ALL) to[0] = 0, to[1] = 1;
    if (rule == INTERVAL_SAME) to[1] = low;
    if (rule == INTERVAL_NOTHING) to[0] = to[1] = 0;
    if (rule == INTERVAL_AROUND) to[1] = 2 * sum / n - low;
    if (rule != INTERVAL_NORMAL || squares * n == sum * sum) return;
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
    {INTERVAL_ONE_SIDE, "one-side",
     "the upper end is missing, or is found with 1 - x but q: bets on losses are at "
     "1 - q"},
    {INTERVAL_EXCHANGED, "exchanged", "low and high are exchanged"},
    {INTERVAL_DOUBLED, "alpha-doubled",
     "two sides share alpha: each has alpha / 2, the bound 2 / alpha, not alpha x 2"},
    {INTERVAL_QUARTERED, "halved-twice",
     "alpha was halved twice: each side has the bound 2 / alpha"},
    {INTERVAL_HIGH_LOSSES, "high-of-losses",
     "the upper end is a rate of losses: with losses 1 - q is found, so high is 1 less "
     "that"},
    {INTERVAL_LOSSES, "of-losses", "this is the interval of the rate of losses"},
    {INTERVAL_LOW_SIDE, "one-side", "the lower end is missing"},
    {INTERVAL_ALL, "search-backwards",
     "this is 0 .. 1: the search goes the wrong way. A q that was in doubt is below "
     "the "
     "lower end"},
    {INTERVAL_TIES_NONE, "ties-not-lost",
     "a tie is half a loss, 1 - x: here only x = 0 is one"},
    {INTERVAL_TIES_LOST, "ties-lost",
     "a tie is half a loss, 1 - x: here it is a whole one"},
    {INTERVAL_NOTHING, "search-backwards",
     "both ends are 0: the search goes the wrong way. A q that was in doubt is below "
     "the lower end"},
    {INTERVAL_HALF_HALVED, "not-halved",
     "two sides share alpha: the upper end has the bound 2 / alpha too"},
    {INTERVAL_AROUND, "around-the-mean",
     "the upper end is as far from the mean as the lower one: it is found with losses, "
     "1 - x, by itself"},
    {INTERVAL_SHORT, "last-round-missing",
     "the last round is not looked at: every look from the first to the n-th counts"},
    {INTERVAL_SAME, "same-ends",
     "both ends are the same: the upper one is found with losses"},
};

// Two ends of a bracket of 1e-9.
static const double EXACT = 2e-9;

static int interval_of(const void *of, double *got) {
    const Looks *l = of;
    WinInterval w = win_interval(guarded(&l->rounds), l->rounds.n, l->alpha);
    got[0] = w.low, got[1] = w.high;
    return 2;
}

// One end is right, or both are without ties, or for one round.
static void grade_simpler_interval(Grade *g, const double got[2],
                                   const double want[2]) {
    const Looks no_ties = {rounds("wwwwwwwwwlwlllwllwlll"), 0.1},
                one = {rounds("w"), 0.1};
    const Simpler simpler[] = {
        {"only-no-ties", "right without ties: what is a tie for who bets on losses?",
         &no_ties},
        {"only-one-round", "right after one round: at which looks is q asked for?",
         &one}};
    grade_contrast(
        g, fabs(got[0] - want[0]) < EXACT, "only-low",
        "the lower end is right, the upper one is not: it is 1 less the lower "
        "end of the same rounds with 1 - x, at the same alpha / 2");
    grade_contrast(
        g, fabs(got[1] - want[1]) < EXACT, "only-high",
        "the upper end is right, the lower one is not: it is 1 less the upper "
        "end of the same rounds with 1 - x");
    grade_simpler(g, EXACT, interval_of, interval_by, simpler, COUNT_OF(simpler));
}

static void check_interval_of(Grade *g, int points, const char *what,
                              const char *text) {
    Looks l = {rounds(text), 0.1};
    WinInterval w = win_interval(guarded(&l.rounds), l.rounds.n, l.alpha);
    double got[] = {w.low, w.high}, want[2];
    interval_by(INTERVAL_RIGHT, &l, want);
    // the same from the other side
    Rounds mirror = l.rounds;
    for (int i = 0; i < mirror.n; i++) mirror.x[i] = 1 - mirror.x[i];
    WinInterval other = win_interval(guarded(&mirror), mirror.n, l.alpha);
    bool turned =
        fabs(other.low - 1 + want[1]) < EXACT && fabs(other.high - 1 + want[0]) < EXACT;
    bool near = fabs(got[0] - want[0]) < 2e-3 && fabs(got[1] - want[1]) < 2e-3,
         exact = fabs(got[0] - want[0]) < EXACT && fabs(got[1] - want[1]) < EXACT;
    grade_mistake(
        g, near && !exact, "interval-coarse",
        "near, but not to 1e-9: halve the bracket 30 times and more, or go on "
        "until it is narrow enough");
    if (grade_mistake(g, exact && !turned, "one-sided",
                      "right for these rounds, wrong where wins and losses are "
                      "exchanged: does a search begin or end at 1/2, or at the mean?"))
        grade_expect(g, 0, false, "the same rounds, wins for losses: %.6g to %.6g",
                     other.low, other.high);
    grade_mistake(g, fabs(got[0] - 0.5) < EXACT || fabs(got[1] - 0.5) < EXACT,
                  "bracket-from-half",
                  "an end is 1/2: does the search begin or end there? Each end may be "
                  "anywhere from 0 to 1");
    grade_numbers(g, points, what, got, 2, EXACT, interval_by, &l, INTERVAL_SLIPS,
                  COUNT_OF(INTERVAL_SLIPS));
    grade_simpler_interval(g, got, want);
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
