// Problem 6: two ways to mix documents.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch05_sft_rlhf/homework/grade.h"
#include "common/numeric/hash.h"
#include "common/numeric/rng.h"

static const double TOLERANCE = 1e-9;

// ---- five readers that say something for every prefix

enum { DOCUMENTS = 5, SYMBOLS = 3, END = SYMBOLS, LONGEST = 5, TOKENS = SYMBOLS + 1 };
static const double WEIGHT[DOCUMENTS] = {0.3, 0.25, 0.2, 0.15, 0.1},
                    ALIKE[DOCUMENTS] = {0.2, 0.2, 0.2, 0.2, 0.2};

typedef struct {
    uint64_t seed;
    bool open;   // an answer need not have ended after LONGEST tokens
    bool same;   // all documents say the same
    bool alike;  // all documents have the same weight
} World;
static double weight_in(const World *w, int z) {
    return (w->alike ? ALIKE : WEIGHT)[z];
}

static void next(const void *self, int z, const int *prefix, int count, double *log_p) {
    const World *w = self;
    int says = w->same ? 0 : z;
    uint64_t h = hash_bytes(HASH_START, &says, sizeof says);
    if (count) h = hash_bytes(h, prefix, (size_t)count * sizeof *prefix);
    Rng rng = rng_new(w->seed ^ h);
    double sum = 0;
    for (int y = 0; y < TOKENS; y++) {
        log_p[y] = 1.5 * rng_normal(&rng);
        if (y == END)
            log_p[y] += count + 1 == LONGEST && !w->open ? 12 : 0.5 * (count - 1);
        sum += exp(log_p[y]);
    }
    for (int y = 0; y < TOKENS; y++) log_p[y] -= log(sum);
}

static Readers readers(const World *w) {
    return (Readers){
        DOCUMENTS, SYMBOLS,
        LONGEST,   grade_guarded("weight", w->alike ? ALIKE : WEIGHT, sizeof WEIGHT),
        next,      w};
}

// ---- probabilities

typedef enum {
    MIX_RIGHT,
    MIX_OTHER,   // token for sequence, sequence for token
    MIX_ALIKE,   // weights are not used
    MIX_BEST,    // the best document alone
    MIX_NO_END,  // END does not count
    MIX_NO_LOG,
    MIX_LOGS,          // the mean of logarithms
    MIX_FIRST,         // every token from an empty prefix
    MIX_NO_WEIGHT,     // weights are 1
    MIX_TWICE,         // divided by how many documents there are, too
    MIX_LOG_SUM,       // logarithms of all documents added, weights too
    MIX_WEIGHT_ADDED,  // p(z) for ln p(z)
    MIX_WEIGHT_TIMES,  // p(z) ln p(y)
    MIX_AHEAD,         // the prefix has the token itself in it
    MIX_WHOLE,         // and all others
    MIX_MEAN,          // per token
    MIX_SIGN,
    MIX_BITS,
    MIX_HEAVY,       // the document with the largest weight
    MIX_FEWER,       // the last document is left out
    MIX_LAST_TOKEN,  // the token before for the whole prefix
    MIX_EACH_TOKEN,  // by sequence: p(z) for every token
    MIX_ONCE,        // by token: p(z) for the first token alone
    MIX_WEIGHT_SQUARED,
} MixRule;

typedef struct {
    const World *world;
    int answer[LONGEST], count;
    bool token;
} Mix;

static double one_after(const Mix *m, int z, int i, int prefix) {
    double log_p[TOKENS];
    next(m->world, z, m->answer, prefix, log_p);
    return log_p[m->answer[i]];
}
static double after_last(const Mix *m, int z, int i) {
    double log_p[TOKENS];
    next(m->world, z, i > 0 ? &m->answer[i - 1] : NULL, i > 0, log_p);
    return log_p[m->answer[i]];
}
static double one_by(const Mix *m, int z, int i, bool first) {
    return one_after(m, z, i, first ? 0 : i);
}

// Tokens from .. to - 1 of the answer by one document.
static double stretch_by(const Mix *m, MixRule rule, int z, int from, int to) {
    double log_p = 0;
    for (int i = from; i < to; i++)
        log_p += rule == MIX_LAST_TOKEN ? after_last(m, z, i)
                                        : one_after(m, z, i,
                                                    rule == MIX_FIRST   ? 0
                                                    : rule == MIX_AHEAD ? i + 1
                                                    : rule == MIX_WHOLE ? m->count
                                                                        : i);
    return log_p;
}

static double weight_of(MixRule rule, const World *w, int z) {
    if (rule == MIX_NO_WEIGHT) return 1;
    if (rule == MIX_TWICE) return weight_in(w, z) / DOCUMENTS;
    if (rule == MIX_HEAVY) return z == 0;
    if (rule == MIX_WEIGHT_SQUARED) return weight_in(w, z) * weight_in(w, z);
    if (rule == MIX_FEWER && z + 1 == DOCUMENTS) return 0;
    return rule == MIX_ALIKE ? ALIKE[z] : weight_in(w, z);
}

