// A model of a hidden source, against its floor. Lecture, section 4.11.
//
// Mess3: no number of symbols before determines the state, and no formula gives the
// entropy rate. The exact reader is the forward algorithm; a small transformer, which
// has never heard of states, ends where it does.
#include <math.h>

#include "ch04_pretrain/evaluate.h"
#include "ch04_pretrain/hmm.h"
#include "ch04_pretrain/labs/small_run.h"
#include "ch04_pretrain/model_kinds.h"
#include "common/program/plot.h"

enum { TIME = 16, BATCH = 32, HELD_OUT = 1024, CHANNELS = 32 };

static const Option options[] = {
    {"steps", "1500", "steps of training, 512 tokens and some 3 ms each"}, {0}};

static SmallRun run_of(Lab *lab, Language *l) {
    long long steps = option_int(&lab->args, "steps", 20, 1000000);
    return (SmallRun){.language = l,
                      .config = model_kinds[MODEL_LLAMA].config(1, 1, CHANNELS, 2, 4),
                      .objective = {.kind = OBJECTIVE_CLM},
                      .settings = small_run_settings(BATCH, steps),
                      .time = TIME,
                      .held_out = HELD_OUT,
                      .seed = lab->seed};
}

// The loss at each position, and that of the exact reader on the same rows.
static void draw(Lab *lab, SmallRun *r, const Evaluation *e) {
    double exact[TIME] = {0}, nats[TIME];
    int row[TIME + 1];
    for (int n = 0; n < HELD_OUT; n++) {
        data_row(&r->held_out_data, n, row);
        data_surprise(&r->held_out_data, row, nats);
        for (int i = 0; i < TIME; i++) exact[i] += nats[i] / HELD_OUT;
    }
    Plot *p = plot_new(lab, "hmm_floor", "position exact model upper");
    for (int i = 0; i < TIME; i++)
        plot_row(p, i + 1, exact[i], e->by_position[i] / (double)e->position_tokens[i],
                 i < hmm_depth(r->language->self) ? hmm_upper(r->language->self, i + 1)
                                                  : NAN);
    plot_axes(p, "position in the row", "nats per symbol");
    plot_line(p, "position", "upper", "H(X_n | all before), derived");
    plot_dashes(p, "position", "exact", "the exact reader, held-out rows");
    plot_points(p, "position", "model", "transformer, same rows");
    plot_end(p);
}

static void run(Lab *lab) {
    Language l = language_new(LANGUAGE_HMM, NULL);
    SmallRun r = run_of(lab, &l);
    small_run(lab, &r);
    const RunPoint *p = &r.points[r.count - 1];
    double last_symbol = hmm_upper(l.self, 2);
    lab_print(lab, "after %.2f M tokens: loss %.4f, excess %.5f +- %.5f",
              1e-6 * p->tokens, p->loss, p->excess, p->excess_error);
    claim_at_least(lab, "4.57", "Mess3: excess, at least minus 4 SE",
                   -4 * p->excess_error, p->excess);
    claim_at_most(lab, "4.57", "Mess3: excess", 0.01, p->excess);
    // Half of what separates the reader of one symbol from the exact one.
    claim_at_most(lab, "4.57", "and far less than what one symbol leaves unknown",
                  (last_symbol - l.kind->entropy_rate(&l).value) / 2, p->excess);
    Evaluation e = evaluate(&r.model, &r.held_out_data, &r.objective, 0, HELD_OUT, 32);
    draw(lab, &r, &e);
    evaluation_free(&e), small_run_free(&r), language_free(&l);
}

const LabSpec lab_hmm_floor = {"hmm-floor", "4.11", "A model of a hidden source", run,
                               options};
