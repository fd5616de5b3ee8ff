#include "common/program/output.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- temporary names that must not outlive the program

static char *unfinished[64];
enum { MOST_UNFINISHED = sizeof unfinished / sizeof *unfinished };

static void remove_unfinished(void) {
    for (int i = 0; i < MOST_UNFINISHED; i++)
        if (unfinished[i]) unlink(unfinished[i]);
}

static void remove_and_die(int number) {
    remove_unfinished();  // unlink may be called in a signal handler
    signal(number, SIG_DFL);
    raise(number);
}

static void watch_the_end(void) {
    static const int endings[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGPIPE, SIGABRT,
                                  SIGALRM, SIGXCPU, SIGXFSZ, SIGUSR1, SIGUSR2};
    atexit(remove_unfinished);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        // nohup
        if (signal(endings[i], remove_and_die) == SIG_IGN) signal(endings[i], SIG_IGN);
}

// Puts `to` into the slot that holds `from`; NULL is an empty slot.
static void remember(char *from, char *to) {
    static bool registered;
    if (!registered) watch_the_end();
    registered = true;
    int slot = 0;
    while (slot < MOST_UNFINISHED && unfinished[slot] != from) slot++;
    assert(slot < MOST_UNFINISHED && "more files being written than there are slots");
    unfinished[slot] = to;
}

// ---- where a file will stand

typedef struct {
    char *path, *folder;  // past links; the folder is "." if the path has none
    struct stat old;      // of what stands there
    bool exists;
} Place;

static void place_free(Place *place) { free(place->path), free(place->folder); }

static char *folder_of(const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash) return strdup(".");
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

// Where a link points; frees the link's own path. A loop of links ends somewhere in it.
static char *past_links(char *path) {
    char target[4096];
    for (int links = 0; links < 40; links++) {
        ssize_t size = readlink(path, target, sizeof target - 1);
        if (size <= 0) break;
        target[size] = '\0';
        char *folder = folder_of(path), *next = NULL;
        bool absolute = target[0] == '/';
        size_t room = strlen(folder) + (size_t)size + 2;
        next = allocate(room, 1);
        snprintf(next, room, "%s%s%s", absolute ? "" : folder, absolute ? "" : "/",
                 target);
        free(folder), free(path);
        path = next;
    }
    return path;
}

// Fills place, also where it returns false: `path` cannot be written, and why.
static bool find_place(Place *place, const char *path, Error *err) {
    *place = (Place){.path = past_links(strdup(path))};
    place->folder = folder_of(place->path);
    place->exists = stat(place->path, &place->old) == 0;
    struct stat info;
    if (!*path) return error_set(err, "a file's name is empty");
    if (!place->exists && errno != ENOENT)
        return error_set(err, "%s: cannot be written: %s", path, strerror(errno));
    if (place->exists && S_ISDIR(place->old.st_mode))
        return error_set(err, "%s: cannot be written: it is a folder", path);
    if (place->exists && access(place->path, W_OK) != 0)
        return error_set(err, "%s: cannot be written: %s", path, strerror(errno));
    if (place->exists && !S_ISREG(place->old.st_mode)) return true;
    if (stat(place->folder, &info) != 0)
        return error_set(err, "%s: cannot be written: there is no folder %s", path,
                         place->folder);
    if (access(place->folder, W_OK | X_OK) != 0)
        return error_set(err, "%s: cannot be written: no file can be made in %s: %s",
                         path, place->folder, strerror(errno));
    return true;
}

bool output_check(const char *path, Error *err) {
    if (strcmp(path, "-") == 0) return true;
    Place place;
    bool ok = find_place(&place, path, err);
    place_free(&place);
    return ok;
}

// ---- opening

// A short name, so that it fits wherever the file's own does; no other program uses it.
static void next_temporary(char *name, size_t size, const char *folder) {
    static int count;
    snprintf(name, size, "%s/.part-%ld-%d", folder, (long)getpid(), count++);
}

// A file without a name: nothing is left of it however the program ends. -1 where the
// system or the file system has no such thing.
static int open_unnamed(const char *folder) {
#ifdef O_TMPFILE
    if (access("/proc/self/fd", X_OK) == 0)
        return open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
#else
    (void)folder;
#endif
    return -1;
}

static int open_named(char *name, size_t size, const char *folder) {
    for (;;) {
        int fd = open(name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST) return fd;
        next_temporary(name, size, folder);
    }
}

static bool open_regular(Output *out, const Place *place) {
    size_t size = strlen(place->folder) + 64;
    out->temporary = allocate(size, 1);
    next_temporary(out->temporary, size, place->folder);
    int fd = open_unnamed(place->folder);
    out->unnamed = fd >= 0;
    if (!out->unnamed) fd = open_named(out->temporary, size, place->folder);
    out->stream = fd < 0 ? NULL : fdopen(fd, "wb");
    if (!out->stream) return false;
    if (place->exists) fchmod(fd, place->old.st_mode & 07777);
    remember(NULL, out->temporary);
    return true;
}

bool output_open(Output *out, const char *path, Error *err) {
    *out = (Output){.stream = stdout};
    if (strcmp(path, "-") == 0) return true;
    out->stream = NULL;
    Place place;
    if (find_place(&place, path, err)) {
        // A device or a pipe is written as it is: a new file would destroy it.
        if (place.exists && !S_ISREG(place.old.st_mode))
            out->stream = fopen(place.path, "wb");
        else open_regular(out, &place);
        if (!out->stream)
            error_set(err, "%s: cannot be written: %s", path, strerror(errno));
    }
    if (out->stream) out->path = strdup(place.path);
    else free(out->temporary), *out = (Output){0};
    place_free(&place);
    return out->stream != NULL;
}

// ---- ending

static void forget(Output *out) {
    if (out->temporary) remember(out->temporary, NULL);
    free(out->path), free(out->temporary);
    *out = (Output){0};
}

void output_cancel(Output *out) {
    if (!out->path) return;  // standard output
    if (out->stream) fclose(out->stream);
    if (out->temporary) unlink(out->temporary);
    forget(out);
}

// Gives a file without a name its temporary one.
static bool name_it(const Output *out) {
    char open_file[64];
    snprintf(open_file, sizeof open_file, "/proc/self/fd/%d", fileno(out->stream));
    unlink(out->temporary);  // left behind by a program of the same number
    return linkat(AT_FDCWD, open_file, AT_FDCWD, out->temporary, AT_SYMLINK_FOLLOW)
           == 0;
}

bool output_commit(Output *out, Error *err) {
    // After a failed write, errno still says why: between the two only memory is freed.
    bool failed = ferror(out->stream) || fflush(out->stream) != 0;
    if (!out->path)
        return !failed
               || error_set(err, "standard output: %s", strerror(errno ? errno : EIO));
    failed = failed || (out->unnamed && !name_it(out));
    int problem = errno;
    if (fclose(out->stream) != 0 && !failed) failed = true, problem = errno;
    out->stream = NULL;
    if (!failed && out->temporary && rename(out->temporary, out->path) != 0)
        failed = true, problem = errno;
    if (failed) {
        error_set(err, "%s: cannot be written: %s", out->path,
                  strerror(problem ? problem : ENOSPC));
        output_cancel(out);
        return false;
    }
    forget(out);
    return true;
}

void stdout_flush(void) {
    Error err;
    if (!output_commit(&(Output){.stream = stdout}, &err)) die("%s", err.text);
}
