#include "ch04_pretrain/language.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/word_list.h"
#include "ch04_pretrain/chains.h"
#include "ch04_pretrain/entropy.h"
#include "ch04_pretrain/glossary.h"
#include "ch04_pretrain/hmm.h"
#include "ch04_pretrain/markov.h"
#include "ch04_pretrain/story.h"
#include "common/program/nearest.h"

// ---- automata: markov and hmm

const Automaton *language_automaton(const Language *l) {
    if (l->kind == &language_kinds[LANGUAGE_HMM]) return &((Hmm *)l->self)->automaton;
    if (l->kind == &language_kinds[LANGUAGE_MARKOV])
        return &((Markov *)l->self)->automaton;
    return NULL;
}

static int symbols_generate(const Language *l, Rng *rng, int *text, int most) {
    return automaton_write(language_automaton(l), &ALWAYS, rng, text, most);
}

static void symbols_next(const Language *l, const int *prefix, int n, double *p) {
    Reader r = reader_new(language_automaton(l), &ALWAYS);
    bool possible = true;
    for (int i = 0; i < n; i++) possible &= reader_read(&r, prefix[i]) > 0;
    reader_next(&r, p);
    for (int x = 0; x < l->symbols && !possible; x++) p[x] = 0;
    reader_free(&r);
}

static void symbols_surprise(const Language *l, const int *text, int n, double *nats) {
    Reader r = reader_new(language_automaton(l), &ALWAYS);
    for (int i = 0; i < n; i++) nats[i] = -log(reader_read(&r, text[i]));
    reader_free(&r);
}

static bool symbols_mask_posterior(const Language *l, const Corruption *c,
                                   const int *seen, int n, double *p) {
    return automaton_mask_posterior(language_automaton(l), &ALWAYS, c, seen, n, p);
}

static void markov_make(Language *l) {
    const LanguageSettings *s = &l->settings;
    Rng rng = rng_new(s->seed);
    Markov *m = l->self = allocate(1, sizeof *m);
    *m = markov_random(&rng, s->symbols, s->order, s->concentration, 0.02 / s->symbols);
    l->symbols = m->symbols;
}
static void markov_discard(Language *l) { markov_free(l->self); }
static Known markov_rate(const Language *l) {
    return (Known){markov_entropy_rate(l->self), 0};
}
static Known markov_floor(const Language *l, int t) {
    return (Known){markov_block_entropy(l->self, t + 1), 0};
}

static void hmm_make(Language *l) {
    Hmm *h = l->self = allocate(1, sizeof *h);
    *h = hmm_mess3(0.05, 0.85);
    l->symbols = h->symbols;
}
static void hmm_discard(Language *l) { hmm_free(l->self); }
// The middle of the two bounds, and half their distance.
static Known hmm_rate(const Language *l) {
    int n = hmm_depth(l->self);
    double upper = hmm_upper(l->self, n), lower = hmm_lower(l->self, n);
    return (Known){(upper + lower) / 2, (upper - lower) / 2};
}
static Known hmm_floor(const Language *l, int t) {
    return t < hmm_depth(l->self) ? (Known){hmm_upper(l->self, t + 1), 0} : hmm_rate(l);
}

// ---- chains: floors are sampled once

enum { CHAINS_TEXTS = 4000, CHAINS_LONGEST = 256 };

typedef struct {
    double floor[CHAINS_LONGEST], error[CHAINS_LONGEST];
    Known rate;
} Chains;

static void chains_make(Language *l) {
    Chains *c = l->self = allocate(1, sizeof *c);
    Rng rng = rng_new(l->settings.seed);
    l->symbols = l->settings.symbols;
    chains_floor(&rng, l->symbols, CHAINS_TEXTS, CHAINS_LONGEST, c->floor, c->error);
    c->rate.value = chains_entropy_rate(&rng, l->symbols, CHAINS_TEXTS, &c->rate.error);
}
static void chains_discard(Language *l) { (void)l; }
static int chains_generate(const Language *l, Rng *rng, int *text, int most) {
    chains_write(rng, l->symbols, text, most);
    return most;
}
static void chains_predict(const Language *l, const int *prefix, int n, double *p) {
    chains_next(prefix, n, l->symbols, p);
}
static void chains_loss(const Language *l, const int *text, int n, double *nats) {
    chains_surprise(text, n, l->symbols, nats);
}
static Known chains_rate(const Language *l) { return ((const Chains *)l->self)->rate; }
static Known chains_floor_at(const Language *l, int t) {
    const Chains *c = l->self;
    return t < CHAINS_LONGEST ? (Known){c->floor[t], c->error[t]} : c->rate;
}

