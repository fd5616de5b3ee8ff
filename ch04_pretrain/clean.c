#include "ch04_pretrain/clean.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/html.h"
#include "ch04_pretrain/mixture.h"
#include "ch04_pretrain/quality.h"

static const char *const reason_names[] = {
    [REASON_EQUAL] = "equal",           [REASON_NEAR] = "near",
    [REASON_PERPLEXITY] = "perplexity", [REASON_CLASSIFIER] = "classifier",
    [REASON_WEIGHT] = "weight",         [CLEAN_REASONS] = "kept"};
_Static_assert(sizeof reason_names / sizeof *reason_names == CLEAN_REASONS + 1,
               "a reason without its name");

const char *clean_reason_name(int reason) {
    return reason < CLEAN_RULES ? clean_rules[reason].name : reason_names[reason];
}

CleanSettings clean_defaults(void) {
    CleanSettings s = {.script = SCRIPT_NONE,
                       .near = near_settings(1),
                       .trusted_share = 0.95,
                       .seed = 1};
    for (int r = 0; r < CLEAN_RULES; r++) s.bounds[r] = clean_rules[r].bound;
    return s;
}

// ---- from files to documents

static void add(Cleaning *c, Document d, int source) {
    reserve(c->all.list, c->all.capacity, c->all.count + 1);
    reserve(c->source, c->source_capacity, c->all.count + 1);
    c->source[c->all.count] = source;
    c->all.list[c->all.count++] = d;
}

static bool is_page(const char *text, size_t size, int html) {
    return html == HTML_ALWAYS || (html == HTML_AUTO && html_is(text, size));
}

static Document text_of_page(Cleaning *c, const char *at, size_t size) {
    Text text = {0};
    html_to_text(&text, at, size);
    reserve(c->texts, c->text_capacity, c->text_count + 1);
    c->texts[c->text_count++] = text.data, c->pages++;
    return (Document){text.data ? text.data : "", text.size};
}

// A file that is one page becomes text before it is cut into documents; in others each
// document may be a page.
void clean_add(Cleaning *c, int source, const char *at, size_t size, int html) {
    Documents cut;
    c->bytes[source] += size;
    bool marked = memmem(at, size, DOCUMENT_END, strlen(DOCUMENT_END)) != NULL;
    if (!marked && is_page(at, size, html)) {
        Document text = text_of_page(c, at, size);
        at = text.at, size = text.size, html = HTML_NEVER;
    }
    documents_cut(&cut, at, size);
    for (size_t i = 0; i < cut.count; i++) {
        Document each = cut.list[i];
        if (is_page(each.at, each.size, html))
            each = text_of_page(c, each.at, each.size);
        add(c, each, source);
    }
    documents_free(&cut);
}

static bool read_files(Cleaning *c, const char *const *paths, int html, Error *err) {
    for (int i = 0; i < c->sources; i++) {
        size_t before = c->all.count;
        if (!file_read(&c->files[i], paths[i], err)
            || !documents_check(&c->files[i], paths[i], err))
            return false;
        clean_add(c, i, c->files[i].data, c->files[i].size, html);
        if (c->all.count == before)
            return error_set(err, "%s: expected a text, found nothing but white space",
                             file_label(paths[i]));
    }
    return true;
}

// ---- reasons to go. What went already is not asked again.

static void apply_rules(Cleaning *c, const CleanSettings *s) {
#pragma omp parallel for schedule(dynamic, 16)
    for (size_t i = 0; i < c->all.count; i++) {
        CleanRule broken =
            clean_rule_broken(&c->all.list[i], s->bounds, (Script)s->script);
        c->reason[i] = broken == CLEAN_RULES ? CLEAN_REASONS : (int)broken;
    }
}

// The documents that are still there, in order, and where each is in c->all.
static Documents remaining(const Cleaning *c, size_t **places) {
    Documents d = {.list = allocate(c->all.count, sizeof(Document))};
    *places = allocate(c->all.count, sizeof **places);
    for (size_t i = 0; i < c->all.count; i++)
        if (c->reason[i] == CLEAN_REASONS)
            d.list[d.count] = c->all.list[i], (*places)[d.count++] = i;
    return d;
}

static void drop_later(Cleaning *c, const size_t *first, const size_t *places,
                       size_t count, CleanReason reason) {
    for (size_t i = 0; i < count; i++)
        if (first[i] != i) c->reason[places[i]] = (int)reason;
}

static void drop_duplicates(Cleaning *c, const CleanSettings *s, CleanReason reason) {
    size_t *places, *first = allocate(c->all.count, sizeof *first);
    Documents d = remaining(c, &places);
    if (reason == REASON_EQUAL) documents_first_equal(&d, first);
    else c->compared = near_duplicates(&d, &s->near, first);
    drop_later(c, first, places, d.count, reason);
    free(first), free(places), documents_free(&d);
}

