// Adversarial prompts, found by search: words that make a model wrong. Lecture, section
// 5.18.
//
//     (a tale) Does Leo have the doll?                  There is no Leo in the story.
//     (a tale) w1 w2 w3 Does Leo have the doll?         ?
//
//     score = - mean over questions of ln (probability of the right answer, in any opening)
//
// Greedy search: w1 is the word with the highest score of those tried, then w2 after w1,
// and so on. The same words are sought for all questions; they count by what they do to
// questions that the search has not seen. Only words that can be typed are tried: a token
// that is a space and letters is what the tokenizer makes of that word.
//
// Wallace et al. (2019), arXiv:1908.07125; Zou et al. (2023), arXiv:2307.15043, who let
// the gradient say which words are worth a try: of 100,000 not all can be tried.
#pragma once
#include "ch05_sft_rlhf/questions.h"

typedef struct {
    const Model *model;
    const ChatTemplate *chat;
    const Questions *asked;
} Attack;

// Ids that are words: to[vocabulary]; returns how many.
int adversary_candidates(int *to, const ChatTemplate *chat);
// The score with these `count` words before each question.
double adversary_score(const Attack *a, const int *words, int count);
// The best next word after words[count], of `tries` candidates (all of them, if there are
// fewer), drawn from rng: words[count] becomes it. Returns the score.
double adversary_extend(const Attack *a, int *words, int count, int tries, Rng rng);
// The same questions with these words, as a person would type them.
Questions adversary_questions(const Questions *asked, const ChatTemplate *chat,
                              const int *words, int count);
