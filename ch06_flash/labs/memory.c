// F6: what attention keeps in memory beside its inputs. Lecture, section 6.1.
//
//     standard           N^2 + N d words: S (it becomes P), and O
//     FlashAttention-2   N (d + 1): O and L
#include <math.h>

#include "ch06_flash/labs/heads.h"
#include "common/program/plot.h"

static const Option options[] = {{"dim", "16", "d"}, {0}};

enum { LEAST = 32, MOST = 512, FAR = 32768, HEADS = 8 };

// Words placed in slow memory beyond q, k and v.
static long long extra(Rng *rng, Algorithm a, int n, int d) {
    FlashHead h = lab_head(rng, n, d, 1);
    Memory m = lab_run_in(a, &h, (Blocks){16, 16}, MEMORY_PLAIN, 0);
    long long words = m.placed - 3LL * n * d;
    memory_free(&m), lab_head_free(&h);
    return words;
}

static void run(Lab *lab) {
    int d = (int)option_int(&lab->args, "dim", 1, 256), off = 0;
    Rng rng = lab->rng;
    Plot *p = plot_new(lab, "memory", "tokens standard flash standard_mib flash_mib");
    for (int n = LEAST; n <= FAR; n *= 2) {
        double standard = bytes_scores(n, HEADS) + 4.0 * HEADS * n * d,
               flash = bytes_flash(n, d, HEADS), counted[2] = {NAN, NAN};
        if (n <= MOST) {
            counted[0] = 4.0 * HEADS * (double)extra(&rng, ALGORITHM_STANDARD, n, d);
            counted[1] = 4.0 * HEADS * (double)extra(&rng, ALGORITHM_FA2, n, d);
            off += (counted[0] != standard) + (counted[1] != flash);
        }
        plot_row(p, n, counted[0] / 0x1p20, counted[1] / 0x1p20, standard / 0x1p20,
                 flash / 0x1p20);
    }
    claim_equal(lab, "6.1", "runs whose memory is not N^2 + N d or N (d + 1) words", 0,
                off);
    claim_equal(lab, "6.1", "8 heads, 32768 tokens: GiB of scores", 32,
                (long long)(bytes_scores(FAR, HEADS) / 0x1p30));
    plot_axes(p, "tokens N", "MiB beside inputs, 8 heads, fp32");
    plot_set(p, "logscale xy 2");
    plot_set(p, "key top left");
    plot_line(p, "tokens", "standard_mib", "standard: N^2 + N d");
    plot_line(p, "tokens", "flash_mib", "FlashAttention-2: N (d + 1)");
    plot_points(p, "tokens", "standard", "allocated, standard");
    plot_points(p, "tokens", "flash", "allocated, FlashAttention-2");
    plot_end(p);
}

const LabSpec lab_memory = {"memory", "6.1", "What attention keeps in memory", run,
                            options};
