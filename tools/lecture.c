// lecture: keeps the lectures and the code together. Run it where the repository
// begins.
//
//   lecture refresh docs/ch*.md            copies the code that a lecture shows from the source
//   lecture check docs/ch*.md README.md    a line for each problem, "file:line: what"; exit 1 if there is
//                                          one. Chapters' maps and long lines (house.h) are checked too
//   lecture words docs/ch01_tokenizer.md   words of prose
//   lecture claims ch01_tokenizer          which lab states which claim, as a table in C (places.h)
//
// A snippet is a comment and the fence directly below it; refresh fills (or inserts)
// the fence:
//
//   <!-- code: ch01_tokenizer/bpe_train.c Merge bpe_merge -->
//
// A claim stands in the text as **[1.4]** where it is derived, and as [1.4] where it is
// referred to. In the code it is the second argument of claim_...(lab, "1.4", ...) in a
// chapter's labs.
#include <ctype.h>
#include <glob.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include "common/error.h"
#include "common/program/file.h"
#include "tools/house.h"
#include "tools/page.h"
#include "tools/places.h"
#include "tools/snippet.h"

// ---- snippets

// Writes the code of the names after "<!-- code:" in this line. False, and a problem,
// where there is none.
static bool snippet_write(FILE *out, const char *path, size_t line,
                          const char *directive) {
    Error err;
    char words[1024], *rest = words;
    size_t size = strcspn(directive, "\n");
    snprintf(words, sizeof words, "%.*s", (int)size, directive);
    char *close = strstr(words, "-->");
    if (close) *close = '\0';
    rest += strlen("<!-- code:");
    char *source = strtok_r(rest, " \t", &rest),
         *name = source ? strtok_r(NULL, " \t", &rest) : NULL;
    if (!close || !name)
        return problem(path, line, "expected <!-- code: file name... -->"), false;
    Bytes file;
    if (!file_read(&file, source, &err))
        return problem(path, line, "%s", err.text), false;
    bool ok = true;
    for (const char *between = ""; name && ok;
         name = strtok_r(NULL, " \t", &rest), between = "\n") {
        Text code = source_definition(file.data, name, strlen(name));
        ok = code.at != NULL;
        if (!ok) problem(path, line, "%s has no '%s'", source, name);
        else fprintf(out, "%s%.*s", between, (int)code.size, code.at);
    }
    bytes_free(&file);
    return ok;
}

// The lecture with its snippets as the source has them today; stale ones are reported
// if that is wanted. The caller frees it.
static char *refreshed(const Page *lecture, bool report_stale) {
    char *result = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&result, &size);
    if (!out) die("out of memory");
    for (const char *p = lecture->text, *next; *p; p = next) {
        next = line_end(p);
        fwrite(p, 1, (size_t)(next - p), out);
        // Inside a fence the same line is an example: code, not a comment.
        if (!starts(p, "<!-- code:") || lecture->prose[p - lecture->text] == CODE)
            continue;
        if (next[-1] != '\n') fputc('\n', out);
        fflush(out);
        size_t begin = size, line = line_of(lecture->text, p);
        const char *end = fence_length(next) ? fence_end(next) : next;
        fputs("```c\n", out);
        bool found = snippet_write(out, lecture->path, line, p);
        fputs("```\n", out);
        fflush(out);
        bool same = size - begin == (size_t)(end - next)
                    && memcmp(result + begin, next, size - begin) == 0;
        if (found && report_stale && !same)
            problem(lecture->path, line, "stale snippet: make docs-refresh mends it");
        next = end;
    }
    if (fclose(out) != 0) die("out of memory");
    return result;
}

static bool lecture_refresh(const char *path, Error *err) {
    Page lecture;
    if (!page_read(&lecture, path, err)) return false;
    int before = problems;
    char *text = refreshed(&lecture, false);
    bool ok = true;
    if (problems == before && strcmp(text, lecture.text) != 0) {
        Output out;
        ok = output_open(&out, path, err);
        if (ok) fputs(text, out.stream);
        ok = ok && output_commit(&out, err);
    }
    free(text);
    page_free(&lecture);
    return ok;
}

// ---- claims

typedef struct {
    int chapter;
    char *path;
    size_t line;
    char id[16];
    const char *lecture;  // of its chapter, the first that was checked; NULL: none was
    bool derived;         // in one of them
} Claim;

static Claim *claims;
static size_t claims_count, claims_capacity;

