// Cleaning rules: numbers of one document that good text rarely has. Lecture, section 4.17.
//
//     rule       what is measured                                          kept if
//     words      words: what stands between white space                    >= 20
//     letters    letters / characters that are not white space             >= 0.6
//     lines      lines that are an earlier line again / lines              <= 0.3
//     runs       words in five words that the document had before / words  <= 0.3
//     script     letters of the wanted script / letters                    >= 0.8
//
// A rule is a line in the table: its name, which is also the option of its bound, and the
// function that measures. They are after Rae et al. (2021), arXiv:2112.11446, appendix
// A.1.1 (Gopher), with fewer of them and other bounds. Blank lines are no lines. Where
// there is nothing to take a share of, the share is that of the best.
#pragma once
#include "ch04_pretrain/documents.h"
#include "ch04_pretrain/script.h"

typedef enum {
    RULE_WORDS,
    RULE_LETTERS,
    RULE_LINES,
    RULE_RUNS,
    RULE_SCRIPT,
    CLEAN_RULES
} CleanRule;

typedef struct {
    const char *name;
    double (*measure)(const Document *d, Script wanted);
    bool at_least;  // the bound is the least that is kept; else the most
    double bound;   // the default
} CleanRuleType;

extern const CleanRuleType clean_rules[];

// The first rule that the document breaks; CLEAN_RULES: none.
CleanRule clean_rule_broken(const Document *d, const double bounds[CLEAN_RULES],
                            Script wanted);
