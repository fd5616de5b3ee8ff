// Chapter 3's check of gradients, for the tests of this chapter.
#include "ch03_transformer/tests/gradients.c"
