#!/bin/sh
# sh ch06_flash/tests/mutations/run.sh [BUILD], by hand, from the root: plants one error after the other and says who
# notices. Two judges: one_shape.c, one shape within 1e-2, and this chapter's tests. A line per error: 'survives'
# or 'caught'. Exit status 1 if an error survives ours.
set -u
build=${1:-build/gcc}
work=$build/mutations
tests=$build/float/ch06_flash/tests
archives="$build/float/ch06_flash.a $build/float/ch05_sft_rlhf.a $build/float/ch04_pretrain.a $build/float/ch03_transformer.a $build/float/ch02_attention.a $build/float/ch01_tokenizer.a $build/float/common.a"
cc=${CC:-cc}
flags='-std=gnu17 -O2 -march=native -fno-math-errno -fopenmp -D_GNU_SOURCE -w'
libraries='-lcriterion -lpcre2-8 -lm -ldl'
echo '#include <jansson.h>' | $cc -E -x c - >/dev/null 2>&1 && libraries="$libraries -ljansson"
mkdir -p "$work"
[ -f "$build/float/test-ch06_flash" ] || { echo "make $build/float/test-ch06_flash first" >&2; exit 2; }
[ "$(find ch06_flash/tests/mutations/one_shape.c -newer "$work/one_shape.o" 2>/dev/null)" = '' ] && [ -f "$work/one_shape.o" ] ||
    $cc $flags -I. -c ch06_flash/tests/mutations/one_shape.c -o "$work/one_shape.o" || exit 2
survivors=0

verdict() { # verdict PROGRAM: an error that loops for ever is caught as well
    if timeout 300 "$1" -j1 --quiet >/dev/null 2>&1; then echo survives; else echo caught; fi
}

# mutant NAME FILE SED: the file with what sed makes of it takes the place of the one in the archive
mutant() {
    sed "$3" "$2" >"$work/mutant.c"
    if cmp -s "$2" "$work/mutant.c" && [ -n "$3" ]; then
        echo "$1: the sources have changed, nothing was planted" >&2
        exit 2
    fi
    $cc $flags -I. -c "$work/mutant.c" -o "$work/mutant.o" || exit 2
    # shellcheck disable=SC2086
    $cc -fopenmp "$work/mutant.o" "$work/one_shape.o" "$tests/reference.o" $archives $libraries -o "$work/one_shape" || exit 2
    # shellcheck disable=SC2046,SC2086
    $cc -fopenmp "$work/mutant.o" $(ls "$tests"/*.o) $archives $libraries -o "$work/ours" || exit 2
    one=$(verdict "$work/one_shape") ours=$(verdict "$work/ours")
    printf '%-52s  %-8s  %s\n' "$1" "$one" "$ours"
    [ "$ours" = caught ] || [ -z "$3" ] || survivors=$((survivors + 1))
}

f=ch06_flash
bf16='for (int z = 0; z < s.mat.rows * s.mat.cols; z++) { unsigned u; __builtin_memcpy(\&u, s.mat.at + z, 4); u = (u + 0x8000) \& 0xffff0000; __builtin_memcpy(s.mat.at + z, \&u, 4); }'
printf '%-52s  %-8s  %s\n' 'error' '128 x 128' 'these tests'
mutant 'none' $f/flash2.c ''
mutant 'the sum so far is not rescaled' $f/flash2.c 's/^    mat_scale(out, factor);//'
mutant 'rescaled by the inverse, as printed' $f/flash2.c 's/mat_scale(out, factor);/mat_scale(out, factor > 0 ? 1 \/ factor : 0);/'
mutant 'the mask after the softmax' $f/flash2.c 's/scores_finish(s.mat, h, row, j);/FlashHead open = *h; open.mask = (Mask){0}; scores_finish(s.mat, \&open, row, j);/; s/^        dropout_tile(s.mat, h, row, j);/&  for (int a = 0; a < s.mat.rows; a++) for (int b = 0; b < s.mat.cols; b++) if (!mask_sees(\&h->mask, h->q.rows, h->k.rows, row + a, j + b)) *mat_at(s.mat, a, b) = 0;/'
mutant 'the mask before the soft-cap' $f/flash_head.c '/^void scores_finish_with_slopes/,/^}/{s/    mat_scale(s, h->scale);/&  for (int i = 0; i < s.rows; i++) mask_row(mat_at(s, i, 0), col, s.cols, \&h->mask, queries, keys, row + i);/;/^    for (int i = 0; i < s.rows; i++)$/,$d}
$a\
}\
void scores_finish(Mat s, const FlashHead *h, int row, int col) { scores_finish_with_slopes(s, (Mat){0}, h, row, col); }'
mutant 'causal aligned at the start' $f/flash_head.c 's/queries, keys, row + i);/keys, keys, row + i);/'
mutant 'a window without the query itself' $f/query_tile.c 's/long_max(r.first, 0)/long_max(r.first + (h->mask.window > 0), 0)/'
mutant 'L to the base 2' $f/online_softmax.c 's/\(real row_part_log.*\)/\1/; s/(real)log(/1.4426950f * (real)log(/'
mutant 'a row that sees nothing: 0 / 0' $f/flash2.c 's/row.sum == 0 ? 0 : 1 \/ row.sum/1 \/ row.sum/'
mutant 'scores rounded to bf16' $f/flash2.c "s/^        merge_block(o, max, sum, s, m);/        $bf16&/"
mutant 'weights rounded to bf16' $f/flash2.c "s/^        merge_block(o, max, sum, s, m);/&  $bf16/"
mutant 'the last keys are not masked where there are none' $f/query_tile.c 's/to = (int)long_min(r.end, keys);/to = r.end >= keys ? ceil_div(keys, TILE_ROWS) * TILE_ROWS : (int)r.end;/'
mutant 'backward without D' $f/flash_backward.c 's/to\[j\] - di)/to[j])/'
mutant 'the factor in dQ only' $f/flash_backward.c 's/^    tile_mix_transposed(m, keys->k_grad, ds, q);/    mat_scale(ds.mat, 1 \/ h->scale); &/'
mutant 'no gradient through L' $f/flash_backward.c 's/- (lse_grad.at ? .*: 0);/;/'
mutant 'the slope of the soft-cap forgotten' $f/flash_backward.c 's/i < ds.rows \&\& h->softcap; i++/i < 0; i++/'
mutant 'shared keys: the last head overwrites the gradient' $f/flash_heads.c 's/^        backward_head(w, g, k_grad, v_grad/        mat_fill(k_grad, 0), mat_fill(v_grad, 0), backward_head(w, g, k_grad, v_grad/'
mutant 'dropout drawn anew in backward' $f/flash_backward.c 's/^    dropout_tile(p, h, row, col);/    FlashHead other = *h; other.dropout.seed++; dropout_tile(p, \&other, row, col);/'
mutant 'dropout that depends on the block' $f/dropout_tile.c 's/^void dropout_tile(Mat p, const FlashHead \*h, int row, int col) {/& row = 0;/'
echo "$survivors survive these tests"
[ $survivors -eq 0 ]