// "docs/ch01_tokenizer.md" and "ch01_tokenizer/labs/merges.c" are of chapter 1; a
// README is of none: 0.
static int chapter_of(const char *path) {
    const char *slash = strrchr(path, '/');
    int chapter = 0;
    if (sscanf(path, "ch%2d", &chapter) != 1 && slash)
        sscanf(slash + 1, "ch%2d", &chapter);
    return chapter;
}

// Every claim of every chapter's labs; the number before the dot must be the chapter's.
static bool claims_read(Error *err) {
    glob_t labs = {0};
    bool ok = true;
    if (glob("ch[0-9][0-9]_*/labs/*.c", 0, NULL, &labs) != 0) labs.gl_pathc = 0;
    for (size_t i = 0; i < labs.gl_pathc && ok; i++) {
        const char *path = labs.gl_pathv[i];
        Bytes file;
        ok = file_read(&file, path, err);
        const char *at = file.data;
        for (Text id; ok && source_claim(&at, &id);) {
            reserve(claims, claims_capacity, claims_count + 1);
            Claim *c = &claims[claims_count++];
            *c = (Claim){.chapter = chapter_of(path),
                         .path = strdup(path),
                         .line = line_of(file.data, id.at)};
            snprintf(c->id, sizeof c->id, "%.*s", (int)id.size, id.at);
            if (atoi(c->id) != c->chapter)
                problem(path, c->line, "claim %s is not of chapter %d", c->id,
                        c->chapter);
        }
        bytes_free(&file);
    }
    globfree(&labs);
    return ok;
}

static bool claim_exists(Text id) {
    for (const Claim *c = claims; c < claims + claims_count; c++)
        if (c->chapter == atoi(id.at) && text_is(id, c->id, strlen(c->id))) return true;
    return false;
}

// "1.4]": digits, a dot, digits.
static size_t claim_id_size(const char *p) {
    size_t chapter = strspn(p, "0123456789"), number = 0;
    if (chapter && p[chapter] == '.') number = strspn(p + chapter + 1, "0123456789");
    return number && p[chapter + 1 + number] == ']' ? chapter + 1 + number : 0;
}

// docs/zh/ch02_attention.md is one of docs/ch02_attention.md: a folder of two letters,
// whose README.md is its own.
static bool is_translation(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash && slash - path >= 3 && slash[-3] == '/'
           && strcmp(slash, "/README.md");
}

static void check_claims(const Page *lecture) {
    for (const char *p = lecture->prose; (p = strchr(p, '[')); p++) {
        Text id = {p + 1, claim_id_size(p + 1)};
        const char *after = id.at + id.size + 1;
        // or a link
        if (id.size == 0 || *after == '(' || *after == '[' || claim_exists(id))
            continue;
        problem(lecture->path, line_of(lecture->prose, p), "no code claims [%.*s]",
                (int)id.size, id.at);
    }
    char derivation[32];
    for (Claim *c = claims; c < claims + claims_count; c++) {
        snprintf(derivation, sizeof derivation, "**[%s]**", c->id);
        if (c->chapter != chapter_of(lecture->path) || c->chapter != atoi(c->id))
            continue;
        if (is_translation(lecture->path)) continue;
        if (!c->lecture) c->lecture = lecture->path;
        c->derived |= strstr(lecture->prose, derivation) != NULL;
    }
}

// A chapter may have several lectures; when all were looked at, one must derive each
// claim.
static void check_derivations(void) {
    for (const Claim *c = claims; c < claims + claims_count; c++) {
        bool here = c->lecture && !c->derived;
        // said already
        for (const Claim *d = claims; d < c; d++) here &= strcmp(c->id, d->id) != 0;
        if (here)
            problem(c->path, c->line, "claim %s: %s does not derive it", c->id,
                    c->lecture);
    }
}

// ---- figures and links

// GitHub's anchor of a heading: small letters, digits, - and _; a space becomes -. Of a
// link only the text counts. The caller frees it.
static char *anchor_of(const char *heading) {
    size_t size = strcspn(heading, "\n"), used = 0;
    char *anchor = allocate(4 * size + 32, 1);
    while (size && strchr(" \t\r#", heading[size - 1])) size--;
    for (const char *p = heading, *end = p + size; p < end;) {
        wchar_t c = 0;
        size_t n = mbrtowc(&c, p, (size_t)(end - p), &(mbstate_t){0});
        if (n == 0 || n > 4) n = 1, c = L'?';
        if (starts(p, "](")) n = strcspn(p, ")");
        else if (c == L' ') anchor[used++] = '-';
        else if (iswalnum((wint_t)c) || c == L'-' || c == L'_')
            used +=
                wcrtomb(anchor + used, (wchar_t)towlower((wint_t)c), &(mbstate_t){0});
        p += n;
    }
    return anchor;
}

