#!/bin/bash
# One section of report.sh: prints its lines, which are PASS, FAIL, SKIPPED, aims, and figures "name value unit".
#
# Environment: what report.sh exports; SECTION_SECONDS: after so many it is ended; NETWORKS="NAME ..." that are compared; EVALUATE="-test 100":
# options of `darknet lgg eval`
#
# usage: sections.sh NAME
set -u -o pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
cd "$work" || exit 1
status=0 quick=${QUICK:-0} seconds=${SECTION_SECONDS:-100000}
epochs=${EPOCHS:-10}
networks=${NETWORKS:-small consumers recipe upsample distilled sections detection}

# Lines come out as they are written, where there is stdbuf.
lines() { if command -v stdbuf > /dev/null; then with_libraries stdbuf -oL "$@"; else with_libraries "$@"; fi; }

# check WHAT COMMAND...: a PASS line, or FAIL and the last words.
check() {
    local what=$1
    shift
    if "$@" > "$work/logs/check" 2>&1; then
        echo "PASS $what"
    else
        echo "FAIL $what: $(grep -m1 -iE 'error|differ' "$work/logs/check" || tail -1 "$work/logs/check")"
        status=1
    fi
}

# needs_device, needs_libraries NAME: or else the section is over.
needs_device() {
    [ -s found ] || find_cuda > /dev/null
    eval "$(cat found)"
    if [ "$device" = 0 ]; then echo "SKIPPED $1: there is no device that CUDA's runtime can use"; exit 1; fi
}
needs_libraries() {
    needs_device "$1"
    if [ "$libraries" = 0 ]; then echo "SKIPPED $1: libraries are missing or do not work, see the first section"; exit 1; fi
    darknet=$work/cudnn$cudnn/darknet programs=$work/cudnn$cudnn
}

device() {
    if command -v nvidia-smi > /dev/null; then
        nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm,compute_cap --format=csv,noheader || status=1
    else
        echo "MISSING nvidia-smi"
    fi
    sed -n 's/^PRETTY_NAME=//p' /etc/os-release 2> /dev/null | tr -d '"'
    echo "$(nproc) cores:$(sed -n 's/^model name[^:]*://p;T;q' /proc/cpuinfo 2> /dev/null), load $(cut -d' ' -f1 /proc/loadavg 2> /dev/null)"
    local glibc
    glibc=$(getconf GNU_LIBC_VERSION 2> /dev/null | sed 's/^glibc //')
    echo "glibc ${glibc:-unknown}; the programs need $needs_glibc"
    if [ -n "$glibc" ] && [ "$(printf '%s\n' "$glibc" "$needs_glibc" | sort -V | head -1)" != "$needs_glibc" ]; then
        echo "FAIL glibc: this machine's is older; pack on a system that is no newer than this one"
        status=1
    fi
    find_cuda || status=1
    eval "$(cat found)"
    if [ "$device$libraries" != 11 ]; then status=1; fi
    if [ "$cudnn" = 0 ]; then echo "no usable cuDNN: programs without it run, and no aim of a training step is judged"; fi
    local python
    python=$(pythons)
    if [ -n "$python" ]; then "$python" -c 'import torch; print("PyTorch", torch.__version__)'; else echo "no PyTorch with CUDA: nothing is compared with it"; fi
}

# A small training of CFG in FOLDER with seed=5, in one go and resumed; both must end with the same weights.
go() {
    sed "s/^max_batches=.*/max_batches=$2\nseed=5/" "$1.cfg" > go.cfg
    with_libraries "$darknet" classifier train small.data go.cfg "${@:3}"
}
twice() (
    cp "$work/tests/gpu/$1.cfg" . && go "$1" 4 && mv backup/go.weights once.weights && go "$1" 4 && cmp once.weights backup/go.weights &&
        go "$1" 2 && go "$1" 4 backup/go.backup && cmp once.weights backup/go.weights
)

