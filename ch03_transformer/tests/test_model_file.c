// Models in files, and run from them: every field and every number comes back; what is
// not a model, or is one that would not fit into memory, is refused in one line; and
// generation's logits are the tape's.
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ch03_transformer/checkpoint.h"
#include "ch03_transformer/infer.h"
#include "ch03_transformer/infer_of_model.h"
#include "ch03_transformer/model_file.h"
#include "ch03_transformer/published.h"

static char path[] = "/tmp/course-model-XXXXXX";
static void setup(void) {
    int fd = mkstemp(path);
    cr_assert(fd >= 0);
    close(fd);
}
static void teardown(void) { unlink(path); }
TestSuite(model_file, .init = setup, .fini = teardown);

enum { V = 13, T = 7 };
static const int ids[T] = {1, 12, 3, 3, 0, 7, 5};

#define SMALL \
    .vocabulary = V, .context = 9, .channels = 12, .layers = 2, .heads = 2, \
    .init = INIT_XAVIER
static const Config models[] = {
    {.name = "plain", SMALL},
    {.name = "every field",
     SMALL,
     .family = FAMILY_ENCODER,
     .kv_heads = 1,
     .head_dim = 6,
     .hidden = 20,
     .ffn = FFN_GELU,
     .norm = NORM_LAYER,
     .place = PLACE_PRE,
     .norm_epsilon = 1e-12 / 3,
     .final_norm = true,
     .position = POSITION_LEARNED,
     .position_offset = 2,
     .segments = 2,
     .embedding_channels = 6,
     .embedding_norm = true,
     .embedding_scale = 3.4641016151377544,
     .logit_scale = 1 / 3.0,
     .attention_scale = 0.3,
     .attention_bias = true,
     .ffn_bias = true,
     .norm_bias = true,
     .tied = true,
     .shared_layers = true,
     .head = HEAD_MLM,
     .pooler = true,
     .dropout = 0.1},
    {.name = "yarn",
     SMALL,
     .position = POSITION_ROPE,
     .norm = NORM_RMS,
     .ffn = FFN_SWIGLU,
     .rope = {.base = 5e5,
              .pairing = ROPE_HALF_SPLIT,
              .scaling = ROPE_SCALING_YARN,
              .factor = 8.5,
              .trained = 4}},
    {.name = "t5",
     SMALL,
     .family = FAMILY_ENCODER_DECODER,
     .decoder_layers = 1,
     .position = POSITION_T5,
     .buckets = 8,
     .furthest = 17,
     .norm = NORM_RMS,
     .tied = true,
     .place = PLACE_DEEPNORM},
    {.name = "xpos",
     SMALL,
     .position = POSITION_XPOS,
     .ffn = FFN_GELU_TANH,
     .head = HEAD_NONE},
};
enum { MODELS = sizeof models / sizeof *models };

// Every parameter random (gains and biases, too), in numbers that fp32 has.
static Model model_of(const Config *c, uint64_t seed) {
    Model m;
    Error err;
    cr_assert(model_new(&m, c, &err), "%s", err.text);
    model_allocate(&m, NULL);
    Rng rng = rng_new(seed);
    for (size_t i = 0; i < m.params.size; i++)
        m.params.values[i] = (float)(0.4 * rng_normal(&rng));
    return m;
}

static Model saved(const Config *c, uint64_t seed) {
    Error err;
    Model m = model_of(c, seed);
    cr_assert(model_save(path, &m, &err), "%s", err.text);
    return m;
}

static void same_config(const Config *a, const Config *b) {
    const char *other = NULL;
#define SAME(field) (other = a->field == b->field ? other : #field)
    SAME(family), SAME(vocabulary), SAME(context), SAME(channels), SAME(layers),
        SAME(decoder_layers), SAME(heads), SAME(kv_heads);
    SAME(head_dim), SAME(hidden), SAME(ffn), SAME(norm), SAME(place),
        SAME(norm_epsilon), SAME(final_norm), SAME(position);
    SAME(rope.dim), SAME(rope.base), SAME(rope.pairing), SAME(rope.scaling),
        SAME(rope.factor), SAME(rope.trained), SAME(buckets);
    SAME(furthest), SAME(position_offset), SAME(segments), SAME(embedding_channels),
        SAME(embedding_norm), SAME(embedding_scale);
    SAME(logit_scale), SAME(attention_scale), SAME(attention_bias), SAME(ffn_bias),
        SAME(norm_bias), SAME(tied), SAME(shared_layers);
    SAME(head), SAME(pooler), SAME(init), SAME(dropout);
    cr_expect(!other, "%s: %s", a->name, other);
}

