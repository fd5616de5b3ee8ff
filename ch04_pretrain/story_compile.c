#include "ch04_pretrain/story_compile.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"

enum { WORDS_MOST = 512, LINE = 512, BELIEFS_MOST = 8192 };

typedef struct {
    Story *story;
    Edge *edges;
    size_t edge_count, edge_capacity;
    bool *marked;
    size_t states, mark_capacity;
} Builder;

// What @hero, @has, @spot mean in one sentence.
typedef struct {
    bool hero_is_boy;
    Holder holder;
    int spot;  // where the toy is, or is put
} Cast;

// The places of the story between sentences: states, by cast.
typedef struct {
    int begin, opened[2], aside[2], first[2][HOLDERS], after[2][HOLDERS], asked[2];
} Places;

// From `from`, with this chance. A sentence may begin in two places.
typedef struct {
    int from;
    double chance;
} Fork;

static int state_new(Builder *b, bool marked) {
    reserve(b->marked, b->mark_capacity, b->states + 1);
    b->marked[b->states] = marked;
    return (int)b->states++;
}

static void edge_add(Builder *b, Edge e) {
    reserve(b->edges, b->edge_capacity, b->edge_count + 1);
    b->edges[b->edge_count++] = e;
}

// ---- words

static int word_id(Story *s, const char *word, size_t length) {
    for (int i = 0; i < s->count; i++)
        if (strlen(s->words[i]) == length && memcmp(s->words[i], word, length) == 0)
            return i;
    assert(s->count < WORDS_MOST);
    s->words[s->count] = strndup(word, length);
    return s->count++;
}

static void add_classes(Story *s) {
    for (int r = 0; r < REGISTERS; r++) {
        s->class_begin[r] = s->count;
        for (const char *const *w = story_classes[r].words; *w; w++)
            word_id(s, *w, strlen(*w));
        s->class_size[r] = s->count - s->class_begin[r];
    }
}

static bool is_boy(const Cast *cast, bool hero) { return hero == cast->hero_is_boy; }

static bool is(const char *word, size_t length, const char *name) {
    return length == strlen(name) && memcmp(word, name, length) == 0;
}

// "@has.she", "@toy", "ball": what an edge says.
static int says(Builder *b, const Cast *cast, const char *word, size_t length) {
    if (word[0] != '@') return word_id(b->story, word, length);
    size_t name = 0;
    while (name < length && word[name] != '.') name++;
    const char *form = word + name;
    size_t form_length = length - name;
    if (is(word, name, "@toy")) return SAYS_REGISTER(TOY);
    if (is(word, name, "@place")) return SAYS_REGISTER(PLACE);
    bool hero = is(word, name, "@hero") || is(word, name, "@girl");
    if (is(word, name, "@has")) hero = cast->holder == HERO;
    else if (is(word, name, "@other")) hero = cast->holder == FRIEND;
    else assert(hero || is(word, name, "@friend"));
    bool boy = is_boy(cast, hero);
    const char *text = NULL;
    if (is(word, name, "@girl")) text = boy ? "boy" : "girl";
    else if (is(form, form_length, ".she")) text = boy ? "he" : "she";
    else if (is(form, form_length, ".her")) text = boy ? "him" : "her";
    else assert(form_length == 0);
    return text ? word_id(b->story, text, strlen(text))
                : SAYS_REGISTER(boy ? BOY : GIRL);
}

// The sentence with @spot written out; "!@spot" marks its first and its last word.
static void write_out(char *line, const char *words, int spot) {
    const char *at = strstr(words, "@spot");
    if (!at) {
        strcpy(line, words);
        return;
    }
    bool marked = at > words && at[-1] == '!';
    const char *place = story_spots[spot], *last = strrchr(place, ' ') + 1;
    sprintf(line, "%.*s%.*s%s%s%s", (int)(at - words), words, (int)(last - place),
            place, marked ? "!" : "", last, at + strlen("@spot"));
}

// ---- sentences

// Edges for one slot, "a/b/c", from a state to the next.
static void add_slot(Builder *b, const Cast *cast, const char *slot, size_t length,
                     Fork fork, int to, bool ends) {
    int choices = 1;
    for (size_t i = 0; i < length; i++) choices += slot[i] == '/';
    for (const char *word = slot, *end = slot + length; word < end;) {
        size_t size = 0;
        while (word + size < end && word[size] != '/') size++;
        edge_add(b, (Edge){fork.from, to, says(b, cast, word, size),
                           fork.chance / choices, ends});
        word += size + 1;
    }
}

