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
    return ok
           || error_set(err, "%s: %s", file_label(path),
                        problem == EBADF ? "it is closed" : strerror(problem));
}

void bytes_free(Bytes *bytes) {
    free(bytes->data);
    *bytes = (Bytes){0};
}

void standard_streams_occupy(void) {
    // Opened the wrong way round, so that every use fails. open takes the lowest number.
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    signal(SIGXFSZ, SIG_IGN);
}

bool same_file(const char *a, const char *b) {
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev
           && one.st_ino == other.st_ino;
}

bool make_folder(const char *path, Error *err) {
    if (!*path) return error_set(err, "a folder's name is empty");
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