// The sum over documents of tokens from .. to - 1 of the answer.
static double mixture(const Mix *m, MixRule rule, int from, int to) {
    double sum = 0, best = 0, logs = 0, added = 0, all = 0, times = 0;
    for (int z = 0; z < DOCUMENTS; z++) {
        double weight = weight_of(rule, m->world, z),
               log_p = stretch_by(m, rule, z, from, to);
        if (rule == MIX_EACH_TOKEN) weight = pow(weight, to - from);
        if (rule == MIX_ONCE && from > 0) weight = 1;
        sum += weight * exp(log_p), best = fmax(best, weight * exp(log_p));
        logs += weight * log_p, all += log(weight_in(m->world, z)) + log_p;
        added += exp(weight + log_p), times += exp(weight * log_p);
    }
    switch (rule) {
        case MIX_LOGS: return logs;
        case MIX_LOG_SUM: return all;
        case MIX_WEIGHT_ADDED: return log(added);
        case MIX_WEIGHT_TIMES: return log(times);
        default: return log(rule == MIX_BEST ? best : sum);
    }
}

static void mix_by(int rule, const void *of, double *to) {
    const Mix *m = of;
    int count = m->count - (rule == MIX_NO_END);
    *to = 0;
    if (m->token == (rule == MIX_OTHER)) *to = mixture(m, (MixRule)rule, 0, count);
    else
        for (int i = 0; i < count; i++) *to += mixture(m, (MixRule)rule, i, i + 1);
    if (rule == MIX_NO_LOG) *to = exp(*to);
    if (rule == MIX_MEAN) *to /= m->count;
    if (rule == MIX_SIGN) *to = -*to;
    if (rule == MIX_BITS) *to /= log(2);
}

#define MIX_SLIPS \
    {MIX_ALIKE, "no-weights", "the documents' weights are not used"}, \
        {MIX_BEST, "best-document", \
         "this is the best document alone: their sum is asked for"}, \
        {MIX_NO_END, "no-end", "END is a token of the answer: it counts"}, \
        {MIX_NO_LOG, "no-log", "this is the probability: its logarithm is asked for"}, \
        {MIX_LOGS, "mean-of-logs", "a mean of logarithms: probabilities are mixed"}, \
        {MIX_FIRST, "no-prefix", \
         "a token depends on those before it: prefix and count"}, \
        {MIX_FEWER, "last-document-missing", "the last document is left out"}, \
        {MIX_LAST_TOKEN, "last-token", \
         "a token depends on all those before it: the prefix is the answer from its " \
         "beginning, not the last token alone"}, \
        {MIX_WEIGHT_SQUARED, "weight-twice", "p(z) is there twice: once"}, \
        {MIX_NO_WEIGHT, "no-weights", \
         "the documents' weights are not used: p(z) multiplies each"}, \
        {MIX_TWICE, "mean-again", \
         "divided by how many documents there are: the weights sum to 1 already"}, \
        {MIX_LOG_SUM, "sum-of-logs", \
         "the documents' logarithms were added, which multiplies their " \
         "probabilities: " \
         "the probabilities are added"}, \
        {MIX_WEIGHT_ADDED, "weight-not-log", \
         "p(z) was added to a logarithm: add ln p(z), or multiply before it"}, \
        {MIX_WEIGHT_TIMES, "weight-times-log", \
         "p(z) multiplies a logarithm, which is a power: it multiplies the " \
         "probability"}, \
        {MIX_AHEAD, "prefix-long", \
         "the prefix has the token itself in it: token i is read after i tokens"}, \
        {MIX_WHOLE, "prefix-whole", \
         "every token was read after the whole answer: token i is read after i " \
         "tokens"}, \
        {MIX_MEAN, "per-token-mean", "divided by the number of tokens: the sum"}, \
        {MIX_SIGN, "minus-log", "this is -ln p: ln p is asked for"}, \
        {MIX_BITS, "bits", "in bits: the natural logarithm is asked for"}, { \
        MIX_HEAVY, "heaviest-document", \
            "this is the document with the largest weight alone: their sum is asked " \
            "for" \
    }

static const Slip SEQUENCE_SLIPS[] = {
    {MIX_OTHER, "token",
     "this mixes at every token: one document for the whole answer"},
    {MIX_EACH_TOKEN, "weight-each-token",
     "p(z) was multiplied in for every token: a document is chosen once, for the whole "
     "answer"},
    MIX_SLIPS,
};
static const Slip TOKEN_SLIPS[] = {
    {MIX_OTHER, "sequence", "this is one document for the answer: one for each token"},
    {MIX_ONCE, "weight-once",
     "p(z) was multiplied in for the first token alone: each token has its own "
     "document"},
    MIX_SLIPS,
};