static void say(Builder *b, const Cast *cast, const Fork *forks, int fork_count,
                double chance, const char *words, int to) {
    char line[LINE];
    write_out(line, words, cast->spot);
    const char *slot = line;
    int here = -1;
    while (*slot) {
        size_t length = strcspn(slot, " ");
        const char *following = slot + length + strspn(slot + length, " ");
        bool mark_next = *following == '!', marked = *slot == '!';
        int next = *following ? state_new(b, mark_next) : to;
        bool ends = is(slot, length, "<end>");
        slot += marked, length -= marked;
        if (here >= 0) add_slot(b, cast, slot, length, (Fork){here, 1}, next, ends);
        else
            for (int i = 0; i < fork_count; i++)
                add_slot(b, cast, slot, length,
                         (Fork){forks[i].from, forks[i].chance * chance}, next, ends);
        here = next, slot = following;
    }
}

static void say_one_of(Builder *b, const Cast *cast, const Fork *forks, int fork_count,
                       const Sentence *sentences, int to) {
    double total = 0;
    for (const Sentence *s = sentences; s->words; s++) total += s->weight;
    for (const Sentence *s = sentences; s->words; s++)
        say(b, cast, forks, fork_count, s->weight / total, s->words, to);
}

static Holder holder_after(Outcome outcome, Holder now, int spot) {
    switch (outcome) {
        case KEPT: return now;
        case TO_OTHER: return now == HERO ? FRIEND : HERO;
        case TO_HERO: return HERO;
        case TO_FRIEND: return FRIEND;
        case TO_SPOT: return (Holder)(ON_SPOT + spot);
    }
    return now;
}

static void add_events(Builder *b, Cast cast, const Fork *forks, int fork_count,
                       const int *after) {
    const Event *events = cast.holder < ON_SPOT ? story_held_events : story_put_events;
    double total = 0;
    for (const Event *e = events; e->words; e++) total += e->weight;
    for (const Event *e = events; e->words; e++) {
        int ways = e->outcome == TO_SPOT ? SPOTS : 1;
        for (int way = 0; way < ways; way++) {
            if (e->outcome == TO_SPOT) cast.spot = way;
            Holder to = holder_after(e->outcome, cast.holder, way);
            say(b, &cast, forks, fork_count, e->weight / total / ways, e->words,
                after[to]);
        }
    }
}

// ---- the story

static Places places_new(Builder *b) {
    Places p = {.begin = state_new(b, false)};
    for (int g = 0; g < 2; g++) {
        p.opened[g] = state_new(b, false), p.aside[g] = state_new(b, false);
        p.asked[g] = state_new(b, false);
        for (int h = 0; h < HOLDERS; h++)
            p.first[g][h] = state_new(b, false), p.after[g][h] = state_new(b, false);
    }
    return p;
}

static void add_beginning(Builder *b, const Places *p, int g) {
    Cast cast = {.hero_is_boy = g};
    say_one_of(b, &cast, &(Fork){p->begin, 0.5}, 1, story_openings, p->opened[g]);
    say_one_of(b, &cast, &(Fork){p->opened[g], story_aside_chance}, 1, story_asides,
               p->aside[g]);
    double at_once = (1 - story_aside_chance) / 2;
    Fork either[] = {{p->opened[g], at_once}, {p->aside[g], 0.5}};
    say_one_of(b, &cast, either, 2, story_hero_has, p->first[g][HERO]);
    say_one_of(b, &cast, either, 2, story_friend_has, p->first[g][FRIEND]);
}

static void add_middle(Builder *b, const Places *p, int g) {
    for (int h = 0; h < HOLDERS; h++) {
        Cast cast = {g, (Holder)h, h < ON_SPOT ? 0 : h - ON_SPOT};
        Fork forks[] = {{p->after[g][h], story_more_chance}, {p->first[g][h], 1}};
        add_events(b, cast, forks, h < ON_SPOT ? 2 : 1, p->after[g]);
        say_one_of(b, &cast, &(Fork){p->after[g][h], 1 - story_more_chance}, 1,
                   h < ON_SPOT ? story_held_questions : story_put_questions,
                   p->asked[g]);
    }
    Cast cast = {.hero_is_boy = g};
    say_one_of(b, &cast, &(Fork){p->asked[g], 1}, 1, story_endings, p->begin);
}

void story_compile(Story *s) {
    s->words = allocate(WORDS_MOST, sizeof *s->words);
    Builder b = {.story = s};
    add_classes(s);
    s->end = word_id(s, "<end>", 5);
    Places places = places_new(&b);
    for (int g = 0; g < 2; g++)
        add_beginning(&b, &places, g), add_middle(&b, &places, g);
    double *start = allocate(b.states, sizeof *start);
    start[places.begin] = 1;
    Automaton m =
        automaton_new(s->count, (int)b.states, b.edges, (int)b.edge_count, start);
    s->grammar = unifilar_new(&m, b.marked, BELIEFS_MOST);
    automaton_free(&m);
    free(b.edges), free(b.marked), free(start);
}
