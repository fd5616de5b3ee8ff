#include "ch04_pretrain/script.h"

#include <stddef.h>

const char *const script_names[] = {[SCRIPT_LATIN] = "latin",
                                    [SCRIPT_GREEK] = "greek",
                                    [SCRIPT_CYRILLIC] = "cyrillic",
                                    [SCRIPT_HEBREW] = "hebrew",
                                    [SCRIPT_ARABIC] = "arabic",
                                    [SCRIPT_INDIC] = "indic",
                                    [SCRIPT_THAI] = "thai",
                                    [SCRIPT_KANA] = "kana",
                                    [SCRIPT_HANGUL] = "hangul",
                                    [SCRIPT_HAN] = "han",
                                    NULL};
_Static_assert(sizeof script_names / sizeof *script_names == SCRIPT_COUNT + 1,
               "a script without its name");

int script_of(int point) {
    static const struct {
        int first, last;
        Script script;
    } ranges[] = {{'A', 'Z', SCRIPT_LATIN},        {'a', 'z', SCRIPT_LATIN},
                  {0xc0, 0x24f, SCRIPT_LATIN},     {0x370, 0x3ff, SCRIPT_GREEK},
                  {0x400, 0x52f, SCRIPT_CYRILLIC}, {0x590, 0x5ff, SCRIPT_HEBREW},
                  {0x600, 0x6ff, SCRIPT_ARABIC},   {0x900, 0xd7f, SCRIPT_INDIC},
                  {0xe00, 0xe7f, SCRIPT_THAI},     {0x1100, 0x11ff, SCRIPT_HANGUL},
                  {0x1e00, 0x1eff, SCRIPT_LATIN},  {0x1f00, 0x1fff, SCRIPT_GREEK},
                  {0x3040, 0x30ff, SCRIPT_KANA},   {0x3400, 0x4dbf, SCRIPT_HAN},
                  {0x4e00, 0x9fff, SCRIPT_HAN},    {0xac00, 0xd7af, SCRIPT_HANGUL},
                  {0x20000, 0x323af, SCRIPT_HAN}};
    if (point == 0xd7 || point == 0xf7) return SCRIPT_NONE;  // the signs of x and /
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (ranges[i].first <= point && point <= ranges[i].last)
            return (int)ranges[i].script;
    return SCRIPT_NONE;
}
