// The rules of the house that a program can check: every file of a chapter is on its
// map, and no line is too long to read.
#pragma once
#include "common/error.h"
#include "tools/page.h"

enum {
    MOST_COLUMNS_LISTING = 88,  // a page of the book
    MOST_COLUMNS_SOURCE = 110,  // two windows side by side
};

// A listing of the lecture is a fenced block.
void listings_check(const Page *lecture);

// Every chapter's README.md, and common's, names every .c file of its folder (of common:
// of both floors), `attention.c` or `attention.[ch]`, and no file that is not there;
// names without a folder may also be of labs/, commands/ and so on. And no line of any .c
// or .h file is too long.
bool house_check(Error *err);
