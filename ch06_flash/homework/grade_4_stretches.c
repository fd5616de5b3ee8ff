// Problem 4: keys shared out.
#include <math.h>
#include <string.h>

#include "ch06_flash/homework/grade.h"

// ---- who reads what

enum { MOST_REQUESTS = 5, MOST_STRETCHES = 5 };
typedef struct {
    int lengths[MOST_REQUESTS], n, workers;
    int from, until;  // the workers that are asked
} Work;

typedef enum {
    CUT_RIGHT,
    CUT_EVERY_REQUEST,  // each request by itself is cut into `workers`
    CUT_ROUND_UP,       // pieces of ceil(K / workers)
    CUT_ROUND_DOWN,     // pieces of floor(K / workers), the last one has the rest
    CUT_GLOBAL,         // first counts from the first request's first key
    CUT_EMPTY,          // stretches without keys too
    CUT_ALL_AT_ZERO,    // every request begins at key 0
    CUT_INCLUSIVE,      // a count of one more
    CUT_SHORT,          // the last key of a piece is missing
    CUT_ONE,            // a worker gets one stretch only
    CUT_END,            // the end in the place of the count
    CUT_NUMBER,         // the stretch's number for its request
    CUT_OF_PIECE,       // first counts from the piece's first key
    CUT_FROM_ZERO,      // first is 0
    CUT_NEXT_WORKER,    // the next worker's piece
    CUT_NO_REST,        // floor(K / workers) each, and the rest is nobody's
    CUT_STOPS,          // nothing after a request without keys
    CUT_WHOLE,          // whole requests, to the worker where they begin
    CUT_BEGINNING,      // of requests that begin in the piece, what is in it
    CUT_WHOLE_INSIDE,   // those alone that are in the piece as a whole
    CUT_DEALT,          // whole requests, to one worker after the other
    CUT_BEFORE,         // the piece of the worker before
    CUT_TO_THE_END,     // the piece goes on to the last key
    CUT_FROM_START,     // it begins with the first key
    CUT_TO_SIZE,        // it ends at key floor(K / workers), wherever it begins
    CUT_NEAREST,        // cuts are rounded to the nearest key
    CUT_WHOLE_COUNT,    // the count is the whole request's
    CUT_END_GLOBAL,     // the end among all keys for the count
    CUT_TO_REQUEST,     // the request in which the piece ends, to its end
    CUT_BEGIN_STAYS,  // a request outside of the piece does not move the next one's begin
    CUT_SKIPS_EACH,  // what is skipped of the first request is so of the next ones
} CutRule;

static int total(const Work *k) {
    int all = 0;
    for (int r = 0; r < k->n; r++) all += k->lengths[r];
    return all;
}

static int begin_of(CutRule rule, const Work *k, int w) {
    int all = total(k), size = all / k->workers;
    if (rule == CUT_ROUND_UP) size = (all + k->workers - 1) / k->workers;
    if (rule == CUT_NO_REST) return w * size;
    if (rule == CUT_NEXT_WORKER && w < k->workers) w++;
    if (rule == CUT_BEFORE) w--;
    if (rule == CUT_NEAREST) return (int)round((double)w * all / k->workers);
    if (rule != CUT_ROUND_UP && rule != CUT_ROUND_DOWN) return w * all / k->workers;
    if (w == k->workers || w * size > all) return all;
    return w * size;
}

static int owner_of(CutRule rule, const Work *k, int before, int r, int key) {
    if (rule == CUT_EVERY_REQUEST) {
        for (int w = 0; w < k->workers; w++)
            if (key < (w + 1) * k->lengths[r] / k->workers) return w;
    }
    if (rule == CUT_SHORT)
        for (int w = 0; w < k->workers; w++)
            if (before + key == begin_of(rule, k, w + 1) - 1) return -1;
    for (int w = 0; w < k->workers; w++)
        if (before + key < begin_of(rule, k, w + 1)) return w;
    return -1;
}

// Whether the key, of request r, is in worker w's piece; those that have no one owner.
static bool is_in(CutRule rule, const Work *k, int w, int before, int r, int key) {
    int from = begin_of(CUT_RIGHT, k, w), until = begin_of(CUT_RIGHT, k, w + 1),
        after = before + k->lengths[r];
    switch (rule) {
        case CUT_WHOLE: return before >= from && before < until;
        case CUT_BEGINNING:
            return before >= from && before < until && before + key < until;
        case CUT_WHOLE_INSIDE: return before >= from && after <= until;
        case CUT_DEALT: return r % k->workers == w;
        case CUT_TO_THE_END: return before + key >= from;
        case CUT_TO_REQUEST:
            return before + key >= from && before < until && from < until;
        case CUT_FROM_START: return before + key < until;
        case CUT_TO_SIZE:
            return before + key >= from && before + key < total(k) / k->workers;
        default: return owner_of(rule, k, before, r, key) == w;
    }
}

