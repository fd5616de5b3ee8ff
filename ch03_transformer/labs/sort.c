// The same encoder-decoder as in reverse.c learns to sort. Lecture, section 3.8.
//
// Which letter of the source becomes letter i of the answer now depends on all letters. In
// the figure the columns are the source's letters in order, so that a head which
// fetches the letter to be written lies on the diagonal.
#include "ch03_transformer/labs/defaults.h"
#include "ch03_transformer/labs/sequence_task.h"

static const Option options[] = {SEQUENCE_OPTIONS("600"), {0}};

static void run(Lab *lab) {
    Trial t = trial_run(lab, TASK_SORT);
    claim_equal(lab, "3.58", "held-out sequences that were trained on", 0,
                t.trained_on);
    if (lab_at_defaults(lab)) {
        claim_at_least(lab, "3.58", "held-out sequences sorted exactly, of 1000", 990,
                       t.exact);
        claim_equal(
            lab, "3.59",
            "rows of the mean maps with the largest weight on the letter to be written",
            t.rows, t.rows_right);
    }
    // One answer for all: right with probability 6! / 16^6 at most, 0.04 times in 1000.
    // Three times: 1e-5.
    claim_at_most(lab, "3.58", "sorted exactly when the encoder's output is zeros", 2,
                  t.exact_blind);
    trial_free(&t);
}

const LabSpec lab_sort = {"sort", "3.8", "The same encoder-decoder learns to sort", run,
                          options};
