// Claims: a formula of the lecture predicts, a lab has measured, and here the two meet.
//
//     claim_near(lab, "2.3", "Var(q.k) = d_k", predicted, measured, tolerance);
//
// prints a row: the claim's number, what it says, predicted, measured, tolerance, and ok
// or FAIL. A program with a failed claim exits with status 1. A tolerance is derived
// (standard errors, rounding, the sign of a bound), and a comment says how.
#pragma once

typedef struct Lab Lab;

// |measured - predicted| <= tolerance. Claims of equality have tolerance 0. NaN fails.
void claim_near(Lab *lab, const char *id, const char *what, double predicted,
                double measured, double tolerance);
// measured <= bound, measured >= bound.
void claim_at_most(Lab *lab, const char *id, const char *what, double bound,
                   double measured);
void claim_at_least(Lab *lab, const char *id, const char *what, double bound,
                    double measured);
// Whole numbers, exactly.
void claim_equal(Lab *lab, const char *id, const char *what, long long predicted,
                 long long measured);