// As if every request that touches the piece were in it.
static int touched(const Work *k, int w, Stretch *to) {
    int count = 0, before = 0, begin = begin_of(CUT_RIGHT, k, w),
        end = begin_of(CUT_RIGHT, k, w + 1);
    for (int r = 0; r < k->n; before += k->lengths[r], r++) {
        int from = begin > before ? begin : before, until = before + k->lengths[r];
        if (until > end) until = end;
        if (from <= until) to[count++] = (Stretch){r, from - before, until - from};
    }
    return count;
}

// Goes through the requests with what is to be skipped and what is left to take.
static int skipping(const Work *k, int w, Stretch *to) {
    int count = 0, skip = begin_of(CUT_RIGHT, k, w),
        left = begin_of(CUT_RIGHT, k, w + 1) - skip;
    for (int r = 0; r < k->n && left > 0; r++) {
        int rest = k->lengths[r] - skip;
        if (rest <= 0) skip -= k->lengths[r];
        if (rest <= 0) continue;
        to[count++] = (Stretch){r, skip, rest < left ? rest : left};
        left -= rest;
    }
    return count;
}

static int staying(const Work *k, int w, Stretch *to) {
    int count = 0, before = 0, begin = begin_of(CUT_RIGHT, k, w),
        end = begin_of(CUT_RIGHT, k, w + 1);
    for (int r = 0; r < k->n; r++) {
        int from = begin > before ? begin : before, until = before + k->lengths[r];
        int ends = until < end ? until : end;
        if (from >= ends) continue;
        to[count++] = (Stretch){r, from - before, ends - from};
        before = until;
    }
    return count;
}

// Key by key.
static int cut_by(CutRule rule, const Work *k, int w, Stretch *to) {
    int count = 0, before = 0;
    if (rule == CUT_EMPTY) return touched(k, w, to);
    if (rule == CUT_BEGIN_STAYS) return staying(k, w, to);
    if (rule == CUT_SKIPS_EACH) return skipping(k, w, to);
    for (int r = 0; r < k->n; r++) {
        Stretch s = {r, 0, 0};
        for (int key = 0; key < k->lengths[r]; key++)
            if (is_in(rule, k, w, before, r, key) && s.count++ == 0)
                s.first = rule == CUT_GLOBAL      ? key + before
                          : rule == CUT_FROM_ZERO ? 0
                          : rule == CUT_OF_PIECE  ? key + before - begin_of(rule, k, w)
                                                  : key;
        if (rule == CUT_END_GLOBAL && s.count > 0) s.count += s.first + before;
        before += rule == CUT_ALL_AT_ZERO ? 0 : k->lengths[r];
        if (rule == CUT_END) s.count += s.first;
        if (rule == CUT_ONE && count) break;
        if (rule == CUT_STOPS && k->lengths[r] == 0) break;
        if (rule == CUT_INCLUSIVE && s.count > 0) s.count++;
        if (rule == CUT_NUMBER) s.request = count;
        if (rule == CUT_WHOLE_COUNT && s.count > 0) s.count = k->lengths[r];
        if (s.count > 0) to[count++] = s;
    }
    return count;
}

// {how many, request, first, count, ...} of each worker asked, one after the other.
static int numbers_of(const Stretch *s, int count, double *to) {
    int n = 0;
    to[n++] = count;
    for (int i = 0; i < count && n + 3 <= MOST_NUMBERS; i++)
        to[n++] = s[i].request, to[n++] = s[i].first, to[n++] = s[i].count;
    return n;
}

static int all_numbers(CutRule rule, const Work *k, double *to) {
    int n = 0;
    for (int w = k->from; w < k->until; w++) {
        Stretch s[MOST_STRETCHES];
        double numbers[MOST_NUMBERS];
        int more = numbers_of(s, cut_by(rule, k, w, s), numbers);
        for (int i = 0; i < more && n < MOST_NUMBERS; i++) to[n++] = numbers[i];
    }
    return n;
}

static void cuts_by(int rule, const void *of, double *to) {
    for (int i = 0; i < MOST_NUMBERS; i++) to[i] = -1;
    all_numbers((CutRule)rule, of, to);
}

