#!/bin/sh
# sh tools/fresh_machine.sh FOLDER [COMMAND...]: the README's commands on a machine that has nothing. (As root, on a Debian.)
#
# Makes a minimal Debian in FOLDER (debootstrap: the essential packages, make, gcc), puts the committed tree in it, and runs
# each COMMAND there as a newcomer would; without any, the README's two, `make run` and `make test`. Prints a line for
# each, with its wall time; what it said is in FOLDER.log. FOLDER is removed at the end unless KEEP=1.
set -u
if [ $# -lt 1 ]; then
    echo 'usage: sh tools/fresh_machine.sh FOLDER [COMMAND...]' >&2
    exit 2
fi
folder=$1
shift
[ $# -gt 0 ] || set -- 'make run' 'make test'
cannot() { printf 'fresh-machine: %s\n' "$1" >&2; exit 2; }
[ "$(id -u)" -eq 0 ] || cannot 'expected root: it makes a system of its own'
command -v debootstrap >/dev/null 2>&1 || cannot 'debootstrap is missing'
[ ! -e "$folder" ] || cannot "$folder: it is there already"

# The mirror and the release of this machine, wherever they are.
# shellcheck disable=SC1091 # a file of the system's
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(apt-cache policy | sed -n "s|^ *[0-9]* \(http[^ ]*\) $release/main .*|\1|p" | head -n 1)
[ -n "$mirror" ] || cannot 'apt knows no mirror here'

log=$folder.log
: >"$log"
# shellcheck disable=SC2317 # the trap calls it
mounted() { for at in dev/pts dev proc; do ! mountpoint -q "$folder/$at" || umount -l "$folder/$at"; done; }
trap 'mounted; [ -n "${KEEP:-}" ] || rm -rf --one-file-system "$folder"' EXIT
trap 'exit 1' HUP INT TERM
debootstrap --variant=minbase --include=make,gcc,libc6-dev "$release" "$folder" "$mirror" >>"$log" 2>&1 || cannot "debootstrap: see $log"
for file in /etc/resolv.conf /etc/hosts; do cp "$file" "$folder$file"; done
cp -r /etc/apt/sources.list.d /etc/apt/apt.conf.d "$folder/etc/apt/" && : >"$folder/etc/apt/sources.list"
mkdir "$folder/course" || exit 1
git archive HEAD | tar -x -C "$folder/course" || cannot 'git archive failed: run it in the course'"'"'s folder'
mount --bind /dev "$folder/dev" || cannot 'mount is not permitted here'
mount --bind /dev/pts "$folder/dev/pts" || cannot 'mount is not permitted here'
mount -t proc proc "$folder/proc" || cannot 'mount is not permitted here'

failed=0
for command; do
    begin=$(date +%s)
    if env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \
        chroot "$folder" sh -c "cd /course && $command" >>"$log" 2>&1; then result=ok
    else result="FAIL, see $log" failed=1; fi
    printf 'fresh-machine  %-12s %5d s  %s\n' "$command" $(($(date +%s) - begin)) "$result"
done
exit "$failed"
