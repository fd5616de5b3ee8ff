// Parameter counts, to the last one. Lecture, section 3.10.
//
//     GPT-2   12 L d^2 + 13 L d + (V + P) d + 2 d
//                                                  a block's weights; its biases and norms; tables; last norm
//     LLaMA   L (2 d^2 + 2 d k + 3 d f + 2 d) + 2 V d + d
//                                                  k: all key heads together; gate, up, down; two tables of V
//     ALBERT  V e + e d instead of V d
//
// Three counts: parameter_count's formulas, the integers that were published, and the
// stores that model_new lays out for the configurations of section 3.8 (their shapes;
// no memory is taken).
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/model.h"
#include "ch03_transformer/published.h"
#include "common/program/plot.h"

static long long total_of(const char *name) {
    return parameter_count(published_find(name)).total;
}

static long long stored(const Config *c) {
    Model m;
    Error err;
    if (!model_new(&m, c, &err)) die("%s", err.text);
    long long size = 0;  // also where size_t has 32 bits
    for (int i = 0; i < m.params.count; i++)
        size += (long long)param_size(&m.params.list[i]);
    model_free(&m);
    return size;
}

static void claim_integers(Lab *lab) {
    int published = 0, equal = 0, stores = 0, equal_stores = 0;
    for (const PublishedModel *m = published_models(); m->name; m++)
        if (m->published)
            published++, equal += parameter_count(m).total == m->published;
    for (const PublishedConfig *r = published_configs; r->config.name; r++)
        stores++, equal_stores += stored(&r->config) == total_of(r->config.name);
    claim_equal(lab, "3.67", "LLaMA 7B", 6738415616, total_of("llama-7b"));
    claim_equal(lab, "3.67", "GPT-2 small, tied: not 117 million", 124439808,
                total_of("gpt2"));
    claim_equal(lab, "3.67", "BERT base with its pooler", 109482240,
                total_of("bert-base"));
    claim_equal(lab, "3.67", "formulas that give the published integer", published,
                equal);
    claim_equal(lab, "3.67", "models that store as many numbers", stores, equal_stores);
}

static long long numbers_of(const Params *p, const char *name) {
    return (long long)param_size(&p->list[params_find(p, name)]);
}

static void claim_embeddings(Lab *lab) {
    Config gpt2 = *config_find("gpt2"), llama = *config_find("llama-7b"),
           albert = *config_find("albert-base");
    gpt2.tied = false, llama.tied = true;
    claim_equal(lab, "3.68", "GPT-2 small untied: V d more", 50257LL * 768,
                stored(&gpt2) - total_of("gpt2"));
    claim_equal(lab, "3.68", "LLaMA 7B tied: V d fewer", 32000LL * 4096,
                total_of("llama-7b") - stored(&llama));
    albert.channels = 1024, albert.heads = 16;  // ALBERT large
    Model m;
    Error err;
    if (!model_new(&m, &albert, &err)) die("%s", err.text);
    claim_equal(lab, "3.68", "ALBERT large: V e + e d stored, not 30720000", 3971072,
                numbers_of(&m.params, "token.weight")
                    + numbers_of(&m.params, "embedding_up.weight"));
    model_free(&m);
    PublishedModel full = *published_find("albert-large");
    full.embedding = 0;
    claim_equal(lab, "3.68", "ALBERT large, not factorised: V d", 30720000,
                embedding_weights_count(&full));
}

// ---- 12 L d^2

static long long twelve(const PublishedModel *m) {
    return 12LL * published_layers(m) * m->d * m->d;
}

static long long gpt2_formula(const PublishedModel *m) {
    long long d = m->d, L = m->decoder_layers;
    return twelve(m) + 13 * L * d + (m->vocab + m->positions) * d + 2 * d;
}

static long long llama_formula(const PublishedModel *m) {
    long long d = m->d, L = m->decoder_layers,
              k = (long long)m->kv_heads * d / m->heads;
    return L * (2 * d * d + 2 * d * k + 3 * d * m->ffn + 2 * d) + 2 * m->vocab * d + d;
}

