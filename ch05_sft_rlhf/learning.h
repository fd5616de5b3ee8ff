// Learning curves: how much text each kind of question takes to be learnt. Lecture, section
// 5.2.
//
// While a model is fine-tuned it is asked, now and then, held-out questions of every kind,
// and about the second and third story of a conversation.
#pragma once
#include "ch05_sft_rlhf/stages.h"

enum { LEARNING_POINTS = 64, LEARNING_STORIES = 3 };

typedef struct {
    const Model *model;
    const ChatTemplate *chat;
    const Story *story;
    int count;  // questions of each kind
    int looks;  // over the whole training, evenly; at most LEARNING_POINTS
    int step_tokens;
    uint64_t seed;
    StageProgress *watch;  // is told of each step as well; NULL: nobody
    void *watch_self;
    // what was found: tokens of training so far, padding among them, and shares
    int points;
    double tokens[LEARNING_POINTS];
    double right[TASK_KINDS][LEARNING_POINTS];
    double of_story[LEARNING_STORIES][LEARNING_POINTS];  // [k]: told as number k + 1
} Learning;

StageProgress learning_step;  // self: a Learning

// The first of two points, one after the other, at which 95 % or more are right; -1: there
// are none.
int learning_learnt_at(const double *right, int points);
