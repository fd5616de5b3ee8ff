#include "ch03_transformer/commands/commands.h"
#include "common/error.h"
#include "common/program/output.h"

const PublishedModel *published_or_die(const char *name) {
    const PublishedModel *m = published_find(name);
    if (!m) die("'%s': no such model; `%s params` lists them", name, program_name());
    return m;
}

int output_done(void) {
    Error err;
    if (!output_commit(&(Output){.stream = stdout}, &err)) die("%s", err.text);
    return 0;
}
