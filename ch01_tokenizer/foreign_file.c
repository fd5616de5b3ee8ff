#include "ch01_tokenizer/foreign_file.h"

#include <string.h>

#define STARTS(text) text, sizeof text - 1
#define HTML "is a page of HTML or XML: the download went wrong"
#define JSON "is JSON: such a vocabulary comes with a merges.txt, pass that"

static const struct {
    const char *begin;
    size_t size;
    const char *what;
} kinds[] = {
    {STARTS("\xef\xbb\xbf"),
     "begins with a byte-order mark, which no vocabulary has: remove its first 3 "
     "bytes"},
    {STARTS("\xff\xfe"), "looks like text in UTF-16: expected UTF-8"},
    {STARTS("\xfe\xff"), "looks like text in UTF-16: expected UTF-8"},
    {STARTS("version https://git-lfs"),
     "is a Git LFS pointer, not the file itself: `git lfs pull` fetches that"},
    {STARTS("\x1f\x8b"), "is compressed: unpack it with gunzip first"},
    {STARTS("PK\x03\x04"), "is a ZIP archive: unpack it first"},
    {STARTS("<!"), HTML},
    {STARTS("<?xml"), HTML},
    {STARTS("<html"), HTML},
    {STARTS("<HTML"), HTML},
    {STARTS("{\n"), JSON},
    {STARTS("{\r"), JSON},
    {STARTS("{\""), JSON},
    {STARTS("{  "), JSON},
    {STARTS("[\n"), JSON},
    {STARTS("[{"), JSON},
};

const char *foreign_file(const char *bytes, size_t size) {
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (size >= kinds[k].size && memcmp(bytes, kinds[k].begin, kinds[k].size) == 0)
            return kinds[k].what;
    // SentencePiece: a protocol buffer whose first piece is usually <unk>
    if (size > 16 && bytes[0] == '\n' && memmem(bytes, 16, STARTS("<unk>")))
        return "is a SentencePiece model, which is read by other programs";
    return NULL;
}
