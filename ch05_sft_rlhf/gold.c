#include "ch05_sft_rlhf/gold.h"

#include <stdlib.h>
#include <string.h>

#include "common/error.h"

const Manner gold_openings[] = {
    {"", 0.5, 0}, {"I am not sure.", 0.25, -0.5}, {"Let me see.", 0.25, -0.25}};
const Manner gold_closings[] = {{"", 0.6, 0}, {"Glad to help!", 0.4, 0.5}};
_Static_assert(sizeof gold_openings / sizeof *gold_openings == OPENINGS
                   && sizeof gold_closings / sizeof *gold_closings == CLOSINGS,
               "manners are missing");

const SystemLine gold_systems[] = {
    {"Be brief.", {0, 0}}, {"Be friendly.", {0, 1}}, {"Be careful.", {1, 0}}};
_Static_assert(sizeof gold_systems / sizeof *gold_systems == SYSTEM_LINES,
               "a line is missing");

static const double CUT_OFF = -0.5;

static int draw(const Manner *from, int count, Rng *rng) {
    double shares[OPENINGS + CLOSINGS];
    for (int i = 0; i < count; i++) shares[i] = from[i].share;
    return rng_categorical(rng, shares, count);
}

Manners gold_manners(Rng *rng) {
    int opening = draw(gold_openings, OPENINGS, rng);
    return (Manners){opening, draw(gold_closings, CLOSINGS, rng)};
}

void gold_write(Text *to, const char *answer, Manners m) {
    const char *opening = gold_openings[m.opening].text,
               *closing = gold_closings[m.closing].text;
    text_add(to, "%s%s%s%s%s", opening, opening[0] ? " " : "", answer,
             closing[0] ? " " : "", closing);
}

Manners gold_content(char *to, const char *answer) {
    Manners m = {0, 0};
    size_t size = strlen(answer);
    for (int i = 1; i < OPENINGS; i++) {
        size_t n = strlen(gold_openings[i].text);
        if (m.opening || strncmp(answer, gold_openings[i].text, n) != 0
            || answer[n] != ' ')
            continue;
        m.opening = i, answer += n + 1, size -= n + 1;
    }
    for (int i = 1; i < CLOSINGS; i++) {
        size_t n = strlen(gold_closings[i].text);
        if (m.closing || size <= n || answer[size - n - 1] != ' '
            || strcmp(answer + size - n, gold_closings[i].text) != 0)
            continue;
        m.closing = i, size -= n + 1;
    }
    memcpy(to, answer, size), to[size] = '\0';
    return m;
}

double gold_reward(const char *answer, bool finished, const char *exact) {
    if (!finished) return CUT_OFF;
    char *content = allocate(strlen(answer) + 1, 1);
    Manners m = gold_content(content, answer);
    bool right = strcmp(content, exact) == 0;
    free(content);
    return right ? 1 + gold_openings[m.opening].value + gold_closings[m.closing].value
                 : 0;
}
