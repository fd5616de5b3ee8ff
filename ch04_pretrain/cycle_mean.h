// The best cycle of a graph: the largest mean weight per edge. Lecture, section 4.15.
//
//     m = max over cycles of  (sum of weights) / (number of edges)
//       = max over v of  min over k < n of  (d_n(v) - d_k(v)) / (n - k)
//
// d_k(v) is the largest weight of a walk of k edges that ends in v; n states. With
// weights ln P(next symbol | state), m is the log-probability per symbol that the most
// likely long text tends to. Karp, "A characterization of the minimum cycle mean in a
// digraph" (1978).
#pragma once

// weight [n x n], from row to column; -INFINITY: no edge. -INFINITY where there is no
// cycle.
double cycle_mean_most(const double *weight, int n);