static const World VALUES = {.seed = 1};

static int log_p_of(const void *of, double *got) {
    const Mix *m = of;
    Readers r = readers(m->world);
    size_t size = (size_t)m->count * sizeof *m->answer;
    const int *answer = grade_guarded("answer", m->answer, size);
    *got = (m->token ? token_log_p : sequence_log_p)(&r, answer, m->count);
    return 1;
}

static void check_log_p(Grade *g, bool token) {
    static const World same = {.seed = 1, .same = true},
                       alike = {.seed = 1, .alike = true};
    const Mix m = {&VALUES, {1, 0, 2, END}, 4, token}, one = {&VALUES, {END}, 1, token},
              of_same = {&same, {1, 0, 2, END}, 4, token},
              of_alike = {&alike, {1, 0, 2, END}, 4, token};
    const Simpler simpler[] = {
        {"only-alike",
         "right where all documents weigh the same: where does p(z) stand?", &of_alike},
        {"only-same",
         "right where all documents say the same: what is added up, probabilities or "
         "logarithms, and which document's?",
         &of_same},
        {"only-one-token",
         "right for an answer of one token: what goes on from one token to the next, "
         "the "
         "prefix, the sum, the document?",
         &one}};
    double got;
    log_p_of(&m, &got);
    grade_numbers(g, token ? 3 : 4, token ? "ln p by token" : "ln p by sequence", &got,
                  1, TOLERANCE, mix_by, &m, token ? TOKEN_SLIPS : SEQUENCE_SLIPS,
                  token ? COUNT_OF(TOKEN_SLIPS) : COUNT_OF(SEQUENCE_SLIPS));
    grade_simpler(g, TOLERANCE, log_p_of, mix_by, simpler, COUNT_OF(simpler));
}
static void check_sequence(Grade *g) { check_log_p(g, false); }
enum { MANY = 147, LONG = 400 };
static void evenly(const void *self, int z, const int *prefix, int count,
                   double *log_p) {
    (void)self, (void)z, (void)prefix, (void)count;
    for (int y = 0; y <= MANY; y++) log_p[y] = -log(MANY + 1);
}

static void check_long(Grade *g) {
    static int answer[LONG];
    answer[LONG - 1] = MANY;
    Readers r = {2, MANY, LONG, (const double[]){0.25, 0.75}, evenly, NULL};
    double got = sequence_log_p(&r, answer, LONG), want = -LONG * log(MANY + 1);
    grade_mistake(
        g, isinf(got), "underflow",
        "e^-1999 is 0 in C: take the largest exponent, which is far below 0, out of "
        "the sum");
    grade_near(g, 2, "ln p by sequence of 400 tokens of ln p = -5", got, want, 1e-6);
}

static void check_token(Grade *g) {
    static int answer[LONG];
    answer[LONG - 1] = MANY;
    Readers r = {2, MANY, LONG, (const double[]){0.25, 0.75}, evenly, NULL};
    check_log_p(g, true);
    double got = token_log_p(&r, answer, LONG), want = -LONG * log(MANY + 1);
    grade_mistake(g, isinf(got), "token-underflow",
                  "a product of 400 probabilities is 0 in C: add their logarithms");
    grade_near(g, 1, "ln p by token of 400 tokens of ln p = -5", got, want, 1e-6);
}

// ---- decoding by token

enum { HELD = 64 };
typedef struct {
    int tokens[LONGEST], count;
    double log_p;
} Held;

typedef enum {
    BEAM_RIGHT,
    BEAM_GREEDY,       // width 1
    BEAM_DROPS,        // what has ended is no longer compared
    BEAM_BESIDE,       // what has ended takes no place
    BEAM_SEQUENCE,     // scored by sequence
    BEAM_MEAN,         // scored per token
    BEAM_ALIKE,        // without weights
    BEAM_ONE,          // the document with the largest weight alone
    BEAM_NO_END,       // the answer without END
    BEAM_LAST,         // the last token's probability alone
    BEAM_GOES_ON,      // what has ended is extended
    BEAM_NEVER,        // END is never tried
    BEAM_LOGS,         // the documents' logarithms are mixed
    BEAM_LEAST,        // the least probable are kept
    BEAM_NO_PREFIX,    // every token as if it were the first
    BEAM_FIRST_END,    // stops with the first answer that ends
    BEAM_GOES_TO_END,  // what has ended is extended, the best that ends is taken
    BEAM_GOES_TILL,    // the same, until all that are kept end
    BEAM_SHRINKS,      // what ends leaves the beam, and its place with it
    BEAM_WORST,        // the least probable that has ended
    BEAM_NARROW,       // width - 1
    BEAM_WIDE,         // width + 1
    BEAM_SHORT,        // a step less
    BEAM_NEVER_ENDS,   // END is never tried, so nothing is found
    BEAM_ONE_EACH,     // every prefix keeps its best token
} BeamRule;

