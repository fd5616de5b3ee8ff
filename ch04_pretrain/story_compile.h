// From the sentences of the story grammar to an automaton: each sentence a row of
// states, each free choice several edges between two of them. Lecture, section 4.5.
//
//     (after) --Anna--> ( ) --gave/handed/..--> ( ) --the--> ( ) --toy--> .. --.--> (after)
//
// Who is a girl, who has the toy, is in the state: the rows are made for each case.
// Names are registers. Sentences may begin alike; unifilar.h sorts that out.
#pragma once
#include "ch04_pretrain/story.h"

// Fills words, classes, end and grammar.
void story_compile(Story *s);
