#!/bin/bash
# Writes tests/gpu/REPORT.md: the device, the versions, every test's result and the benchmark. Leaves the file alone where there
# is no GPU.
#
# usage: MAKE=make CUDNN=0|1 tests/gpu/report.sh NVCC
set -u -o pipefail
nvcc=${1:?} report=tests/gpu/REPORT.md
tests/gpu/have_gpu.sh gpu-report "$nvcc" || exit 0

{
    echo "# The GPU code on a GPU"
    echo
    echo "Made by \`make gpu-report\` on $(date -u +%F), commit $(git rev-parse --short HEAD 2> /dev/null || echo unknown)."
    echo
    echo '```'
    nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader
    "$nvcc" --version | grep release
    echo "cuDNN $(echo 'CUDNN_MAJOR.CUDNN_MINOR.CUDNN_PATCHLEVEL' |
        ${CC:-cc} -E -P -include cudnn_version.h $(tests/gpu/toolkit.sh folders "$nvcc") -x c - 2> /dev/null | tr -d ' ' | grep . || echo none)"
    echo '```'
    for target in test-gpu-link test-gpu bench; do
        printf '\n## make %s\n\n```\n' $target
        $MAKE --no-print-directory $target GPU=1 CUDNN="$CUDNN" 2>&1 | grep -E '^(PASS|FAIL|SKIPPED|[a-zA-Z0-9_.-]+ [-0-9.e+]+ [^ ]+$)'
        echo '```'
    done
} > "$report.new" && mv "$report.new" "$report"
echo "$report is written"
