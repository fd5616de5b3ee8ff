#include "ch01_tokenizer/byte_letters.h"

#include <stdbool.h>
#include <stdint.h>

#include "ch01_tokenizer/utf8.h"

static bool prints(int byte) {
    return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte != 0xAD);
}

int byte_in_gpt2_order(int i) {
    for (int pass = 0; pass < 2; pass++)
        for (int byte = 0; byte < 256; byte++)
            if (prints(byte) == (pass == 0) && i-- == 0) return byte;
    return -1;
}

enum { LETTERS = 0x100 + 68 };

static struct {
    bool ready;
    int point[256];     // the letter of a byte
    int byte[LETTERS];  // the byte of a letter; -1: of none
} table;

static void make_table(void) {
    if (table.ready) return;
    for (int i = 0; i < LETTERS; i++) table.byte[i] = -1;
    for (int byte = 0, hidden = 0; byte < 256; byte++) {
        table.point[byte] = prints(byte) ? byte : 0x100 + hidden++;
        table.byte[table.point[byte]] = byte;
    }
    table.ready = true;
}

int letter_of_byte(char *to, int byte) {
    make_table();
    return utf8_encode(to, table.point[byte]);
}

size_t bytes_of_letters(char *to, const char *word, size_t size) {
    make_table();
    size_t n = 0;
    for (size_t i = 0; i < size;) {
        int length, point = utf8_decode(word + i, size - i, &length);
        if (point < 0 || point >= LETTERS || table.byte[point] < 0) return SIZE_MAX;
        to[n++] = (char)table.byte[point];
        i += (size_t)length;
    }
    return n;
}
