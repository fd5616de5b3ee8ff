#!/bin/sh
# sh test_mpi.sh PROGRAM BUILD: training under mpirun, against training alone. Skipped where there is no MPI.
set -u
here=$(cd "$(dirname "$0")" && pwd) flags=$(cd "$2" && pwd)/flags
. "$here/../../tools/check_commands.sh"
cd "$work" || exit 1
# As many processes as a test asks for, whoever runs it and wherever; leaks are MPI's own.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_mpi_yield_when_idle=1 ASAN_OPTIONS=detect_leaks=0
# Standing in for mpirun: what a program built without MPI says, once.
if ! grep -q WITH_MPI "$flags"; then
    OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=1 "$program" train </dev/null >out 2>err
    [ $? -eq 2 ] && [ ! -s err ]
    check "without MPI the second process is silent: $(cat err)"
    OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=0 "$program" train </dev/null >out 2>err
    [ $? -eq 2 ] && grep -q 'built without MPI' err
    check "and the first says why: $(cat err)"
    [ $failed -ne 0 ] || echo 'skipped: the program says that it was built without MPI'
    exit $failed
fi
command -v mpirun >/dev/null || { echo 'skipped: there is no mpirun here'; exit 0; }
"$program" source story --sample 150 --seed 3 >text
sed 's/the/a/' text >other
small='--vocab 300 --layers 1 --heads 2 --channels 16 --context 16 --batch 4 --threads 1'
hangs=600 # seconds after which nobody believes in an end, on a busy machine either
ranks() { count=$1; shift; timeout $hangs mpirun -np "$count" "$program" train --data text $small "$@"; }

# same A B: loss and gradient norm of two logs, to 1e-5 of each.
same() {
    paste "$1" "$2" | awk -F '\t' 'NR > 1 { if ($1 != $9 || $2 != $10 || $6 != $14) exit 1
        for (i = 4; i <= 7; i += 3) { d = $i - $(i + 8); if (d < 0) d = -d; if (d > 1e-5 * $i) exit 1 } n++ } END { if (n < 20) exit 1 }'
}
# ---- the same computation; mlm: rows of different numbers of targets
for objective in clm mlm; do
    how="--steps 20 --accumulate 2 --objective $objective"
    "$program" train --data text $small -o one $how --log one.tsv >/dev/null
    ranks 2 -o two $how --log two.tsv >out 2>err && [ ! -s err ] && same one.tsv two.tsv
    check "$objective: two processes compute what one does: $(cat err)"
    for zero in 1 2; do
        ranks 3 -o three $how --log three.tsv --zero $zero >out 2>err && [ ! -s err ] && same one.tsv three.tsv
        check "$objective: three, of 4 rows, with shards of stage $zero: $(cat err)"
        [ "$(grep -c 'held out:' out)" -eq 1 ] && grep -q "3 processes, ZeRO stage $zero: parameters" out
        check 'and one of them speaks'
    done
done
"$program" sample --checkpoint two --tokens 3 >/dev/null 2>&1 || "$program" eval --checkpoint two --data text >/dev/null
check 'the model is one like any other'
cp two before && ranks 2 -o two $how >/dev/null 2>&1 && cmp -s before two
check 'the same bits again'
# ---- memory, as it was counted and as the system saw it (MB). N = 19.9 MB: stage 1 holds N less, half of the moments,
# and stage 2 up to N/2 less than that. Pages and what MPI itself takes vary by 5 MB.
deep='--layers 6 --channels 256 --heads 4 --steps 4'
memory() { ranks 2 -o deep $deep --zero "$1" 2>err | sed -n "s/.*gradients \([0-9.]*\) MB, moments \([0-9.]*\) MB.*; \([0-9.]*\) MB of memory.*/\1 \2 \3/p"; }
echo "$(memory 0) $(memory 1) $(memory 2)" >held
awk '{ exit !(NF == 9 && $2 > 2 * $1 - 0.03 && $4 == $1 && $5 == $1 && $8 == $1 && $7 > $1 / 2 && $7 < 0.7 * $1) }' held
check "what stages hold, counted: $(cat held)"
if ! grep -q sanitize "$flags"; then # a sanitizer keeps what was freed
    awk '{ exit !($3 - $6 > $1 - 5 && $6 - $9 > ($4 - $7) - 5) }' held
    check "what stages hold, measured: $(cat held)"
fi
# ---- saved and resumed: by as many, and by one, as if it had never ended
for zero in 2 1; do
    how="--steps 30 --zero $zero"
    ranks 2 -o straight $how --log straight.tsv >/dev/null 2>&1
    ranks 2 -o killed $how --save-every 0 >/dev/null 2>&1
    cmp -s straight killed && cmp -s straight.state killed.state
    check "saving changes nothing, stage $zero"
done
# mpirun gives its processes four seconds to end, and not one, which may not do for the figure.
: >out # what it says is of the run to come
OMPI_MCA_odls_base_sigkill_timeout=4 mpirun -np 2 "$program" train --data text $small -o stopped --zero 1 --steps 1000000 >out 2>err &
until_true grep -q 'tokens/s' out
kill -TERM $!
wait $!
: >out
: >err
"$program" train -o stopped --resume >out 2>err &
spoken() { grep -q 'tokens/s' out || [ -s err ]; }
until_true spoken
kill -INT $!
wait $!
grep -q 'resumed at step [0-9]* of 1000000' out
check "ended from outside, it has saved: $(cat err)"
timeout $hangs mpirun -np 2 "$program" train -o straight --resume >out 2>err && grep -q 'resumed at step 30 of 30' out && [ "$(grep -c resumed out)" -eq 1 ]
check 'a finished run is resumed, and is finished'
"$program" train -o straight --resume >out 2>err && grep -q 'resumed at step 30 of 30' out
check 'also by one'
# ---- disagreement: one line, by one process, and all end
disagree() { # disagree NAME PATTERN MPIRUN-ARGUMENTS...
    name=$1 pattern=$2
    shift 2
    timeout $hangs mpirun "$@" >out 2>err </dev/null
    status=$?
    [ $status -eq 2 ] && [ "$(grep -c ch04_pretrain: err)" -eq 1 ] && grep -q -e "$pattern" err && [ ! -e m ]
    check "$name (status $status: $(grep ch04_pretrain: err))"
}
t="$program train --data text $small --steps 3 -o m"
disagree 'other seeds' 'process 1 has --seed 2, process 0 has --seed 1' -np 1 $t : -np 1 $t --seed 2
disagree 'other stages' 'process 1 has --zero 2, process 0 has --zero 1' -np 1 $t --zero 1 : -np 1 $t --zero 2
disagree 'other batches' 'process 2 has --batch 5, process 0 has --batch 4' -np 2 $t : -np 1 $t --batch 5
mkdir a && cp other a/text
disagree 'other texts' 'process 1 has --text-hash' -np 1 $t : -np 1 -wdir a "$program" train --data text $small --steps 3 -o ../m
disagree 'no text at all' 'nowhere: No such file' -np 2 "$program" train --data nowhere -o m
disagree 'no text for one' 'nowhere: No such file' -np 1 $t : -np 1 "$program" train --data nowhere $small --steps 3 -o m
disagree 'a bad number' 'expected a whole number' -np 2 $t --seed x
disagree 'fewer rows than processes' 'expected at least 2, a row for each process' -np 2 $t --batch 1
disagree 'shards with a loss scale' 'not with a loss scale' -np 2 $t --zero 2 --precision fp16
disagree 'a loss that is not finite' 'step [0-9]*: the .* nothing was saved yet' -np 2 $t --steps 400 --rate 1e6
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
