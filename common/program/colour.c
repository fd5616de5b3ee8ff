#include "common/program/colour.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool colours(void) {
    static int known;  // 0: not yet looked at
    if (!known) {
        const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");
        bool can = isatty(STDOUT_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
        known = can && !(no && *no) ? 1 : -1;
    }
    return known > 0;
}

const char *colour(Colour kind) {
    static const char *const codes[] = {[COLOUR_OFF] = "\033[0m",
                                        [COLOUR_GOOD] = "\033[32m",
                                        [COLOUR_BAD] = "\033[1;31m",
                                        [COLOUR_FAINT] = "\033[2m"};
    _Static_assert(sizeof codes / sizeof *codes == COLOUR_KINDS, "a code for each");
    return colours() ? codes[kind] : "";
}

const char *colour_token(size_t piece, size_t token) {
    // black on pale grounds: legible on dark and on light terminals
    static const char *const codes[2][2] = {{"\033[30;48;5;153m", "\033[30;48;5;117m"},
                                            {"\033[30;48;5;223m", "\033[30;48;5;215m"}};
    return colours() ? codes[piece % 2][token % 2] : "";
}
