// A model's matrices in panels (matmul_packed.h): for many texts that are written together,
// whose steps go through all of them thousands of times. Lecture, section 3.12.
//
// A copy, in one piece of memory: a model that is trained further must be packed again.
#pragma once
#include "ch03_transformer/infer_model.h"
#include "common/numeric/matmul_packed.h"

typedef struct {
    Packed q, k, v, o, gate, up, down;  // as in InferLayer; not there: .at NULL
} PackedLayer;

typedef struct {
    PackedLayer *layer;  // one for each of the model's
    Packed output;
    real *room;  // all of their numbers
} InferPacked;

InferPacked infer_packed_new(const InferModel *m);
void infer_packed_free(InferPacked *p);
