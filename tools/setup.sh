#!/bin/sh
# sh tools/setup.sh run|test|docs|bench|mpi: checks that the machine has what the goal needs, and installs the
# rest with the system's package manager (apt-get, dnf, pacman or brew). It asks nothing, and is silent if
# all is there.
#
#   run, bench    a C compiler ($CC, or cc), PCRE2, gnuplot, OpenMP, a JSON library (jansson)
#   test          these and Criterion
#   docs          pandoc
#   mpi           an MPI, for training in several processes; optional, and no other goal asks for it
#
# gnuplot, OpenMP and jansson are optional: without them there is a warning and the status is 0. Where something else
# cannot be installed, one line names the packages, and the status is 1. CC, CPPFLAGS, LDFLAGS are honoured.
# shellcheck disable=SC2046,SC2086  # lists of words are meant to split
set -u

say() { printf 'setup: %s\n' "$1" >&2; }

goal=${1:-}
case $goal in
    run | bench) needs='compiler pcre2 gnuplot openmp json' ;;
    test) needs='compiler pcre2 gnuplot openmp json criterion' ;;
    docs) needs=pandoc ;;
    mpi) needs='mpicc mpirun' ;;
    *) say 'usage: sh tools/setup.sh run|test|docs|bench|mpi'; exit 2 ;;
esac
: "${CC:=cc}"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# ---- what is missing ------------------------------------------------------------------------------------

# links PROGRAM FLAG...: whether it can be compiled and linked. CC and the flags may be several words.
links() {
    printf '%s\n' "$1" >"$work/probe.c"
    shift
    $CC ${CPPFLAGS:-} "$work/probe.c" -o "$work/probe" ${LDFLAGS:-} "$@" >"$work/compiler-said" 2>&1
}

has() {
    case $1 in
        compiler) links '#include <stdio.h>
                         int main(void) { return puts("") < 0; }' ;;
        pcre2) links '#define PCRE2_CODE_UNIT_WIDTH 8
                      #include <pcre2.h>
                      int main(void) { return pcre2_config(PCRE2_CONFIG_JIT, 0) < 0; }' -lpcre2-8 ;;
        openmp) [ "${OPENMP:-1}" = 0 ] || links '#include <omp.h>
                      int main(void) { return omp_get_max_threads() < 1; }' -fopenmp ;;
        json) links '#include <jansson.h>
                     int main(void) { return json_null() == 0; }' -ljansson ;;
        criterion) links '#include <criterion/criterion.h>
                          Test(a, b) { cr_assert(1); }' -lcriterion ;;
        *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

missing_of() {
    for need; do
        has "$need" || printf '%s ' "$need"
    done
}

missing=$(missing_of $needs)
[ -n "$missing" ] || exit 0

# Flags that a compiler does not know are mended by no package.
first_error() { grep -m 1 -E 'rror:|cannot|No space' "$work/compiler-said" || head -n 1 "$work/compiler-said"; }
if ! has compiler && (CPPFLAGS='' LDFLAGS='' has compiler); then
    has compiler
    say "$CC compiles, but not with ${CPPFLAGS:-} ${LDFLAGS:-}: $(first_error)"
    exit 1
fi

# ---- what would mend it ---------------------------------------------------------------------------------

manager=none
for candidate in apt-get dnf pacman brew; do
    if command -v $candidate >/dev/null 2>&1; then manager=$candidate; break; fi
done

# The compiler among the words of CC='ccache gcc -m64'.
compiler=cc
for word in $CC; do
    case $(basename "$word") in ccache | distcc | -*) ;; *) compiler=$(basename "$word"); break ;; esac
done
case $compiler in clang*) clang=yes ;; *) clang=no ;; esac

