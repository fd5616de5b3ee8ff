#include "tools/places.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "common/program/file.h"
#include "tools/snippet.h"

// The name of the next lab that the source defines, from *at on.
static bool next_lab(const char **at, Text *name) {
    static const char definition[] = "const LabSpec lab_";
    for (const char *p = *at; (p = strstr(p, definition)); p += sizeof definition) {
        size_t word = strcspn(p + sizeof definition - 1, " ;,");
        const char *after = p + sizeof definition - 1 + word;
        const char *quote = strncmp(after, " = {", 4) == 0 ? strchr(after, '"') : NULL;
        if (!quote) continue;  // a declaration
        *name = (Text){quote + 1, strcspn(quote + 1, "\"")};
        *at = name->at + name->size;
        return true;
    }
    return false;
}

// A line of the table for each claim of `claims`, for the labs that `labs` defines.
// Returns how many labs there are.
static int write_pairs(FILE *out, const char *claims, const char *labs) {
    int count = 0;
    Text lab, id;
    for (const char *l = labs; next_lab(&l, &lab); count++)
        for (const char *c = claims; source_claim(&c, &id);)
            fprintf(out, "    {\"%.*s\", \"%.*s\"},\n", (int)id.size, id.at,
                    (int)lab.size, lab.at);
    return count;
}

// Whether the source includes the header of labs/NAME.c.
static bool includes(const char *source, const char *path) {
    const char *slash = strrchr(path, '/');
    char header[256];
    snprintf(header, sizeof header, "%.*s.h\"", (int)strcspn(slash, "."), slash);
    return strstr(source, header) != NULL;
}

bool places_write(FILE *out, const char *chapter, Error *err) {
    char pattern[256];
    snprintf(pattern, sizeof pattern, "%s/labs/*.c", chapter);
    glob_t found = {0};
    if (glob(pattern, 0, NULL, &found) != 0) found.gl_pathc = 0;
    size_t count = found.gl_pathc;
    Bytes *files = allocate(count, sizeof *files);
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++)
        ok = file_read(&files[i], found.gl_pathv[i], err);
    fprintf(out,
            "#include \"common/program/program.h\"\n\n"
            "const ClaimPlace claim_places[] = {\n");
    for (size_t i = 0; i < count && ok; i++) {
        if (write_pairs(out, files[i].data, files[i].data)) continue;
        for (size_t j = 0; j < count; j++)
            if (includes(files[j].data, found.gl_pathv[i]))
                write_pairs(out, files[i].data, files[j].data);
    }
    fprintf(out, "    {0}};\n");
    for (size_t i = 0; i < count; i++) bytes_free(&files[i]);
    free(files), globfree(&found);
    return ok;
}
