// llama2.c's tokenizer.bin: SentencePiece's BPE for LLaMA, as that program reads and
// uses it. Lecture, section 3.12.
//
//     int32               most bytes of a token
//     a token, in order of ids:   fp32 score, int32 size, size bytes (no zero among them)
//
// Ids 0, 1, 2 are <unk>, BOS, EOS; 3 .. 258 the single bytes, spelt <0x00> .. <0xFF>;
// then pieces of text. Encoding begins with BOS and a space, takes each character as a
// token (or its bytes), and then always merges the pair whose token has the highest
// score, the leftmost of equals.
// Source: github.com/karpathy/llama2.c, run.c and tokenizer.py, read, not copied.
#pragma once
#include "common/error.h"

enum { LLAMA_BOS = 1, LLAMA_EOS = 2 };

typedef struct {
    int size;
    const char **text;  // by id, ended by '\0'
    float *scores;
    int *sorted;  // ids by text
    int most_bytes;
    char *bytes;  // all texts
} LlamaTokenizer;

// `size` tokens: the checkpoint's vocabulary. False and err where the file does not
// have exactly so many.
bool llama_tokenizer_read(LlamaTokenizer *t, const char *path, int size, Error *err);
void llama_tokenizer_free(LlamaTokenizer *t);
// BOS and the text's ids, allocated; *count of them. False and err where a byte has no
// token, or there would be more than `most` for certain.
bool llama_tokenizer_encode(const LlamaTokenizer *t, const char *text, int most,
                            int **ids, int *count, Error *err);
// The bytes of an id that follows `previous` (after BOS a leading space goes); valid
// until the next call.
const char *llama_tokenizer_decode(const LlamaTokenizer *t, int previous, int id,
                                   size_t *size);
