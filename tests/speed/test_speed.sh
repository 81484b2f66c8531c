#!/bin/bash
# The fast CPU functions against the host's own: whole training steps, on one, two and three threads; equal bit for bit when run
# twice; after a change of batch and of image size.
#
# usage: test_speed.sh DIR (of the programs built by speed.mk; takes the files written on the way); HOST is in the environment
set -u
dir=${1:?} here=$(dirname "$0")
export OPENBLAS_NUM_THREADS=1
failed=0

# step PROGRAM THREADS FILE CFG BATCH [SIZE]
step() {
    sed "s/^batch=.*/batch=$5/" "$4" > "$dir/step.cfg"
    OMP_NUM_THREADS=$2 "$dir/$1" "$dir/step.cfg" "$3" ${6:-} > /dev/null 2> "$dir/log" || {
        tail -2 "$dir/log"
        return 1
    }
}

# compare CFG BATCH BOUND UPDATE_BOUND THREADS... [-- SIZE]
compare() {
    local cfg=$1 batch=$2 bound=$3 update_bound=$4 name threads=() size=
    name=$(basename "$cfg" .cfg)
    shift 4
    while [ $# -gt 0 ]; do
        if [ "$1" = -- ]; then size=$2 && break; fi
        threads+=("$1") && shift
    done
    step step_stock 1 "$dir/stock" "$cfg" "$batch" $size || { echo "FAIL $name: the stock functions" && failed=1 && return; }
    for n in "${threads[@]}"; do
        if ! step step_fast "$n" "$dir/fast" "$cfg" "$batch" $size; then
            echo "FAIL $name, $n threads: it does not run" && failed=1
        else
            "$dir/compare_steps" "$name as the host computes it, threads: $n" "$dir/stock" "$dir/fast" "$bound" "$update_bound" || failed=1
        fi
    done
}

compare "$here/shapes.cfg" 6 1e-4 1e-3 1 2 3
compare "$here/order.cfg" 6 1e-4 1e-3 1 2 3
compare "$here/narrow.cfg" 37 1e-4 1e-3 1 2 3
compare "$here/shapes_${HOST:?}.cfg" 4 1e-4 1e-3 1 2 3
compare "$here/resizable.cfg" 4 1e-4 1e-3 1 2 3 -- 24
compare cfg/wrn28-0.5.cfg 8 1e-4 5e-2 1 2 3
compare cfg/preact_resnet18-smooth.cfg 3 1e-3 5e-2 2
compare cfg/resnet18-label_variation.cfg 3 1e-3 5e-2 2
compare cfg/demo-gkd.cfg 16 1e-3 5e-2 1 2

step step_fast 2 "$dir/once" cfg/wrn28-0.5.cfg 8 && step step_fast 2 "$dir/twice" cfg/wrn28-0.5.cfg 8
if cmp -s "$dir/once" "$dir/twice"; then
    echo "PASS a step is repeatable bit by bit"
else
    echo "FAIL a step is repeatable bit by bit: two runs differ" && failed=1
fi

# The whole network is such that even the gradients of its weights do not depend on the threads, where the processor has what it takes.
if grep -qw -m1 avx512f /proc/cpuinfo; then
    step step_fast 1 "$dir/once" "$here/narrow.cfg" 37
    for n in 2 3 5; do
        if step step_fast $n "$dir/twice" "$here/narrow.cfg" 37 && cmp -s "$dir/once" "$dir/twice"; then
            echo "PASS narrow convolutions give the same bits with 1 and $n threads"
        else
            echo "FAIL narrow convolutions give the same bits with 1 and $n threads" && failed=1
        fi
    done
else
    echo "SKIPPED narrow convolutions give the same bits with any number of threads: the processor has no AVX-512"
fi
exit $failed
