#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *file_label(const char *path) { return strcmp(path, "-") == 0 ? "standard input" : path; }

// Reads to the end of the stream; `expected` is a guess at the size that saves growing.
static bool read_all(Bytes *bytes, int fd, size_t expected) {
    size_t capacity = expected + FILE_PADDING + 1;
    char *data = reallocate(NULL, capacity, 1);
    size_t size = 0;
    for (;;) {
        reserve(data, capacity, size + FILE_PADDING + 1);
        ssize_t got = read(fd, data + size, capacity - size - FILE_PADDING);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            free(data);
            return false;
        }
        if (got == 0) break;
        size += (size_t)got;
    }
    memset(data + size, 0, FILE_PADDING);
    *bytes = (Bytes){data, size};
    return true;
}

bool file_read(Bytes *bytes, const char *path, Error *err) {
    *bytes = (Bytes){0};
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return error_set(err, "%s: %s", path, strerror(errno));
    struct stat info;
    size_t expected = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) ? (size_t)info.st_size : 0;
    bool ok = read_all(bytes, fd, expected);
    int problem = errno;
    if (fd != STDIN_FILENO) close(fd);
    return ok || error_set(err, "%s: %s", file_label(path), strerror(problem));
}

void bytes_free(Bytes *bytes) {
    free(bytes->data);
    *bytes = (Bytes){0};
}

// Temporary files that exit() must remove; a program has one or two at a time.
static char *unfinished[8];

static void remove_unfinished(void) {
    for (size_t i = 0; i < sizeof unfinished / sizeof *unfinished; i++)
        if (unfinished[i]) unlink(unfinished[i]);
}

static void remember(char *from, char *to) {
    static bool registered;
    if (!registered) atexit(remove_unfinished);
    registered = true;
    for (size_t i = 0; i < sizeof unfinished / sizeof *unfinished; i++)
        if (unfinished[i] == from) {
            unfinished[i] = to;
            return;
        }
}

static mode_t usual_mode(void) {
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

bool output_open(Output *out, const char *path, Error *err) {
    *out = (Output){.stream = stdout};
    if (strcmp(path, "-") == 0) return true;
    size_t length = strlen(path);
    out->path = strdup(path);
    out->temporary = allocate(length + 16, 1);
    snprintf(out->temporary, length + 16, "%s.XXXXXX", path);
    int fd = mkstemp(out->temporary);
    out->stream = fd < 0 ? NULL : fdopen(fd, "wb");
    if (!out->stream) {
        int problem = errno;
        free(out->path), free(out->temporary);
        return error_set(err, "%s: cannot be written: %s", path, strerror(problem));
    }
    fchmod(fd, usual_mode());
    remember(NULL, out->temporary);
    return true;
}

void output_cancel(Output *out) {
    if (!out->temporary) return;
    if (out->stream) fclose(out->stream);
    unlink(out->temporary);
    remember(out->temporary, NULL);
    free(out->path), free(out->temporary);
    *out = (Output){0};
}

bool output_commit(Output *out, Error *err) {
    // After a failed write, errno still says why: between the two only memory is freed.
    bool failed = ferror(out->stream) || fflush(out->stream) != 0;
    if (!out->temporary)
        return !failed || error_set(err, "standard output: %s", strerror(errno ? errno : EIO));
    failed |= fclose(out->stream) != 0;
    out->stream = NULL;
    if (failed || rename(out->temporary, out->path) != 0) {
        error_set(err, "%s: cannot be written: %s", out->path, strerror(errno ? errno : ENOSPC));
        output_cancel(out);
        return false;
    }
    remember(out->temporary, NULL);
    free(out->path), free(out->temporary);
    *out = (Output){0};
    return true;
}

bool make_folder(const char *path, Error *err) {
    char *partial = strdup(path);
    bool ok = true;
    for (char *p = partial + 1; ok; p++) {
        if (*p != '/' && *p != '\0') continue;
        bool last = *p == '\0';
        *p = '\0';
        ok = mkdir(partial, 0777) == 0 || errno == EEXIST;
        if (last) break;
        *p = '/';
    }
    struct stat info;
    if (ok && (stat(path, &info) != 0 || !S_ISDIR(info.st_mode))) errno = ENOTDIR, ok = false;
    if (!ok) error_set(err, "%s: %s", path, strerror(errno));
    free(partial);
    return ok;
}
