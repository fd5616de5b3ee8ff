// Arrays whose ends are watched: an unreadable page follows the last element, so that
// one element too far is a fault, with or without a sanitizer. What lies before the
// first element of reals is not a number, and shows in what is made of it. An input
// must be afterwards what it was.
//
//     | poison ......... | a[0] a[1] .. a[n-1] | no access |
//       one page or more                       ^ a page begins
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/error.h"
#include "common/program/homework_run.h"

enum { GUARDS = 16, POISON = 0xA5, NOT_A_NUMBER = 0xFF };

typedef struct {
    char name[32];
    unsigned char *begin, *end;  // end: where the unreadable page begins
    unsigned char *given;        // what must not change, [size]; NULL: may change
    size_t size;
} Guard;

static Guard guards[GUARDS];
static int guard_count;
static const char *changed;  // the first that did, though it must not

static size_t page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

// Room for `size` bytes before an unreadable page.
static void guard_map(Guard *guard, size_t size) {
    size_t page = page_size(), room = (size / page + 1) * page;
    unsigned char *at = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED || mprotect(at + room, page, PROT_NONE) != 0)
        die("no memory for a guarded array of %zu bytes", size);
    guard->begin = at, guard->end = at + room;
}

static Guard *guard_named(const char *name) {
    for (int i = 0; i < guard_count; i++)
        if (strcmp(guards[i].name, name) == 0) return &guards[i];
    assert(guard_count < GUARDS);
    Guard *guard = &guards[guard_count++];
    snprintf(guard->name, sizeof guard->name, "%s", name);
    return guard;
}

static void note_change(Guard *guard) {
    if (!guard->given) return;
    if (!changed && memcmp(guard->end - guard->size, guard->given, guard->size) != 0)
        changed = guard->name;
    free(guard->given);
    guard->given = NULL;
}

const char *homework_changed_input(void) {
    for (int i = 0; i < guard_count; i++) note_change(&guards[i]);
    return changed;
}

static Guard *guard_array(const char *name, const void *from, size_t size, int before) {
    Guard *guard = guard_named(name);
    note_change(guard);
    if (!guard->begin || (size_t)(guard->end - guard->begin) < size) {
        if (guard->begin)
            munmap(guard->begin, (size_t)(guard->end - guard->begin) + page_size());
        guard_map(guard, size);
    }
    guard->size = size;
    unsigned char *at = guard->end - size;
    memset(guard->begin, before, (size_t)(at - guard->begin));
    if (size > 0) memcpy(at, from, size);
    return guard;
}

void *grade_guarded(const char *name, const void *from, size_t size) {
    return guard_array(name, from, size, POISON)->end - size;
}

real *grade_guarded_reals(const char *name, const real *from, size_t n, bool input) {
    size_t size = n * sizeof *from;
    Guard *guard = guard_array(name, from, size, NOT_A_NUMBER);
    if (input) {
        guard->given = allocate(size + 1, 1);
        if (size > 0) memcpy(guard->given, from, size);
    }
    return (real *)(void *)(guard->end - size);
}

// Called while a fault is handled: nothing here but comparing and copying.
bool homework_guard_hit(uintptr_t address, Findings *f, const char *in_case) {
    for (int i = 0; i < guard_count; i++) {
        uintptr_t end = (uintptr_t)guards[i].end;
        if (address < end || address >= end + 4096) continue;
        const char *name = guards[i].name;
        strcpy(f->symptom, "crashed: ");
        strcat(f->symptom, name);
        strcat(f->symptom, " was read or written past its end");
        // what was done is known, why it was is not
        f->cause[0] = '\0';
        if (in_case) strncat(f->cause, in_case, HINT_BYTES / 2), strcat(f->cause, ": ");
        strcat(f->cause, "reached past the end of ");
        strcat(f->cause, name);
        if (!in_case)
            strcat(f->cause,
                   ". Perhaps a loop that goes one too far, n - 1 where n is 0 and "
                   "unsigned, a count that belongs to "
                   "another array, a copy of too many elements, a wrong index (i where "
                   "ids[i] is meant), or a value left from the round before");
        strcpy(f->codes, "past-the-end");
        return true;
    }
    return false;
}
