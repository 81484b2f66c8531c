#!/bin/bash
# Brings the build tree TREE up to date: the host's pristine tree, its patch queue, and our sources in TREE/lgg. Only files whose
# content really changes are written, so that make rebuilds what it must and nothing else. When the commands change that make would
# compile with under SWITCHES (GPU=1 ...), by other switches or by a library that was installed meanwhile, all objects go.
#
# usage: stage.sh HOST PRISTINE TREE SWITCH...
. "$(dirname "$0")/common.sh"

host=${1:?} pristine=${2:?} tree=${3:?}
shift 3
mkdir -p "$tree" && tree=$(cd "$tree" && pwd) || exit 1
next=$tree.next

# same FILE FILE: whether both have the same content.
same() { cmp -s "$1" "$2"; }

# sums DIR LIST: "CHECKSUM  FILE" for each file of the list that DIR has, sorted.
sums() { (cd "$1" && xargs -r -d '\n' sha256sum < "$2" 2> /dev/null | sort); }

# bring FROM LIST: makes the files of the list in the tree what they are in FROM; writes those alone that are not.
bring() {
    comm -23 <(sums "$1" "$2") <(sums "$tree" "$2") | sed 's/^[0-9a-f]*  //' > "$next.changed"
    (cd "$1" && xargs -r -d '\n' cp --parents -t "$tree") < "$next.changed" || exit 1
    rm "$next.changed"
}

# forget_missing LIST: deletes those files of the tree that were put there earlier (TREE/LIST) and are not in LIST (stdin) now.
# A library, or a test that links all objects, must not keep the object of a source that is gone.
forget_missing() {
    sort > "$tree/$1.next"
    if [ -f "$tree/$1" ] && ! same "$tree/$1" "$tree/$1.next"; then
        # sorted anew: an earlier one may have been sorted in another language
        comm -23 <(sort "$tree/$1") "$tree/$1.next" | while IFS= read -r file; do
            rm -f "$tree/$file" "$tree/obj/$(basename "${file%.*}").o"
        done
        rm -f "$tree/libdarknet.a" "$tree/libdarknet.so"
    fi
    mv "$tree/$1.next" "$tree/$1"
}

stage_host() {
    local key
    key=$(cat "$patch_dir/$host/host.conf" "$patch_dir/$host/series" "$pristine.id" <(queue "$host" | xargs -r -d '\n' cat) | sha256sum)
    if [ "$key" = "$(cat "$tree/.queue" 2> /dev/null)" ]; then return; fi
    rm -rf "$next"
    cp -RH "$pristine" "$next" || exit 1
    apply_queue "$host" "$next" || die "the queue does not apply; $tree stays as it was"
    (cd "$next" && find . -type f -printf '%P\n') | sort > "$next.files"
    bring "$next" "$next.files"
    forget_missing .host-files < "$next.files"
    rm -rf "$next" "$next.files"
    echo "$key" > "$tree/.queue"
}

stage_ours() {
    rm -rf "$next"
    copy_ours "$next/lgg" || exit 1
    our_files | cut -f2 > "$next.files"
    bring "$next" "$next.files"
    forget_missing .our-files < "$next.files"
    rm -rf "$next" "$next.files"
}

# Without this, the compiler would be told nothing of OpenCV, and pkg-config would say so for every file.
need_opencv() {
    local name
    for name in opencv4 opencv; do
        if pkg-config --exists "$name" 2> /dev/null; then return; fi
    done
    die "OPENCV=1: pkg-config finds no OpenCV, Debian's package libopencv-dev: make deps OPENCV=1"
}

stage_commands() {
    local commands
    commands=$(${MAKE:-make} -s -n -B -C "$tree" "$@" all 2> /dev/null | sed -n 's/ -c .*//p' | sort -u)
    [ -n "$commands" ] || die "make cannot say how it would build $tree"
    if [ "$commands" = "$(cat "$tree/.commands" 2> /dev/null)" ]; then return; fi
    rm -rf "$tree/obj" "$tree/libdarknet.a" "$tree/libdarknet.so" "$tree/darknet"
    echo "$commands" > "$tree/.commands"
}

case " $* " in *' OPENCV=1 '*) need_opencv ;; esac
stage_host
stage_ours
stage_commands "$@"
mkdir -p "$tree/obj"
