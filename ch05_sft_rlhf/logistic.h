// sigma(x) and its relatives, section 5.4: on the ground floor, since chapter 4 needs them
// as well.
#pragma once
#include "common/numeric/logistic.h"