// Whether a heading of the page, or an id="..." in it, answers to the anchor. The
// second gets -1.
static bool has_anchor(const Page *page, const char *anchor) {
    char **seen = NULL, html[256];
    size_t count = 0, capacity = 0;
    snprintf(html, sizeof html, "id=\"%s\"", anchor);
    bool found = strstr(page->prose, html) != NULL;
    for (const char *p = page->text; *p && !found; p = line_end(p)) {
        size_t level = run_of(p, '#'), again = 0;
        if (!level || level > 6 || p[level] != ' '
            || page->prose[p - page->text] == CODE)
            continue;
        char *name = anchor_of(p + level + strspn(p + level, " "));
        for (size_t i = 0; i < count; i++) again += strcmp(seen[i], name) == 0;
        reserve(seen, capacity, count + 1);
        seen[count++] = strdup(name);
        if (again) sprintf(name + strlen(name), "-%zu", again);
        found = strcmp(name, anchor) == 0;
        free(name);
    }
    while (count) free(seen[--count]);
    free(seen);
    return found;
}

// `target` as it stands in the link at `line` of the lecture.
static void check_target(const Page *lecture, size_t line, Text target, bool image) {
    char link[512], path[1024];
    snprintf(link, sizeof link, "%.*s", (int)target.size, target.at);
    if (strstr(link, "://") || starts(link, "mailto:")) return;
    char *anchor = strchr(link, '#');
    if (anchor) *anchor++ = '\0';
    const char *slash = strrchr(lecture->path, '/');
    int folder = slash ? (int)(slash + 1 - lecture->path) : 0;
    snprintf(path, sizeof path, "%.*s%s", folder, lecture->path, link);
    if (!*link) snprintf(path, sizeof path, "%s", lecture->path);
    if (access(path, F_OK) != 0) {
        problem(lecture->path, line, "%s %s",
                image ? "missing figure" : "dead link:", link);
        return;
    }
    size_t length = strlen(path);
    if (!anchor || !*anchor || length < 3 || strcmp(path + length - 3, ".md") != 0)
        return;
    Page page;
    if (!page_read(&page, path, NULL)) return;
    if (!has_anchor(&page, anchor))
        problem(lecture->path, line, "dead link: %s has no heading #%s", path, anchor);
    page_free(&page);
}

// A figure that a lab draws: the next paragraph is in italics, says what to see and ends
// with the command that draws it. The book cannot be made without.
static void check_caption(const Page *lecture, size_t line, const char *target) {
    // a translation's figures are its original's
    if (starts(target, "../figures/")) target += strlen("../");
    if (!starts(target, "figures/") || !strstr(lecture->path, "/ch")) return;
    const char *caption = line_end(target);
    while (*caption == '\n') caption++;
    const char *end = strstr(caption, "\n\n");
    size_t size = end ? (size_t)(end - caption) : strlen(caption);
    while (size && caption[size - 1] == '\n') size--;
    if (size < 3 || *caption != '*' || caption[1] == '*'
        || strncmp(caption + size - 2, "`*", 2) != 0)
        problem(lecture->path, line, "no caption in italics that ends with a command");
}

// [text](target "title"), ![alt](target), and "[label]: target" at the start of a line.
static void check_links(const Page *lecture) {
    const char *prose = lecture->prose;
    for (const char *p = prose; (p = strchr(p, ']')); p++) {
        const char *open = p;
        for (int depth = 1; depth > 0 && open > prose;) {
            open--;
            depth += (*open == ']') - (*open == '[');
        }
        if (*open != '[' || (open > prose && open[-1] == '\\')) continue;
        bool label =
            starts(p, "]: ") && open[1] != '^' && (open == prose || open[-1] == '\n');
        if (p[1] != '(' && !label) continue;
        bool image = open > prose && open[-1] == '!';
        size_t line = line_of(prose, open);
        if (image && strspn(open + 1, " ") == (size_t)(p - open - 1))
            problem(lecture->path, line, "a figure without alt text");
        const char *target = lecture->text + (p - prose) + (label ? 3 : 2);
        size_t size = *target == '<' ? strcspn(++target, ">\n")
                                     : strcspn(target, label ? " \n" : " )\n");
        check_target(lecture, line, (Text){target, size}, image);
        bool alone = image && (open - 1 == prose || open[-2] == '\n');
        if (alone) check_caption(lecture, line, target);
    }
}

