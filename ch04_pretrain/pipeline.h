// A pipeline: a model's layers in p stages, a batch in m parts. Lecture, section 4.23.
//
//     stage 0   F0 F1 F2 F3 .  .  .  .  .  .  B3 B2 B1 B0       m = 4 parts, p = 3 stages
//     stage 1      F0 F1 F2 F3 .  .  .  .  B3 B2 B1 B0
//     stage 2         F0 F1 F2 F3 .  . B3 ...
//
// A part goes forward through all stages, then backward through them in the other order. A
// stage does one thing at a time. Where F takes f and B takes b in every stage, each works
// m (f + b) of (m + p - 1) (f + b): the rest, (p - 1) / (m + p - 1), is the bubble.
//
//     gpipe   all forward, then all backward: holds the activations of m parts
//     1f1b    backward as soon as it can be: of p parts at most, and the same bubble
//
// Huang et al. (2018), arXiv:1811.06965; Narayanan et al. (2019), PipeDream.
#pragma once

typedef enum { PIPELINE_GPIPE, PIPELINE_1F1B, PIPELINE_KINDS } PipelineKind;
extern const char *const pipeline_names[];

typedef struct {
    double time;    // from the first start to the last end
    double bubble;  // share of stages x time in which a stage does nothing
    int held;       // parts that a stage holds activations of, at most
} PipelineRun;

// By simulation: each stage does its list of jobs in order, each as soon as what it needs
// is there. Seconds of one part forward and backward, in every stage.
PipelineRun pipeline_run(PipelineKind kind, int stages, int parts, double forward,
                         double backward);
