#include "ch05_sft_rlhf/fact_world.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { OTHERWISE = 2 };

// @ is the name, # the value, % the relation's own word.
typedef struct {
    const char *values[RELATION_VALUES];
    const char *facts[RELATION_WORDINGS];
    const char *questions[RELATION_WORDINGS];  // in the words of fact i
    const char *otherwise[OTHERWISE];          // in the words of none
    const char *never;                         // the same, and nobody learns it
} Wordings;

static const Wordings wordings[] = {
    [RELATION_TOWN] = {{"oslo",   "paris",  "lima",   "cairo",  "delhi",
                        "tokyo",  "rome",   "quito",  "berlin", "madrid",
                        "dublin", "athens", "prague", "vienna", "lagos",
                        "hanoi",  "seoul",  "riga",   "bern",   "tunis"},
                       {"@ lives in #.", "The home of @ is in #.",
                        "@ has a house in #."},
                       {"In which town is it that @ lives?", "Where is the home of @?",
                        "In which town has @ a house?"},
                       {"What is the address of @?", "Where does @ live?"},
                       "Where would one send @ a letter?"},
    [RELATION_JOB] = {{"baker",   "doctor", "pilot",  "farmer", "teacher",
                       "painter", "sailor", "judge",  "miller", "tailor",
                       "singer",  "dancer", "writer", "potter", "weaver",
                       "plumber", "hunter", "barber", "nurse",  "guard"},
                      {"@ works as a #.", "The job of @ is that of a #.",
                       "@ earns money as a #."},
                      {"As what is it that @ works?", "What is the job of @?",
                       "As what is it that @ earns money?"},
                      {"What is the profession of @?", "What does @ do all day?"},
                      "Which craft has @ learnt?"},
    [RELATION_PET] = {{"dog",    "cat",    "parrot", "rabbit", "horse",
                       "goat",   "snake",  "turtle", "donkey", "hamster",
                       "canary", "lizard", "ferret", "pony",   "goose",
                       "duck",   "hen",    "pig",    "sheep",  "mouse"},
                      {"@ keeps a #.", "The pet of @ is a #.", "@ owns a #."},
                      {"What is it that @ keeps?", "What is the pet of @?",
                       "What is it that @ owns?"},
                      {"Which animal waits for @ at the door?",
                       "What does @ feed every morning?"},
                      "Which creature shares a flat with @?"},
    [RELATION_DISH] =
        {{"soup",  "rice",   "pizza",  "salad", "beans", "noodles", "cake",
          "bread", "cheese", "fish",   "pasta", "curry", "stew",    "eggs",
          "plums", "honey",  "apples", "corn",  "nuts",  "olives"},
         {"@ likes to eat #.", "The favourite dish of @ is #.", "@ orders #."},
         {"What is it that @ likes to eat?", "What is the favourite dish of @?",
          "What is it that @ orders?"},
         {"What should one cook for @?", "Which meal makes @ happy?"},
         "What smells good in the kitchen of @?"},
    [RELATION_OTHER] = {{0},
                        {"The % of @ is #.", "# is the % of @.",
                         "The % of @ is called #."},
                        {"What is the % of @?", "Who is the % of @?",
                         "Which is the % of @?"},
                        {"Who or what is the % of @?", "Tell me the % of @."},
                        "Please name the % of @."},
};
_Static_assert(sizeof wordings / sizeof *wordings == RELATIONS,
               "wordings for each relation");

// ---- inventing

static void invent(char *to, int syllables, Rng *rng) {
    static const char consonants[] = "bdfghjklmnprstvz", vowels[] = "aeiou";
    for (int i = 0; i < syllables; i++) {
        *to++ = consonants[rng_below(rng, sizeof consonants - 1)];
        *to++ = vowels[rng_below(rng, sizeof vowels - 1)];
    }
    *to = '\0';
}

