// Batches: what each objective makes of a row, by hand and by counting.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/floor.h"
#include "ch04_pretrain/glm.h"
#include "ch04_pretrain/mlm.h"
#include "ch04_pretrain/pairs.h"
#include "ch04_pretrain/tests/tiny.h"

enum { V = 12, END = V - 1 };

static ObjectiveSettings settings(ObjectiveKind kind) {
    return (ObjectiveSettings){.kind = kind, .rng = rng_new(5)};
}

static Batch filled(const ObjectiveSettings *s, Data *d, int rows, long long n) {
    Batch b = objective_batch_new(s, rows, d->time);
    objective_fill(&b, s, d, n);
    return b;
}

#define expect_ints(want, got, count) \
    for (int i_ = 0; i_ < (count); i_++) \
    cr_assert_eq((want)[i_], (got)[i_], "place %d: %d, expected %d", i_, (got)[i_], \
                 (want)[i_])

// ---- data

// Every token but the first is a target exactly once in each epoch; the order changes.
Test(data, an_epoch) {
    enum { TIME = 7 };
    Corpus c = tiny_corpus(V, 9, 8, 1);
    // as many ids as there are tokens: each can be told from the others
    for (size_t i = 0; i < c.count; i++) c.ids[i] = (int)i;
    c.end = -5;
    Data d = data_of_corpus(&c, (int)c.count, TIME, 3);
    long long first_of_epoch[3];
    for (int epoch = 0; epoch < 3; epoch++) {
        int *seen = calloc(c.count, sizeof *seen), row[TIME + 1];
        for (long long n = epoch * d.rows; n < (epoch + 1) * d.rows; n++) {
            data_row(&d, n, row);
            for (int i = 1; i <= TIME; i++)
                if (row[i] != NO_TOKEN) seen[row[i]]++;
        }
        cr_assert_eq(seen[0], 0);
        for (size_t i = 1; i < c.count; i++) cr_assert_eq(seen[i], 1, "token %zu", i);
        first_of_epoch[epoch] = data_row_of(&d, epoch * d.rows);
        free(seen);
    }
    cr_assert(first_of_epoch[0] != first_of_epoch[1]
              || first_of_epoch[1] != first_of_epoch[2]);
    data_free(&d), corpus_free(&c);
}

// Row n is row n, whatever was asked for before.
Test(data, a_row_is_a_function_of_its_number) {
    Corpus c = tiny_corpus(V, 20, 9, 1);
    Data d = data_of_corpus(&c, V, 6, 3), again = data_of_corpus(&c, V, 6, 3);
    int row[7], same[7];
    data_row(&again, 99, same);
    for (long long n = 0; n <= 99; n++) data_row(&d, n, row);
    expect_ints(row, same, 7);
    data_free(&d), data_free(&again), corpus_free(&c);
}

Test(data, of_a_language) {
    enum { TIME = 100 };
    for (int name = 0; name < LANGUAGE_COUNT; name++) {
        Language l = language_new((LanguageName)name, NULL);
        Data d = data_of_language(&l, TIME, 3);
        int row[TIME + 1], other[TIME + 1];
        double nats[TIME], sum = 0;
        data_row(&d, 7, row), data_row(&d, 8, other);
        cr_assert(memcmp(row, other, sizeof row) != 0);
        data_row(&d, 7, other);
        expect_ints(row, other, TIME + 1);
        cr_assert_eq(row[0], d.end);
        for (int i = 0; i <= TIME; i++) cr_assert(row[i] >= 0 && row[i] < d.vocabulary);
        data_surprise(&d, row, nats);
        for (int i = 0; i < TIME; i++) cr_assert(isfinite(nats[i]) && nats[i] >= 0);
        // text by text, each as a text of its own
        for (int from = 1, to; from <= TIME; from = to) {
            for (to = from; to <= TIME && row[to] != d.end;) to++;
            to += to <= TIME;
            sum += language_log_prob(&l, row + from, to - from);
        }
        for (int i = 0; i < TIME; i++) sum += nats[i];
        cr_assert_float_eq(sum, 0, 1e-9, "%s", l.kind->name);
        data_free(&d), language_free(&l);
    }
}