// ---- glossaries: floors are sampled as well

enum { GLOSSARY_TEXTS = 2000, GLOSSARY_LONGEST = 256 };

typedef struct {
    double floor[GLOSSARY_LONGEST], error[GLOSSARY_LONGEST];
} Glossary;

static void glossary_make(Language *l) {
    Glossary *g = l->self = allocate(1, sizeof *g);
    Rng rng = rng_new(l->settings.seed);
    l->symbols = GLOSSARY_SYMBOLS;
    glossary_floor(&rng, GLOSSARY_TEXTS, GLOSSARY_LONGEST, g->floor, g->error);
}
static void glossary_discard(Language *l) { (void)l; }
static int glossary_generate(const Language *l, Rng *rng, int *text, int most) {
    (void)l, glossary_write(rng, text, most, NULL);
    return most;
}
static void glossary_predict(const Language *l, const int *prefix, int n, double *p) {
    (void)l, glossary_next(prefix, n, p);
}
static void glossary_loss(const Language *l, const int *text, int n, double *nats) {
    (void)l, glossary_surprise(text, n, nats);
}
// In the end all meanings are known.
static Known glossary_rate(const Language *l) {
    (void)l;
    double toys[GLOSSARY_TOYS] = {1 - glossary_wrong};
    for (int k = 1; k < GLOSSARY_TOYS; k++)
        toys[k] = glossary_wrong / (GLOSSARY_TOYS - 1);
    double nats = log(GLOSSARY_WORDS) + entropy(toys, GLOSSARY_TOYS);
    return (Known){nats / GLOSSARY_SENTENCE, 0};
}
// Beyond the longest: the same place in a sentence there.
static Known glossary_floor_at(const Language *l, int t) {
    const Glossary *g = l->self;
    int place = t % GLOSSARY_SENTENCE;
    if (t >= GLOSSARY_LONGEST) t = GLOSSARY_LONGEST - GLOSSARY_SENTENCE + place;
    return (Known){g->floor[t], g->error[t]};
}
static const char *glossary_name(const Language *l, int symbol) {
    (void)l;
    return glossary_word(symbol);
}

// ---- stories

static void story_make(Language *l) {
    Story *s = l->self = allocate(1, sizeof *s);
    *s = story_new();
    l->symbols = s->count;
}
static void story_discard(Language *l) { story_free(l->self); }
static int story_generate(const Language *l, Rng *rng, int *text, int most) {
    return story_write(l->self, rng, text, most);
}
static void story_predict(const Language *l, const int *prefix, int n, double *p) {
    StoryReader r = story_begin(l->self);
    bool possible = true;
    for (int i = 0; i < n; i++) possible &= story_read(l->self, &r, prefix[i]) > 0;
    story_next(l->self, &r, p);
    for (int x = 0; x < l->symbols && !possible; x++) p[x] = 0;
}
static void story_loss(const Language *l, const int *text, int n, double *nats) {
    StoryReader r = story_begin(l->self);
    for (int i = 0; i < n; i++) nats[i] = -log(story_read(l->self, &r, text[i]));
}
static Known story_rate(const Language *l) {
    StoryTotals t = story_totals(l->self);
    double words = 0, nats = 0;
    for (int k = 0; k < WORD_KINDS; k++) words += t.words[k], nats += t.nats[k];
    return (Known){nats / words, 0};
}
static Known story_floor_at(const Language *l, int t) {
    size_t n = (size_t)t + 1;
    double *nats = allocate(n, sizeof *nats), *going = allocate(n, sizeof *going);
    story_floor(l->self, t + 1, nats, going);
    Known known = {nats[t], 0};
    free(nats), free(going);
    return known;
}
static bool story_masks(const Language *l, const Corruption *c, const int *seen, int n,
                        double *p) {
    return story_mask_posterior(l->self, c, seen, n, p);
}

static const char *story_name(const Language *l, int symbol) {
    return ((const Story *)l->self)->words[symbol];
}

// ---- the table

