// LoRA: a model is frozen, and what it learns is a matrix of low rank beside each
// layer. Lecture, section 5.12.
//
//           .--> W  (frozen) --------------.
//     x ----|                              +--> y = x W + s x A B         s = alpha / r
//           '--> A (in x r) --> B (r x out) '
//
//     A begins N(0, 1 / in), B with zeros: y = x W to the last bit
//     r (in + out) numbers are trained per layer, not in out
//     merged: W + s A B, a layer like any other
//
// With DoRA the columns' lengths are learnt too (dora.h). With int8 the frozen layers'
// weights are rounded to 8 bits first (int8.h): the model keeps them as floats, since
// the course's products read floats, and base_bytes counts what the integers would
// take.
//
//     Lora l;
//     if (!lora_new(&l, &base, settings, &rng, &err)) ...
//     ... train l.model like any model: only adapters have gradients; infer.h runs it ...
//     lora_merge(&plain, &l);
//
// Hu et al. (2021), arXiv:2106.09685. Houlsby et al. (2019), arXiv:1902.00751:
// adapters.
#pragma once
#include "ch03_transformer/model.h"

// Which layers of a block.
typedef enum {
    LORA_QUERY,
    LORA_KEY,
    LORA_VALUE,
    LORA_OUT,
    LORA_UP,
    LORA_DOWN,
    LORA_GATE,
    LORA_PLACES
} LoraPlace;
enum { LORA_ALL = (1 << LORA_PLACES) - 1 };

typedef struct {
    const char *name;
    Linear *(*of)(Block *b);
} LoraPlaceType;
extern const LoraPlaceType lora_places[];

typedef struct {
    int rank;
    double alpha;     // 0: twice the rank
    unsigned places;  // bits 1 << place; 0: all
    bool dora, int8;
} LoraSettings;

typedef struct {
    int a, b, lengths;  // parameters; lengths -1: not DoRA
    double scale;       // alpha / r
} Adapter;

typedef struct {
    LoraSettings settings;  // with defaults filled in
    Model model;            // all of the configuration's is frozen
    int base;   // its parameters from `base` on are learnt: what was added, adapters
    int added;  // so many that the base has beside its configuration's: a head
    Adapter *adapters;
    int count;
    size_t base_bytes;  // of the frozen numbers: 4 each, or as 8-bit integers
} Lora;

// base: a decoder without adapters, with values. What was added to it, as a reward
// model's head is, has the same index here and is learnt as it is there. False and err
// where the rank does not fit a layer, or a layer that DoRA should be for has a bias.
// *l must not be moved.
bool lora_new(Lora *l, const Model *base, LoraSettings settings, const Rng *rng,
              Error *err);
void lora_free(Lora *l);
// *to: a plain model that does what l.model does, with what was added to the base;
// without gradients. It must not be moved.
void lora_merge(Model *to, const Lora *l);

// w (in x out) += sign s A B. With sign 1, then -1, w is what it was, up to rounding.
void adapter_add(Mat w, const Params *p, const Adapter *a, double sign);
// An adapter beside one layer: parameters NAME.a, NAME.b and, for DoRA, NAME.lengths.
// Before params_allocate; *a must stay. DoRA is for layers without bias.
void adapter_new(Adapter *a, Params *p, Linear *l, const LoraSettings *s,
                 const char *name);
