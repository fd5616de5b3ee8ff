# Sourced by the chapters' tests of their commands, `. tools/check_commands.sh`, with PROGRAM as $1: a working folder,
# counters, two checks, and a wait. Sets program (absolute) and work; afterwards the test is in $work.
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

check() { # check NAME: the exit status of the command before
    if [ $? -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $1"; fi
}

# refuses NAME PATTERN ARGUMENTS...: status 2, one line on stderr that matches, nothing on stdout.
refuses() {
    name=$1 pattern=$2
    shift 2
    "$program" "$@" >out 2>err </dev/null
    status=$?
    [ $status -eq 2 ] && [ "$(wc -l <err)" -eq 1 ] && grep -q -e "$pattern" err && [ ! -s out ]
    check "$name (status $status: $(cat err))"
}

# until_true COMMAND...: waits for that, two minutes at most. A test that sleeps so long as a program usually takes to
# get there fails on a busy machine.
until_true() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ $tries -le 1200 ] || return 1
        sleep 0.1
    done
}

# gives NAME STATUS OUT ERR COMMAND: what a shell says to COMMAND, in which $program is the program. OUT: all of
# stdout, ~ for anything. ERR: a pattern for its one line of stderr, - for none.
gives() {
    sh -c "$5" >out 2>err </dev/null
    status=$?
    [ $status -eq "$2" ] &&
        { [ "$3" = '~' ] || [ "$(cat out)" = "$3" ]; } &&
        if [ "$4" = - ]; then [ ! -s err ]; else [ "$(wc -l <err)" -eq 1 ] && grep -q -e "$4" err; fi
    check "$1 (status $status: $(head -c 200 out) $(cat err))"
}
export program
