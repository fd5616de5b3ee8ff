#include "ch03_transformer/schedule.h"

#include <math.h>

double schedule_rate(const Schedule *s, long long step) {
    if (step < s->warmup) return s->peak * (double)step / (double)s->warmup;
    if (step >= s->total) return s->last;
    double done = (double)(step - s->warmup) / (double)(s->total - s->warmup);
    return s->last + (s->peak - s->last) * (1 + cos(M_PI * done)) / 2;
}

double schedule_noam(int channels, long long warmup, double factor, long long step) {
    return factor / sqrt(channels)
           * fmin(1 / sqrt((double)step), (double)step * pow((double)warmup, -1.5));
}
