#include "ch04_pretrain/commands/commands.h"
#include "common/program/lab.h"

extern const LabSpec lab_ngram_floors, lab_learning_curve, lab_hmm_sandwich,
    lab_random_chains, lab_story_floor, lab_kneser_ney, lab_mask_floor,
    lab_pseudo_perplexity, lab_spans, lab_nsp_sop, lab_clm_floor, lab_hmm_floor,
    lab_chains_floor, lab_mlm_floor, lab_loss_scale, lab_label_smoothing,
    lab_accumulation, lab_temperature, lab_nucleus, lab_penalty, lab_repetition,
    lab_story_classes, lab_signal, lab_span_floor, lab_glm_orders, lab_recompute,
    lab_cleaning, lab_near_duplicates, lab_quality, lab_mixture, lab_processes,
    lab_model_parallel, lab_power_laws, lab_compute_optimal, lab_belief_readout,
    lab_few_shot, lab_word_vectors, lab_lstm, lab_contextual, lab_fine_tuning,
    lab_long_context;

static const LabSpec *const tour[] = {&lab_ngram_floors,    &lab_learning_curve,
                                      &lab_hmm_sandwich,    &lab_random_chains,
                                      &lab_story_floor,     &lab_kneser_ney,
                                      &lab_mask_floor,      &lab_pseudo_perplexity,
                                      &lab_spans,           &lab_span_floor,
                                      &lab_glm_orders,      &lab_nsp_sop,
                                      &lab_clm_floor,       &lab_hmm_floor,
                                      &lab_chains_floor,    &lab_mlm_floor,
                                      &lab_signal,          &lab_loss_scale,
                                      &lab_label_smoothing, &lab_accumulation,
                                      &lab_recompute,       &lab_temperature,
                                      &lab_nucleus,         &lab_penalty,
                                      &lab_repetition,      &lab_story_classes,
                                      &lab_cleaning,        &lab_near_duplicates,
                                      &lab_quality,         &lab_mixture,
                                      &lab_processes,       &lab_model_parallel,
                                      &lab_power_laws,      &lab_compute_optimal,
                                      &lab_belief_readout,  &lab_few_shot,
                                      &lab_word_vectors,    &lab_lstm,
                                      &lab_contextual,      &lab_fine_tuning,
                                      &lab_long_context,    NULL};

int main(int argc, char **argv) {
    return program_main(&(Program){"Chapter 4: pretraining", tour, pretrain_commands,
                                   NULL, NULL, claim_places},
                        argc, argv);
}