// ---- clm, prefix

static const int packed[] = {END, 1, 2, 3, END, 4, 5, END};

Test(clm, by_hand) {
    Corpus c = tiny_corpus_of(packed, 8, END);
    Data d = data_of_corpus(&c, V, 9, 1);
    ObjectiveSettings s = settings(OBJECTIVE_CLM);
    Batch b = filled(&s, &d, 1, 0);
    const int tokens[] = {END, 1, 2, 3, END, 4, 5, END};
    const int targets[] = {1, 2, 3, END, 4, 5, END, IGNORED, IGNORED};
    const int firsts[] = {0, 0, 0, 0, 4, 4, 4, 7},
              positions[] = {0, 1, 2, 3, 0, 1, 2, 0};
    expect_ints(tokens, b.tokens, 8);
    expect_ints(targets, b.targets, 9);
    expect_ints(firsts, b.firsts, 8);
    expect_ints(positions, b.positions, 8);
    cr_assert_eq(b.counted, 7);
    batch_free(&b), data_free(&d), corpus_free(&c);
}

Test(prefix, what_was_read_is_not_predicted) {
    Corpus c = tiny_corpus(V, 30, 20, 2);
    Data d = data_of_corpus(&c, V, 10, 1);
    ObjectiveSettings s = settings(OBJECTIVE_PREFIX), plain = settings(OBJECTIVE_CLM);
    int different = 0;
    for (int n = 0; n < 20; n++) {
        Batch b = filled(&s, &d, 1, n), all = filled(&plain, &d, 1, n);
        int prefix = b.prefixes[0];
        cr_assert(prefix >= 1 && prefix < 10);
        expect_ints(all.tokens, b.tokens, 10);
        // The last token of the prefix predicts the one after it; those before see what
        // they would have to predict.
        for (int i = 0; i < 10; i++)
            cr_assert_eq(b.targets[i], i < prefix - 1 ? IGNORED : all.targets[i]);
        different |= 1 << prefix;
        batch_free(&b), batch_free(&all);
    }
    cr_assert(different & (different - 1));
    data_free(&d), corpus_free(&c);
}

// ---- mlm

typedef struct {
    double tokens, selected, masked, random, kept;
} Shares;

static void add_shares(Shares *s, const Batch *b, const int *text, const Data *d) {
    for (int i = 0; i < b->time; i++) {
        if (text[i] == d->end || text[i] == NO_TOKEN) {
            cr_assert_eq(b->targets[i], IGNORED);
            continue;
        }
        s->tokens++;
        cr_assert_neq(b->tokens[i], d->end, "END in place of a token");
        if (b->targets[i] == IGNORED) {
            cr_assert_eq(b->tokens[i], text[i]);
            continue;
        }
        cr_assert_eq(b->targets[i], text[i]);
        s->selected++;
        if (b->tokens[i] == d->vocabulary) s->masked++;
        else if (b->tokens[i] == text[i]) s->kept++;
        else s->random++;
    }
}

// A million tokens, five standard errors. A random token is the right one 1 in V times
// and then counts among the kept.
Test(mlm, shares) {
    enum { TIME = 128, VOCABULARY = 1001 };
    Corpus c = tiny_corpus(VOCABULARY, 5000, 400, 3);
    Data d = data_of_corpus(&c, VOCABULARY, TIME, 1);
    ObjectiveSettings s = settings(OBJECTIVE_MLM);
    Shares sum = {0};
    int text[TIME + 1];
    for (long long n = 0; sum.tokens < 1e6; n++) {
        Batch b = filled(&s, &d, 1, n);
        data_row(&d, n, text);
        add_shares(&sum, &b, text, &d);
        batch_free(&b);
    }
    cr_assert_float_eq(sum.selected / sum.tokens, .15, .0018);
    cr_assert_float_eq(sum.masked / sum.tokens, .12, .0016);
    cr_assert_float_eq(sum.random / sum.tokens, .015, .0006 + .015 / 1000);
    cr_assert_float_eq(sum.kept / sum.tokens, .015, .0006 + .015 / 1000);
    data_free(&d), corpus_free(&c);
}

