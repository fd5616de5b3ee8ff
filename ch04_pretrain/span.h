// Span corruption as an objective: the encoder reads a text with holes, the decoder
// writes what was in them. Lecture, section 4.9; spans.h has the spans.
//
// A row is one document, or the beginning of one: up to its END or the row's own end.
// Sentinel k is id vocabulary + k.
#pragma once
#include "ch04_pretrain/objective.h"
#include "ch04_pretrain/spans.h"

enum { SPAN_MEAN = 3 };
extern const double SPAN_SHARE;  // 0.15
int span_sentinels(int time);    // ids for a row of so many tokens
int span_source_time(int time);  // the encoder's side
int span_target_time(int time);  // the decoder's
void span_fill(Batch *b, int row, const Draw *from);
// How many tokens the document has that begins the row, with the END before it: up to the
// next END, or to the row's own end.
int span_document(const Draw *from);
// The spans that are cut out of n >= 2 tokens, spans[n / 2]; returns how many.
int span_cut(Rng *rng, int n, Span *spans);
