// params [MODEL...]: the parameters of published models, counted.
#include <stdio.h>

#include "ch03_transformer/commands/commands.h"

static void params_row(const char *kind, long long count, long long total) {
    if (count)
        printf("%-24s %20lld %8.2f%%\n", kind, count,
               100.0 * (double)count / (double)total);
}

static void params_table(const PublishedModel *m) {
    ParameterCount c = parameter_count(m);
    printf("%s: d %d, %d heads", m->name, m->d, m->heads);
    if (m->kv_heads != m->heads) printf(" (%d key/value heads)", m->kv_heads);
    printf(", ffn %d, layers ", m->ffn);
    if (m->encoder_layers && m->decoder_layers)
        printf("%d + %d", m->encoder_layers, m->decoder_layers);
    else printf("%d%s", published_layers(m), m->shared_layers ? " (one, shared)" : "");
    printf(", vocabulary %d\n(%s)\n\n", m->vocab, m->convention);
    params_row("token embedding", c.embedding, c.total);
    params_row("positions, segments", c.positions, c.total);
    params_row("attention", c.attention, c.total);
    params_row("feed-forward", c.ffn, c.total);
    params_row("norms", c.norms, c.total);
    params_row(m->pooler ? "pooler" : "output matrix", c.head, c.total);
    printf("%-24s %20lld\n", "total", c.total);
}

int params_command(const Args *args) {
    if (args->file_count == 0)
        for (const PublishedModel *m = published_models(); m->name; m++)
            printf("%s %lld\n", m->name, parameter_count(m).total);
    for (size_t i = 0; i < args->file_count; i++) published_or_die(args->files[i]);
    for (size_t i = 0; i < args->file_count; i++)
        params_table(published_or_die(args->files[i]));
    return output_done();
}
