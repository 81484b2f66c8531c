#!/bin/bash
# The losses on the GPU, and beside them the authors' functions in PyTorch on the same one, where PyTorch is installed with CUDA.
# Lines "name value unit".
#
# usage: tests/gpu/bench.sh BENCH_LOSSES
set -u -o pipefail
bench_losses=${1:?} torch=tests/bench/bench_torch.py

# ratios: passes figures on; then how often faster than PyTorch each of ours is.
ratios() {
    awk '{ print; fflush() }
         NF == 3 { value[$1] = $2 }
         END {
             for (name in value) {
                 ours = name
                 if (!sub(/^gpu_torch_/, "gpu_", ours) || !(value[ours] > 0)) continue
                 printf "%s_times_faster_than_torch %.2f ratio\n", ours, value[name] / value[ours]
             }
         }'
}

figures() {
    "$bench_losses" || return 1
    for python in python3 /usr/bin/python3; do
        $python -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' 2> /dev/null || continue
        $python "$torch" cuda
        return
    done
    echo "SKIPPED bench-gpu-torch: PyTorch with CUDA is not installed"
}

figures | ratios
