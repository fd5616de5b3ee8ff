// Curriculum: what is still answered wrong is asked more often. Lecture, section 5.10.
//
//     share_k  <-  1/2 share_k + 1/2 base_k (0.15 + wrong_k)       after each look
//
// base_k: the kind's share in the table of tasks; wrong_k: the part of its questions that
// was answered wrong. A kind that is learnt is asked less often, and not forgotten. Only
// the mean of the old share and the new one, because two kinds can take turns: each is
// forgotten while the other is asked more often.
#pragma once
#include "ch05_sft_rlhf/instruct.h"

// right [TASK_KINDS]: of each kind's questions, the part that was answered right. A kind
// that was not asked stays so.
void curriculum_follow(Instructions *asked, const double *right);