// Several worlds: one alone has so few answers that a mistake would be taken for
// another.
enum { WORLDS = 10 };
typedef struct {
    World worlds[WORLDS];
    int width;
} Beam;

// The first one is where typical errors show, and so are the others, for a beam.
static const uint64_t BEAM_SEEDS[WORLDS] = {0,   24,  36,  58,  66,
                                            129, 296, 317, 738, 2694};
// An answer need not have ended, and the best of three has not.
static const World OPEN = {.seed = 3874, .open = true};
// For documents' answers: with some of the same length, and some that begin alike.
static const uint64_t DECODE_SEEDS[WORLDS] = {[8] = 398, [9] = 127};

static void worlds_from(World *worlds, uint64_t seed, bool beam) {
    for (int i = 0; i < WORLDS; i++) {
        worlds[i].seed = i == 0 ? seed : beam ? BEAM_SEEDS[i] : 100 * seed + i;
        worlds[i].open = false;
        if (!beam && DECODE_SEEDS[i] > 0) worlds[i].seed = DECODE_SEEDS[i];
    }
}

static double score_by(BeamRule rule, const World *w, const Held *h) {
    Mix m = {.world = w, .count = h->count, .token = rule != BEAM_SEQUENCE};
    double to = 0;
    memcpy(m.answer, h->tokens, sizeof m.answer);
    if (rule == BEAM_LAST) return mixture(&m, MIX_RIGHT, h->count - 1, h->count);
    if (rule == BEAM_ONE)
        for (int i = 0; i < h->count; i++) to += one_by(&m, 0, i, false);
    else
        mix_by(rule == BEAM_ALIKE       ? MIX_ALIKE
               : rule == BEAM_LOGS      ? MIX_LOGS
               : rule == BEAM_NO_PREFIX ? MIX_FIRST
                                        : MIX_RIGHT,
               &m, &to);
    return rule == BEAM_MEAN ? to / h->count : rule == BEAM_LEAST ? -to : to;
}

static bool has_ended(const Held *h) {
    return h->count && h->tokens[h->count - 1] == END;
}

static int better(const void *a, const void *b) {
    double x = ((const Held *)a)->log_p, y = ((const Held *)b)->log_p;
    return (x < y) - (x > y);
}

// All that one step makes of these: to[HELD].
static int extended(BeamRule rule, const World *w, const Held *held, int count,
                    Held *to) {
    int n = 0;
    for (int k = 0; k < count; k++) {
        bool goes_on =
            rule == BEAM_GOES_ON || rule == BEAM_GOES_TO_END || rule == BEAM_GOES_TILL;
        if (has_ended(&held[k]) && !goes_on) {
            if (rule != BEAM_DROPS) to[n++] = held[k];
            continue;
        }
        bool never = rule == BEAM_NEVER || rule == BEAM_NEVER_ENDS;
        int first = n;
        for (int y = 0; y < TOKENS - never; y++) {
            Held *h = &to[n++];
            *h = held[k], h->tokens[h->count++] = y;
            h->log_p = score_by(rule, w, h);
        }
        if (rule != BEAM_ONE_EACH || held[k].count == 0) continue;
        qsort(to + first, (size_t)(n - first), sizeof *to, better);
        n = first + 1;
    }
    qsort(to, (size_t)n, sizeof *to, better);
    return n;
}

// What is kept of n, the best first.
static int kept_of(BeamRule rule, const Held *more, int n, int width, int step,
                   Held *held) {
    int count = 0, places = 0;
    for (int k = 0; k < n; k++) {
        bool aside = rule == BEAM_SHRINKS && more[k].count <= step,
             beside = has_ended(&more[k]) && (rule == BEAM_BESIDE || aside);
        if (!beside && places++ >= width) continue;
        held[count++] = more[k];
    }
    return count;
}

// The answer, and -1 after it: to[LONGEST].
static void beam_in(BeamRule rule, const World *w, int wide, double *to) {
    Held held[HELD] = {{.count = 0}}, more[HELD], best = {.log_p = -INFINITY};
    int count = 1, width = rule == BEAM_GREEDY ? 1
                           : rule == BEAM_WIDE ? wide + 1
                                               : wide - (rule == BEAM_NARROW);
    for (int step = 0; step < LONGEST - (rule == BEAM_SHORT) && count; step++) {
        int n = extended(rule, w, held, count, more);
        count = kept_of(rule, more, n, width, step, held);
        int ended = 0;
        for (int k = 0; k < count; k++) ended += has_ended(&held[k]);
        if (ended > 0 && rule == BEAM_FIRST_END) break;
        if (ended == count && rule == BEAM_GOES_TILL) break;
    }
    bool any = rule == BEAM_NEVER || rule == BEAM_GOES_ON;
    for (int k = 0; k < count; k++)
        if ((any || has_ended(&held[k]))
            && (rule == BEAM_WORST || held[k].log_p > best.log_p))
            best = held[k];
    if (rule == BEAM_NO_END && best.count) best.count--;
    for (int i = 0; i < LONGEST; i++) to[i] = i < best.count ? best.tokens[i] : -1;
}

