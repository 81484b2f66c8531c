#!/bin/bash
# Everything that wants a GPU, on the one that is there: golden cases, the twins against the C library and twice over, whole networks
# against the CPU's, compute-sanitizer, and training on two GPUs where there are two.
#
# usage: tests/gpu/test_gpu.sh NVCC HOST BUILD TREE CASE...   (AlexeyAB/darknet: what compare_records.sh needs in the environment)
set -u
nvcc=${1:?} host=${2:?} build=${3:?} tree=${4:?}
shift 4
status=0
if [ "$host" = pjreddie ]; then
    compare=$build/compare_networks networks=(small consumers recipe upsample distilled sections detection)
else
    compare=tests/gpu/compare_records.sh networks=(small consumers second upsample distilled sections detection)
fi
PATH=$PATH:$(dirname "$(realpath "$(command -v "$nvcc")")") # compute-sanitizer lies beside nvcc

"$build/golden" "$@" || status=1
"$build/test_twins" || status=1
"$build/test_twins" -large || status=1
"$build/test_product" || status=1
"$build/test_tap" || status=1

tests/gpu/compare.sh "$compare" "$build/networks" "${networks[@]}" || status=1

for tool in memcheck racecheck initcheck; do
    # Races are looked for in our kernels alone: cuBLAS synchronizes some of its own in ways that racecheck does not know.
    kernels=()
    if [ $tool = racecheck ]; then kernels=(--kernel-regex kns=lgg_); fi
    if ! command -v compute-sanitizer > /dev/null; then
        echo "SKIPPED sanitizer-$tool: compute-sanitizer is not installed"
    elif ! compute-sanitizer --tool memcheck "$build/golden" "$1" > "$build/log" 2>&1; then
        echo "SKIPPED sanitizer-$tool: compute-sanitizer does not work here: $(tail -1 "$build/log")"
    elif compute-sanitizer --tool $tool "${kernels[@]}" --error-exitcode 9 "$build/test_twins" > "$build/$tool.log" 2>&1; then
        echo "PASS sanitizer-$tool"
    else
        echo "FAIL sanitizer-$tool: $(grep -m1 -E '=========.*(Error|Invalid|hazard|Uninit)' "$build/$tool.log"), see $build/$tool.log"
        status=1
    fi
done

if [ "$(nvidia-smi -L | grep -c '^GPU')" -lt 2 ]; then
    echo "SKIPPED two-gpus: there is one GPU"
elif tests/gpu/train_small.sh "$tree/darknet" "$build/two" -gpus 0,1 > "$build/log" 2>&1; then
    echo "PASS two-gpus"
    "$build/share_weights" tests/gpu/small.cfg 2> /dev/null || status=1
else
    echo "FAIL two-gpus: $(tail -1 "$build/log")"
    status=1
fi
exit $status