# The manager's name for a need; nothing where there is none to install. Without a manager, Debian's.
package_of() {
    case $manager:$1:$clang in
        *:gnuplot:* | *:pandoc:*)
            case $manager:$1 in
                apt-get:gnuplot) echo gnuplot-nox ;;
                pacman:pandoc) echo pandoc-cli ;;
                *) echo "$1" ;;
            esac ;;
        dnf:compiler:no | brew:compiler:no | pacman:compiler:no) echo gcc ;;
        dnf:compiler:yes | pacman:compiler:yes) echo clang ;;
        brew:compiler:yes) echo llvm ;;
        *:compiler:*)
            case $compiler in
                gcc-* | clang*) echo "$compiler" libc6-dev ;;
                *) echo gcc libc6-dev ;;
            esac ;;
        dnf:pcre2:*) echo pcre2-devel ;;
        brew:pcre2:* | pacman:pcre2:*) echo pcre2 ;;
        *:pcre2:*) echo libpcre2-dev ;;
        dnf:openmp:yes) echo libomp-devel ;;
        pacman:openmp:yes) echo openmp ;;
        brew:openmp:*) echo libomp ;;
        *:openmp:yes) echo "$compiler" | sed 's/clang/libomp/; s/$/-dev/' ;;
        *:openmp:no) ;;
        apt-get:mpicc:* | none:mpicc:*) echo libopenmpi-dev ;;
        apt-get:mpirun:* | none:mpirun:*) echo openmpi-bin ;;
        dnf:mpicc:*) echo openmpi-devel ;;
        dnf:mpirun:*) echo openmpi ;;
        pacman:mpi*:*) echo openmpi ;;
        brew:mpi*:*) echo open-mpi ;;
        dnf:json:*) echo jansson-devel ;;
        brew:json:* | pacman:json:*) echo jansson ;;
        *:json:*) echo libjansson-dev ;;
        dnf:criterion:*) echo criterion-devel ;;
        brew:criterion:* | pacman:criterion:*) echo criterion ;;
        *:criterion:*) echo libcriterion-dev ;;
    esac
}

packages_of() {
    for need; do
        package_of "$need"
    done | tr '\n' ' ' | sed 's/ $//'
}

# The needs among these that one cannot do without.
required() {
    for need; do
        case $need in gnuplot | openmp | json) ;; *) printf '%s ' "$need" ;; esac
    done
}

# ---- mending it -----------------------------------------------------------------------------------------

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# fetch PACKAGE...: the manager's own words go to a file.
fetch() {
    say "installing $* with $manager"
    case $manager in
        apt-get)
            as_root apt-get -qq update
            as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 \
                --no-install-recommends install "$@" ;;
        dnf) as_root dnf -q -y install "$@" ;;
        pacman) as_root pacman -Sy --noconfirm --needed "$@" ;;
        brew) HOMEBREW_NO_INSTALL_CLEANUP=1 NONINTERACTIVE=1 brew install -q "$@" ;;
    esac >"$work/words" 2>&1 </dev/null
}

why=''
if [ $manager = none ]; then
    why='there is no apt-get, dnf, pacman or brew'
elif [ $manager != brew ] && [ "$(id -u)" != 0 ] && ! sudo -n true </dev/null >/dev/null 2>&1; then
    why='only root can, and sudo is not here or would ask for a password'
fi

# With what is optional; and, if that fails, without. An optional package that could not be had is not tried
# again before the next `make clean`: every `make run` would wait for it.
tried=build/setup-tried
if [ -z "$why" ]; then
    wanted=$missing
    [ ! -f $tried ] || wanted=$(required $missing)
    packages=$(packages_of $wanted)
    if [ -n "$packages" ]; then
        fetch $packages || why="$manager failed: $(tail -n 1 "$work/words")"
        sure=$(packages_of $(required $missing))
        if [ -n "$why" ] && [ -n "$sure" ] && [ "$sure" != "$packages" ]; then
            fetch $sure && why=
        fi
        missing=$(missing_of $missing)
    fi
fi

if [ -n "$(required $missing)" ]; then
    has compiler || said=": $(first_error)"
    : "${why:=with $manager it was done, but to no effect${said:-}}"
    say "please install $(packages_of $missing) ($why)"
    exit 1
fi
for need in $missing; do
    case $need in
        gnuplot) say "warning: no gnuplot (package $(package_of gnuplot)): data, but no figures" ;;
        json) say "warning: no jansson (package $(package_of json)): chapter 5 reads no JSON Lines" ;;
        openmp) say "warning: $CC has no OpenMP: one thread" ;;
    esac
done
if [ -n "$missing" ]; then mkdir -p build && : >$tried; fi 2>/dev/null
exit 0
