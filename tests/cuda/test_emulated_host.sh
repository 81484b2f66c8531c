#!/bin/bash
# Tests a Darknet built for the emulated GPU: networks on the CPU and on the GPU; the same with threads in another order, to the same
# bits; training, resumed, without a GPU, and on two.
#
# usage: tests/cuda/test_emulated_host.sh HOST BUILD
set -u -o pipefail
host=${1:?} build=${2:?} root=$PWD status=0
name=$(basename "$build")
darknet=$root/$build/darknet-$host/darknet
if [ "$host" = pjreddie ]; then
    networks=(small consumers recipe upsample distilled sections detection dropout adversarial) compare=$build/compare_networks
    on_cpu="$darknet" no_gpu=-nogpu final=''
else
    networks=(small consumers second upsample distilled sections detection dropout adversarial) compare=tests/gpu/compare_records.sh
    on_cpu=$root/$(dirname "$RECORD_CPU")/darknet no_gpu='' final=_final
    export RECORD_GPU=$build/darknet-$host/record_network
fi
# Small products: threads of their own would only get into each other's way.
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1

# check WHAT LOG COMMAND...
check() {
    local what=$1 log=$build/$2.log
    shift 2
    # no command would succeed
    if [ $# -gt 0 ] && "$@" > "$log" 2>&1; then
        echo "PASS $name: $what"
    else
        echo "FAIL $name: $what: $(grep -m1 -E 'emulation:|[Ee]rror' "$log" || tail -1 "$log")"
        status=1
    fi
}

# The second time on devices that read the host's memory by themselves (AlexeyAB/darknet copies its new layers' weights to the device and changes
# them at once).
if [ "$host" = pjreddie ]; then second=(env LGG_EMULATION_SEED=2 LGG_EMULATION_PAGEABLE=1); else second=(env LGG_EMULATION_SEED=2); fi
"${second[@]}" tests/gpu/compare.sh "$compare" "$build/second" "${networks[@]}" > /dev/null 2>&1 &
tests/gpu/compare.sh "$compare" "$build/first" "${networks[@]}" || status=1
wait
# cuDNN's fastest algorithms may add up in any order, and do where there is no seed. What else may is said.
for network in "${networks[@]}"; do
    if [ "$network" = dropout ] && [ "$name" = emulated-cudnn ]; then continue; fi
    if [ "$network" = second ]; then
        check "$network: a [scale_channels] that adds up in any order is warned of" warned grep "warning: seed: layer 8, a \[scale_channels\]" "$build/first/second.cfg.gpu.said"
        continue
    fi
    check "$network: threads in another order, the same bits" order \
        diff <(grep "^$network " "$build/first/digests" || echo none) <(grep "^$network " "$build/second/digests")
done

rm -rf "$build"/{train,nogpu,two}
train() { tests/gpu/train_small.sh "$darknet" "$build/$1" "${@:2}"; }
without_device() { LGG_EMULATION_DEVICES=0 train nogpu -nogpu; }
check "trains" train train train
if [ -n "$no_gpu" ]; then check "-nogpu trains without a device" nogpu without_device; fi
check "trains on two GPUs" two train two -gpus 0,1
"$build/share_weights" tests/gpu/small.cfg 2> "$build/share.log" | grep -E '^(PASS|FAIL)' || status=1

# The networks of several GPUs have each its teacher; and are made equal every few iterations. With other weights to begin with so small a
# network diverges once in two hundred trainings.
with_teacher() (
    sed "s|^teacher_cfg=.*|teacher_cfg=small.cfg|; s|^teacher_weights=.*|teacher_weights=backup/small$final.weights|; s|^max_batches=.*|max_batches=16\nseed=1|; s|^learning_rate=.*|learning_rate=.001|" \
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
    cd "$build/train" && go "$1" 4 && mv "backup/go$final.weights" whole.weights && go_otherwise "$1" 2 && go_otherwise "$1" 4 backup/go.backup &&
        cmp whole.weights "backup/go$final.weights"
)
cp tests/gpu/dropout.cfg "$build/train"
check "a resumed training with dropout is the whole one, to the bit" resume go_on dropout
check "a resumed training is the whole one, to the bit" resume go_on small

# Two GPUs of different kinds are each other's all the time; another one in the place of the first is said.
another_gpu() (
    said='go.backup was trained with emulation, CUDA .*, this is another, CUDA .*: the training goes on, but not to the same bits'
    cd "$build/train" && go small 2 -gpus 0,1 && go small 4 backup/go.backup -gpus 0,1 > said 2>&1 && ! grep 'was trained with' said &&
        go small 2 && LGG_EMULATION_NAME=another go small 4 backup/go.backup 2>&1 | grep "$said"
)
check "a training that goes on is told of another GPU, and of no other" another another_gpu

# On two GPUs the outputs that a diverging training is judged by are those of the first, whichever is current.
diverges() (
    cd "$build/train" && sed 's/^learning_rate=.*/learning_rate=1e30/' small.cfg > fast.cfg && ! go fast 20 -gpus 0,1 > said 2>&1
    tail -1 said
    ! grep 'emulation:' said && grep -q 'is no finite number (the first output with such values is that of layer' said
)
check "a diverging training on two GPUs says where" diverges diverges

# What memory others have left does not choose cuDNN's algorithms: where it is just enough for a training, without the sections, which want most of
# it, that ends with the same weights.
same_in_little_memory() (
    cd "$build/train" && sed '/^\[label_variation\]/,$d' small.cfg > plain.cfg && go plain 2 && mv "backup/go$final.weights" whole.weights || exit 1
    for ((bytes = 30000; bytes < 2000000; bytes += bytes / 8)); do
        if LGG_EMULATION_FREE=$bytes go plain 2; then exec cmp whole.weights "backup/go$final.weights"; fi
    done
    exit 1
)
if [ "$name" = emulated-cudnn ]; then check "a training is the same, to the bit, where little memory is free" memory same_in_little_memory; fi

# What has to be in its weights file is asked of layers that have no memory for training.
weighted_sum() (
    cd "$build/train" && sed '/^\[shortcut\]/,/^$/s/^activation=.*/&\nweights_type=per_channel\nweights_normalization=softmax/' small.cfg > weighted.cfg &&
        "$darknet" classifier train small.data weighted.cfg && "$darknet" classifier valid small.data weighted.cfg "backup/weighted$final.weights"
)
if [ "$host" = alexeyab ]; then check "a network with a weighted [shortcut] predicts" weighted_sum weighted_sum; fi

# said DARKNET COMMAND...: what a command prints of the trained network, times left out, and what AlexeyAB/darknet says of its device.
said() {
    "$1" "$2" "$3" small.data small.cfg whole.weights "${@:4}" 2> /dev/null | sed 's/ in [0-9.]* s//' |
        grep -vE 'GPU|CUDA|cudnn|optimized_memory'
}
same_commands() (
    cd "$build/train" || exit 1
    for command in "classifier valid" "lgg eval" "lgg attack"; do
        said "$darknet" $command > gpu.said
        LGG_EMULATION_DEVICES=0 said "$on_cpu" $command $no_gpu > cpu.said
        [ -s gpu.said ] && diff cpu.said gpu.said || { echo "error: $command"; exit 1; }
    done
)
check "commands print what they do on the CPU" commands same_commands

tests/cuda/test_gpu_data.sh "$host" "$darknet" "$build/gpu_data" || status=1
# Where there is no GPU the images are cropped on the CPU: said, and the same.
without_gpu() (
    cd "$build/gpu_data" && rm -rf backup && mkdir backup && sed -i '/^gpu_data/d' with.cfg && cp with.cfg without.cfg && sed -i 's/^seed=/gpu_data=1\n&/' with.cfg &&
        for name in without with; do LGG_EMULATION_DEVICES=0 "$on_cpu" classifier train small.data $name.cfg $no_gpu > $name.log 2>&1; done
    grep -aq 'gpu_data=1: there is no GPU here' with.log && cmp "backup/with$final.weights" "backup/without$final.weights"
)
check "gpu_data=1 without a GPU is said, and the training the same" without_gpu without_gpu

# A step of WideResNet28-0.5, which the emulation counts and does not compute.
few_launches() {
    LGG_EMULATION_DRY=1 "$build/count_step" step cfg/wrn28-0.5.cfg > "$build/step.said" 2> /dev/null &&
        [ "$(sed -n 's/^waits_step //p' "$build/step.said")" = 1 ] && [ "$(sed -n 's/^launches_step //p' "$build/step.said")" -lt 400 ]
}
# held_with 0|1: the device's memory beside a teacher with or without batch norms, which are folded into its weights.
held_with() (
    cd "$build/train" || exit 1
    classify='[avgpool]\n\n[connected]\noutput=2\nactivation=linear\n\n[softmax]\n'
    { sed '/^\[maxpool/,$d' small.cfg; printf "$classify"; } > taught.cfg
    sed "s/^batch_normalize=.*/batch_normalize=$1/" taught.cfg > teacher.cfg
    "$darknet" classifier train small.data teacher.cfg > /dev/null 2>&1
    printf '\n[lgg_gkd]\nlayers=0\nteacher_layers=0\nteacher_cfg=teacher.cfg\nteacher_weights=%s\n' "backup/teacher$final.weights" >> taught.cfg
    LGG_EMULATION_DRY=1 ../count_step held taught.cfg 2> /dev/null | sed -n 's/^bytes_held //p'
)
# What a batch norm keeps for its backward pass would be 16 KB, here.
folded() {
    local with without
    with=$(held_with 1) without=$(held_with 0)
    echo "error: $with bytes with batch norms, $without without"
    [ "$without" -gt 0 ] && [ $((with - without)) -lt 4096 ]
}
check "a teacher's batch norms leave nothing of a batch's size on the device" folded folded
# A detector's boxes are at hand on the CPU: a graph of positions under them waits no more than one of any positions.
waits_of() {
    sed "s/^vertices=.*/vertices=$1/" "$build/first/detection.cfg" > "$build/$1.cfg"
    LGG_EMULATION_DRY=1 "$build/count_step" step "$build/$1.cfg" 2> /dev/null | sed -n 's/^waits_step //p'
}
boxes_at_hand() (
    tests/gpu/compare.sh "$compare" "$build/first" detection && [ "$(waits_of pixels)" -gt 0 ] && [ "$(waits_of boxes)" = "$(waits_of pixels)" ]
)
if [ "$host" = pjreddie ]; then check "the boxes of a detector's graph are not waited for" boxes boxes_at_hand; fi
if [ "$name" = emulated-cudnn ]; then check "a step of WideResNet28-0.5 waits for the device once, and has few launches" launches few_launches; fi
exit $status
