#!/bin/bash
# Tests a Darknet built for the emulated GPU: networks on the CPU and on the GPU; twice with threads in other orders, to the same bits;
# training, resumed, without a GPU, and on two.
#
# usage: tests/cuda/host.sh BUILD
set -u
build=${1:?} root=$PWD status=0
name=$(basename "$build")
darknet=$root/$build/darknet-pjreddie/darknet
# Small products: threads of their own would only get into each other's way.
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1

# check WHAT LOG COMMAND...
check() {
    local what=$1 log=$build/$2.log
    shift 2
    if "$@" > "$log" 2>&1; then
        echo "PASS $name: $what"
    else
        echo "FAIL $name: $what: $(grep -m1 -E 'emulation:|rror' "$log" || tail -1 "$log")"
        status=1
    fi
}

LGG_EMULATION_SEED=2 tests/gpu/compare.sh "$build/compare_networks" "$build/second" > /dev/null 2>&1 &
tests/gpu/compare.sh "$build/compare_networks" "$build/first" || status=1
wait
# upsample.cfg may differ
while read -r network digest; do
    check "$network: threads in another order, the same bits" order grep -qx "$network $digest" "$build/second/digests"
done < <(grep -v ^upsample "$build/first/digests")

train() { tests/gpu/train_small.sh "$darknet" "$build/$1" "${@:2}"; }
check "trains" train train train
check "-nogpu trains without a device" nogpu env LGG_EMULATION_DEVICES=0 tests/gpu/train_small.sh "$darknet" "$build/nogpu" -nogpu
check "trains on two GPUs" two train two -gpus 0,1

# Two iterations and two more are four, to the bit.
go_on() (
    cd "$build/train" || exit 1
    for iterations in 2 4; do
        sed "s/^max_batches=.*/max_batches=$iterations\nseed=5/" small.cfg > "go$iterations.cfg"
    done
    cp go4.cfg go.cfg && "$darknet" classifier train small.data go.cfg && mv backup/go.weights whole.weights &&
        cp go2.cfg go.cfg && "$darknet" classifier train small.data go.cfg &&
        cp go4.cfg go.cfg && "$darknet" classifier train small.data go.cfg backup/go.backup && cmp whole.weights backup/go.weights
)
check "a resumed training is the whole one, to the bit" resume go_on

# What the commands print of the trained network, times left out.
run() { "$darknet" "$1" "$2" small.data small.cfg backup/small.weights "${@:3}"; }
same_commands() (
    cd "$build/train" || exit 1
    for command in "classifier valid" "lgg eval" "lgg attack"; do
        run $command 2> /dev/null | sed 's/ in [0-9.]* s//' > gpu.said
        LGG_EMULATION_DEVICES=0 run $command -nogpu 2> /dev/null |
            sed 's/ in [0-9.]* s//' > cpu.said
        [ -s gpu.said ] && diff cpu.said gpu.said || { echo "error: $command"; exit 1; }
    done
)
check "the commands print the same" commands same_commands
exit $status