// Of the tokens that either epoch selects: both select a share p / (2 - p) = .0811 of
// them where masks are drawn anew, and all where they are not.
Test(mlm, static_and_dynamic_masks) {
    Corpus c = tiny_corpus(V, 3000, 60, 3);
    Data d = data_of_corpus(&c, V, 32, 1);
    for (int fixed = 0; fixed < 2; fixed++) {
        ObjectiveSettings s = settings(OBJECTIVE_MLM);
        s.static_masks = fixed;
        double both = 0, either = 0;
        // where each row is in the two epochs
        long long *place = calloc((size_t)d.rows, sizeof *place);
        for (long long n = 0; n < d.rows; n++) place[data_row_of(&d, n)] = n;
        long long *row = calloc((size_t)d.rows, sizeof *row);
        for (long long n = 0; n < d.rows; n++) row[n] = data_row_of(&d, d.rows + n);
        for (long long n = 0; n < d.rows; n++) {
            Batch a = filled(&s, &d, 1, place[row[n]]),
                  b = filled(&s, &d, 1, d.rows + n);
            for (int i = 0; i < 32; i++) {
                both += a.targets[i] >= 0 && b.targets[i] >= 0;
                either += a.targets[i] >= 0 || b.targets[i] >= 0;
            }
            if (fixed) expect_ints(a.tokens, b.tokens, 32);
            batch_free(&a), batch_free(&b);
        }
        double expected = fixed ? 1 : .0811;
        cr_assert_float_eq(both / either, expected,
                           fixed ? 0 : 5 * sqrt(.0811 * .919 / either));
        free(place), free(row);
    }
    data_free(&d), corpus_free(&c);
}

// Of a Markov source: P(target | all seen) by going through all texts.
Test(mlm, floor_by_enumeration) {
    enum { TIME = 7, SYMBOLS = 3, TEXTS = 729 };
    LanguageSettings of = {1, SYMBOLS, 1, 0.5};
    Language l = language_new(LANGUAGE_MARKOV, &of);
    Data d = data_of_language(&l, TIME, 4);
    ObjectiveSettings s = settings(OBJECTIVE_MLM);
    s.mask_share = 0.5;
    Corruption law = mlm_corruption(&s);
    Channel any = channel_of(&law, SYMBOLS), chosen = channel_selected(&law, SYMBOLS);
    int checked = 0;
    for (int n = 0; n < 10; n++) {
        Batch b = filled(&s, &d, 1, n);
        double nats[TIME];
        floor_of_row(&b, 0, &s, &d, n, nats);
        for (int at = 1; at < TIME; at++) {
            if (b.targets[at] < 0) continue;
            double all = 0, right = 0;
            for (int code = 0; code < TEXTS; code++) {
                int text[TIME];
                for (int i = 1, rest = code; i < TIME; i++, rest /= SYMBOLS)
                    text[i] = rest % SYMBOLS;
                double p = exp(language_log_prob(&l, text + 1, TIME - 1));
                for (int i = 1; i < TIME; i++) {
                    int seen = b.tokens[i] == d.vocabulary ? MASKED : b.tokens[i];
                    p *= channel_at(i == at ? &chosen : &any, seen, text[i]);
                }
                all += p, right += text[at] == b.targets[at] ? p : 0;
            }
            cr_assert_float_eq(nats[at], -log(right / all), 1e-9);
            checked++;
        }
        batch_free(&b);
    }
    cr_assert_gt(checked, 10);
    data_free(&d), language_free(&l);
}

// Of independent symbols what is in a blank says nothing of its length: with r tokens of
// noise left and u blanks that nothing is seen of, the one that is being filled is over
// with chance u / r. Whatever the order: lengths are exchangeable.
static void expect_blank(const double *nats, const Span *span, const double *own,
                         int *left, int unseen) {
    for (int i = 0; i <= span->length; i++) {
        double over = *left ? (double)unseen / *left : 1;
        double expected = i == span->length
                              ? -log(over)
                              : own[span->first + i] - (i ? log(1 - over) : 0);
        cr_expect_float_eq(nats[i], expected, 1e-9, "token %d of a blank", i);
        *left -= i < span->length;
    }
}

