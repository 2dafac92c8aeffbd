#!/bin/sh
# A stick with FAT32: exported onto it, imported from it, full, pulled out in between, and looked at by programs that are
# not ours. `fat32.sh LIANMU HUB` with the program and the data directory of a hub that has published; needs root,
# dosfstools and mtools, and fusefat where the kernel has no vfat.
set -eu
lianmu=$(realpath "$1")
hub=$(realpath "$2")
work=$(mktemp -d)
cd "$work"
truncate -s 64M image
mkfs.vfat -F 32 image > mkfs.log
mkdir stick

plug() { mount -o loop image stick 2> /dev/null || fusefat -o rw+ image stick > fusefat.log 2>&1; }
unplug() {
    sync
    umount stick
    # It writes its last sectors after that.
    while pgrep -x fusefat > pids.log; do sleep 0.1; done
}
trap 'umount stick 2> /dev/null || true; rm -rf "$work"' EXIT
export_all() { "$lianmu" --data "$hub" snapshot export stick "$@" --json; }
branch() {
    mkdir -p "$1"
    printf 'role = "branch"\nlibrary = "BJFU"\n' > "$1/lianmu.toml"
    "$lianmu" --data "$1" --config "$1/lianmu.toml" snapshot import stick --json 2> import.log || { cat import.log; exit 1; }
    diff -r "$1/catalogue/$(cat "$1/catalogue/current")" "$hub/catalogue/$(cat "$hub/catalogue/current")"
}

plug
echo "full: whatever fits is there, and it is said that not all does"
head -c 58M /dev/urandom > stick/filler
if export_all 2> full.log; then echo "it was not full"; exit 1; fi
cat full.log
rm stick/filler
if [ -s fusefat.log ]; then
    echo "(fusefat cannot shorten a file: no export is killed)"
else
    echo "pulled out: killed in between, then once more"
    export_all > killed.log 2>&1 &
    sleep 0.3
    kill -9 $! 2> /dev/null || echo "(it had ended)"
    wait $! 2> /dev/null || true
    unplug && plug
fi
export_all
branch first
echo "again, for a branch that left its list: only what is missing"
export_all --for BJFU
branch first
unplug
echo "as others read it"
fsck.vfat -n image
mkdir read && mcopy -s -i image ::/objects ::/metadata ::/targets read
for file in $(cd read && find objects targets -type f); do cmp "read/$file" "$hub/repository/$file"; done
echo "the same bytes"
