#include "ch01_tokenizer/char_class.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/utf8.h"
#include "common/error.h"

// A run of one class. Group k is class k; where no group takes part it is CHAR_OTHER.
// What is not assigned, nine tenths of all, comes first: a single property is looked up
// in a third of the time of a bracket with several.
static const char runs[] =
    "\\p{Cn}++|\\p{Co}++|([" BLANK
    "]++)|([\\r\\n]++)|(\\p{N}++)"
    "|([\\p{Lu}\\p{Lt}]++)|(\\p{Ll}++)|([\\p{Lm}\\p{Lo}]++)|(\\p{M}++)"
    "|[^" SPACE "\\p{L}\\p{N}\\p{M}\\p{Cn}\\p{Co}]++";
_Static_assert(CHAR_CLASSES == 1 + 7, "a group of `runs` per class but CHAR_OTHER");

enum { PLANE = 1 << 16, LONGEST = 4 };  // code points asked about at once; bytes of one
enum { SURROGATES = 0xD800, AFTER_SURROGATES = 0xE000 };

typedef struct {
    pcre2_code *code;
    pcre2_match_data *match;
    char *text;  // a plane's code points in UTF-8
} Asker;

static Asker asker_new(void) {
    int problem;
    PCRE2_SIZE place;
    Asker a = {.code = pcre2_compile((PCRE2_SPTR)runs, PCRE2_ZERO_TERMINATED,
                                     PCRE2_UTF | PCRE2_UCP, &problem, &place, NULL),
               .text = allocate(PLANE, LONGEST)};
    if (!a.code) die("PCRE2 cannot tell letters from digits: built without Unicode");
    pcre2_jit_compile(a.code, PCRE2_JIT_COMPLETE);
    a.match = pcre2_match_data_create_from_pattern(a.code, NULL);
    if (!a.match) die("out of memory");
    return a;
}

static void asker_free(Asker *a) {
    pcre2_match_data_free(a->match);
    pcre2_code_free(a->code);
    free(a->text);
}

// The classes of the code points first .. first + PLANE - 1. Surrogates are no
// characters, and stay CHAR_OTHER.
static void ask(Asker *a, int first, uint8_t *classes) {
    size_t size = 0;
    for (int point = first; point < first + PLANE; point++)
        size += (size_t)utf8_encode(a->text + size, point);
    int point = first;
    for (size_t at = 0; at < size;) {
        int groups = pcre2_match(a->code, (PCRE2_SPTR)a->text, size, at,
                                 PCRE2_NO_UTF_CHECK | PCRE2_ANCHORED, a->match, NULL);
        if (groups <= 0) die("PCRE2 gives no class to code point %#x", (unsigned)point);
        // one more than the group that took part
        int class = groups - 1;
        for (size_t end = pcre2_get_ovector_pointer(a->match)[1]; at < end; at++) {
            if (((unsigned char)a->text[at] & 0xC0) == 0x80) continue;
            if (point == SURROGATES) point = AFTER_SURROGATES;
            classes[point++ - first] = (uint8_t) class;
        }
    }
}

static CharClasses *make(void) {
    CharClasses *made = allocate(1, sizeof *made);
    uint8_t *plane = allocate(PLANE, 1);
    size_t size = 0, capacity = 0;
    Asker asker = asker_new();
    for (int first = 0; first < CODE_POINTS; first += PLANE) {
        memset(plane, CHAR_OTHER, PLANE);
        ask(&asker, first, plane);
        for (int at = 0; at < PLANE; at += CHAR_BLOCK) {
            if (size == 0
                || memcmp(made->blocks[size - 1], plane + at, CHAR_BLOCK) != 0) {
                reserve(made->blocks, capacity, size + 1);
                memcpy(made->blocks[size++], plane + at, CHAR_BLOCK);
            }
            made->index[(first + at) / CHAR_BLOCK] = (uint16_t)(size - 1);
        }
    }
    asker_free(&asker);
    free(plane);
    return made;
}

const CharClasses *char_classes(void) {
    static CharClasses *_Atomic shared;
    CharClasses *now = atomic_load(&shared);
    if (now) return now;
    CharClasses *made = make();
    if (atomic_compare_exchange_strong(&shared, &now, made)) return made;
    free(made->blocks), free(made);  // another thread was sooner
    return now;
}