Test(model_file, all_fields_and_numbers_come_back) {
    for (int i = 0; i < MODELS; i++) {
        Error err;
        Model m = saved(&models[i], (uint64_t)i), again;
        cr_assert(model_load(path, &again, &err), "%s", err.text);
        same_config(&m.config, &again.config);
        cr_expect_str_eq(again.config.name, "model");
        cr_assert_eq(m.params.count, again.params.count);
        cr_assert_eq(m.params.size, again.params.size);
        cr_expect(
            memcmp(m.params.values, again.params.values, m.params.size * sizeof(real))
                == 0,
            "%s", models[i].name);
        if (m.config.family == FAMILY_DECODER) {  // tables of positions as well
            Tape *t = tape_new(&m.params), *u = tape_new(&again.params);
            Tokens in = {.batch = 1, .time = T, .tokens = ids};
            Mat a = model_hidden(t, &m, &in)->value,
                b = model_hidden(u, &again, &in)->value;
            cr_expect(memcmp(a.at, b.at, (size_t)a.rows * a.cols * sizeof(real)) == 0,
                      "%s", models[i].name);
            tape_free(t), tape_free(u);
        }
        model_free(&m), model_free(&again);
    }
}

// The words in the file, literally: a file must mean the same to another version of
// this program.
Test(model_file, words_are_what_they_say) {
    static const char *const words[MODELS][9] = {
        {"decoder", "relu", "layer", "post", "none", "interleaved", "none", "linear",
         "xavier"},
        {"encoder", "gelu", "layer", "pre", "learned", "interleaved", "none", "mlm",
         "xavier"},
        {"decoder", "swiglu", "rms", "post", "rope", "half-split", "yarn", "linear",
         "xavier"},
        {"encoder-decoder", "relu", "rms", "deepnorm", "t5", "interleaved", "none",
         "linear", "xavier"},
        {"decoder", "gelu-tanh", "layer", "post", "xpos", "interleaved", "none", "none",
         "xavier"}};
    static const char *const keys[] = {"family",       "ffn",      "norm",
                                       "place",        "position", "rope.pairing",
                                       "rope.scaling", "head",     "init"};
    for (int i = 0; i < MODELS; i++) {
        Model m = saved(&models[i], 1);
        Checkpoint c;
        Error err;
        cr_assert(checkpoint_read(&c, path, &err), "%s", err.text);
        for (int k = 0; k < 9; k++)
            cr_expect_str_eq(checkpoint_note(&c, keys[k]), words[i][k], "%s: %s",
                             models[i].name, keys[k]);
        checkpoint_free(&c), model_free(&m);
    }
}

// ---- what is refused

static void refused(const char *what) {
    Model m;
    Error err = {""};
    cr_assert(!model_load(path, &m, &err), "accepted: %s", what);
    cr_assert(strncmp(err.text, path, strlen(path)) == 0 && !strchr(err.text, '\n'),
              "%s: %s", what, err.text);
    cr_assert(!m.params.list && !m.params.values, "%s", what);
}

// The saved file again, with one note changed (NULL: left out).
static void rewrite(const char *key, const char *value) {
    Checkpoint c;
    Error err;
    cr_assert(checkpoint_read(&c, path, &err), "%s", err.text);
    int found = 0;
    CheckpointNote notes[64];
    for (int i = 0; i < c.note_count; i++) {
        bool this = strcmp(c.notes[i].key, key) == 0;
        if (!this || value)
            notes[i - (found && !value)] =
                (CheckpointNote){c.notes[i].key, this ? value : c.notes[i].value};
        found += this;
    }
    cr_assert_eq(found, 1, "%s", key);
    cr_assert(
        checkpoint_write(path, c.tensors, c.count, notes, c.note_count - !value, &err),
        "%s", err.text);
    checkpoint_free(&c);
}

