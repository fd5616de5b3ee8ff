// F8: what the second FlashAttention saves. Lecture, section 6.5.
//
//                        divisions        exponentials        words moved
//     FlashAttention-1   N d T_c          N^2 + 2 N T_c       3 N d + 4 N per block of keys
//     FlashAttention-2   N d              N^2 + N T_c         2 N d per block of queries
//
// Both do 2 N^2 d multiply-adds: neither computes less than standard attention.
#include "ch06_flash/labs/heads.h"
#include "common/program/plot.h"

static const Option options[] = {{"tokens", "256", "N"}, {"dim", "16", "d"}, {0}};

static void run(Lab *lab) {
    int n = (int)option_int(&lab->args, "tokens", 16, 2048),
        d = (int)option_int(&lab->args, "dim", 1, 128);
    Rng rng = lab->rng;
    FlashHead h = lab_head(&rng, n, d, 1);
    int divisions = 0, exps = 0, products = 0;
    Plot *p = plot_new(lab, "versions", "blocks fa1 fa2 fa1_derived fa2_derived");
    for (int block = 4; block <= n; block *= 2) {
        double row[5] = {(n + block - 1) / block};
        for (int v = 0; v < 2; v++) {
            Algorithm a = v ? ALGORITHM_FA2 : ALGORITHM_FA1;
            long long T = (n + block - 1) / block, squares = (long long)n * n;
            Memory m = lab_run_in(a, &h, (Blocks){block, block}, MEMORY_PLAIN, 0);
            long long want = (long long)n * d * (v ? 1 : T);
            divisions += m.divisions != want;
            exps += m.exps != squares + (v ? 1 : 2) * n * T;
            products += m.multiply_adds != 2 * squares * d;
            row[1 + v] = (double)m.divisions, row[3 + v] = (double)want;
            memory_free(&m);
        }
        plot_row_values(p, row);
    }
    claim_equal(lab, "6.11", "divisions other than N d T_c and N d", 0, divisions);
    claim_equal(lab, "6.11", "exponentials other than N^2 + 2 N T_c and N^2 + N T_c", 0,
                exps);
    claim_equal(lab, "6.11", "multiply-adds other than 2 N^2 d", 0, products);
    plot_axes(p, "T_c: blocks of keys", "divisions");
    plot_set(p, "logscale xy 2");
    plot_set(p, "key top left");
    plot_line(p, "blocks", "fa1_derived", "N d T_c");
    plot_line(p, "blocks", "fa2_derived", "N d");
    plot_points(p, "blocks", "fa1", "counted, FlashAttention-1");
    plot_points(p, "blocks", "fa2", "counted, FlashAttention-2");
    plot_end(p);
    lab_head_free(&h);
}

const LabSpec lab_versions = {"versions", "6.5", "Divisions of the two FlashAttentions",
                              run, options};
