// The sentences of the story grammar. Lecture, section 4.5.
//
// A story: an opening, who has which toy, some events, a question and its answer. A
// sentence is a line of words; a/b/c is a free choice, @name a part of the story:
//
//     @hero @friend     a girl and a boy, either way round
//     @has @other       who has the toy, and the other one
//     @toy @place       said once, then remembered
//     @spot             where the toy was put, three words: "under the bed"
//     @girl             girl or boy, of the hero
//     .she .her         @has.she: she or he; @other.her: her or him
//     !                 before a word: the answer to a question
//
// Each line has a weight: how often it is chosen among those of its place in the story.
#pragma once

enum { SPOTS = 6 };
// Who or what has the toy.
typedef enum { HERO, FRIEND, ON_SPOT, HOLDERS = ON_SPOT + SPOTS } Holder;

typedef struct {
    double weight;
    const char *words;
} Sentence;

// Where an event leaves the toy.
typedef enum { KEPT, TO_OTHER, TO_HERO, TO_FRIEND, TO_SPOT } Outcome;

typedef struct {
    double weight;
    Outcome outcome;
    const char *words;
} Event;

typedef struct {
    const char *name;
    const char *const *words;  // ends with NULL
} WordClass;

typedef enum { GIRL, BOY, TOY, PLACE, REGISTERS } Register;

// All tables end with {0}.
extern const WordClass story_classes[];
extern const char *const story_spots[];
extern const Sentence story_openings[], story_asides[];
extern const Sentence story_hero_has[], story_friend_has[];
extern const Event story_held_events[], story_put_events[];
extern const Sentence story_held_questions[], story_put_questions[];
extern const Sentence story_endings[];
// After the opening: an aside before the toy. After an event: another one.
extern const double story_aside_chance, story_more_chance;
