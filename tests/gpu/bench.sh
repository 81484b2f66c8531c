#!/bin/bash
# The losses on the GPU, and beside them the authors' functions in PyTorch on the same one, where PyTorch is installed with CUDA.
# Lines "name value unit".
#
# usage: tests/gpu/bench.sh BENCH_LOSSES
set -u -o pipefail
bench_losses=${1:?} torch=tests/bench/bench_torch.py

# ratios_and_aims: passes figures on; then how often faster than PyTorch each of ours is, and whether all reach what the project
# set itself. The third aim, the share of a training step, is bench.sh's of tests/bench, which times steps.
ratios_and_aims() {
    awk 'function aim(name, bound, limit) {
             met = !(name in value) ? "not measured" : (bound == "least" ? value[name] >= limit : value[name] <= limit) ? "met" : "not met"
             printf "aim_%s %s (at %s %s: %s)\n", name, name in value ? value[name] : "-", bound, limit, met
         }
         { print; fflush() }
         NF == 3 { value[$1] = $2 + 0; names[++count] = $1 }
         END {
             for (i = 1; i <= count; i++) {
                 ours = names[i]
                 if (!sub(/^gpu_torch_/, "gpu_", ours) || !(value[ours] > 0)) continue
                 ratio = ours "_times_faster_than_torch"
                 value[ratio] = sprintf("%.2f", value[names[i]] / value[ours]) + 0
                 print ratio, value[ratio], "ratio"
             }
             for (i = 1; i <= count; i++) if (names[i] ~ /_over_floor$/) aim(names[i], "most", 1.5)
             aim("gpu_gkd_wrn28_times_faster_than_torch", "least", 5)
             aim("gpu_smooth_preact18_times_faster_than_torch", "least", 5)
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

figures | ratios_and_aims
