#!/bin/bash
# Tests of darknet_patch/queue.sh on a host's queue: commits and back, and other versions of the host.
# PASS or FAIL a line; everything happens in a temporary folder.
#
# usage: test_queue_script.sh HOST PRISTINE
set -u -o pipefail
host=${1:?} pristine=${2:?}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failures=0
cp -R darknet_patch src "$work" || exit 1
queue=$work/darknet_patch/queue.sh patches=$work/darknet_patch/$host

# check NAME COMMAND...: PASS if the command succeeds; else FAIL with what it said last.
check() {
    local name=$1
    shift
    if "$@" > "$work/said" 2>&1; then
        echo "PASS queue_of_${host}_$name"
    else
        echo "FAIL queue_of_${host}_$name: $(tail -3 "$work/said" | tr '\n' ' ')"
        failures=$((failures + 1))
    fi
}

git_there() {
    GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null git -C "$work/commits" -c user.name=a -c user.email=b "$@"
}

# Written anew: a patch that has not changed would keep its file.
same_bytes() {
    "$queue" commits "$host" "$pristine" "$work/commits" && rm "$patches"/*.patch && "$queue" patches "$host" "$work/commits" &&
        diff -r "darknet_patch/$host" "$patches"
}
check commits_and_back_gives_the_same_bytes same_bytes

# differing: the files of the queue that are no longer as they were.
differing() {
    diff -rq "darknet_patch/$host" "$patches" | sed -E 's|.*/([a-z0-9-]+\.patch) differ$|\1|'
}
one_edit() {
    local last
    last=$(tail -1 "$patches/series")
    git_there log -1 --format=%B | sed '1s/$/, edited/' > "$work/message" && git_there commit -q --amend -F "$work/message" &&
        "$queue" patches "$host" "$work/commits" || return 1
    echo "changed: $(differing)"
    [ "$(differing)" = "$last" ] && grep -q ', edited$' "$patches/$last"
}
check an_edited_commit_changes_its_patch_alone one_edit

nameless() {
    git_there commit -q --amend -m "no name" && ! "$queue" patches "$host" "$work/commits" > "$work/out" 2>&1 || return 1
    cat "$work/out"
    grep -q 'does not name its patch' "$work/out"
}
check a_commit_without_a_name_is_refused nameless
cp "darknet_patch/$host"/* "$patches/"

# ---- other versions of the host

# other: a new copy of the host in $work/tree, to be changed.
other() { rm -rf "$work/tree" && cp -R "$pristine" "$work/tree"; }

# tried LINE...: after `try`, whose status is in $status, each line is among what it said, and the tree is as it was.
try() {
    rm -rf "$work/tree.was" && cp -R "$work/tree" "$work/tree.was"
    "$queue" try "$host" "$work/tree" > "$work/tried" 2>&1
    status=$?
    diff -r "$work/tree" "$work/tree.was"
}
tried() {
    local line
    cat "$work/tried"
    for line in "$@"; do grep -qxE "$line" "$work/tried" || { echo "not said: $line"; return 1; }; done
}

unchanged() {
    other && try && tried "queue: 0 of [0-9]+ patches need a hand" || return 1
    [ $status = 0 ] && ! grep -vE '^ok    [a-z0-9-]+\.patch$|^queue: ' "$work/tried"
}
check the_version_it_is_for_needs_no_hand unchanged

moved() {
    other && sed -i '1i// a line more' "$work/tree/src/connected_layer.c" && try && [ $status = 0 ] &&
        tried "ok    gradients-no-clipping-outside-recurrent-networks.patch \(moved\)" "ok    hooks-build.patch" "queue: 0 of [0-9]+ patches need a hand"
}
check lines_that_have_moved_are_followed moved

# basecfg cuts at the first dot, which a patch changes.
changed() {
    other && sed -i "s/next = strchr(c, '\.');/next = strchr(c, '.' );/" "$work/tree/src/utils.c" && try && [ $status = 1 ] &&
        tried "HAND  training-weights-files.patch: src/utils.c line [0-9]+" "queue: 1 of [0-9]+ patches need a hand"
}
check a_line_that_has_changed_is_named changed

there_already() {
    other && patch -s -d "$work/tree" -p1 < "darknet_patch/$host/gradients-no-clipping-outside-recurrent-networks.patch" && try && [ $status = 1 ] &&
        tried "drop  gradients-no-clipping-outside-recurrent-networks.patch: the host has it already"
}
check what_the_host_has_already_is_to_be_dropped there_already

gone() {
    other && rm "$work/tree/src/cost_layer.c" "$work/tree/src/layer.c" && try && [ $status = 1 ] && tried "HAND  hooks-layer-type.patch:.*a file is gone.*"
}
check a_file_that_is_gone_needs_a_hand gone
exit $((failures > 0))