static const Slip CUT_SLIPS[] = {
    {CUT_EVERY_REQUEST, "each-request",
     "each request was cut by itself: a long one and a short one cost a worker alike"},
    {CUT_ROUND_UP, "rounded-up",
     "pieces of the same size, rounded up: piece w begins at floor(w K / workers)"},
    {CUT_ROUND_DOWN, "rounded-down",
     "pieces of the same size, rounded down: the last worker gets all that is left"},
    {CUT_GLOBAL, "global-first", "`first` counts from the request's own first key"},
    {CUT_EMPTY, "empty-stretch", "a stretch without keys was written"},
    {CUT_ALL_AT_ZERO, "all-at-zero",
     "a request's keys begin after those of all requests before it"},
    {CUT_INCLUSIVE, "one-too-many",
     "a key too many: from `from` up to but without `until` there are until - from"},
    {CUT_SHORT, "last-key",
     "the piece goes up to its end, which is the next one's first key: its last key is "
     "missing"},
    {CUT_ONE, "one-stretch", "a piece may go on into the next request"},
    {CUT_END_GLOBAL, "end-not-count",
     "`count` is how many keys, not where they end among all keys"},
    {CUT_TO_REQUEST, "end-not-cut",
     "the request in which the piece ends was taken to its end: the piece ends before "
     "that"},
    {CUT_END, "end-not-count", "`count` is how many keys, not where they end"},
    {CUT_NUMBER, "stretch-number",
     "`request` is the request's number, not that of the worker's stretch"},
    {CUT_OF_PIECE, "first-of-piece",
     "`first` counts from the request's own first key, not from the piece's"},
    {CUT_FROM_ZERO, "first-zero",
     "`first` is 0 everywhere: where a request is cut, its second part begins later"},
    {CUT_NEXT_WORKER, "next-worker",
     "this is the next worker's piece: pieces count from 0"},
    {CUT_STOPS, "stops-at-empty",
     "nothing comes after a request without keys: it is passed over, the next ones are "
     "not"},
    {CUT_NO_REST, "rest-lost",
     "pieces of floor(K / workers) keys, and nobody has the rest: piece w begins at "
     "floor(w K / workers)"},
    {CUT_WHOLE, "whole-requests",
     "a worker gets whole requests, those that begin in its piece: they are cut where "
     "the piece is"},
    {CUT_BEGINNING, "begun-before",
     "requests that begin before the piece are left out: what is left of them is in "
     "it"},
    {CUT_WHOLE_INSIDE, "whole-requests",
     "requests that are not in the piece as a whole are left out: a part of them is "
     "in it"},
    {CUT_DEALT, "requests-dealt",
     "whole requests, one worker after the other: the keys are cut, not the requests "
     "dealt out"},
    {CUT_BEFORE, "worker-before",
     "this is the piece of the worker before: pieces count from 0"},
    {CUT_TO_THE_END, "end-not-cut",
     "the piece goes on to the last key: it ends at floor((w + 1) K / workers)"},
    {CUT_FROM_START, "begin-not-cut",
     "the piece begins with the first key of all: it begins at floor(w K / workers)"},
    {CUT_TO_SIZE, "end-is-size",
     "the piece ends at key K / workers: that is its size, it ends at floor((w + 1) K "
     "/ workers)"},
    {CUT_NEAREST, "rounded",
     "the cuts are rounded to the nearest key: piece w begins at floor(w K / workers)"},
    {CUT_BEGIN_STAYS, "begin-stays",
     "where a request begins is counted on only past those that are in the piece: past "
     "every request"},
    {CUT_SKIPS_EACH, "skips-each",
     "what is skipped of the worker's first request is skipped of the next ones too: "
     "these begin at their key 0"},
    {CUT_WHOLE_COUNT, "whole-count",
     "`count` is that of the whole request: of its keys in the piece"},
};

enum { BYTE = 7, INT_OF_BYTES = 0x07070707 };  // what a room of stretches holds before
static const Stretch UNTOUCHED = {INT_OF_BYTES, INT_OF_BYTES, INT_OF_BYTES};

// What is wrong with the array alone: how many there are, and where they were written.
static void grade_cut_count(Grade *g, const Work *k, int w, const Stretch *to,
                            int count) {
    Stretch want[MOST_STRETCHES];
    int right = cut_by(CUT_RIGHT, k, w, want);
    bool empty = false, at_request = right > 0 && want[0].request > 0;
    for (int i = 0; i < count; i++) empty |= to[i].count <= 0;
    grade_mistake(g, empty, "empty-stretch",
                  "a stretch without keys was written: requests that end before the "
                  "piece, or begin after it, have none");
    grade_mistake(
        g,
        count > right && memcmp(to, want, (size_t)right * sizeof *to) == 0
            && memcmp(&to[right], &UNTOUCHED, sizeof *to) == 0,
        "returned-n",
        "the stretches are right, but not how many: the number of those that were "
        "written is returned");
    for (int i = 0; i < right; i++)
        at_request &= memcmp(&to[want[i].request], &want[i], sizeof *to) == 0;
    at_request &= count == right && memcmp(to, &UNTOUCHED, sizeof *to) == 0;
    grade_mistake(g, at_request, "at-request",
                  "a stretch was written at the place of its request: they follow one "
                  "another, from to[0] on");
}

// The numbers that a step compares, or -1: a worker had more stretches than requests.
static int run_cut(Grade *g, const char *what, const Work *k,
                   double got[MOST_NUMBERS]) {
    int n = 0;
    for (int i = 0; i < MOST_NUMBERS; i++) got[i] = -1;
    for (int w = k->from; w < k->until; w++) {
        Stretch room[MOST_REQUESTS];
        double numbers[MOST_NUMBERS], reference[MOST_NUMBERS];
        memset(room, BYTE, sizeof room);
        size_t size = (size_t)k->n * sizeof *room;
        Stretch *to = grade_guarded("to", room, size);
        int count = worker_stretches(
            grade_guarded("lengths", k->lengths, (size_t)k->n * sizeof(int)), k->n,
            k->workers, w, to);
        if (!grade_expect(g, 0, count >= 0 && count <= k->n,
                          "%s: worker %d has %d stretches, of %d requests", what, w,
                          count, k->n))
            return -1;
        grade_cut_count(g, k, w, to, count);
        int more = numbers_of(to, count, numbers);
        for (int i = 0; i < more && n < MOST_NUMBERS; i++) got[n++] = numbers[i];
        if (w + 1 < k->until) continue;
        int want = all_numbers(CUT_RIGHT, k, reference);
        return want > n ? want : n;
    }
    return 0;
}