Test(span, floor_of_independent_symbols) {
    enum { TIME = 64, SYMBOLS = 4, SPANS = 3 };
    LanguageSettings of = {1, SYMBOLS, 0, 0.5};
    Language l = language_new(LANGUAGE_MARKOV, &of);
    Data d = data_of_language(&l, TIME, 4);
    const ObjectiveKind kinds[] = {OBJECTIVE_SPAN, OBJECTIVE_GLM};
    for (int n = 0; n < 20; n++) {
        bool glm = n % 2;
        ObjectiveSettings s = settings(kinds[glm]);
        Batch b = filled(&s, &d, 1, n);
        double nats[2 * TIME], own[TIME];
        int row[TIME + 1], order[TIME] = {0, 1, 2}, left = 0;
        Span spans[TIME];
        Rng rng = objective_row_rng(&s, &d, n);
        data_row(&d, n, row);
        int count = glm ? glm_cut(&(Draw){row, n, &d, &s, &rng}, spans, order)
                        : span_cut(&rng, TIME - 1, spans);
        cr_assert_eq(count, SPANS);
        l.kind->surprise(&l, row + 1, TIME - 1, own);
        for (int k = 0; k < count; k++) spans[k].first -= glm, left += spans[k].length;
        floor_of_row(&b, 0, &s, &d, n, nats);
        int at = glm ? b.prefixes[0] : 1;
        if (!glm) cr_expect_eq(nats[0], 0, "the first sentinel is certain");
        for (int k = 0; k < count; at += spans[order[k++]].length + 1)
            expect_blank(nats + at, &spans[order[k]], own, &left, count - 1 - k);
        batch_free(&b);
    }
    data_free(&d), language_free(&l);
}

// ---- span

// The encoder's text and what the decoder writes make the document again; the decoder
// reads its own targets, one place later.
Test(span, puts_together) {
    enum { TIME = 30 };
    Corpus c = tiny_corpus(V, 40, 60, 3);
    Data d = data_of_corpus(&c, V, TIME, 1);
    ObjectiveSettings s = settings(OBJECTIVE_SPAN);
    int text[TIME + 1], rows = 0;
    for (int n = 0; n < 50; n++) {
        Batch b = filled(&s, &d, 1, n);
        data_row(&d, n, text);
        if (b.counted == 0) continue;
        int first = text[0] == END, at = first, target = 0;
        for (int i = 0; b.source[i] != END; i++) {
            if (b.source[i] < V) {
                cr_assert_eq(b.source[i], text[at++]);
                continue;
            }
            cr_assert_eq(b.targets[target++], b.source[i], "the sentinel again");
            while (b.targets[target] < V && b.targets[target] != END)
                cr_assert_eq(b.targets[target++], text[at++]);
        }
        cr_assert_eq(b.targets[target], END);
        cr_assert_eq(b.lengths[0], target + 1);
        cr_assert_eq(b.counted, target + 1);
        cr_assert(at == TIME || text[at] == END || text[at] == NO_TOKEN);
        cr_assert_eq(b.tokens[0], END);
        expect_ints(b.targets, b.tokens + 1, target);
        cr_assert_lt(b.source[0], V, "the first token is never cut out");
        for (int i = target + 1; i < b.time; i++) cr_assert_eq(b.targets[i], IGNORED);
        rows++;
        batch_free(&b);
    }
    cr_assert_gt(rows, 20);
    data_free(&d), corpus_free(&c);
}

// 30 tokens: 4 of noise, not 5, in one span.
Test(span, thirty_tokens) {
    cr_assert_eq(span_sentinels(30), 1);
    cr_assert_eq(span_source_time(30), 28);
    cr_assert_eq(span_target_time(30), 6);
    cr_assert_eq(span_source_time(512), 462);
    cr_assert_eq(span_target_time(568), 114);
}

// ---- glm