// ---- translations

// What a translation must have as its original has it: from `begin` to `end`.
static const struct {
    const char *begin, *end, *what;
} shared[] = {{"**[", "]**", "claim"},
              {"<!-- code: ", " -->", "snippet"},
              {"figures/", ")", "figure"},
              {"drawings/", ")", "drawing"}};

// A problem of the translation for each such piece of `one` that `other` lacks.
static void check_pieces(const Page *one, const Page *other, const char *translation,
                         const char *complaint) {
    char piece[512];
    for (size_t kind = 0; kind < sizeof shared / sizeof *shared; kind++) {
        const char *begin = shared[kind].begin, *end = shared[kind].end;
        for (const char *p = one->text; (p = strstr(p, begin)); p += strlen(begin)) {
            const char *close = strstr(p, end);
            size_t size = close ? (size_t)(close - p) + strlen(end) : 0;
            bool code = one->prose[p - one->text] == CODE;
            if (code || !size || size >= sizeof piece || memchr(p, '\n', size))
                continue;
            snprintf(piece, sizeof piece, "%.*s", (int)size, p);
            if (strstr(other->text, piece)) continue;
            size_t line = one->path == translation ? line_of(one->text, p) : 1;
            problem(translation, line, "%s %s: %.*s", complaint, shared[kind].what,
                    (int)(size - strlen(end)), p);
        }
    }
}

static bool check_translation(const Page *translation, Error *err) {
    if (!is_translation(translation->path)) return true;
    const char *slash = strrchr(translation->path, '/');
    char path[1024];
    snprintf(path, sizeof path, "%.*s%s", (int)(slash - 3 - translation->path),
             translation->path, slash);
    if (access(path, F_OK) != 0) {
        problem(translation->path, 1, "there is no %s that this translates", path);
        return true;
    }
    Page original;
    if (!page_read(&original, path, err)) return false;
    check_pieces(&original, translation, translation->path, "the original has this");
    check_pieces(translation, &original, translation->path, "the original has no");
    page_free(&original);
    return true;
}

// ---- the program

static bool lecture_check(const char *path, Error *err) {
    Page lecture;
    if (!page_read(&lecture, path, err)) return false;
    free(refreshed(&lecture, true));
    page_blank_maths(&lecture, true);
    listings_check(&lecture);
    check_claims(&lecture);
    check_links(&lecture);
    bool ok = check_translation(&lecture, err);
    page_free(&lecture);
    return ok;
}

// Words of prose: what stands between spaces and has a letter or a digit in it. Maths
// and code are none.
static bool lecture_words(const char *path, Error *err) {
    Page lecture;
    size_t words = 0;
    if (!page_read(&lecture, path, err)) return false;
    page_blank_maths(&lecture, false);
    bool counted = false;
    for (const char *p = lecture.prose; *p; p++) {
        bool letter = isalnum((unsigned char)*p) || (unsigned char)*p >= 128;
        if (letter && !counted) words++;
        counted = (counted || letter) && !isspace((unsigned char)*p);
    }
    printf("%zu\n", words);
    page_free(&lecture);
    return true;
}

static bool lecture_claims(const char *chapter, Error *err) {
    return places_write(stdout, chapter, err);
}

int main(int argc, char **argv) {
    program_name_set("lecture");
    if (!setlocale(LC_CTYPE, "C.UTF-8") && !setlocale(LC_CTYPE, "en_US.UTF-8"))
        setlocale(LC_CTYPE, "");
    const char *command = argc > 2 ? argv[1] : "";
    bool (*work)(const char *, Error *) =
        strcmp(command, "refresh") == 0  ? lecture_refresh
        : strcmp(command, "check") == 0  ? lecture_check
        : strcmp(command, "words") == 0  ? lecture_words
        : strcmp(command, "claims") == 0 ? lecture_claims
                                         : NULL;
    if (!work)
        die("usage: lecture refresh|check|words FILE.md..., lecture claims CHAPTER");
    Error err;
    if (work == lecture_refresh) problem_prefix = "lecture: ";
    if (work == lecture_check && !claims_read(&err)) die("%s", err.text);
    for (int i = 2; i < argc; i++)
        if (!work(argv[i], &err)) die("%s", err.text);
    if (work == lecture_check) check_derivations();
    if (work == lecture_check && !house_check(&err)) die("%s", err.text);
    for (size_t i = 0; i < claims_count; i++) free(claims[i].path);
    free(claims);
    stdout_flush();
    return problems > 0;
}