Test(model_file, notes_that_cannot_be) {
    static const char *const bad[][2] = {{"family", NULL},
                                         {"dropout", NULL},
                                         {"vocabulary", NULL},
                                         {"family", "Decoder"},
                                         {"family", ""},
                                         {"tied", "2"},
                                         {"channels", "12 "},
                                         {"channels", "twelve"},
                                         {"channels", ""},
                                         {"channels", "-12"},
                                         {"channels", "0"},
                                         {"channels", "24"},
                                         {"channels", "99999999999999999999"},
                                         {"channels", "4294967308"},
                                         {"vocabulary", "16777216"},
                                         {"vocabulary", "2147483647"},
                                         {"layers", "0"},
                                         {"layers", "3"},
                                         {"layers", "1"},
                                         {"layers", "16777216"},
                                         {"decoder_layers", "1"},
                                         {"heads", "5"},
                                         {"heads", "0"},
                                         {"kv_heads", "16777216"},
                                         {"hidden", "16777216"},
                                         {"head_dim", "16777216"},
                                         {"norm_epsilon", "nan"},
                                         {"norm_epsilon", "0x"},
                                         {"norm_epsilon", "-1"},
                                         {"dropout", "1"},
                                         {"dropout", "inf"},
                                         {"dropout", "1e999"},
                                         {"rope.base", "0.5"},
                                         {"rope.scaling", "ntk2"},
                                         {"context", "16777216"},
                                         {"context", "0"},
                                         {"position", "learned"},
                                         {"norm", "layer norm"},
                                         {"tied", "yes"},
                                         {"ffn", "swiglu"},
                                         {"logit_scale", "nan"},
                                         {"embedding_scale", "inf"},
                                         {"dropout", "1e-999"},
                                         {"buckets", ""},
                                         {"head", "mlm"},
                                         {"embedding_channels", "16777216"},
                                         {"segments", "16777216"},
                                         {"position_offset", "9"}};
    Config rope = {.name = "rope", SMALL, .position = POSITION_ROPE};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Model m = saved(&rope, 1);
        rewrite(bad[i][0], bad[i][1]);
        char what[64];
        snprintf(what, sizeof what, "%s %s", bad[i][0],
                 bad[i][1] ? bad[i][1] : "(none)");
        refused(what);
        model_free(&m);
    }
}

static void refused_as(const Config *c, const char *key, const char *value,
                       const char *says) {
    Model m = saved(c, 1), n;
    Error err = {""};
    rewrite(key, value);
    cr_expect(!model_load(path, &n, &err) && strstr(err.text, says), "%s %s: \"%s\"",
              key, value, err.text);
    model_free(&m), model_free(&n);
}

// Before a model of that size is made.
Test(model_file, depths_and_lengths_beyond_the_file) {
    const Config sinusoidal = {
        .name = "sinusoidal", SMALL, .position = POSITION_SINUSOIDAL};
    refused_as(&models[0], "layers", "1000", "1000 layers, but only");
    refused_as(&models[3], "decoder_layers", "1000", "1000 layers, but only");
    // 12 channels of them, though heads have 6
    refused_as(&sinusoidal, "context", "2000000", "table of positions");
    refused_as(&models[4], "context", "2000000", "xPos' growth overflows");
    refused_as(&models[2], "rope.trained", "0", "YaRN needs the trained length");
}

// A kind that is added to the table can be written and read with nothing more to do.
Test(model_file, every_kind_of_position) {
    for (int kind = 0; kind < POSITION_KINDS; kind++) {
        Config c = {.name = "position", SMALL, .position = (PositionKind)kind};
        Model m = saved(&c, 1), n;
        Error err = {""};
        cr_assert(model_load(path, &n, &err), "%s: %s", position_name(kind), err.text);
        cr_expect_eq(n.config.position, (PositionKind)kind);
        cr_expect_eq(n.params.count, m.params.count);
        model_free(&m), model_free(&n);
    }
}