static void beam_by(int rule, const void *of, double *to) {
    const Beam *b = of;
    for (int i = 0; i < WORLDS; i++)
        beam_in((BeamRule)rule, &b->worlds[i], b->width, to + i * LONGEST);
}

static const Slip BEAM_SLIPS[] = {
    {BEAM_NO_END, "answer-without-end",
     "END is the answer's last token: it is counted"},
    {BEAM_ALIKE, "beam-no-weights", "the documents' weights are not used"},
    {BEAM_SEQUENCE, "beam-by-sequence",
     "scored by one document for the answer: here every token is mixed anew"},
    {BEAM_DROPS, "ended-dropped",
     "answers that have ended stay among those that are compared"},
    {BEAM_BESIDE, "ended-beside",
     "answers that have ended were put beside the beam: each takes one of its `width` "
     "places"},
    {BEAM_MEAN, "per-token", "the score is a sum of logarithms, not their mean"},
    {BEAM_ONE, "one-document", "this reads the first document alone"},
    {BEAM_GREEDY, "greedy",
     "this keeps one prefix, not `width`: or `width` copies of one, if it begins so"},
    {BEAM_LAST, "last-token-score",
     "prefixes are compared by their last token alone: by the sum of all tokens' ln p"},
    {BEAM_GOES_ON, "ended-extended",
     "an answer that has ended was extended: it stays as it is"},
    {BEAM_NEVER, "end-never",
     "END is never tried: it is the id `symbols`, one more than the last symbol"},
    {BEAM_LOGS, "beam-of-logs", "logarithms were mixed: probabilities are"},
    {BEAM_NO_PREFIX, "beam-no-prefix",
     "every token is read as if it were the first: after the prefix"},
    {BEAM_NEVER_ENDS, "end-never",
     "no answer ends: END is the id `symbols`, one more than the last symbol. Or the "
     "least probable are kept"},
    {BEAM_LEAST, "least-probable", "the least probable are kept"},
    {BEAM_GOES_TO_END, "ended-extended",
     "an answer that has ended was extended: it stays as it is"},
    {BEAM_GOES_TILL, "ended-extended",
     "an answer that has ended was extended: it stays as it is"},
    {BEAM_SHRINKS, "ended-beside",
     "what has ended left the beam, and the beam became narrower: it stays among the "
     "`width` best, until better ones push it out"},
    {BEAM_WORST, "last-ended",
     "the last of those that have ended was taken: the most probable of them"},
    {BEAM_NARROW, "beam-narrow", "one prefix too few is kept: `width` of them"},
    {BEAM_WIDE, "beam-wide", "one prefix too many is kept: `width` of them"},
    {BEAM_SHORT, "step-missing",
     "a step is missing: an answer may have `longest` tokens, END among them"},
    {BEAM_ONE_EACH, "one-each",
     "each prefix keeps its own best token: the `width` best of all extensions are "
     "kept, and several may come from one prefix"},
    {BEAM_FIRST_END, "first-end",
     "stopped when the first answer ended: one of those that go on may be better"},
};

static void answer_of(double *to, const int *answer, int count) {
    for (int i = 0; i < LONGEST; i++) to[i] = i < count ? answer[i] : -1;
}

static int *answer_room(void) {
    int nothing[LONGEST] = {9, 9, 9, 9, 9};
    return grade_guarded("answer", nothing, sizeof nothing);
}

static bool answer_is(const double *got, const double *want) {
    return memcmp(got, want, LONGEST * sizeof *got) == 0;
}

static void beam_of(const World *w, int width, double got[LONGEST]) {
    Readers r = readers(w);
    int *answer = answer_room();
    answer_of(got, answer, token_beam(&r, width, answer));
}

static int beams_of(const void *of, double *got) {
    const Beam *b = of;
    for (int i = 0; i < WORLDS; i++)
        beam_of(&b->worlds[i], b->width, got + i * LONGEST);
    return WORLDS * LONGEST;
}

// Where an answer goes wrong.
static void name_place(Grade *g, const double *got, const double *want) {
    int none = 0, first_off = 0, off = 0;
    for (int i = 0; i < WORLDS; i++, got += LONGEST, want += LONGEST) {
        off += !answer_is(got, want);
        first_off += got[0] != want[0], none += got[0] < 0;
    }
    grade_contrast(g, none > 0, "only-none",
                   "%d of %d answers are empty: which token ends an "
                   "answer, and is it looked for among all that are kept at the end?",
                   none, WORLDS);
    grade_contrast(
        g, first_off == 0, "only-first-token",
        "the first token of each answer is right, a later one is not: what of "
        "a prefix goes on into the next step, its tokens, its count, its sum "
        "of ln p?");
    grade_contrast(g, off < WORLDS, "only-some",
                   "%d of %d answers are wrong, %d of these in their first token", off,
                   WORLDS, first_off);
}

