// Operations and memory against the literature's figures; operations against a counter
// are in test_infer.c.
#include <criterion/criterion.h>

#include "ch03_transformer/accounting.h"

static const PublishedModel *model(const char *name) {
    const PublishedModel *m = published_find(name);
    cr_assert(m);
    return m;
}

Test(accounting, six_n_d) {
    const PublishedModel *m = model("llama-7b");
    // LLaMA's look-up table is not multiplied by, its norms neither; the output matrix
    // is.
    long long n = parameter_count(m).total - 32000LL * 4096 - parameter_count(m).norms;
    cr_assert_eq(matmul_weights_count(m), n);
    Flops forward = flops_forward(m, 2048, ATTENTION_FULL),
          training = flops_training(m, 2048, ATTENTION_FULL);
    cr_assert_eq(forward.weights, (double)(2 * n * 2048));
    cr_assert_eq(training.weights, (double)(6 * n * 2048));
    cr_assert_eq(training.total, 3 * forward.total);
    cr_assert_eq(flops_lora(m, 2048, ATTENTION_FULL).weights, (double)(4 * n * 2048));
    // no weights there: both factors' gradients
    cr_assert_eq(flops_lora(m, 2048, ATTENTION_FULL).attention, training.attention);
    // ALBERT's projection is a product, BERT's pooler and look-ups are not (it sees one
    // token); a decoder's cross-attention is.
    m = model("albert-base");
    cr_assert_eq(matmul_weights_count(m), 12LL * 12 * 768 * 768 + 128 * 768);
    cr_assert_eq(matmul_weights_count(model("bert-base")), 12LL * 12 * 768 * 768);
    cr_assert_eq(matmul_weights_count(model("transformer-base")),
                 (12LL * 12 + 6 * 4) * 512 * 512 + 37000LL * 512);
    // GPT-2's embedding is its output matrix: it counts once, as a product.
    m = model("gpt2");
    cr_assert_eq(matmul_weights_count(m), 12LL * 12 * 768 * 768 + 50257LL * 768);
}

Test(accounting, two_conventions_of_attention) {
    const PublishedModel *m = model("gpt2");
    long long t = 1024, l = 12, d = 768;
    Flops full = flops_forward(m, t, ATTENTION_FULL),
          causal = flops_forward(m, t, ATTENTION_CAUSAL);
    cr_assert_eq(full.attention, (double)(4 * t * t * d * l));
    cr_assert_eq(causal.attention, (double)(2 * (t + 1) * t * d * l));
    // PaLM's 12 L H Q T a token
    cr_assert_eq(flops_training(m, t, ATTENTION_FULL).attention,
                 (double)(12 * l * 12 * 64 * t * t));
    cr_assert_eq(full.attention * (double)(t + 1), causal.attention * 2 * (double)t);
    // An encoder sees everything, whatever the convention.
    m = model("bert-base");
    cr_assert_eq(flops_forward(m, 512, ATTENTION_CAUSAL).attention,
                 flops_forward(m, 512, ATTENTION_FULL).attention);
    PublishedModel wide = *model("gpt2");  // heads together wider than d
    wide.head_dim = 128;
    cr_assert_eq(flops_forward(&wide, t, ATTENTION_FULL).attention,
                 (double)(4 * t * t * 12 * 128 * l));
    // Encoder-decoder, causal: 6 full, 6 causal, 6 of cross-attention.
    m = model("transformer-base");
    cr_assert_eq(flops_forward(m, 10, ATTENTION_CAUSAL).attention,
                 4LL * 512 * (6 * 100 + 6 * 55 + 6 * 100));
}

Test(accounting, sixteen_bytes_a_parameter) {
    for (int p = PRECISION_FP32; p <= PRECISION_MIXED; p++) {
        TrainingSetup setup = {.precision = (Precision)p, .ranks = 1};
        cr_assert_float_eq(state_bytes(0, 7.0e9, &setup).total, 112e9, 1);
        cr_assert_float_eq(state_bytes(0, 6738415616, &setup).total / 1e9, 107.8, 0.05);
    }
    TrainingSetup setup = {
        .precision = PRECISION_MIXED, .ranks = 1, .fp32_accumulation = true};
    cr_assert_float_eq(state_bytes(0, 1, &setup).total, 20, 0);
    setup.method = METHOD_ZERO2, setup.ranks = 4;
    // all of it is sharded but the parameters
    cr_assert_float_eq(state_bytes(0, 1, &setup).total, 2 + 18 / 4.0, 0);
    setup.method = METHOD_FULL, setup.ranks = 1;
    setup.precision = PRECISION_FP32;  // gradients are fp32 already
    cr_assert_float_eq(state_bytes(0, 1, &setup).total, 16, 0);
}

// ZeRO's own example, figure 1 of the paper: 7.5 B parameters, 64 ranks: 120, 31.4,
// 16.6, 1.9 GB.
Test(accounting, zero) {
    const double gigabytes[] = {120, 31.4, 16.6, 1.9};
    for (int stage = 0; stage < 4; stage++) {
        TrainingSetup setup = {PRECISION_MIXED,
                               stage ? (Method)(METHOD_ZERO1 + stage - 1) : METHOD_FULL,
                               64, false};
        cr_assert_float_eq(state_bytes(0, 7.5e9, &setup).total / 1e9, gigabytes[stage],
                           0.05, "stage %d", stage);
        setup.ranks = 1;
        cr_assert_float_eq(state_bytes(0, 7.5e9, &setup).total, 120e9, 1);
    }
}

