#!/bin/bash
# Each group of a host's patch queue but hooks can be left out: what remains applies to the pristine tree without fuzz and builds.
#
# ONLY="group..." in the environment tries those alone.
#
# usage: test_queue.sh HOST PRISTINE FOLDER [SWITCH=VALUE...]
. darknet_patch/common.sh

host=${1:?} pristine=${2:?} folder=${3:?}
shift 3
tree=$folder/tree log=$folder/log failed=0

groups() { queue "$host" | sed 's|.*/||; s/-.*//' | sort -u | grep -vx hooks; }

# apply_without GROUP: a new $tree with our sources and all patches but the group's.
apply_without() {
    local patch
    rm -rf "$tree" && mkdir -p "$folder" && cp -R "$pristine" "$tree" || return 1
    for patch in $(queue "$host" | grep -v "/$1-[^/]*$"); do
        patch -d "$tree" -p1 -s -f -N -F 0 --no-backup-if-mismatch -r - < "$patch" > "$log" 2>&1 || { basename "$patch"; return 1; }
    done
    our_files | while IFS=$'\t' read -r source file; do
        mkdir -p "$(dirname "$tree/$file")" && cp "$source" "$tree/$file"
    done
    mkdir -p "$tree/obj"
}

for group in ${ONLY:-$(groups)}; do
    if ! patch=$(apply_without "$group"); then
        echo "FAIL queue of $host without $group: $patch does not apply: $(head -1 "$log")"
        failed=1
    elif ! "${MAKE:-make}" --no-print-directory -C "$tree" -j"$(nproc)" OPTS=-O0 "$@" darknet > "$log" 2>&1; then
        echo "FAIL queue of $host without $group: it does not build: $(grep -m1 -E 'error|undefined' "$log")"
        failed=1
    else
        echo "PASS queue of $host without $group applies and builds"
    fi
done
# All patches, with the host's own functions.
if [ -z "${ONLY:-}" ]; then
    what="$host with FAST=0 and DNNL=0 builds, and takes nothing of oneDNN"
    if ! patch=$(apply_without nothing) || ! "${MAKE:-make}" --no-print-directory -C "$tree" -j"$(nproc)" OPTS=-O0 "$@" FAST=0 DNNL=0 darknet > "$log" 2>&1; then
        echo "FAIL $what: $(grep -m1 -E 'error|undefined' "$log")"
        failed=1
    elif ldd "$tree/darknet" | grep -q dnnl; then
        echo "FAIL $what: it is linked with it"
        failed=1
    else
        echo "PASS $what"
    fi
fi
exit $failed
