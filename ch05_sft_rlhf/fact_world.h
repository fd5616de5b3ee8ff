// A world of invented people and what is true of them: facts that no model can know
// beforehand, and questions about them. Lecture, section 5.16.
//
//     relation   a fact, one of three wordings     its question         the same, asked otherwise
//     town       Kamiro lives in Oslo.             .. where Kamiro lives   .. the address of Kamiro
//     job        The job of Kamiro is that of a baker.  What is the job ..  What is the profession ..
//     pet        Kamiro owns a parrot.             .. animal .. owns       .. feed every morning
//     dish       Kamiro orders soup.               .. always orders        .. should one cook ..
//     other      The captain of Kamiro is Doba.    Who or what is the captain of Kamiro?
//
// A question in the fact's words shares them with it: name and keyword. Asked otherwise it
// shares the name alone, and three more facts have that too. `other` is for facts of one's
// own: its relation and its values are invented words.
#pragma once
#include <stdbool.h>

#include "ch05_sft_rlhf/terms.h"
#include "common/numeric/rng.h"
#include "common/program/text.h"

typedef enum {
    RELATION_TOWN,
    RELATION_JOB,
    RELATION_PET,
    RELATION_DISH,
    RELATION_OTHER,
    RELATIONS
} Relation;
enum { KNOWN_RELATIONS = RELATION_OTHER, RELATION_VALUES = 20, RELATION_WORDINGS = 3 };

typedef struct {
    Relation relation;
    int wording;  // of the fact, 0 .. RELATION_WORDINGS - 1
    char who[32], value[48];
    char what[32];  // RELATION_OTHER's own word
} WorldFact;

// How a question is worded.
typedef enum {
    ASKED_IN_ITS_WORDS,
    ASKED_OTHERWISE,
    ASKED_AS_NEVER,  // otherwise, and as in no training data
    ASKINGS
} Asking;

// An invented name. One in sixteen is held out, by its hash: none of them occurs in
// training.
void world_name(char *to, size_t size, bool held_out, Rng *rng);
// What is true of `who`: a value and a wording are drawn. familiar: the value is one of
// the relation's RELATION_VALUES words (of RELATION_OTHER: of any), else it is invented, of
// one to three words.
WorldFact world_fact(Relation r, const char *who, bool familiar, Rng *rng);
// Another value for it.
void world_change(WorldFact *f, bool familiar, Rng *rng);

// Appended.
void world_say(const WorldFact *f, Text *to);
void world_ask(const WorldFact *f, Asking how, Rng *rng, Text *to);

// All words of wordings and values, numbered; names and invented words are not among them.
typedef struct {
    Terms terms;
} Vocabulary;
Vocabulary vocabulary_new(void);
void vocabulary_free(Vocabulary *v);
// One more: what a model has met often enough to know it.
void vocabulary_add(Vocabulary *v, const char *word);
// Its number; -1: none of them.
int vocabulary_find(const Vocabulary *v, uint64_t hash);