// Whether all that is asked for is right: without a word of what is not.
static bool cuts_right(const Work *k) {
    for (int w = k->from; w < k->until; w++) {
        Stretch room[MOST_REQUESTS], want[MOST_REQUESTS];
        memset(room, BYTE, sizeof room);
        Stretch *to = grade_guarded("to", room, (size_t)k->n * sizeof *room);
        int count = worker_stretches(
            grade_guarded("lengths", k->lengths, (size_t)k->n * sizeof(int)), k->n,
            k->workers, w, to);
        if (count != cut_by(CUT_RIGHT, k, w, want)
            || memcmp(to, want, (size_t)count * sizeof *to) != 0)
            return false;
    }
    return true;
}

static void grade_simpler_cut(Grade *g, const Work *asked) {
    static const Work one = {{23}, 1, 4, 0, 4}, between = {{6, 6, 6, 6}, 4, 4, 0, 4},
                      even = {{5, 9, 4, 6}, 4, 4, 0, 4},
                      alone = {{5, 9, 3, 6}, 4, 1, 0, 1},
                      first = {{5, 9, 3, 6}, 4, 4, 0, 1},
                      usual = {{5, 9, 3, 6}, 4, 4, 0, 4};
    static const struct {
        const Work *work;
        const char *code, *says;
    } cases[] = {
        {&usual, "only-usual",
         "right where each request has keys and each worker has several: what do a "
         "length "
         "or a piece of 0 change?"},
        {&even, "only-divided",
         "right where the workers' pieces are all the same size: how is w K / workers "
         "rounded?"},
        {&one, "only-one-request",
         "right for one request: where does the next one begin, and what is `first` in "
         "it?"},
        {&between, "only-between",
         "right where all cuts are between requests: what are `first` and `count` "
         "where "
         "one is cut?"},
        {&alone, "only-one-worker",
         "right for one worker: where do the pieces of several begin and end?"},
        {&first, "only-worker-0",
         "right for worker 0: what is different for one whose piece does not begin "
         "with "
         "the first key?"}};
    for (int i = 0; i < COUNT_OF(cases); i++) {
        bool other =
            memcmp(cases[i].work->lengths, asked->lengths, sizeof asked->lengths) != 0
            || i > 0;
        grade_contrast(g, other && cuts_right(cases[i].work), cases[i].code, "%s",
                       cases[i].says);
    }
}

static void check_cut_of(Grade *g, int points, const char *what, const Work *k) {
    double got[MOST_NUMBERS];
    int n = run_cut(g, what, k, got);
    if (n < 0) return;
    grade_numbers(g, points, what, got, n, 0, cuts_by, k, CUT_SLIPS,
                  COUNT_OF(CUT_SLIPS));
    double want[MOST_NUMBERS];
    cuts_by(CUT_RIGHT, k, want);
    if (memcmp(got, want, (size_t)n * sizeof *got) != 0) grade_simpler_cut(g, k);
}

// Three workers do not show what became of the rest: the cause is looked for in all
// four.
static void check_cut(Grade *g) {
    const char *first = "stretches of workers 0, 1 and 2 of 4, for 5, 9, 3 and 6 keys",
               *all = "stretches of the workers of 4, for 5, 9, 3 and 6 keys";
    const Work some = {{5, 9, 3, 6}, 4, 4, 0, 3}, whole = {{5, 9, 3, 6}, 4, 4, 0, 4};
    double got[MOST_NUMBERS], want[MOST_NUMBERS];
    cuts_by(CUT_RIGHT, &some, want);
    int n = run_cut(g, first, &some, got);
    if (n >= 0 && memcmp(got, want, (size_t)n * sizeof *got) != 0) {
        n = run_cut(g, all, &whole, got);
        if (n >= 0)
            grade_slip(g, all, got, n, 0, cuts_by, &whole, CUT_SLIPS,
                       COUNT_OF(CUT_SLIPS));
    }
    check_cut_of(g, 4, first, &some);
    check_cut_of(g, 2, all, &whole);
}
static void check_cut_empty(Grade *g) {
    check_cut_of(g, 2, "stretches of 2 workers, for 0, 4, 0, 4 and 0 keys",
                 &(Work){{0, 4, 0, 4, 0}, 5, 2, 0, 2});
}
static void check_cut_few(Grade *g) {
    check_cut_of(g, 2, "stretches of 5 workers, for 2 and 1 keys",
                 &(Work){{2, 1}, 2, 5, 0, 5});
}

