#include "ch03_transformer/penalties.h"

#include <assert.h>
#include <stdlib.h>

#include "common/error.h"

static double repeated(double logit, double penalty) {
    return logit > 0 ? logit / penalty : logit * penalty;
}

void penalise(Mat logits, const Penalties *p, const int *tokens, int prompt, int n) {
    assert(p->repetition >= 0 && prompt >= 0 && prompt <= n);
    double repetition = p->repetition != 0 ? p->repetition : 1;
    if (repetition == 1 && p->presence == 0 && p->frequency == 0) return;
    int *in_text = allocate((size_t)logits.cols, sizeof *in_text);
    int *in_answer = allocate((size_t)logits.cols, sizeof *in_answer);
    for (int i = 0; i < n; i++) in_text[tokens[i]]++;
    for (int i = prompt; i < n; i++) in_answer[tokens[i]]++;
    for (int v = 0; v < logits.cols; v++) {
        double logit = *mat_at(logits, 0, v);
        if (in_text[v]) logit = repeated(logit, repetition);
        if (in_answer[v]) logit -= p->presence + p->frequency * in_answer[v];
        *mat_at(logits, 0, v) = (real)logit;
    }
    free(in_text), free(in_answer);
}
