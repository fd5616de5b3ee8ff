#include "common/program/claim.h"

#include <math.h>
#include <stdio.h>

#include "common/program/colour.h"
#include "common/program/lab.h"

// Column heads, before a lab's first row.
static void heads(Lab *lab) {
    if (lab->heads) return;
    lab->heads = true;
    printf("%s  %-7s %-52s %16s %14s  %-9s%s\n", colour(COLOUR_FAINT), "claim",
           "what it says", "predicted", "measured", "tolerance", colour(COLOUR_OFF));
}

static void claim_row(Lab *lab, const char *id, const char *what, const char *predicted,
                      const char *measured, const char *tolerance, bool ok) {
    lab_line();
    heads(lab);
    lab->claims++;
    lab->failed += !ok;
    char bracketed[16];
    snprintf(bracketed, sizeof bracketed, "[%s]", id);
    printf("  %-7s %-52s %16s %14s  %-9s %s%s%s\n", bracketed, what, predicted,
           measured, tolerance, colour(ok ? COLOUR_GOOD : COLOUR_BAD),
           ok ? "ok" : "FAIL", colour(COLOUR_OFF));
}

enum { NUMBER = 32 };  // room for a number as text

static const char *shown(char *text, const char *before, double number) {
    snprintf(text, NUMBER, "%s%.8g", before, number);
    return text;
}

void claim_near(Lab *lab, const char *id, const char *what, double predicted,
                double measured, double tolerance) {
    char left[NUMBER], middle[NUMBER], right[NUMBER];
    if (tolerance == 0) snprintf(right, sizeof right, "exact");
    else snprintf(right, sizeof right, "+-%.2g", tolerance);
    bool same = measured == predicted;  // infinities have no difference
    claim_row(lab, id, what, shown(left, "", predicted), shown(middle, "", measured),
              right, same || fabs(measured - predicted) <= tolerance);
}

void claim_at_most(Lab *lab, const char *id, const char *what, double bound,
                   double measured) {
    char left[NUMBER], middle[NUMBER];
    claim_row(lab, id, what, shown(left, "<= ", bound), shown(middle, "", measured),
              "bound", measured <= bound);
}

void claim_at_least(Lab *lab, const char *id, const char *what, double bound,
                    double measured) {
    char left[NUMBER], middle[NUMBER];
    claim_row(lab, id, what, shown(left, ">= ", bound), shown(middle, "", measured),
              "bound", measured >= bound);
}

void claim_equal(Lab *lab, const char *id, const char *what, long long predicted,
                 long long measured) {
    char left[NUMBER], middle[NUMBER];
    snprintf(left, sizeof left, "%lld", predicted);
    snprintf(middle, sizeof middle, "%lld", measured);
    claim_row(lab, id, what, left, middle, "exact", predicted == measured);
}