static void check_beam_of(Grade *g, int points, const char *what, uint64_t seed,
                          int width) {
    Beam b = {.width = width};
    double got[WORLDS * LONGEST], want[WORLDS * LONGEST];
    worlds_from(b.worlds, seed, width > 1);
    grade_numbers(g, points, what, got, beams_of(&b, got), 0, beam_by, &b, BEAM_SLIPS,
                  COUNT_OF(BEAM_SLIPS));
    Beam same = b, alike = b, greedy = b;
    greedy.width = 1;
    for (int i = 0; i < WORLDS; i++) same.worlds[i].same = alike.worlds[i].alike = true;
    const Simpler simpler[] = {
        {"only-width-1",
         "right for a beam of 1: how do the extensions of several prefixes, and "
         "answers "
         "that have ended, compete for the places?",
         &greedy},
        {"only-alike",
         "right where all documents weigh the same: where does p(z) stand?", &alike},
        {"only-same",
         "right where all documents say the same: how are they mixed for the next "
         "token?",
         &same}};
    int from = width == 1;
    grade_simpler(g, 0, beams_of, beam_by, simpler + from, COUNT_OF(simpler) - from);
    beam_by(BEAM_RIGHT, &b, want);
    name_place(g, got, want);
}

// ---- decoding by sequence

typedef enum {
    DECODE_RIGHT,
    DECODE_OTHER,        // fast for thorough, thorough for fast
    DECODE_ALIKE,        // without weights
    DECODE_OWN,          // each answer by its own document alone
    DECODE_TOKEN,        // scored by token
    DECODE_LEAST,        // the least probable answer
    DECODE_NEVER,        // END is never tried
    DECODE_UNLIKELY,     // the least likely token at each step
    DECODE_OWN_WEIGHT,   // the weight of the answer's own document, for all
    DECODE_VOTES,        // the weights alone, of those that give it
    DECODE_MOST_VOTES,   // how many give it
    DECODE_FIRST,        // the first document's
    DECODE_NO_PREFIX,    // every token as if it were the first
    DECODE_REPEATED,     // an answer counts as often as it was given
    DECODE_LENGTHS,      // answers of one length are taken for the same
    DECODE_BEGINNINGS,   // and those that begin alike, too
    DECODE_PER_TOKEN,    // ln of the score, divided by the length
    DECODE_MIXED,        // every document has the mixture's greedy answer
    DECODE_LAST,         // the last document's
    DECODE_NO_END,       // the answer without END
    DECODE_WITHOUT_END,  // answers are compared without it, too
    DECODE_BEST,         // the largest term for their sum
    DECODE_MEAN,         // divided by how many there are in the sum
} DecodeRule;

typedef struct {
    World worlds[WORLDS];
    bool thorough;
} Decode;

// ln p by token, of every next token.
static void mixed_next(const World *w, const Held *h, double *log_p) {
    double p[TOKENS] = {0};
    for (int z = 0; z < DOCUMENTS; z++) {
        next(w, z, h->tokens, h->count, log_p);
        for (int y = 0; y < TOKENS; y++) p[y] += weight_in(w, z) * exp(log_p[y]);
    }
    for (int y = 0; y < TOKENS; y++) log_p[y] = log(p[y]);
}

static Held greedy_of(const World *w, int z, DecodeRule rule) {
    Held h = {.count = 0};
    int tried = rule == DECODE_NEVER ? SYMBOLS : TOKENS;
    while (h.count < LONGEST && !has_ended(&h)) {
        double log_p[TOKENS];
        int best = 0;
        next(w, z, h.tokens, rule == DECODE_NO_PREFIX ? 0 : h.count, log_p);
        if (rule == DECODE_MIXED) mixed_next(w, &h, log_p);
        for (int y = 1; y < tried; y++)
            if (rule == DECODE_UNLIKELY ? log_p[y] < log_p[best]
                                        : log_p[y] > log_p[best])
                best = y;
        h.tokens[h.count++] = best;
    }
    return h;
}

static bool same(const Held *a, const Held *b) {
    return a->count == b->count
           && memcmp(a->tokens, b->tokens, (size_t)a->count * sizeof *a->tokens) == 0;
}

// What a rule takes for the same answer.
static bool same_by(DecodeRule rule, const Held *a, const Held *b) {
    if (rule == DECODE_LENGTHS) return a->count == b->count;
    if (rule == DECODE_BEGINNINGS)
        return a->count == b->count && a->tokens[0] == b->tokens[0];
    return same(a, b);
}

