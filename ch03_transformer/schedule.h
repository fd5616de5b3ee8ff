// Schedules: the learning rate of each step. Lecture, section 3.9.
//
//     cosine   rate(t) = peak t / warmup                                  t <= warmup
//              rate(t) = last + (peak - last) (1 + cos(pi u)) / 2         u = (t - warmup) / (total - warmup)
//              rate(t) = last                                             t >= total
//
//     rate  |   peak
//           |  /'''--.
//           | /       `.
//           |/          `--.____ last
//           +--|-------------|---- t
//            warmup        total
//
//     Noam     rate(t) = factor channels^(-1/2) min(t^(-1/2), t warmup^(-3/2))
//
// Steps count from 1. Loshchilov, Hutter (2016), arXiv:1608.03983; Vaswani et al.
// (2017), arXiv:1706.03762, equation 3.
#pragma once

// 0 <= warmup < total. warmup 0: none.
typedef struct {
    double peak, last;
    long long warmup, total;
} Schedule;
double schedule_rate(const Schedule *s, long long step);

double schedule_noam(int channels, long long warmup, double factor, long long step);
