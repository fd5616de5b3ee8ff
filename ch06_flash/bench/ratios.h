// What an exponential and a division cost, in multiply-adds: FlashAttention-2's
// argument (lecture, section 6.5), on this machine.
#pragma once

void ratios_print(void);
