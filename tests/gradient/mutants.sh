#!/bin/bash
# Takes out of the host, one by one, every group of patches that mends it, and every function around its layers that changes what is
# computed, not only its speed; builds that, and runs the tests: at least one of them must fail.
#
# ONLY="name..." in the environment tries those alone. Names: the groups of the queue, and the functions below.
#
# usage: mutants.sh PRISTINE HOST FOLDER [SWITCH=VALUE...]
. darknet_patch/common.sh

pristine=${1:?} host=${2:?} folder=${3:?}
shift 3
failures=0

# What set_layer_functions does, by the line of src/hooks/layer_functions.c that does it: without that line a test must fail.
around=(sum_reorg_gradient put_around_previous_delta put_around_dropped_output give_missing_deltas make_lgg_parseval)
case $host in
    pjreddie) around+=(complete_batchnorm put_around_strided_1x1) ;;
    alexeyab) around+=(separate_statistics put_around_weighted_sum) ;;
esac

# The tests that must notice, by name of what is taken out; the gradients of whole networks where nothing is said here.
tests_of() {
    case $1 in
        gradients) echo test-gradient test-layers test-host ;;
        training) echo test-robust test-recipe ;;
        reader) if [ "$host" = pjreddie ]; then echo test-host test-robust; else echo test-robust test-second-host; fi ;;
        complete_batchnorm) echo test-host test-gradient ;;
        give_missing_deltas) if [ "$host" = pjreddie ]; then echo test-host; else echo test-every-cfg; fi ;;
        make_lgg_parseval) echo test-tool ;;
        put_around_weighted_sum) echo test-speed ;;
        *) echo test-gradient ;;
    esac
}

# Speed and ports to other toolkits change nothing that a test of the results could see.
groups() { queue "$host" | sed 's|.*/||; s/-.*//' | sort -u | grep -vxE 'hooks|speed|ports'; }

# copy_without NAME: makes $folder/project, this project without that group or line, or without nothing. What was built there before stays, so that
# make builds what has changed.
copy_without() {
    local copy=$folder/project
    mkdir -p "$copy/build/pristine" && rm -rf "$copy"/{Makefile,.clang-format,cfg,darknet_patch,data,src,tests} &&
        rm -f "$copy/build/pristine/$host" || return 1
    cp -R Makefile .clang-format cfg darknet_patch data src tests "$copy" && ln -s "$(cd "$pristine" && pwd)" "$copy/build/pristine/$host" &&
        cp "$pristine.id" "$copy/build/pristine/$host.id" || return 1
    if [ "$1" = nothing ]; then
        return 0
    elif groups | grep -qx "$1"; then
        sed -i "/^$1-/d" "$copy/darknet_patch/$host/series"
    else
        grep -q "^ *$1(.*);" "$copy/src/hooks/layer_functions.c" && sed -i "/^ *$1(.*);/d" "$copy/src/hooks/layer_functions.c"
    fi
}

# red NAME: whether a test fails; prints its first failure.
red() {
    local target log=$folder/log
    for target in $(tests_of "$1"); do
        make --no-print-directory -C "$folder/project" "$target" HOST="$host" "${switches[@]}" > "$log" 2>&1 && continue
        # what does not build is no test that has noticed
        grep -m 1 -E '^FAIL|^\[  FAILED|Segmentation fault|Aborted|Floating point exception' "$log" && return 0
        tail -n 3 "$log" >&2
    done
    return 1
}

switches=("$@")
names=($(groups) "${around[@]}")
[ -z "${ONLY:-}" ] || names=($ONLY)
unset ONLY # a test has one of its own
# The tests as they are.
tests=$(for name in "${names[@]}"; do tests_of "$name"; done | tr ' ' '\n' | sort -u)
copy_without nothing
for target in $tests; do
    make --no-print-directory -C "$folder/project" "$target" HOST="$host" "${switches[@]}" > "$folder/log" 2>&1 && continue
    echo "FAIL mutants: $target fails without any: $(grep -m 1 -E '^FAIL|error' "$folder/log")"
    exit 1
done
for name in "${names[@]}"; do
    if ! copy_without "$name"; then
        echo "FAIL without $name: it cannot be taken out"
    elif ! make --no-print-directory -C "$folder/project" host HOST="$host" "${switches[@]}" > "$folder/log" 2>&1; then
        echo "FAIL without $name: it does not build: $(grep -m1 error "$folder/log")"
    elif why=$(red "$name"); then
        echo "PASS without $name: $why"
        continue
    else
        echo "FAIL without $name: no test fails"
    fi
    failures=$((failures + 1))
done
exit $((failures > 0))