const LanguageKind language_kinds[] = {
    [LANGUAGE_STORY] = {"story", "tiny stories: who has what, and where", true,
                        story_make, story_discard, story_generate, story_predict,
                        story_loss, story_rate, story_floor_at, story_masks,
                        story_name},
    [LANGUAGE_MARKOV] = {"markov", "a Markov source, rows drawn by the seed", false,
                         markov_make, markov_discard, symbols_generate, symbols_next,
                         symbols_surprise, markov_rate, markov_floor,
                         symbols_mask_posterior, NULL},
    [LANGUAGE_HMM] = {"hmm", "Mess3, a hidden Markov source", false, hmm_make,
                      hmm_discard, symbols_generate, symbols_next, symbols_surprise,
                      hmm_rate, hmm_floor, symbols_mask_posterior, NULL},
    [LANGUAGE_CHAINS] = {"chains", "a new Markov chain for each text", false,
                         chains_make, chains_discard, chains_generate, chains_predict,
                         chains_loss, chains_rate, chains_floor_at, NULL, NULL},
    [LANGUAGE_GLOSSARY] = {"glossary", "words that are defined on the spot", false,
                           glossary_make, glossary_discard, glossary_generate,
                           glossary_predict, glossary_loss, glossary_rate,
                           glossary_floor_at, NULL, glossary_name}};
_Static_assert(sizeof language_kinds / sizeof *language_kinds == LANGUAGE_COUNT,
               "a language without a row");
const char *const language_names[] = {"story",  "markov",   "hmm",
                                      "chains", "glossary", NULL};
_Static_assert(sizeof language_names / sizeof *language_names == LANGUAGE_COUNT + 1,
               "a language without a name");

int language_named(const char *name) {
    for (int i = 0; i < LANGUAGE_COUNT; i++)
        if (strcmp(name, language_names[i]) == 0) return i;
    return -1;
}

void language_suggest(const char *name, Error *err) {
    Nearest meant = nearest_to(name, strlen(name), "");
    for (int i = 0; i < LANGUAGE_COUNT; i++) nearest_try(&meant, language_names[i]);
    if (!meant.name) return;
    size_t used = strlen(err->text);
    snprintf(err->text + used, sizeof err->text - used, "; did you mean %s?",
             meant.name);
}

Language language_new(LanguageName name, const LanguageSettings *settings) {
    Language l = {.kind = &language_kinds[name],
                  .settings = settings ? *settings : LANGUAGE_DEFAULTS};
    l.kind->make(&l);
    return l;
}

void language_free(Language *l) {
    l->kind->discard(l);
    free(l->self);
    *l = (Language){0};
}

double language_log_prob(const Language *l, const int *text, int n) {
    double *nats = allocate((size_t)n + 1, sizeof *nats), sum = 0;
    l->kind->surprise(l, text, n, nats);
    for (int i = 0; i < n; i++) sum -= nats[i];
    free(nats);
    return sum;
}

// ---- words

int language_end(const Language *l) {
    assert(l->kind->ends && "language_end: its texts do not end");
    return ((const Story *)l->self)->end;
}

const char *language_word(const Language *l, int symbol) {
    static const char letters[][2] = {"a", "b", "c", "d", "e", "f", "g", "h", "i",
                                      "j", "k", "l", "m", "n", "o", "p", "q", "r",
                                      "s", "t", "u", "v", "w", "x", "y", "z"};
    if (symbol == MASKED) return "[MASK]";
    if (l->kind->word) return l->kind->word(l, symbol);
    assert(symbol < 26);
    return letters[symbol];
}

void language_print(const Language *l, FILE *out, const int *text, int n) {
    if (l->kind->ends) {
        story_print(l->self, out, text, n);
        return;
    }
    for (int i = 0; i < n; i++) {
        const char *word = language_word(l, text[i]);
        fprintf(out, "%s%s", i && !word_is_point(word) ? " " : "", word);
    }
}

static int symbol_of(const Language *l, const char *word, size_t length) {
    if (length == 6 && memcmp(word, "[MASK]", 6) == 0) return MASKED;
    if (l->kind->ends) {
        int id = story_word_id(l->self, word, length);
        return id < 0 ? MASKED - 1 : id;
    }
    for (int x = 0; x < l->symbols; x++)
        if (strlen(language_word(l, x)) == length
            && memcmp(language_word(l, x), word, length) == 0)
            return x;
    return MASKED - 1;
}

bool language_parse(const Language *l, const char *words, int *text, int most, int *n,
                    Error *err) {
    size_t length;
    *n = 0;
    for (const char *word; (word = word_next(&words, &length));) {
        int symbol = symbol_of(l, word, length);
        if (symbol < MASKED)
            return error_set(err, "'%.*s' is no word of the language %s",
                             length < 40 ? (int)length : 40, word, l->kind->name);
        if (*n == most) return error_set(err, "expected at most %d words", most);
        text[(*n)++] = symbol;
    }
    return true;
}
