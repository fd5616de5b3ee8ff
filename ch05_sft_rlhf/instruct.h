// Conversations: what is asked and answered, turn after turn. Lecture, section 5.2.
//
//     turn 1   Anna met Tom in the park. .. Who has the kite?    Tom has the kite.
//     turn 2   Where are Anna and Tom?                           They are in the park.
//     turn 3   Say backwards: ball hat                           Let me see. hat ball.
//
//     turn 4   Mia met Ben at school. .. Where is the hat?           It is in the box.
//
// A tale is told in the turn that first asks about it. Later turns ask about the last one
// told, or tell another: who has what is to be read from the tale that came last, and not
// from the first. Conversation n of a source is the same for the same n, always.
#pragma once
#include "ch05_sft_rlhf/gold.h"
#include "ch05_sft_rlhf/tasks.h"

enum { TURNS_MOST = 6 };

typedef struct {
    TaskKind kind;
    int tale;       // which of the conversation's it asks about, from 1; 0: none
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
    int turns_least, turns;    // each number from the least to the most as likely
    double new_tales;  // chance that a later question about a tale tells another
    int tale_words;    // a tale's, at most
    double systems;    // share of conversations with a system line
    bool plain;        // demonstrators have no manners
    bool held_out;     // only instances that no one may train on; else only others
} Instructions;

// All kinds that are trained on, alike.
Instructions instructions_for_training(const Story *s);
// Held-out instances of one kind, one turn each.
Instructions instructions_for_test(const Story *s, TaskKind kind);
Conversation instruct(const Instructions *from, Rng *rng);