// The same cut with few keys: then nothing overflows.
static bool small_cut_right(void) {
    static const int lengths[] = {20000, 1000};
    Stretch room[2] = {{7, 7, 7}, {7, 7, 7}};
    Stretch *to = grade_guarded("to", room, sizeof room);
    int count = worker_stretches(grade_guarded("lengths", lengths, sizeof lengths), 2,
                                 1000, 999, to);
    return count == 1 && to->request == 1 && to->first == 979 && to->count == 21;
}

static void check_cut_large(Grade *g) {
    static const int lengths[] = {2000000000, 100000000};
    Stretch room[2] = {{7, 7, 7}, {7, 7, 7}};
    Stretch *to = grade_guarded("to", room, sizeof room);
    int count = worker_stretches(grade_guarded("lengths", lengths, sizeof lengths), 2,
                                 1000, 999, to);
    bool good =
        count == 1 && to->request == 1 && to->first == 97900000 && to->count == 2100000;
    int request = to->request, first = to->first, more = to->count;
    grade_mistake(g, !good && small_cut_right(), "int-overflow",
                  "w K does not fit into an int: use long long");
    grade_expect(g, 2, good,
                 "2.1e9 keys, the last of 1000 workers: request %d, keys %d "
                 "and %d more; should be 1, 97900000 and 2100000 more",
                 request, first, more);
}

// ---- merged again

enum { COUNT = 5, REQUESTS = 4, D = 2 };
static const double BEFORE = 7;  // what is in an array that is to be written
typedef struct {
    Stretch stretches[COUNT];
    double lses[COUNT], outs[COUNT * D];
} Came;
#define OUTPUTS \
    { 0.1, 0.7, -1.3, 0.2, 1.1, 3.3, 0.4, -0.6, NAN, NAN }
#define ALL_OUTPUTS \
    { 0.1, 0.7, -1.3, 0.2, 1.1, 3.3, 0.4, -0.6, 0.9, 2.1 }
#define IN_REQUESTS \
    { \
        {0, 0, 4}, {0, 4, 3}, {1, 0, 6}, {3, 0, 2}, { 3, 2, 5 } \
    }
// Request 2 has no keys; 3's second stretch saw nothing (all masked).
static const Came USUAL = {IN_REQUESTS, {1.25, 0.1, 2.7, 0.3, -INFINITY}, OUTPUTS},
                  // simpler: all saw something; all L alike; the larger L first
    ALL_SAW = {IN_REQUESTS, {1.25, 0.1, 2.7, 0.3, 0.7}, ALL_OUTPUTS},
                  LEVEL = {IN_REQUESTS, {1, 1, 1, 1, 1}, ALL_OUTPUTS},
                  LEVEL_0 = {IN_REQUESTS, {0, 0, 0, 0, 0}, ALL_OUTPUTS},
                  ALL_HAVE = {{{0, 0, 4}, {1, 0, 3}, {2, 0, 6}, {3, 0, 2}, {3, 2, 5}},
                              {1.25, 0.1, 2.7, 0.3, 0.7},
                              ALL_OUTPUTS},
                  OUTS_ALIKE = {{{0, 0, 4}, {1, 0, 3}, {2, 0, 6}, {3, 0, 2}, {3, 2, 5}},
                                {1.25, 0.1, 2.7, 0.3, 0.7},
                                {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}};

typedef enum {
    JOIN_RIGHT,
    JOIN_MEAN,       // the stretches of a request weigh the same
    JOIN_COUNT,      // weigh as many keys as they have
    JOIN_LAST,       // the last stretch overwrites
    JOIN_FIRST,      // only the first counts
    JOIN_ALL,        // all stretches in one sum: L of everything
    JOIN_SUM,        // not divided
    JOIN_PLAIN,      // nor weighed
    JOIN_INVERSE,    // e^-L
    JOIN_LINEAR,     // L
    JOIN_INDEX,      // outs of the request's first stretches, whichever these are
    JOIN_LARGEST,    // the stretch with the largest L
    JOIN_ONE_SIZE,   // e^(L_s - the request's largest), not divided
    JOIN_REST,       // the request's first stretch is missing
    JOIN_COLUMNS,    // outs read column after column
    JOIN_DENSE,      // outputs of request r at [r + c]
    JOIN_COUNT_TOO,  // e^L times the number of keys
    JOIN_REQUEST,    // row r of outs for request r
} JoinRule;

static bool largest_of_request(const Came *k, int s) {
    for (int t = 0; t < COUNT; t++)
        if (k->stretches[t].request == k->stretches[s].request
            && k->lses[t] > k->lses[s])
            return false;
    return true;
}

static double largest_lse(const Came *k, int request) {
    double most = -INFINITY;
    for (int s = 0; s < COUNT; s++)
        if (k->stretches[s].request == request) most = fmax(most, k->lses[s]);
    return most;
}

static double join_weight(JoinRule rule, const Came *k, int s) {
    if (k->lses[s] == -INFINITY) return 0;
    switch (rule) {
        case JOIN_PLAIN:
        case JOIN_MEAN: return 1;
        case JOIN_COUNT_TOO: return k->stretches[s].count * exp(k->lses[s]);
        case JOIN_COUNT: return k->stretches[s].count;
        case JOIN_INVERSE: return exp(-k->lses[s]);
        case JOIN_LINEAR: return k->lses[s];
        case JOIN_LARGEST: return largest_of_request(k, s);
        case JOIN_ONE_SIZE:
            return exp(k->lses[s] - largest_lse(k, k->stretches[s].request));
        default: return exp(k->lses[s]);
    }
}