static double worth_by(DecodeRule rule, const World *w, bool all, const Held *own,
                       int z) {
    Mix m = {.world = w, .count = own[z].count, .token = true};
    double sum = 0;
    if (rule == DECODE_WITHOUT_END) m.count--;
    memcpy(m.answer, own[z].tokens, sizeof m.answer);
    if (rule == DECODE_FIRST) return -z;
    if (rule == DECODE_LAST) return z;
    if (rule == DECODE_TOKEN) return mix_by(MIX_RIGHT, &m, &sum), sum;
    bool thorough = all != (rule == DECODE_OTHER);
    int given = 0, terms = 0;
    double best = 0;
    for (int k = 0; k < DOCUMENTS; k++) {
        double log_p = 0;
        given += same(&own[z], &own[k]);
        if (rule == DECODE_OWN ? k != z : !thorough && !same_by(rule, &own[z], &own[k]))
            continue;
        for (int i = 0; i < m.count; i++) log_p += one_by(&m, k, i, false);
        if (rule == DECODE_VOTES || rule == DECODE_MOST_VOTES) log_p = 0;
        bool alike = rule == DECODE_ALIKE || rule == DECODE_MOST_VOTES;
        double term =
            (alike ? 1 : weight_in(w, rule == DECODE_OWN_WEIGHT ? z : k)) * exp(log_p);
        sum += term, best = fmax(best, term), terms++;
    }
    if (rule == DECODE_BEST) return best;
    if (rule == DECODE_MEAN) sum /= terms;
    if (rule == DECODE_REPEATED) sum *= given;
    if (rule == DECODE_PER_TOKEN) return log(sum) / m.count;
    return rule == DECODE_LEAST ? -sum : sum;
}

static void decode_by(int rule, const void *of, double *to) {
    const Decode *d = of;
    for (int i = 0; i < WORLDS; i++) {
        const World *w = &d->worlds[i];
        Held own[DOCUMENTS];
        int best = 0;
        for (int z = 0; z < DOCUMENTS; z++) own[z] = greedy_of(w, z, (DecodeRule)rule);
        for (int z = 1; z < DOCUMENTS; z++)
            if (worth_by((DecodeRule)rule, w, d->thorough, own, z)
                > worth_by((DecodeRule)rule, w, d->thorough, own, best))
                best = z;
        bool without = rule == DECODE_NO_END || rule == DECODE_WITHOUT_END;
        int count = own[best].count - without;
        answer_of(to + i * LONGEST, own[best].tokens, count);
    }
}

static const Slip DECODE_SLIPS[] = {
    {DECODE_ALIKE, "decode-no-weights", "the documents' weights are not used"},
    {DECODE_OTHER, "thorough-fast",
     "thorough sums over all documents, fast over those whose own answer it is"},
    {DECODE_BEST, "best-term",
     "the documents' probabilities of an answer are added up: this takes the largest "
     "of "
     "them"},
    {DECODE_MEAN, "mean-of-terms",
     "divided by how many documents are in the sum: the sum as it is"},
    {DECODE_OWN, "own-alone",
     "each answer is scored by its own document: also by others that give it"},
    {DECODE_TOKEN, "decode-by-token", "scored by token: by sequence_log_p here"},
    {DECODE_FIRST, "first-document",
     "this is always the first document's answer, which has most weight. If the best "
     "score was looked for from 0 on: no logarithm is above it, begin with -INFINITY"},
    {DECODE_LEAST, "least", "this is the least probable of the answers"},
    {DECODE_NEVER, "greedy-no-end",
     "END is never tried: it is the id `symbols`, one more than the last symbol"},
    {DECODE_UNLIKELY, "unlikely", "the least probable token is taken at each step"},
    {DECODE_OWN_WEIGHT, "own-weight",
     "each document in the sum has its own weight, not that of the answer's document"},
    {DECODE_VOTES, "votes",
     "the weights alone were added up: each is multiplied by the answer's probability"},
    {DECODE_MOST_VOTES, "votes",
     "this counts documents: their probabilities are added"},
    {DECODE_NO_PREFIX, "greedy-no-prefix",
     "a document's own answer is read on after its prefix: here every token is read as "
     "if it were the first"},
    {DECODE_REPEATED, "given-twice",
     "an answer that two documents give was counted twice: its sum is over all of them "
     "already"},
    {DECODE_LENGTHS, "same-length",
     "answers of the same length are taken for the same: all tokens are compared"},
    {DECODE_BEGINNINGS, "same-beginning",
     "answers that begin alike are taken for the same: all tokens are compared (memcmp "
     "counts bytes)"},
    {DECODE_PER_TOKEN, "decode-per-token",
     "the score was divided by the number of tokens: sequence_log_p as it is"},
    {DECODE_MIXED, "greedy-of-mixture",
     "the greedy answer is the mixture's: each document has its own"},
    {DECODE_LAST, "last-document",
     "this is the last document's answer: the one with the best score"},
    {DECODE_WITHOUT_END, "decode-without-end",
     "END is the answer's last token: it is written and counted, and has its "
     "probability"},
    {DECODE_NO_END, "decode-without-end",
     "END is the answer's last token: it is written and counted"},
};

