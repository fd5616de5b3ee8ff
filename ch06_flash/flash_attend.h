// Attention without tables on chapter 3's tape: models get it by
//
//     model_set_attend(&model, flash_attend);
//
// and keep O and L of each layer, B T (H d + H) numbers, in the place of B H T N
// weights. Lecture, section 6.7.
#pragma once
#include "ch03_transformer/attend.h"

AttendFunction flash_attend;
