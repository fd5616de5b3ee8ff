// Cleaning: from files to documents that are worth reading. Lecture, sections 4.17 to 4.20.
//
//     files -> documents -> text of HTML -> rules -> equal ones -> near ones
//           -> like the trusted text? -> mixed by weight
//
// Whatever removes a document is a reason, in one table; the first that applies counts.
// Of equal documents, in whichever file, the first stays. Duplicates go before anything
// is held out: train's split by document (documents.h) then has no copy on both sides.
#pragma once
#include <stdio.h>

#include "ch04_pretrain/clean_rules.h"
#include "ch04_pretrain/near_duplicates.h"

typedef enum {
    // the rules come first: reasons 0 .. CLEAN_RULES - 1
    REASON_EQUAL = CLEAN_RULES,
    REASON_NEAR,
    REASON_PERPLEXITY,
    REASON_CLASSIFIER,
    REASON_WEIGHT,
    CLEAN_REASONS
} CleanReason;
const char *clean_reason_name(int reason);

enum { HTML_AUTO, HTML_NEVER, HTML_ALWAYS };

typedef struct {
    double bounds[CLEAN_RULES];
    int script;  // SCRIPT_NONE: any
    int html;
    NearSettings near;
    const char *trusted;    // a file; NULL: no filters by quality
    double trusted_share;   // of the trusted documents that each filter lets pass
    const double *weights;  // of the files; NULL: as they are
    uint64_t seed;
} CleanSettings;

// Rules at their defaults, any script, duplicates of 0.8.
CleanSettings clean_defaults(void);

typedef struct {
    Documents all;  // of every file, in order; their text is theirs
    int *source;    // of each: which file
    int *reason;    // why it goes; CLEAN_REASONS: it stays
    int sources;
    size_t *bytes;    // of each file, before HTML was taken out
    size_t pages;     // documents that were HTML
    size_t compared;  // pairs, in full
    double bound;     // of bits per byte; NAN: none
    Bytes *files;
    char **texts;  // of pages
    size_t text_count, text_capacity, source_capacity;
} Cleaning;

// False and err where a file cannot be read, is no text or has none. Weights add up to 1.
bool clean(Cleaning *c, const char *const *paths, int count, const CleanSettings *s,
           Error *err);
// The same for texts that are there already and must outlive it: begin, add each, apply.
// Only a trusted text that cannot be read makes clean_apply false.
void clean_begin(Cleaning *c, int sources);
void clean_add(Cleaning *c, int source, const char *text, size_t size, int html);
bool clean_apply(Cleaning *c, const CleanSettings *s, Error *err);

void clean_free(Cleaning *c);
// Documents and bytes of a file (-1: of all) with that reason.
size_t clean_count(const Cleaning *c, int source, int reason, size_t *bytes);
// What stays, and nothing else: END directly after each document.
void clean_write(const Cleaning *c, FILE *out);