// The right tokens are there, but not their number.
static bool wrong_count(const int *answer, int count, const double *want) {
    int right = 0;
    while (right < LONGEST && want[right] >= 0 && answer[right] == (int)want[right])
        right++;
    return right > 0 && (right == LONGEST || want[right] < 0) && count != right;
}

static int decodes_of(const void *of, double *got) {
    const Decode *d = of;
    for (int i = 0; i < WORLDS; i++) {
        Readers r = readers(&d->worlds[i]);
        int *answer = answer_room(), count = sequence_decode(&r, d->thorough, answer);
        answer_of(got + i * LONGEST, answer, count);
    }
    return WORLDS * LONGEST;
}

// All wrong ones have the right tokens, but not their number.
static bool miscounts(const Decode *d, const double *want) {
    int wrong = 0, right = 0;
    for (int i = 0; i < WORLDS; i++, want += LONGEST) {
        Readers r = readers(&d->worlds[i]);
        double got[LONGEST];
        int *answer = answer_room(), count = sequence_decode(&r, d->thorough, answer);
        answer_of(got, answer, count);
        wrong += wrong_count(answer, count, want), right += answer_is(got, want);
    }
    return wrong > 0 && right + wrong == WORLDS;
}

static void grade_simpler_decode(Grade *g, const Decode *d, const Decode *other) {
    Decode same = *d, alike = *d;
    for (int i = 0; i < WORLDS; i++) same.worlds[i].same = alike.worlds[i].alike = true;
    const Simpler simpler[] = {
        {"only-other-way",
         d->thorough ? "the fast answer is right: over which documents is the sum here?"
                     : "the thorough answer is right: over which documents is the sum "
                       "here, and when are two answers the same?",
         other},
        {"only-alike",
         "right where all documents weigh the same: where does p(z) stand?", &alike},
        {"only-same",
         "right where all documents say the same: how is an answer of one of them "
         "compared with that of another?",
         &same}};
    grade_simpler(g, 0, decodes_of, decode_by, simpler, COUNT_OF(simpler));
}

static void check_decode_of(Grade *g, const char *what, uint64_t seed, bool thorough,
                            uint64_t other_seed) {
    Decode d = {.thorough = thorough}, other = {.thorough = !thorough};
    double got[WORLDS * LONGEST], want[WORLDS * LONGEST];
    worlds_from(d.worlds, seed, false), worlds_from(other.worlds, other_seed, false);
    decode_by(DECODE_RIGHT, &d, want);
    grade_mistake(g, miscounts(&d, want), "count-of-another",
                  "the tokens are right, but not how many are returned: as many as the "
                  "answer that was chosen has, with END");
    grade_numbers(g, 4, what, got, decodes_of(&d, got), 0, decode_by, &d, DECODE_SLIPS,
                  COUNT_OF(DECODE_SLIPS));
    grade_simpler_decode(g, &d, &other);
    name_place(g, got, want);
}

// Seeds at which as many typical errors as may be give other answers.
enum { SEED_GREEDY = 39, SEED_BEAM = 1447, SEED_THOROUGH = 13343, SEED_FAST = 16094 };

static void check_greedy(Grade *g) {
    check_beam_of(g, 3, "the answer of a beam of 1", SEED_GREEDY, 1);
}
static bool beam_right(const World *w) {
    double got[LONGEST], want[LONGEST];
    beam_of(w, 3, got), beam_in(BEAM_RIGHT, w, 3, want);
    return answer_is(got, want);
}

static void check_beam(Grade *g) {
    Beam b;
    bool right = true;
    worlds_from(b.worlds, SEED_BEAM, true);
    for (int i = 0; i < WORLDS; i++) right &= beam_right(&b.worlds[i]);
    if (grade_mistake(
            g, right && !beam_right(&OPEN), "not-ended",
            "after `longest` tokens the most probable prefix has not ended: the "
            "best that has is asked for"))
        grade_expect(g, 0, false,
                     "the answer of a beam of 3, in a language where answers may go "
                     "on: another one is best");
    check_beam_of(g, 4, "the answer of a beam of 3", SEED_BEAM, 3);
}
static void check_thorough(Grade *g) {
    check_decode_of(g, "the thorough answer", SEED_THOROUGH, true, SEED_FAST);
}
static void check_fast(Grade *g) {
    check_decode_of(g, "the fast answer", SEED_FAST, false, SEED_THOROUGH);
}

void check_mixing(Grade *g) {
    grade_part(g, check_sequence(g));
    grade_part(g, check_long(g));
    grade_part(g, check_token(g));
    grade_part(g, check_greedy(g));
    grade_part(g, check_beam(g));
    grade_part(g, check_thorough(g));
    grade_part(g, check_fast(g));
}