static void joined_by(int rule, const void *of, double *to) {
    const Came *k = of;
    for (int r = 0; r < REQUESTS; r++) {
        double sum = 0, mixed[D] = {0}, everything = 0;
        int number = 0;
        for (int s = 0; s < COUNT; s++) {
            double w = join_weight((JoinRule)rule, k, s);
            everything += w;
            if (k->stretches[s].request != r || w == 0) continue;
            if (rule == JOIN_FIRST && sum > 0) continue;
            if (rule == JOIN_LAST) sum = mixed[0] = mixed[1] = 0;
            if (rule == JOIN_REST && number++ == 0) continue;
            sum += w;
            int row = rule == JOIN_INDEX ? number++ : rule == JOIN_REQUEST ? r : s;
            for (int c = 0; c < D; c++)
                mixed[c] +=
                    w * k->outs[rule == JOIN_COLUMNS ? c * COUNT + s : row * D + c];
        }
        if (rule == JOIN_ALL) sum = everything;
        if (rule == JOIN_SUM || rule == JOIN_PLAIN || rule == JOIN_ONE_SIZE)
            sum = sum > 0;
        for (int c = 0; c < D; c++)
            to[(rule == JOIN_DENSE ? r : r * D) + c] = sum > 0 ? mixed[c] / sum : 0;
    }
    for (int i = REQUESTS + 1; i < REQUESTS * D && rule == JOIN_DENSE; i++)
        to[i] = BEFORE;
}

// The numbers of one run in that order of stretches.
static void joined(const Came *k, const int order[COUNT], double out[REQUESTS * D],
                   double lse[REQUESTS]) {
    Stretch stretches[COUNT];
    double outs[COUNT * D], lses[COUNT], room[REQUESTS * D], sums[REQUESTS];
    for (int i = 0; i < COUNT; i++) {
        stretches[i] = k->stretches[order[i]], lses[i] = k->lses[order[i]];
        for (int c = 0; c < D; c++) outs[i * D + c] = k->outs[order[i] * D + c];
    }
    for (int i = 0; i < REQUESTS * D; i++) room[i] = BEFORE;
    for (int r = 0; r < REQUESTS; r++) sums[r] = BEFORE;
    double *to = grade_guarded("out", room, sizeof room),
           *l = grade_guarded("lse", sums, sizeof sums);
    stretches_merge(grade_guarded("stretches", stretches, sizeof stretches),
                    grade_guarded("outs", outs, sizeof outs),
                    grade_guarded("lses", lses, sizeof lses), COUNT, D, REQUESTS, to,
                    l);
    memcpy(out, to, sizeof room), memcpy(lse, l, sizeof sums);
}

static const int IN_ORDER[COUNT] = {0, 1, 2, 3, 4};

static int outputs_of(const void *of, double *got) {
    double lse[REQUESTS];
    joined(of, IN_ORDER, got, lse);
    return REQUESTS * D;
}
static int lses_of(const void *of, double *got) {
    double out[REQUESTS * D];
    joined(of, IN_ORDER, out, got);
    return REQUESTS;
}
static void lses_by(int rule, const void *of, double *to) {
    const Came *k = of;
    (void)rule;
    for (int r = 0; r < REQUESTS; r++) {
        double sum = 0;
        for (int s = 0; s < COUNT; s++)
            if (k->stretches[s].request == r) sum += exp(k->lses[s]);
        to[r] = log(sum);
    }
}

static void grade_simpler_join(Grade *g, int (*get)(const void *of, double *got),
                               void (*by)(int rule, const void *of, double *to)) {
    static const Simpler simpler[] = {
        {"only-all-saw",
         "right where all stretches saw something: what does one with L = -inf do to "
         "the "
         "largest, to the sum, to the output?",
         &ALL_SAW},
        {"only-all-have",
         "right where all requests have keys: what is the result of one without?",
         &ALL_HAVE},
        {"only-level", "right where all L_s are the same: what does a stretch weigh?",
         &LEVEL},
        {"only-level-0",
         "right where all L_s are 0: where does L_s stand, and where L?", &LEVEL_0},
        {"only-outs-alike",
         "right where all numbers of outs are the same and all requests have keys: "
         "which "
         "row of outs is read, and which row of out is written?",
         &OUTS_ALIKE}};
    grade_simpler(g, 1e-12, get, by, simpler, COUNT_OF(simpler));
}

