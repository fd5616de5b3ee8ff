// An encoder-decoder learns to write a sequence backwards; its cross-attention shows
// how. Lecture, section 3.8.
//
// Letter i of the answer is letter n - 1 - i of the source, so a head that fetches it
// puts its weight on the anti-diagonal. Places are counted from the left and n is from
// 6 to 10: the model has to find the end by itself.
#include "ch03_transformer/labs/defaults.h"
#include "ch03_transformer/labs/sequence_task.h"

static const Option options[] = {SEQUENCE_OPTIONS("400"), {0}};

static void run(Lab *lab) {
    Trial t = trial_run(lab, TASK_REVERSE);
    claim_equal(lab, "3.54", "held-out sequences that were trained on", 0,
                t.trained_on);
    if (lab_at_defaults(lab)) {
        claim_at_least(lab, "3.54", "held-out sequences reversed exactly, of 1000", 990,
                       t.exact);
        // Weights that know nothing of the task: the largest of n + 1 is there once in
        // n + 1 rows, 4 or 5 in all.
        claim_equal(
            lab, "3.56",
            "rows of the mean maps with the largest weight on the anti-diagonal",
            t.rows, t.rows_right);
    }
    // A guess: right for one sequence in 16^6, 16^7 .. 16^10.
    claim_equal(lab, "3.55", "reversed exactly when the encoder's output is zeros", 0,
                t.exact_blind);
    Rng rng = rng_split(&lab->rng, UINT64_MAX - 1);
    claim_equal(lab, "3.57", "answers that change with what stands in the padding", 0,
                trial_scribbled(&t, &rng));
    trial_free(&t);
}

const LabSpec lab_reverse = {
    "reverse", "3.8", "An encoder-decoder learns to reverse sequences", run, options};
