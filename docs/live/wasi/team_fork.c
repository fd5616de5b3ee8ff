// ch04_pretrain/team_fork.h where no process can be copied. The page does the copying: each
// member is the same module once more, with this one's memory as it is now, and they take
// turns: whoever waits for bytes gives up the thread (docs/live/team.js).
#include "ch04_pretrain/team_fork.h"

#include <assert.h>
#include <stdlib.h>

#include "common/error.h"

#define BY_PAGE(name) __attribute__((import_module("team"), import_name(name)))

typedef void Work(Team *t, void *of);

// Copies of the program that will call team_member; false: this browser has none.
BY_PAGE("begin") int page_begin(int count, Work *work, void *of);
// false: the process before this one has failed.
BY_PAGE("pass")
int page_pass(int rank, const void *out, size_t out_bytes, void *in, size_t in_bytes);
// Waits for the others; how many of them failed.
BY_PAGE("end") int page_end(void);

static void pass_by_page(Team *t, const void *out, size_t out_bytes, void *in,
                         size_t in_bytes) {
    if (!page_pass(t->rank, out, out_bytes, in, in_bytes))
        die("a process of the team has gone");
}

void team_member(int rank, int count, Work *work, void *of);
__attribute__((export_name("team_member"))) void team_member(int rank, int count,
                                                             Work *work, void *of) {
    Team team = {rank, count, pass_by_page, NULL, 0};
    work(&team, of);
}

Team team_fork_run(int count, Work *work, void *of) {
    assert(count >= 1);
    if (!page_begin(count, work, of))
        die("this lab needs %d processes, and this browser cannot let programs take "
            "turns (WebAssembly's promise integration): run it in a terminal",
            count);
    Team team = {0, count, pass_by_page, NULL, 0};
    work(&team, of);
    int failed = page_end();
    if (failed) die("%d of %d processes of a team failed", failed, count);
    return (Team){0, count, NULL, NULL, team.sent};
}
