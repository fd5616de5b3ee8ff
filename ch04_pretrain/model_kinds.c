#include "ch04_pretrain/model_kinds.h"

#include <assert.h>

static Config llama(int vocabulary, int context, int channels, int layers, int heads) {
    Config c = config_small_llama(vocabulary, context, channels, layers, heads, heads);
    c.hidden = ffn_hidden(c.ffn, channels, 32);
    return c;
}

static Config bert(int vocabulary, int context, int channels, int layers, int heads) {
    Config c = config_small_gpt(vocabulary, context, channels, layers, heads);
    c.name = "bert";
    c.family = FAMILY_ENCODER;
    c.place = PLACE_POST, c.final_norm = false;
    c.ffn = FFN_GELU;
    c.embedding_norm = true;
    c.head = HEAD_MLM;
    return c;
}

static Config t5(int vocabulary, int context, int channels, int layers, int heads) {
    Config c = config_small_gpt(vocabulary, context, channels, layers, heads);
    c.name = "t5";
    c.family = FAMILY_ENCODER_DECODER;
    c.decoder_layers = layers;
    c.norm = NORM_RMS, c.norm_bias = c.attention_bias = c.ffn_bias = false;
    c.ffn = FFN_RELU;
    c.position = POSITION_T5;
    return c;
}

const ModelType model_kinds[] = {
    [MODEL_AUTO] = {"auto", FAMILY_KINDS, NULL},
    [MODEL_LLAMA] = {"llama", FAMILY_DECODER, llama},
    [MODEL_GPT2] = {"gpt2", FAMILY_DECODER, config_small_gpt},
    [MODEL_BERT] = {"bert", FAMILY_ENCODER, bert},
    [MODEL_T5] = {"t5", FAMILY_ENCODER_DECODER, t5},
};
_Static_assert(sizeof model_kinds / sizeof *model_kinds == MODEL_KINDS,
               "a model without a line in the table");

ModelKind model_kind_for(Family family, bool learned_positions) {
    int kind = MODEL_AUTO + 1;
    if (learned_positions && family == FAMILY_DECODER) return MODEL_GPT2;
    while (kind < MODEL_KINDS && model_kinds[kind].family != family) kind++;
    assert(kind < MODEL_KINDS && "a family without a model");
    return (ModelKind)kind;
}

const char *const *model_kind_names(void) {
    static const char *names[MODEL_KINDS + 1];
    for (int i = 0; i < MODEL_KINDS; i++) names[i] = model_kinds[i].name;
    return names;
}
