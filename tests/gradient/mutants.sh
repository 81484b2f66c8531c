#!/bin/bash
# Takes each of six of the first host's corrections out of its patch queue, builds that, and runs the tests of the gradients and of the
# layers: at least one of them must fail. The patches for speed, which bring functions of their own, stay out.
#
# ONLY="name..." in the environment tries those corrections alone.
#
# usage: mutants.sh PRISTINE TREE HOST FOLDER [SWITCH=VALUE...]   TREE: the built tree, for our sources
set -u

pristine=${1:?} tree=${2:?} host=${3:?} folder=${4:?}
shift 4
corrections=(first-layer-null-delta accumulate-deltas strided-1x1-convolution batchnorm-formula batchnorm-standalone
    batchnorm-biases-in-weights)
failures=0

# mutate CORRECTION COPY: the host with all patches but those for speed, then that one taken out again, as far as the patches
# after it have left its lines alone.
mutate() {
    local patch
    rm -rf "$2" && mkdir -p "$folder" && cp -R "$pristine" "$2" && cp -R "$tree/lgg" "$2/lgg" || return 1
    for patch in $(grep -v '^05' "darknet_patch/$host/series"); do
        patch -d "$2" -p1 -s -f -F 3 --no-backup-if-mismatch -r - < "darknet_patch/$host/$patch" || return 1
    done
    patch=$(ls darknet_patch/"$host"/*-"$1".patch)
    patch -d "$2" -p1 -R -f -F 3 --no-backup-if-mismatch -r - < "$patch" | grep -c '^patching file'
}

# red COPY: whether a test fails in that tree; prints its first failure.
red() {
    local target log=$1/test.log
    for target in test-gradient test-layers; do
        make --no-print-directory -o host "$target" HOST_TREE="$1" BUILD="$1/build" > "$log" 2>&1 && continue
        grep -m 1 '^FAIL' "$log" || tail -n 1 "$log"
        return 0
    done
    return 1
}

[ -z "${ONLY:-}" ] || corrections=($ONLY)
for correction in "${corrections[@]}"; do
    copy=$folder/$correction
    if ! mutate "$correction" "$copy" > "$folder.log" 2>&1; then
        echo "FAIL without $correction: it cannot be taken out: $(tail -n 1 "$folder.log")"
        failures=$((failures + 1))
    elif ! make --no-print-directory -s -j2 -C "$copy" "$@" > "$folder.log" 2>&1; then
        echo "PASS without $correction: it does not build"
    elif why=$(red "$copy"); then
        echo "PASS without $correction: $why"
    else
        echo "FAIL without $correction: no test fails"
        failures=$((failures + 1))
    fi
done
exit $((failures > 0))