static bool apply_quality(Cleaning *c, const CleanSettings *s, Error *err) {
    Documents trusted, rest;
    size_t *places;
    if (!documents_read(&trusted, s->trusted, err)) return false;
    rest = remaining(c, &places);
    Rng rng = rng_new(s->seed);
    if (rest.count) {
        Quality q = quality_learn(&trusted, &rest, s->trusted_share, &rng);
        c->bound = q.most_bits;
        for (size_t i = 0; i < rest.count; i++) {
            const Document *d = &rest.list[i];
            if (quality_by_bytes(&q, d) < 0) c->reason[places[i]] = REASON_PERPLEXITY;
            else if (quality_by_words(&q, d, i) < 0)
                c->reason[places[i]] = REASON_CLASSIFIER;
        }
        quality_free(&q);
    }
    free(places), documents_free(&rest), documents_free(&trusted);
    return true;
}

// ---- weights

// Chooses documents of one file, so many epochs of what is left of it.
static void choose(Cleaning *c, int source, double epochs, Rng *rng) {
    size_t *bytes = allocate(c->all.count, sizeof *bytes), n = 0;
    size_t *places = allocate(c->all.count, sizeof *places);
    unsigned char *chosen = allocate(c->all.count, 1);
    for (size_t i = 0; i < c->all.count; i++)
        if (c->source[i] == source && c->reason[i] == CLEAN_REASONS)
            bytes[n] = c->all.list[i].size, places[n++] = i;
    mixture_choose(bytes, n, epochs, rng, chosen);
    for (size_t k = 0; k < n; k++)
        if (!chosen[k]) c->reason[places[k]] = REASON_WEIGHT;
    free(bytes), free(places), free(chosen);
}

// No document is written twice, since train would drop the second: the source that is
// scarcest for its weight is taken whole.
static void apply_weights(Cleaning *c, const CleanSettings *s) {
    double *sizes = allocate((size_t)c->sources, sizeof *sizes);
    for (int i = 0; i < c->sources; i++) {
        size_t bytes;
        clean_count(c, i, CLEAN_REASONS, &bytes);
        sizes[i] = (double)bytes;
    }
    double total = mixture_total(s->weights, sizes, c->sources, 1);
    Rng rng = rng_new(s->seed);
    for (int i = 0; i < c->sources; i++)
        if (sizes[i] > 0)
            choose(c, i, mixture_epochs(s->weights[i], sizes[i], total), &rng);
    free(sizes);
}

// ---- all of it

void clean_begin(Cleaning *c, int sources) {
    size_t count = (size_t)sources;
    *c = (Cleaning){.sources = sources,
                    .bound = NAN,
                    .bytes = allocate(count, sizeof *c->bytes),
                    .files = allocate(count, sizeof *c->files)};
}

bool clean_apply(Cleaning *c, const CleanSettings *s, Error *err) {
    c->reason = allocate(c->all.count, sizeof *c->reason);
    apply_rules(c, s);
    drop_duplicates(c, s, REASON_EQUAL), drop_duplicates(c, s, REASON_NEAR);
    if (s->trusted && !apply_quality(c, s, err)) return false;
    if (s->weights) apply_weights(c, s);
    return true;
}

bool clean(Cleaning *c, const char *const *paths, int count, const CleanSettings *s,
           Error *err) {
    clean_begin(c, count);
    return read_files(c, paths, s->html, err) && clean_apply(c, s, err);
}

void clean_free(Cleaning *c) {
    for (int i = 0; i < c->sources; i++) bytes_free(&c->files[i]);
    while (c->text_count) free(c->texts[--c->text_count]);
    free(c->files), free(c->texts), free(c->bytes), free(c->source), free(c->reason);
    documents_free(&c->all);
    *c = (Cleaning){0};
}

size_t clean_count(const Cleaning *c, int source, int reason, size_t *bytes) {
    size_t count = 0, sum = 0;
    for (size_t i = 0; i < c->all.count; i++)
        if ((source < 0 || c->source[i] == source) && c->reason[i] == reason)
            count++, sum += c->all.list[i].size;
    if (bytes) *bytes = sum;
    return count;
}

void clean_write(const Cleaning *c, FILE *out) {
    for (size_t i = 0; i < c->all.count; i++)
        if (c->reason[i] == CLEAN_REASONS) {
            fwrite(c->all.list[i].at, 1, c->all.list[i].size, out);
            fputs(DOCUMENT_END, out);
        }
}
