// Learning curves: how much text each kind of question takes to be learnt. Lecture, section
// 5.2.
//
// While a model is fine-tuned it is asked, now and then, held-out questions of every kind,
// and about the second and third story of a conversation. What it is then asked in training
// can follow (curriculum.h): of the questions that were put, only the marks have a say.
#pragma once
#include "ch05_sft_rlhf/stages.h"

enum { LEARNING_POINTS = 64, LEARNING_STORIES = 3 };
enum { LEARNING_LOOKS = 20, LEARNING_COUNT = 50 };  // of fine-tuning as it is usual

typedef struct {
    const Model *model;
    const ChatTemplate *chat;
    const Story *story;
    int count;  // questions of each kind
    int looks;  // over the whole training, evenly; at most LEARNING_POINTS, 0: none
    int step_tokens;
    uint64_t seed;
    Instructions *asked;   // the training's: follows the marks; NULL: stays as it is
    StageProgress *watch;  // is told of each step as well; NULL: nobody
    void *watch_self;
    // what was found: tokens of training so far, padding among them, and shares
    int points;
    double tokens[LEARNING_POINTS];
    double right[TASK_KINDS][LEARNING_POINTS];
    double of_story[LEARNING_STORIES][LEARNING_POINTS];  // [k]: told as number k + 1
} Learning;

StageProgress learning_step;  // self: a Learning
// That of m on the story world's questions, as the plan has it. All must outlive it.
Learning learning_of(const Model *m, SftData *d, const StagePlan *plan,
                     StageProgress *watch, void *watch_self);

// The first of two points, one after the other, at which 95 % or more are right; -1: there
// are none.
int learning_learnt_at(const double *right, int points);