Test(accounting, lora) {
    const PublishedModel *m = model("llama-7b");
    cr_assert_eq(lora_count(m, 8), 4194304);
    cr_assert_eq(lora_count(model("llama2-70b"), 8),
                 80LL * 8 * (2 * 8192 + 8192 + 1024));
    // its layers are one
    cr_assert_eq(lora_count(model("albert-base"), 8), 8LL * 4 * 768);
    cr_assert_eq(lora_count(model("transformer-base"), 8), (6 + 2 * 6) * 8LL * 4 * 512);
    TrainingSetup setup = {PRECISION_MIXED, METHOD_LORA, 1, false};
    StateBytes s = state_bytes(6738415616, 4194304, &setup);
    cr_assert_float_eq(s.gradients, 2 * 4194304, 0);  // of the adapters alone
    cr_assert_float_eq(s.moments, 8 * 4194304, 0);
    cr_assert_float_eq(s.total, 2.0 * 6738415616 + 16.0 * 4194304, 0);
}

Test(accounting, activations) {
    const PublishedModel *m = model("llama-7b");  // h 4096, a 32, L 32
    cr_assert_float_eq(
        activation_bytes(m, 1, 2048, PRECISION_MIXED, ACTIVATIONS_FULL) / 1e9, 30.6,
        0.05);
    cr_assert_float_eq(
        activation_bytes(m, 1, 2048, PRECISION_MIXED, ACTIVATIONS_NO_SCORES) / 1e9, 9.1,
        0.05);
    cr_assert_float_eq(
        activation_bytes(m, 1, 2048, PRECISION_MIXED, ACTIVATIONS_RECOMPUTED) / 1e9,
        0.54, 0.005);
    cr_assert_float_eq(
        activation_bytes(m, 1, 2048, PRECISION_FP32, ACTIVATIONS_RECOMPUTED),
        32 * 4.0 * 2048 * 4096, 1);
    double s = 2048, b = 3, h = 4096, a = 32;
    cr_assert_float_eq(activation_bytes(m, 3, 2048, PRECISION_MIXED, ACTIVATIONS_FULL),
                       32 * s * b * h * (34 + 5 * a * s / h), 1);
    // They grow with the batch while the parameters do not.
    cr_assert_float_eq(
        activation_bytes(m, 8, 2048, PRECISION_FP32, ACTIVATIONS_FULL),
        8 * activation_bytes(m, 1, 2048, PRECISION_FP32, ACTIVATIONS_FULL), 1);
    cr_assert_float_eq(activation_bytes(m, 1, 1, PRECISION_FP32, ACTIVATIONS_NO_SCORES),
                       32 * (2 * 32 + 2) * h, 0);
}

// A long context: more operations than 2^63.
Test(accounting, four_million_tokens) {
    Flops f = flops_training(model("llama-7b"), 4194304, ATTENTION_FULL);
    cr_assert_float_eq(1e-12 * f.total, 27836388.657, 5e-4, "%.3f", 1e-12 * f.total);
    cr_assert_float_eq(100 * f.attention / f.total, 99.40, 5e-3);
    for (const PublishedModel *m = published_models(); m->name; m++) {
        f = flops_training(m, 1 << 24, ATTENTION_FULL);
        cr_assert(f.weights > 0 && f.attention > 0 && f.total == f.weights + f.attention
                      && lora_count(m, 1 << 16) > 0
                      && activation_bytes(m, 1 << 20, 1 << 24, PRECISION_FP32,
                                          ACTIVATIONS_FULL)
                             > 0,
                  "%s", m->name);
    }
}

// What each stage shards, and what it leaves whole.
Test(accounting, each_stage_shards_one_thing_more) {
    static const int ranks_of[][4] = {// parameters, gradients, master, moments
                                      {1, 1, 1, 1},
                                      {1, 1, 4, 4},
                                      {1, 4, 4, 4},
                                      {4, 4, 4, 4}};
    static const Method methods[] = {METHOD_FULL, METHOD_ZERO1, METHOD_ZERO2,
                                     METHOD_ZERO3};
    for (int i = 0; i < 4; i++) {
        TrainingSetup setup = {PRECISION_MIXED, methods[i], 4, true};
        StateBytes s = state_bytes(0, 1, &setup);
        cr_assert_eq(s.parameters, 2.0 / ranks_of[i][0], "%d", i);
        cr_assert_eq(s.gradients, 2.0 / ranks_of[i][1], "%d", i);
        cr_assert_eq(s.accumulation, 4.0 / ranks_of[i][1], "%d", i);
        cr_assert_eq(s.master, 4.0 / ranks_of[i][2], "%d", i);
        cr_assert_eq(s.moments, 8.0 / ranks_of[i][3], "%d", i);
        setup.fp32_accumulation = false;
        cr_assert_eq(state_bytes(0, 1, &setup).accumulation, 0);
    }
}
