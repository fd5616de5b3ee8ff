// DeepNorm's constants: how strongly the residual counts, and how small a block begins.
// Lecture, section 3.7.
//
//     x' = LN(alpha x + F(x))
//
// beta is a gain at initialisation: of W_V, W_O and the feed-forward's matrices, not of
// W_Q and W_K. L layers in the encoder, M in the decoder:
//
//                        encoder: alpha          beta                 decoder: alpha    beta
//     encoder-only       (2 L)^(1/4)             (8 L)^(-1/4)
//     decoder-only                                                    (2 M)^(1/4)       (8 M)^(-1/4)
//     encoder-decoder    0.81 (L^4 M)^(1/16)     0.87 (L^4 M)^(-1/16) (3 M)^(1/4)       (12 M)^(-1/4)
//
// Wang et al., "DeepNet" (2022), arXiv:2203.00555, figure 2 and section 4.3.
#pragma once
#include <stdbool.h>

typedef struct {
    double alpha, beta;
} DeepNorm;
// encoder_layers 0: decoder-only; decoder_layers 0: encoder-only. For the blocks of the
// encoder or of the decoder.
DeepNorm deepnorm(int encoder_layers, int decoder_layers, bool of_decoder);
