#include "common/program/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *file_label(const char *path) {
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

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
    size_t expected =
        fstat(fd, &info) == 0 && S_ISREG(info.st_mode) ? (size_t)info.st_size : 0;
    bool ok = read_all(bytes, fd, expected);
    int problem = errno;
    if (fd != STDIN_FILENO) close(fd);
    return ok || error_set(err, "%s: %s", file_label(path), strerror(problem));
}

void bytes_free(Bytes *bytes) {
    free(bytes->data);
    *bytes = (Bytes){0};
}

// Temporary files that must not outlive the program; it has one or two at a time.
static char *unfinished[8];

static void remove_unfinished(void) {
    for (size_t i = 0; i < sizeof unfinished / sizeof *unfinished; i++)
        if (unfinished[i]) unlink(unfinished[i]);
}

static void remove_and_die(int number) {
    remove_unfinished();  // unlink may be called in a signal handler
    signal(number, SIG_DFL);
    raise(number);
}

static void watch_the_end(void) {
    static const int endings[] = {SIGINT, SIGTERM, SIGHUP};
    atexit(remove_unfinished);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        // nohup
        if (signal(endings[i], remove_and_die) == SIG_IGN) signal(endings[i], SIG_IGN);
}

static void remember(char *from, char *to) {
    static bool registered;
    if (!registered) watch_the_end();
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

// A device or a pipe is written as it is: renaming a file over it would destroy it.
static bool open_as_it_is(Output *out, const char *path, Error *err) {
    out->path = strdup(path);
    out->stream = fopen(path, "wb");
    return out->stream
           || error_set(err, "%s: cannot be written: %s", path, strerror(errno));
}

bool output_open(Output *out, const char *path, Error *err) {
    *out = (Output){.stream = stdout};
    if (strcmp(path, "-") == 0) return true;
    struct stat old;
    bool exists = stat(path, &old) == 0;
    if (exists && !S_ISREG(old.st_mode)) return open_as_it_is(out, path, err);
    // behind a link, the file itself
    out->path = exists ? realpath(path, NULL) : strdup(path);
    if (!out->path)
        return error_set(err, "%s: cannot be written: %s", path, strerror(errno));
    size_t length = strlen(out->path);
    out->temporary = allocate(length + 16, 1);
    snprintf(out->temporary, length + 16, "%s.XXXXXX", out->path);
    int fd = mkstemp(out->temporary);
    out->stream = fd < 0 ? NULL : fdopen(fd, "wb");
    if (!out->stream) {
        int problem = errno;
        free(out->path), free(out->temporary);
        return error_set(err, "%s: cannot be written: %s", path, strerror(problem));
    }
    fchmod(fd, exists ? old.st_mode & 07777 : usual_mode());
    remember(NULL, out->temporary);
    return true;
}

void output_cancel(Output *out) {
    if (!out->path) return;  // standard output
    if (out->stream) fclose(out->stream);
    if (out->temporary) {
        unlink(out->temporary);
        remember(out->temporary, NULL);
    }
    free(out->path), free(out->temporary);
    *out = (Output){0};
}

bool output_commit(Output *out, Error *err) {
    // After a failed write, errno still says why: between the two only memory is freed.
    bool failed = ferror(out->stream) || fflush(out->stream) != 0;
    if (!out->temporary && !out->path)
        return !failed
               || error_set(err, "standard output: %s", strerror(errno ? errno : EIO));
    failed |= fclose(out->stream) != 0;
    out->stream = NULL;
    if (failed || (out->temporary && rename(out->temporary, out->path) != 0)) {
        error_set(err, "%s: cannot be written: %s", out->path,
                  strerror(errno ? errno : ENOSPC));
        output_cancel(out);
        return false;
    }
    if (out->temporary) remember(out->temporary, NULL);
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
    if (ok && (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)))
        errno = ENOTDIR, ok = false;
    if (!ok) error_set(err, "%s: %s", path, strerror(errno));
    free(partial);
    return ok;
}
