#!/bin/bash
# Tests a Darknet built for the emulated GPU: networks on the CPU and on the GPU; the same with threads in another order, to the same
# bits; training, resumed, without a GPU, and on two.
#
# usage: tests/cuda/test_emulated_host.sh BUILD
set -u
build=${1:?} root=$PWD status=0
name=$(basename "$build")
darknet=$root/$build/darknet-pjreddie/darknet
networks=(small consumers recipe upsample distilled sections detection dropout adversarial)
# Small products: threads of their own would only get into each other's way.
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1

# check WHAT LOG COMMAND...
check() {
    local what=$1 log=$build/$2.log
    shift 2
    if "$@" > "$log" 2>&1; then
        echo "PASS $name: $what"
    else
        echo "FAIL $name: $what: $(grep -m1 -E 'emulation:|[Ee]rror' "$log" || tail -1 "$log")"
        status=1
    fi
}

LGG_EMULATION_SEED=2 tests/gpu/compare.sh "$build/compare_networks" "$build/second" "${networks[@]}" > /dev/null 2>&1 &
tests/gpu/compare.sh "$build/compare_networks" "$build/first" "${networks[@]}" || status=1
wait
# cuDNN's fastest algorithms may add up in any order, and do where there is no seed.
for network in "${networks[@]}"; do
    if [ "$network" = dropout ] && [ "$name" = emulated-cudnn ]; then continue; fi
    check "$network: threads in another order, the same bits" order \
        diff <(grep "^$network " "$build/first/digests" || echo none) <(grep "^$network " "$build/second/digests")
done

rm -rf "$build"/{train,nogpu,two}
train() { tests/gpu/train_small.sh "$darknet" "$build/$1" "${@:2}"; }
without_device() { LGG_EMULATION_DEVICES=0 train nogpu -nogpu; }
check "trains" train train train
check "-nogpu trains without a device" nogpu without_device
check "trains on two GPUs" two train two -gpus 0,1
"$build/share_weights" tests/gpu/small.cfg 2> "$build/share.log" || status=1

# The networks of several GPUs have each its teacher; and are made equal every few iterations.
with_teacher() (
    sed "s|^teacher_cfg=.*|teacher_cfg=small.cfg|; s|^teacher_weights=.*|teacher_weights=backup/small.weights|; s|^max_batches=.*|max_batches=16|" \
        tests/gpu/distilled.cfg > "$build/two/distilled.cfg"
    cd "$build/two" && "$darknet" classifier train small.data distilled.cfg -gpus 0,1
)
check "trains with a teacher on two GPUs" teacher with_teacher

# go NETWORK ITERATIONS [BACKUP]: the same .cfg file, trained up to there.
go() {
    sed "s/^max_batches=.*/max_batches=$2\nseed=5/" "$1.cfg" > go.cfg
    "$darknet" classifier train small.data go.cfg "${@:3}"
}
# Threads, and cuDNN's sums, in another order.
go_otherwise() { LGG_EMULATION_SEED=7 go "$@"; }
go_on() (
    cd "$build/train" && go "$1" 4 && mv backup/go.weights whole.weights && go_otherwise "$1" 2 && go_otherwise "$1" 4 backup/go.backup &&
        cmp whole.weights backup/go.weights
)
cp tests/gpu/dropout.cfg "$build/train"
check "a resumed training with dropout is the whole one, to the bit" resume go_on dropout
check "a resumed training is the whole one, to the bit" resume go_on small

# What a command prints of the trained network, times left out.
said() { "$darknet" "$1" "$2" small.data small.cfg whole.weights "${@:3}" 2> /dev/null | sed 's/ in [0-9.]* s//'; }
same_commands() (
    cd "$build/train" || exit 1
    for command in "classifier valid" "lgg eval" "lgg attack"; do
        said $command > gpu.said
        LGG_EMULATION_DEVICES=0 said $command -nogpu > cpu.said
        [ -s gpu.said ] && diff cpu.said gpu.said || { echo "error: $command"; exit 1; }
    done
)
check "commands print what they do with -nogpu" commands same_commands
exit $status
