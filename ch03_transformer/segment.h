// A segment: a part of a network that keeps nothing but its result. Lecture, section 4.13.
//
//     tape             [ x ] [ segment: y ]                 after forward: f's own nodes are gone
//     in backward      [ x ] [ segment: y ] [ norm ] [ q ] [ k ] ... [ y again ]
//                                           f run once more, walked back, and gone again
//
// Backward needs the values of forward, and most of a deep model's memory is these. The
// inside of a block can be computed again from its input: for memory of one block instead
// of all, a step costs one forward pass more, 4 instead of 3. Values and gradients have
// the same bits: the same operations in the same order, and dropout draws from the same
// place of the tape's stream. Griewank and Walther (2000); Chen et al., "Training deep
// nets with sublinear memory cost" (2016), arXiv:1604.06174, where it is called
// checkpointing.
#pragma once
#include "ch03_transformer/tape.h"

// Makes a node of x's shape from x, parameters, and older nodes of this tape; the same one
// whenever it is run. It keeps no gradient to be looked at.
typedef Node *SegmentFunction(Tape *t, Node *x, const void *context);

// f(t, x, context). context must stay until tape_reset (tape_allocate).
Node *segment(Tape *t, Node *x, SegmentFunction *f, const void *context);
