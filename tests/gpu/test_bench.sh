#!/bin/bash
# The benchmark of the losses, in the emulation: what it times is compared with the C library, by either way of making products; kernels that
# compute something else, without a barrier, are told and end it with 1, through bench.sh as well.
#
# usage: tests/gpu/test_bench.sh BENCH_LOSSES FOLDER
set -u -o pipefail
bench_losses=${1:?} folder=${2:?} status=0
mkdir -p "$folder"
export LGG_EMULATION_PTX=80

# check WHAT COMMAND...
check() {
    if "${@:2}"; then
        echo "PASS bench-losses: $1"
    else
        echo "FAIL bench-losses: $1, see $folder"
        status=1
    fi
}
# with_errors COUNT SUFFIX: so many lines of values that are compared.
with_errors() { [ "$(grep -c "^gpu_[a-z0-9_]*$2_value_error [0-9.e-]* of_bound$" "$folder/all")" = "$1" ]; }
fails() { [ $? = 1 ] && grep -q "^FAIL gpu_gkd_wrn28:" "$1" && grep -q "^FAIL gpu_gkd_wrn28_float32:" "$1"; }

"$bench_losses" -small > "$folder/all" 2>&1
check "what is timed is what the C library computes" [ $? = 0 ]
check "nine losses, six of them by float32 alone as well" eval 'with_errors 15 "" && with_errors 6 _float32'
LGG_SKIP_BARRIER=lgg_gram_gpu.cu:$(grep -nm1 '__syncthreads()' src/lgg/lgg_gram_gpu.cu | cut -d: -f1)
export LGG_SKIP_BARRIER
"$bench_losses" -small gkd_wrn28 > "$folder/broken" 2>&1
check "without a barrier it is not" fails "$folder/broken"
printf '#!/bin/bash\nexec "%s" -small gkd_wrn28\n' "$(realpath "$bench_losses")" > "$folder/bench_losses"
chmod +x "$folder/bench_losses"
TORCH_SECONDS=1 tests/gpu/bench.sh "$folder/bench_losses" > "$folder/aims" 2>&1
check "and bench.sh fails" fails "$folder/aims"
exit $status