// The share of all parameters that is in the tables of V rows.
static double table_share(const PublishedModel *m) {
    ParameterCount c = parameter_count(m);
    return (double)(c.embedding + (m->untied ? c.head : 0)) / (double)c.total;
}

static void claim_rule(Lab *lab) {
    static const char *const gpt2[] = {"gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl",
                                       NULL},
                             *const llama[] = {"llama-7b",  "llama-13b",  "llama-33b",
                                               "llama-65b", "llama2-70b", NULL};
    int right = 0, falls = 0;
    for (int i = 0; gpt2[i]; i++) {
        const PublishedModel *m = published_find(gpt2[i]);
        right += gpt2_formula(m) == m->published;
        if (i) falls += table_share(m) < table_share(published_find(gpt2[i - 1]));
    }
    for (int i = 0; llama[i]; i++) {
        const PublishedModel *m = published_find(llama[i]);
        right += llama_formula(m) == m->published;
        if (i) falls += table_share(m) < table_share(published_find(llama[i - 1]));
    }
    claim_equal(lab, "3.69", "GPT-2 (4) and LLaMA (5): one-line formulas right", 9,
                right);
    claim_equal(lab, "3.69", "steps to a larger one at which the tables' share falls",
                7, falls);
    // Beside 12 L d^2 and V d there are 13 L d + (P + 2) d: so much in V d / total at
    // most.
    const PublishedModel *m = published_find("gpt2");
    double ld = 12.0 * m->decoder_layers * m->d;
    claim_near(lab, "3.69", "GPT-2 small: tables' share, V / (V + 12 L d)",
               m->vocab / (m->vocab + ld), table_share(m),
               (13.0 * m->decoder_layers + m->positions + 2) / (m->vocab + ld));
}

static void draw(Lab *lab) {
    static const struct {
        const char *model, *title;
        double right, up;  // the label's corner, as factors
    } labels[] = {{"albert-base", "ALBERT base", 0.22, 1},
                  {"transformer-base", "Transformer base", 1.3, 0.55},
                  {"bert-base", "BERT base", 1.2, 0.75},
                  {"gpt2", "GPT-2", 0.5, 1.5},
                  {"t5-large", "T5 large", 0.4, 1.45},
                  {"gpt2-xl", "GPT-2 XL", 1.25, 0.8},
                  {"llama-7b", "LLaMA 7B", 1.25, 0.8},
                  {"llama2-70b", "Llama 2 70B", 0.22, 1.35},
                  {"glm-130b", "GLM-130B", 0.3, 1.45},
                  {"albert-large", "ALBERT large", 1.25, 0.85},
                  {"albert-xxlarge", "ALBERT xxlarge", 1.25, 0.95}};
    Plot *p = plot_new(lab, "parameters", "twelve_l_d_d total blocks");
    for (const PublishedModel *m = published_models(); m->name; m++) {
        ParameterCount c = parameter_count(m);
        double x = (double)twelve(m), y = (double)c.total;
        plot_row(p, x, y, (double)(c.attention + c.ffn));
        for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
            if (!strcmp(m->name, labels[i].model))
                plot_set(p, "label \"%s\" at %g, %g", labels[i].title,
                         x * labels[i].right, y * labels[i].up);
    }
    plot_axes(p, "12 L d^2", "parameters");
    plot_set(p, "logscale xy"), plot_set(p, "format xy \"10^{%%T}\"");
    plot_set(p, "xrange [1e7:3e11]"), plot_set(p, "yrange [5e6:3e11]");
    plot_series(p,
                "using \"twelve_l_d_d\":\"twelve_l_d_d\" with lines linewidth 2 title "
                "\"12 L d^2\"");
    plot_points(p, "twelve_l_d_d", "total", "all parameters"),
        plot_points(p, "twelve_l_d_d", "blocks", "in blocks");
    plot_end(p);
}

static void run(Lab *lab) {
    claim_integers(lab);
    claim_embeddings(lab);
    claim_rule(lab);
    draw(lab);
}

const LabSpec lab_parameters = {"parameters", "3.10",
                                "Parameter counts, to the last one", run, NULL};