static const Slip JOIN_SLIPS[] = {
    {JOIN_MEAN, "join-mean", "a stretch weighs e^(L_s - L), not as much as any other"},
    {JOIN_COUNT, "join-count", "a stretch weighs e^(L_s - L), not its number of keys"},
    {JOIN_LAST, "overwritten", "each stretch overwrites the one before it"},
    {JOIN_FIRST, "only-first", "of a request's stretches only the first counts"},
    {JOIN_ALL, "all-requests", "the weights sum to 1 over all requests: over each"},
    {JOIN_SUM, "join-not-divided",
     "the weights e^L_s were not divided by their sum: e^(L_s - L)"},
    {JOIN_PLAIN, "join-not-weighed",
     "the outputs were added as they are: a stretch weighs e^(L_s - L)"},
    {JOIN_INVERSE, "join-inverse", "a stretch weighs e^(L_s - L), not e^(L - L_s)"},
    {JOIN_LINEAR, "join-linear", "L is a logarithm: a stretch weighs e^(L_s - L)"},
    {JOIN_INDEX, "join-rows",
     "row s of outs belongs to stretch s: here rows were counted within the request"},
    {JOIN_LARGEST, "join-largest",
     "this is the stretch with the largest L alone: all have a share"},
    {JOIN_ONE_SIZE, "join-not-divided",
     "the weights e^(L_s - largest) were not divided by their sum"},
    {JOIN_REST, "first-missing", "a request's first stretch is missing"},
    {JOIN_COLUMNS, "join-rows",
     "outs lies row after row: stretch s has outs[s * d + c]"},
    {JOIN_COUNT_TOO, "join-count",
     "e^L_s is the sum over a stretch's keys already: not times their number"},
    {JOIN_REQUEST, "join-rows",
     "row s of outs belongs to stretch s: here the request's number was taken for it"},
    {JOIN_DENSE, "join-out-row",
     "outputs lie row after row: request r has out[r * d + c], not out[r + c]"},
};

static void check_join(Grade *g) {
    enum { BEFORE_THE_NAN = 3 * D };  // outputs of requests 0, 1 and 2
    const char *what = "outputs of four requests, the third without keys";
    double out[REQUESTS * D], lse[REQUESTS];
    joined(&USUAL, IN_ORDER, out, lse);
    grade_mistake(g, isnan(out[2 * D]), "no-keys-nan",
                  "a request without keys: 0/0 is NaN, its output is 0");
    grade_mistake(g, out[2 * D] == BEFORE, "not-written",
                  "a request without keys: its row was left as it was");
    if (isnan(out[3 * D]))
        grade_slip(g, what, out, BEFORE_THE_NAN, 1e-12, joined_by, &USUAL, JOIN_SLIPS,
                   COUNT_OF(JOIN_SLIPS));
    grade_mistake(g, isnan(out[3 * D]), "empty-nan",
                  "a stretch that saw nothing: 0 x NaN is NaN, pass it over");
    grade_numbers(g, 3, what, out, REQUESTS * D, 1e-12, joined_by, &USUAL, JOIN_SLIPS,
                  COUNT_OF(JOIN_SLIPS));
    grade_simpler_join(g, outputs_of, joined_by);
}

// Stretches of one request whose sums round differently in different orders.
enum { ROUNDED = 6 };
static const double ROUNDED_LSES[ROUNDED] = {0.1, 3.7, -2.4, 5.3, 1.9, 4.6},
                    ROUNDED_OUTS[ROUNDED] = {0.1, -0.3, 0.7, 1.3, -2.9, 0.6};

static void rounded(const int order[ROUNDED], double shift, double out[2]) {
    Stretch stretches[ROUNDED];
    double outs[ROUNDED], lses[ROUNDED];
    for (int i = 0; i < ROUNDED; i++) {
        stretches[i] = (Stretch){0, 4 * order[i], 4};
        outs[i] = ROUNDED_OUTS[order[i]], lses[i] = ROUNDED_LSES[order[i]] + shift;
    }
    double *to = grade_guarded("out", &(double){7}, sizeof(double)),
           *at = grade_guarded("lse", &(double){7}, sizeof(double));
    stretches_merge(grade_guarded("stretches", stretches, sizeof stretches),
                    grade_guarded("outs", outs, sizeof outs),
                    grade_guarded("lses", lses, sizeof lses), ROUNDED, 1, 1, to, at);
    out[0] = *to, out[1] = *at;
}

// L near 1000 and -1000: a step.
static void grade_far(Grade *g, int points) {
    const int order[ROUNDED] = {0, 1, 2, 3, 4, 5};
    double high[2], low[2], usual[2];
    rounded(order, 0, usual), rounded(order, 1000, high), rounded(order, -1000, low);
    grade_mistake(g, isfinite(high[1]) && !isfinite(low[1]), "join-maximum-from-zero",
                  "where all L_s are near -1000 every e^(L_s - largest) is 0: the "
                  "largest was looked for from 0 on");
    grade_mistake(g, !isfinite(high[1]) || !isfinite(low[1]), "join-overflow",
                  "e^1000 is infinite in C and e^-1000 is 0: subtract the request's "
                  "largest L_s first");
    Reading all[] = {{"L near 1000", high[1], usual[1] + 1000, 1e-9},
                     {"the output", high[0], usual[0], 1e-9},
                     {"L near -1000", low[1], usual[1] - 1000, 1e-9},
                     {"the output", low[0], usual[0], 1e-9}};
    grade_readings(g, points, "six stretches of one request", all, 4);
}