golden() {
    needs_device golden
    lines bin/golden tests/golden/cases/*.txt | tee -a "$out/log.txt" | grep --line-buffered -v '^PASS' || status=1
    lines bin/test_twins || status=1
    lines bin/test_product || status=1
    lines bin/test_tap || status=1
    needs_libraries "trainings repeated"
    check "trains" with_libraries tests/gpu/train_small.sh "$darknet" "$work/small"
    cd small && for network in small dropout; do check "$network: trained twice, and resumed: the same bits" twice $network; done; cd ..
    lines bin/test_twins -large || status=1
}

networks() {
    local network
    needs_libraries networks
    for time in first second; do
        with_libraries tests/gpu/compare.sh "$programs/compare_networks" "$time" $networks || status=1
    done
    for network in $networks; do
        check "$network: computed twice, the same bits" diff <(grep "^$network " first/digests || echo none) <(grep "^$network " second/digests)
    done
    if [ "$(nvidia-smi -L 2> /dev/null | grep -c '^GPU')" -ge 2 ]; then
        check "trains on two GPUs" with_libraries tests/gpu/train_small.sh "$darknet" "$work/two" -gpus 0,1
    fi
}

speed() {
    needs_libraries speed
    PYTHON=$(pythons) CUDNN=$cudnn TORCH_SECONDS=$((seconds * 4 / 10)) LIBRARIES=$(library_path) \
        tests/gpu/bench.sh bin/bench_losses "$programs" 2>> logs/speed || status=1
}

sanitizer() {
    local tool found='' program=(bin/test_twins) each
    needs_device sanitizer
    for tool in compute-sanitizer "${CUDA_HOME:-/usr/local/cuda}"/bin/compute-sanitizer /usr/local/cuda*/bin/compute-sanitizer \
        /usr/local/cuda*/compute-sanitizer/compute-sanitizer /opt/nvidia/nsight-compute/*/target/*/compute-sanitizer; do
        if [ -z "$found" ] && command -v "$tool" > /dev/null; then found=$tool; fi
    done
    if [ -z "$found" ]; then echo "SKIPPED sanitizer: there is no compute-sanitizer"; return; fi
    if [ "$quick" = 1 ]; then program=(bin/golden tests/golden/cases/*gkd*.txt); fi
    each=$((seconds / 3 - 1))
    for tool in memcheck racecheck initcheck; do
        local kernels=()
        # of races only those of our kernels: cuBLAS synchronizes some of its own in ways that racecheck does not know
        if [ $tool = racecheck ]; then kernels=(--kernel-regex kns=lgg_); fi
        with_libraries timeout -k 2 $each "$found" --tool $tool "${kernels[@]}" --error-exitcode 9 "${program[@]}" > "logs/$tool" 2>&1
        case $? in
            0) echo "PASS sanitizer-$tool" ;;
            124 | 137) echo "STOPPED sanitizer-$tool: its $each seconds are over" ;;
            9) echo "FAIL sanitizer-$tool: $(grep -m1 -E '=========.*(Error|Invalid|hazard|Uninit)' "logs/$tool")"; status=1 ;;
            *) echo "SKIPPED sanitizer-$tool: it does not work here: $(tail -1 "logs/$tool")" ;;
        esac
    done
}

# seconds_between FROM TO, of $EPOCHREALTIME
seconds_between() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", b - a }'; }

# first_iteration LOG: waits for it to have a row, then prints the time.
first_iteration() {
    until [ -e "$1" ] && [ "$(wc -l < "$1")" -ge 2 ]; do sleep .05; done
    echo "$EPOCHREALTIME"
}

# training NAME CFG ITERATIONS SECONDS CHANGES: trains, ended in time; prints what came of it: its seconds, images a second from the first
# iteration on, minutes of 200 such epochs of 50,000 images, test error.
training() {
    local name=$1 cfg=$work/$1.cfg log=$work/logs/$1.csv began=$EPOCHREALTIME done last watcher
    rm -f "$log" "logs/$name".* "backup/$name".*
    awk -v changes="net.max_batches=$3 net.lgg_log=$log $5" -f experiments/paper/derive_cfg.awk "$2" > "$cfg" || return 1
    first_iteration "$log" > "logs/$name.first" &
    watcher=$!
    with_libraries timeout -s TERM -k 20 "$4" "$darknet" classifier train data/cifar10.data "$cfg" > "logs/$name.txt" 2>&1
    last=$EPOCHREALTIME
    kill $watcher 2> /dev/null
    done=$(tail -n 1 "$log" 2> /dev/null) done=${done%%,*}
    case $done in '' | *[!0-9]*) echo "FAIL $name: $(tail -n 1 "logs/$name.txt")"; return 1 ;; esac
    if [ ! -s "backup/$name.weights" ]; then echo "STOPPED $name: after $done of $3 iterations, $4 seconds"; fi
    awk -v name="$name" -v n="$done" -v batch="$(sed -n 's/^batch=//p' "$cfg" | head -1)" -v all="$(seconds_between "$began" "$last")" \
        -v s="$(seconds_between "$(cat "logs/$name.first")" "$last")" 'BEGIN {
        printf "training_%s %.1f s\n", name, all
        if (n < 2 || s <= 0) exit
        printf "training_%s_rate %.0f images/s\n", name, (n - 1) * batch / s
        printf "training_%s_full_scale %.2f minutes\n", name, s / (n - 1) * 200 * 391 / 60 }'
    [ -s "backup/$name.weights" ] || return 0
    with_libraries "$darknet" lgg eval data/cifar10.data "$cfg" "backup/$name.weights" ${EVALUATE:-} -csv "logs/$name.eval" >> "logs/$name.txt" 2>&1 ||
        { echo "FAIL $name: $(tail -n 1 "logs/$name.txt")"; return 1; }
    awk -F, -v name="$name" '$3 == "all" { printf "training_%s_error %s %%\n", name, $6 }' "logs/$name.eval"
}

iterations_of_epoch() { echo $((($(wc -l < data/cifar10/train.list) + 127) / 128)); }

images() {
    if ! unpack_images; then echo "SKIPPED $1: the images cannot be unpacked, or none are here"; exit 1; fi
    echo "$(wc -l < data/cifar10/train.list) of 50000 training images are here"
}

teacher_weights() { # those of a teacher trained in an earlier section, or else of none
    if [ ! -s backup/wrn28-1.weights ]; then with_libraries "$programs/save_weights" cfg/wrn28-1.cfg backup/wrn28-1.weights 2>> logs/teacher || return 1; fi
    echo "lgg_gkd.teacher_weights=backup/wrn28-1.weights"
}

# on_device: gpu_data=1, where the programs know it.
on_device() { if grep -q gpu_data "$darknet"; then echo net.gpu_data=1; fi; }

trainings() {
    needs_libraries trainings
    images trainings
    local count each=$((seconds / 4))
    count=$((epochs * $(iterations_of_epoch)))
    {
        training wrn28-0.5 cfg/wrn28-0.5.cfg $count $each "$(on_device)" || status=1
        training wrn28-1 cfg/wrn28-1.cfg $count $each "$(on_device)" || status=1
        training wrn28-0.5-gkd cfg/wrn28-0.5-gkd.cfg $count $each "$(on_device) $(teacher_weights)" || status=1
        exit $status
    } | awk -v cudnn="$cudnn" '
        { print; fflush() }
        /^training_wrn28-0.5.*_full_scale / { minutes[$1] = $2 }
        END {
            for (name in minutes)
                printf "aim_%s %s (at most 2.5 minutes: %s)\n", name, minutes[name], \
                    !cudnn ? "not judged: no cuDNN" : minutes[name] <= 2.5 ? "met" : "not met"
        }' || status=1
}

several() {
    needs_libraries several
    images several
    local count each=$((seconds * 2 / 3)) i pids=()
    count=$((epochs * $(iterations_of_epoch)))
    rm -f logs/several-*
    for ((i = 1; i <= JOBS; ++i)); do
        training "several-$i" cfg/wrn28-0.5-gkd.cfg $count $each "net.seed=$i $(on_device) $(teacher_weights)" > "logs/lines-$i" &
        pids+=($!)
    done
    for i in "${pids[@]}"; do wait "$i" || status=1; done
    cat $(seq -f 'logs/lines-%g' "$JOBS")
    awk '/_rate / { sum += $2; ++n } END { if (n) printf "training_%d_at_once_rate %.0f images/s\n", n, sum }' $(seq -f 'logs/lines-%g' "$JOBS")
}

second() {
    if [ ! -x second/darknet ]; then echo "SKIPPED second: packed without it (make gpu-pack SECOND=its-tree)"; return; fi
    needs_libraries second
    if [ "$cudnn" = 0 ]; then echo "SKIPPED second: built with cuDNN"; return; fi
    darknet=$work/second/darknet
    images second
    local count each=$((seconds / 3))
    count=$((epochs * $(iterations_of_epoch)))
    training second-wrn28-0.5 cfg/wrn28-0.5.cfg $count $each "$(on_device)" || status=1
    training second-wrn28-0.5-gkd cfg/wrn28-0.5-gkd.cfg $count $each "$(on_device) $(teacher_weights)" || status=1
}

"${1:?}"
exit $status