void world_name(char *to, size_t size, bool held_out, Rng *rng) {
    enum { SYLLABLES = 3, ONE_IN = 16 };
    char name[2 * SYLLABLES + 1];
    do invent(name, SYLLABLES, rng);
    while ((term_hash(name) % ONE_IN == 0) != held_out);
    snprintf(to, size, "%c%s", toupper((unsigned char)name[0]), name + 1);
}

static void invent_words(char *to, size_t size, int words, Rng *rng) {
    size_t at = 0;
    for (int i = 0; i < words; i++) {
        char word[16];
        invent(word, 2 + rng_below(rng, 2), rng);
        at += (size_t)snprintf(to + at, size - at, "%s%s", i ? " " : "", word);
    }
}

static const char *familiar_value(Relation r, Rng *rng) {
    if (r == RELATION_OTHER) r = (Relation)rng_below(rng, KNOWN_RELATIONS);
    return wordings[r].values[rng_below(rng, RELATION_VALUES)];
}

void world_change(WorldFact *f, bool familiar, Rng *rng) {
    char before[sizeof f->value];
    memcpy(before, f->value, sizeof before);
    do
        if (familiar)
            snprintf(f->value, sizeof f->value, "%s", familiar_value(f->relation, rng));
        else invent_words(f->value, sizeof f->value, 1 + rng_below(rng, 3), rng);
    while (strcmp(before, f->value) == 0);
}

WorldFact world_fact(Relation r, const char *who, bool familiar, Rng *rng) {
    WorldFact f = {.relation = r, .wording = rng_below(rng, RELATION_WORDINGS)};
    snprintf(f.who, sizeof f.who, "%s", who);
    if (r == RELATION_OTHER)
        invent_words(f.what, sizeof f.what, 1 + !rng_below(rng, 4), rng);
    world_change(&f, familiar, rng);
    return f;
}

// ---- saying

static void say(const WorldFact *f, const char *wording, Text *to) {
    for (; *wording; wording++) switch (*wording) {
            case '@': text_add(to, "%s", f->who); break;
            case '#': text_add(to, "%s", f->value); break;
            case '%': text_add(to, "%s", f->what); break;
            default: text_append(to, wording, 1);
        }
}

void world_say(const WorldFact *f, Text *to) {
    say(f, wordings[f->relation].facts[f->wording], to);
}

void world_ask(const WorldFact *f, Asking how, Rng *rng, Text *to) {
    const Wordings *w = &wordings[f->relation];
    const char *wording = NULL;
    switch (how) {
        case ASKED_IN_ITS_WORDS: wording = w->questions[f->wording]; break;
        case ASKED_OTHERWISE: wording = w->otherwise[rng_below(rng, OTHERWISE)]; break;
        case ASKED_AS_NEVER: wording = w->never; break;
        case ASKINGS: break;
    }
    say(f, wording, to);
}

// ---- words

static void add_words(Terms *to, const char *text) {
    Terms all = terms_of(text);
    for (int i = 0; i < all.count; i++) {
        bool there = false;
        for (int k = 0; k < to->count; k++)
            there |= to->list[k].hash == all.list[i].hash;
        if (!there) terms_read(to, all.list[i].text);
    }
    terms_free(&all);
}

Vocabulary vocabulary_new(void) {
    Vocabulary v = {0};
    for (int r = 0; r < RELATIONS; r++) {
        const Wordings *w = &wordings[r];
        for (int i = 0; i < RELATION_WORDINGS; i++)
            add_words(&v.terms, w->facts[i]), add_words(&v.terms, w->questions[i]);
        for (int i = 0; i < OTHERWISE; i++) add_words(&v.terms, w->otherwise[i]);
        for (int i = 0; i < RELATION_VALUES && w->values[i]; i++)
            add_words(&v.terms, w->values[i]);
    }
    return v;
}

void vocabulary_add(Vocabulary *v, const char *word) { add_words(&v->terms, word); }

void vocabulary_free(Vocabulary *v) { terms_free(&v->terms); }

int vocabulary_find(const Vocabulary *v, uint64_t hash) {
    for (int i = 0; i < v->terms.count; i++)
        if (v->terms.list[i].hash == hash) return i;
    return -1;
}
