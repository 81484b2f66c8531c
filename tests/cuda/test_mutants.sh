#!/bin/bash
# Breaks the host of a GPU build on purpose, one thing after another, and expects the comparison of networks to notice.
#
# usage: MAKE=make tests/cuda/test_mutants.sh HOST BUILD SWITCH=VALUE...
set -u
host=${1:?} build=${2:?} status=0
shift 2
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
copy=$build/mutant

# What is built anew of the copy, and compares its networks.
if [ "$host" = pjreddie ]; then
    compare=$build/compare_networks
    rebuild() { $MAKE --no-print-directory -s -C "$copy" "${switches[@]}" libdarknet.so darknet; }
else
    compare=tests/gpu/compare_records.sh
    export RECORD_GPU=$copy/record_network
    rebuild() {
        $MAKE --no-print-directory -s -C "$copy" "${switches[@]}" darknet &&
            $MAKE --no-print-directory "${switches[@]}" HOST_TREE="$copy" "$copy/record_network"
    }
fi

# differs NETWORK: whether the copy computes something else than its CPU side; what it says is in mutant.said.
differs() {
    if [ "$1" = gpu_data ]; then
        ! LD_LIBRARY_PATH=$PWD/$copy tests/cuda/test_gpu_data.sh "$host" "$copy/darknet" "$build/gpu_data" same > "$build/mutant.said" 2>&1
        return
    fi
    ! LD_LIBRARY_PATH=$PWD/$copy tests/gpu/compare.sh "$compare" "$build/broken" "$1" > "$build/mutant.said" 2>&1
}

# The unbroken tree with its objects, so that only what a mutant changes is built.
make_copy() {
    rm -rf "$copy"
    cp -a "$build/darknet-$host" "$copy"
}

# mutant WHAT NETWORK FILE PERL: PERL changes FILE of the host's tree, and NETWORK must differ.
mutant() {
    make_copy
    perl -0pi -e "$4" "$copy/$3"
    if cmp -s "$copy/$3" "$build/darknet-$host/$3"; then
        echo "FAIL mutant: $1: there is nothing to break in $3"
        status=1
    elif ! rebuild > "$build/mutant.log" 2>&1; then
        echo "FAIL mutant: $1: does not build, see $build/mutant.log"
        status=1
    elif differs "$2"; then
        echo "PASS mutant: $1: $(cut -c -120 "$build/mutant.said")"
    else
        echo "FAIL mutant: $1: nothing notices"
        status=1
    fi
}

switches=("$@")
make_copy
for network in small sections consumers dropout gpu_data $([ "$host" = pjreddie ] && echo recipe detection || echo second); do
    if differs $network; then
        echo "FAIL mutant: the unbroken copy differs, too, in $network: $(cut -c -120 "$build/mutant.said")"
        exit 1
    fi
done
mutant "the gradient through a softmax is not added to the tapped layer" sections lgg/darknet/lgg_tap.c 's|host_axpy_device\(.*?;||'
mutant "the representations are those of the host" sections lgg/darknet/lgg_tap.c 's|l->output_gpu|l->output|g'
mutant "a route adds up one layer after the other from the same place" consumers lgg/layers/at_once_gpu.c 's|from \+= n;||'
mutant "updates have no momentum" consumers lgg/layers/layer_kernels.cu 's|update \* step.momentum|update|'
mutant "biases do not learn" consumers lgg/layers/at_once_gpu.c 's|count = add_tensor\(tensors, count, l, l->biases_gpu.*?;||s'
mutant "a dropout's mask is left out" dropout lgg/darknet/lgg_tap.c 's|drop_gradients_gpu\(tap, layers, count, section, n\);||'
mutant "images on the GPU are not mirrored" gpu_data lgg/training/gpu_data_kernels.cu 's|crop.is_mirrored|0|'
mutant "images on the GPU are cropped a pixel off" gpu_data lgg/training/gpu_data.c 's|\(int\)note\[TOP\]|1 + (int)note[TOP]|'
if [ "$host" = pjreddie ]; then
    mutant "a 1x1 convolution assigns its delta" consumers lgg/darknet/host_pjreddie.h 's|(l->size == 1 && l->stride == 1 && l->pad == 0)|0|'
    mutant "an [activation] assigns its delta" consumers lgg/darknet/host_pjreddie.h 's|    case ACTIVE:\n||'
    mutant "edges are masked as if all were of one class" sections lgg/lgg/lgg_gkd_gpu.cu 's|best = t;|best = 0;|'
    mutant "the labels are those of the host" sections lgg/darknet/lgg_section_gpu.c 's|host_truth_gpu\(pass\)|host_truth(pass)|'
    mutant "weights do not decay" consumers lgg/layers/layer_kernels.cu 's|if \(tensor.decays\).*?;||'
    mutant "decay_all leaves out the scales" consumers lgg/layers/at_once_gpu.c 's|scales, decay_all|scales, 0|'
    mutant "Parseval makes no step" recipe lgg/training/parseval.c 's|-b, p->gram_gpu|0, p->gram_gpu|'
    mutant "what [yolo] puts out with -nogpu is not activated" detection src/yolo_layer.c 's|net.gpu_index < 0|0|'
else
    mutant "weights do not decay" second lgg/layers/layer_kernels.cu 's|if \(tensor.decays\).*?;||'
    mutant "decay_all leaves out the scales" second lgg/layers/at_once_gpu.c 's|scales, decay_all|scales, 0|'
    mutant "a route takes the other half of the channels" second lgg/layers/at_once_gpu.c 's|array \+ first|array|'
    mutant "the biases of a batch-normalized [connected] learn twice" small lgg/hooks/layer_functions.c 's|connect_at_once\(l\);||'
    mutant "weights of two layers are updated at once" second lgg/layers/at_once_gpu.c 's/!plain \|\| !host_updates_plainly\(net, l\)/!plain/'
fi
exit $status