static void check_join_lse(Grade *g) {
    double out[REQUESTS * D], lse[REQUESTS];
    joined(&USUAL, IN_ORDER, out, lse);
    double want = log(exp(USUAL.lses[0]) + exp(USUAL.lses[1]));
    grade_mistake(g, lse[0] == BEFORE && lse[1] == BEFORE, "lse-not-written",
                  "lse was not written");
    grade_mistake(g, lse[2] == BEFORE && lse[1] == USUAL.lses[2], "lse-not-written",
                  "the L of a request without keys was left as it was: it is -inf");
    grade_mistake(g, fabs(lse[0] - USUAL.lses[0] - USUAL.lses[1]) < 1e-12,
                  "lse-sum-of-logs",
                  "L is ln of the sum of e^L_s: the logarithms were added");
    grade_mistake(
        g,
        fabs(lse[0] - want + USUAL.lses[0]) < 1e-12 || fabs(lse[0] - exp(want)) < 1e-9,
        "lse-shifted",
        "L is ln of the sum of e^L_s, with what was subtracted in the exponents "
        "added again");
    grade_mistake(g, fabs(lse[0] - want) < 1e-12 && lse[2] == 0, "lse-of-none",
                  "the L of a request without keys is -inf, ln of a sum of nothing");
    grade_mistake(g, lse[0] == USUAL.lses[1] && out[0] == USUAL.outs[D], "overwritten",
                  "each stretch overwrites the one before it, output and L");
    grade_mistake(
        g, lse[0] == USUAL.lses[1] || lse[0] == USUAL.lses[0], "lse-one-stretch",
        "L of a request with two stretches is that of one of them: L is ln of "
        "the sum of e^L_s");
    bool good = fabs(lse[0] - want) < 1e-12 && fabs(lse[1] - USUAL.lses[2]) < 1e-12
                && lse[2] == -INFINITY && fabs(lse[3] - USUAL.lses[3]) < 1e-12;
    if (good) {
        grade_far(g, 2);
        return;
    }
    grade_expect(g, 2, false,
                 "L is %.6g, %.6g, %g and %.6g, should be %.6g, %.6g, -inf and %.6g",
                 lse[0], lse[1], lse[2], lse[3], want, USUAL.lses[2], USUAL.lses[3]);
    grade_simpler_join(g, lses_of, lses_by);
}

static double rounded_want(void) {
    double sum = 0, mixed = 0;
    for (int i = 0; i < ROUNDED; i++) {
        sum += exp(ROUNDED_LSES[i]);
        mixed += exp(ROUNDED_LSES[i]) * ROUNDED_OUTS[i];
    }
    return mixed / sum;
}

// What comes out where L_s is taken from one place of a stretch that came as order[i],
// and its output from another.
static double crossed(const int order[ROUNDED]) {
    double sum = 0, mixed = 0;
    for (int i = 0; i < ROUNDED; i++) {
        sum += exp(ROUNDED_LSES[order[i]]);
        mixed += exp(ROUNDED_LSES[order[i]]) * ROUNDED_OUTS[i];
    }
    return mixed / sum;
}

static void check_join_bits(Grade *g) {
    int order[ROUNDED] = {0, 1, 2, 3, 4, 5};
    double first[2], other[2];
    bool same = true, near = true;
    rounded(order, 0, first);
    for (int step = 1; step < 60; step++) {  // some of the 720 orders
        int a = step % ROUNDED, b = step * 7 / 3 % ROUNDED, kept = order[a];
        order[a] = order[b], order[b] = kept;
        rounded(order, 0, other);
        same &= memcmp(first, other, sizeof first) == 0;
        near &= fabs(other[0] - rounded_want()) < 1e-9;
    }
    double one[2], two[2];
    int rising[ROUNDED] = {0, 1, 2, 3, 4, 5}, falling[ROUNDED] = {5, 4, 3, 2, 1, 0};
    rounded(rising, 0, one), rounded(falling, 0, two);
    grade_mistake(g, !near && fabs(two[0] - crossed(falling)) < 1e-9, "two-orders",
                  "L_s and O_s of different stretches are joined: after sorting, both "
                  "are at the place where the stretch came, lses[s] and row s of outs");
    grade_mistake(
        g, !near && (one[0] == ROUNDED_OUTS[0] || two[0] == ROUNDED_OUTS[5]),
        "first-to-come",
        "stretches are missing where they come in another order: look for the "
        "next one among all, not only among those after it");
    grade_mistake(
        g, near && !same, "order-of-arrival",
        "sums in another order round differently: go by where stretches begin");
    grade_expect(g, 3, near && same, "six stretches, in several orders: %s",
                 near ? "the last bits differ" : "the outputs are wrong");
}

void check_stretches(Grade *g) {
    grade_part(g, check_cut(g));
    grade_part(g, check_cut_empty(g));
    grade_part(g, check_cut_few(g));
    grade_part(g, check_cut_large(g));
    grade_part(g, check_join_lse(g));
    grade_part(g, check_join(g));
    grade_part(g, check_join_bits(g));
}
