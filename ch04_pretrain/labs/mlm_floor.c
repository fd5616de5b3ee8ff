// A masked model against its own floor. Lecture, section 4.12.
//
// What BERT selects and hides, in a Markov source of order 1 over six symbols; the exact
// posterior of each selected symbol by forward and backward; and a small BERT that is to
// find it.
#include <math.h>

#include "ch04_pretrain/labs/small_run.h"
#include "ch04_pretrain/markov.h"
#include "ch04_pretrain/model_kinds.h"
#include "common/program/plot.h"

static const Option options[] = {{"steps", "1500", "steps of training"},
                                 {"time", "32", "tokens"},
                                 {"batch", "32", "rows"},
                                 {"rate", "3e-3", "peak"},
                                 {"channels", "64", "peak"},
                                 {"rope", "1", "peak"},
                                 {0}};

static void run(Lab *lab) {
    LanguageSettings of = {1, 6, 1, 0.3};
    Language l = language_new(LANGUAGE_MARKOV, &of);
    int channels = (int)option_int(&lab->args, "channels", 8, 1000);
    Config c = model_kinds[MODEL_BERT].config(1, 1, channels, 2, 4);
    if (option_int(&lab->args, "rope", 0, 10) == 1) c.position = POSITION_ROPE;
    if (option_int(&lab->args, "rope", 0, 10) == 2)
        c.position = POSITION_ROPE, c.place = PLACE_PRE, c.final_norm = true;
    long long steps = option_int(&lab->args, "steps", 10, 1000000);
    SmallRun r = {.language = &l,
                  .config = c,
                  .objective = {.kind = OBJECTIVE_MLM},
                  .settings = {.batch = (int)option_int(&lab->args, "batch", 1, 1000),
                               .accumulate = 1,
                               .steps = steps,
                               .rate = option_real(&lab->args, "rate", 0, 1),
                               .warmup = steps / 50,
                               .beta2 = 0.98,
                               .clip = 1},
                  .time = (int)option_int(&lab->args, "time", 4, 1000),
                  .held_out = 512,
                  .seed = lab->seed};
    r.settings.last_rate = r.settings.rate / 20;
    small_run(lab, &r);
    for (int i = 0; i < r.count; i++)
        lab_print(lab, "%.0f %.4f %.4f %.4f +- %.4f", r.points[i].tokens,
                  r.points[i].loss, r.points[i].floor, r.points[i].excess,
                  r.points[i].excess_error);
    small_run_free(&r), language_free(&l);
}

const LabSpec lab_mlm_floor = {"mlm-floor", "4.12", "A masked model against its floor",
                               run, options};