Test(model_file, files_that_are_no_models) {
    Error err;
    Model m = saved(&models[0], 1);
    Mat one = mat_new(1, 1);
    cr_assert_eq(truncate(path, 3000), 0);
    refused("cut");
    cr_assert(checkpoint_write(path, &(CheckpointTensor){"token.weight", one}, 1, NULL,
                               0, &err));
    refused("no notes");
    cr_assert(!model_save("/nowhere/at/all", &m, &err));
    mat_free(one), model_free(&m);
}

// ---- generation

static double logits_error(const Model *m) {
    InferModel view;
    Inference s;
    Error err;
    cr_assert(infer_of_model(&view, m, &err), "%s", err.text);
    cr_assert(inference_new(&s, &view, T, &err), "%s", err.text);
    Mat logits = mat_new(T, V);
    infer(&s, ids, 3, mat_rows(logits, 0, 3));  // a prompt, then one at a time
    for (int i = 3; i < T; i++) infer(&s, &ids[i], 1, mat_rows(logits, i, 1));
    Tape *t = tape_new((Params *)&m->params);
    Mat want =
        model_logits(
            t, m, model_hidden(t, m, &(Tokens){.batch = 1, .time = T, .tokens = ids}))
            ->value;
    double worst = 0, most = 0;
    for (int i = 0; i < T * V; i++)
        worst = fmax(worst, fabs((double)logits.at[i] - want.at[i])),
        most = fmax(most, fabs((double)want.at[i]));
    tape_free(t), mat_free(logits), inference_free(&s), infer_model_free(&view);
    return worst / most;
}

Test(model_file, generation_s_logits_are_the_tape_s) {
    const double tolerance = sizeof(real) == 4 ? 2e-5 : 1e-13;  // as in test_infer.c
    Config of[] = {config_small_llama(V, 9, 12, 2, 2, 1),
                   config_small_llama(V, 9, 16, 3, 4, 4),
                   config_small_gpt(V, 9, 12, 2, 3)};
    for (int i = 0; i < 6; i++) {
        of[i % 3].tied = i >= 3;
        Model m = model_of(&of[i % 3], (uint64_t)i);
        double error = logits_error(&m);
        cr_expect(error <= tolerance, "%s %d: %g", m.config.name, i, error);
        model_free(&m);
    }
}

Test(model_file, what_generation_cannot_run) {
    const Config llama = config_small_llama(V, 9, 12, 2, 2, 1),
                 gpt = config_small_gpt(V, 9, 12, 2, 2);
    Config bad[32];
    int n = 0;
#define BAD(of, ...) bad[n] = of, bad[n++].__VA_ARGS__
    BAD(llama, norm_epsilon = 1e-6);
    BAD(llama, rope.base = 5e5);
    BAD(llama, rope.pairing = ROPE_HALF_SPLIT);
    BAD(llama, attention_bias = true);
    BAD(llama, ffn = FFN_GELU_TANH);
    BAD(llama, position = POSITION_ALIBI);
    BAD(llama, head_dim = 4);
    BAD(llama, place = PLACE_POST);
    BAD(llama, rope = (Rope){.base = 10000, .scaling = ROPE_SCALING_PI, .factor = 2});
    BAD(llama, embedding_channels = 6);
    BAD(gpt, shared_layers = true);
    BAD(gpt, position_offset = 1);
    BAD(gpt, embedding_scale = 2);
    BAD(gpt, embedding_norm = true);
    BAD(gpt, ffn_bias = false);
    BAD(gpt, head = HEAD_NONE);
    BAD(gpt, ffn = FFN_GELU);
    BAD(gpt, norm_bias = false);
    BAD(gpt, final_norm = false);
    BAD(gpt, segments = 1);
    BAD(gpt, logit_scale = 0.5);
    BAD(gpt, family = FAMILY_ENCODER);
    BAD(gpt, position = POSITION_SINUSOIDAL);
    BAD(gpt, attention_scale = 1);
    for (int i = 0; i < n; i++) {
        Model m = model_of(&bad[i], 1);
        InferModel view;
        Error err = {""};
        cr_expect(!infer_of_model(&view, &m, &err) && *err.text
                      && !strchr(err.text, '\n') && !view.layer,
                  "%d", i);
        model_free(&m);
    }
}
