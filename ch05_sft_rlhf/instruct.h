// Conversations: what is asked and answered, turn after turn. Lecture, section 5.2.
//
//     turn 1   Anna met Tom in the park. .. Who has the kite?    Tom has the kite.
//     turn 2   Where are Anna and Tom?                           They are in the park.
//     turn 3   Say backwards: ball hat                           Let me see. hat ball.
//
// A tale is told once, in the turn that first asks about it; later turns ask about the
// same. Conversation n of a source is the same for the same n, always.
#pragma once
#include "ch05_sft_rlhf/gold.h"
#include "ch05_sft_rlhf/tasks.h"

enum { TURNS_MOST = 4 };

typedef struct {
    TaskKind kind;
    Text question;  // with the tale, where it is told in this turn
    Text exact;     // the right answer
    Text answer;    // the demonstrator's: the same, in some manner
} Turn;

typedef struct {
    Text system;  // size 0: none
    int asks;     // which of gold_systems it is; -1: none
    Turn turns[TURNS_MOST];
    int count;
} Conversation;

void conversation_free(Conversation *c);

typedef struct {
    const Story *story;
    double share[TASK_KINDS];  // how often each kind is asked; 0: never
    int turns;                 // at most, each number as likely
    int tale_words;            // a tale's, at most
    double systems;            // share of conversations with a system line
    bool plain;                // demonstrators have no manners
    bool held_out;  // only instances that no one may train on; else only others
} Instructions;

// All kinds that are trained on, alike.
Instructions instructions_for_training(const Story *s);
// Held-out instances of one kind, one turn each.
Instructions instructions_for_test(const Story *s, TaskKind kind);
Conversation instruct(const Instructions *from, Rng *rng);