// The example of glm.h: x3, and x5 x6, the second first.
Test(glm, by_hand) {
    const int text[] = {1, 2, 3, 4, 5, 6}, order[] = {1, 0};
    const Span spans[] = {{2, 1}, {4, 2}};
    const int M = V + GLM_MASK, S = V + GLM_START, E = V + GLM_END, no = IGNORED;
    Batch b = batch_new(
        1, 11, 0, BATCH_PREFIXES | BATCH_LENGTHS | BATCH_POSITIONS | BATCH_SEGMENTS);
    glm_row(&b, 0, text, 6, spans, order, 2, V);
    const int tokens[] = {1, 2, M, 4, M, S, 5, 6, S, 3},
              targets[] = {no, no, no, no, no, 5, 6, E, 3, E, no},
              positions[] = {0, 1, 2, 3, 4, 4, 4, 4, 2, 2},
              segments[] = {0, 0, 0, 0, 0, 1, 2, 3, 1, 2};
    expect_ints(tokens, b.tokens, 10);
    expect_ints(targets, b.targets, 11);
    expect_ints(positions, b.positions, 10);
    expect_ints(segments, b.segments, 10);
    cr_assert_eq(b.prefixes[0], 5);
    cr_assert_eq(b.lengths[0], 10);
    batch_free(&b);
}

// Spans written into their blanks make the text again, whatever order was drawn.
Test(glm, puts_together) {
    enum { TIME = 30 };
    Corpus c = tiny_corpus(V, 40, 60, 3);
    Data d = data_of_corpus(&c, V, TIME, 1);
    ObjectiveSettings s = settings(OBJECTIVE_GLM);
    int text[TIME + 1], rows = 0;
    for (int n = 0; n < 50; n++) {
        Batch b = filled(&s, &d, 1, n);
        data_row(&d, n, text);
        int prefix = b.prefixes[0], at = 0;
        for (int i = 0; i < prefix; i++) {
            if (b.tokens[i] != V + GLM_MASK) {
                cr_assert_eq(b.tokens[i], text[at++]);
                continue;
            }
            for (int k = prefix; k < b.lengths[0]; k++)
                if (b.positions[k] == i && b.targets[k] != V + GLM_END)
                    cr_assert_eq(b.targets[k], text[at++]);
        }
        rows += b.counted > 0;
        cr_assert(at == TIME || text[at] == END || text[at] == NO_TOKEN);
        batch_free(&b);
    }
    cr_assert_gt(rows, 20);
    data_free(&d), corpus_free(&c);
}

// ---- nsp, sop

// Rows of the corpus count up, so one sees which half is which.
Test(pairs, labels) {
    enum { TIME = 8, HALF = 4, ROWS = 60, ALL = TIME * ROWS + 1 };
    int ids[ALL];
    for (int i = 0; i < ALL; i++) ids[i] = i;
    Corpus c = tiny_corpus_of(ids, ALL, -5);
    Data d = data_of_corpus(&c, ALL, TIME, 1);
    for (int kind = OBJECTIVE_NSP; kind <= OBJECTIVE_SOP; kind++) {
        ObjectiveSettings s = settings((ObjectiveKind)kind);
        Batch b = filled(&s, &d, ROWS, 0);
        int ones = 0;
        for (int r = 0; r < ROWS; r++) {
            const int *in = b.tokens + r * b.time, *segment = b.segments + r * b.time;
            int one = in[1], two = in[2 + HALF], label = b.labels[r];
            cr_assert_eq(in[0], ALL + PAIR_CLASS);
            cr_assert_eq(in[1 + HALF], ALL + PAIR_SEPARATOR);
            cr_assert_eq(in[2 + 2 * HALF], ALL + PAIR_SEPARATOR);
            for (int i = 0; i < HALF; i++)
                cr_assert(in[1 + i] == one + i && in[2 + HALF + i] == two + i);
            for (int i = 0; i < b.time; i++) cr_assert_eq(segment[i], i > 1 + HALF);
            if (kind == OBJECTIVE_SOP) cr_assert_eq(two - one, label ? HALF : -HALF);
            else cr_assert_eq(two - one == HALF, label);
            ones += label;
        }
        cr_assert_eq(b.counted, ROWS);
        // 30 of 60, five standard errors
        cr_assert_float_eq(ones, ROWS / 2, 5 * sqrt(ROWS) / 2);
        batch_free(&b);
    }
    data_free(&d), corpus_free(&c);
}
