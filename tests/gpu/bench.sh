#!/bin/bash
# The losses on the GPU and, where their programs are given, whole training steps; beside them the authors' functions and the same networks in
# PyTorch on the same GPU, where PyTorch is installed with CUDA. Lines "name value unit", then whether all reach what the project set itself.
#
# Environment: LIBRARIES=path for our programs, PYTHON=program, TORCH_SECONDS=n (then PyTorch is stopped), CUDNN=0: the steps are made without
# cuDNN, and not judged
#
# usage: tests/gpu/bench.sh BENCH_LOSSES [FOLDER]    FOLDER: of bench_step and save_weights, built for the GPU
set -u -o pipefail
bench_losses=${1:?} folder=${2:-} torch=tests/bench/bench_torch.py
place=$(mktemp -d) || exit 1
trap 'rm -rf "$place"' EXIT

# ratios_and_aims: passes figures on; then how often faster than PyTorch each of ours is, and whether all aims are met. Without steps, the
# share of a training step is bench.sh's of tests/bench, which times them.
ratios_and_aims() {
    awk -v steps="$folder" -v cudnn="${CUDNN:-1}" '
         function aim(name, bound, limit,    met) {
             met = !(name in value) ? "not measured" : (bound == "least" ? value[name] >= limit : value[name] <= limit) ? "met" : "not met"
             if (name ~ /step/ && cudnn != 1) met = "not judged: no cuDNN"
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
             if (steps != "") aim("gpu_step_wrn28-0.5-gkd_lgg_share", "most", 3)
         }'
}

ours() { LD_LIBRARY_PATH=${LIBRARIES:-${LD_LIBRARY_PATH:-}} "$@"; }

# A teacher is as fast untrained.
steps() {
    local name
    if [ "${CUDNN:-1}" != 1 ]; then echo "steps are made without cuDNN: slower than they need be, so nothing is judged by them"; fi
    ours "$folder/save_weights" cfg/wrn28-1.cfg "$place/teacher.weights" > /dev/null || return 1
    for name in wrn28-0.5 wrn28-0.5-gkd wrn28-0.5-rkd wrn28-0.5-hkd resnet18 preact_resnet18 preact_resnet18-smooth; do
        sed "s|^teacher_weights=.*|teacher_weights=$place/teacher.weights|" "cfg/$name.cfg" > "$place/$name.cfg"
        ours "$folder/bench_step" $name "$place/$name.cfg" > "$place/said" || { echo "FAIL step_$name: it does not run"; return 1; }
        sed 's/^/gpu_/' "$place/said"
    done
}

figures() {
    local failed=0
    ours "$bench_losses" || failed=1
    if [ -n "$folder" ]; then steps || failed=1; fi
    for python in ${PYTHON:-} python3 /usr/bin/python3; do
        $python -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' 2> /dev/null || continue
        timeout "${TORCH_SECONDS:-1000}" $python "$torch" cuda || echo "STOPPED bench-gpu-torch: after ${TORCH_SECONDS:-1000} seconds, or by an error"
        return $failed
    done
    echo "SKIPPED bench-gpu-torch: PyTorch with CUDA is not installed"
    return $failed
}

figures | ratios_and_aims
