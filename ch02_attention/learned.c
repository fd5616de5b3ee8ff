#include "ch02_attention/learned.h"

static PositionParameters parameters(const PositionSpec *spec) {
    return (PositionParameters){"weight", spec->length, spec->channels, 0, 0.02};
}

const PositionMethods position_learned = {.place = POSITION_AT_INPUT,
                                          .parameters = parameters};

Position position_new_learned(Mat table) {
    PositionSpec spec = {POSITION_LEARNED, .length = table.rows,
                         .channels = table.cols};
    return position_new(&spec, table);
}
