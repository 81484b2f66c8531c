#!/bin/bash
# Runs the benchmark: every figure a line "name value unit" on stdout and in DIR/figures.csv, the sweep over B and d in
# DIR/losses.csv and, drawn, in DIR/losses.svg. OpenBLAS takes its fastest kernels, for sgemm and for PyTorch, whatever
# OPENBLAS_CORETYPE said before.
#
# usage: bench.sh DIR CFGS     DIR: of the programs built by bench.mk; CFGS: the folder of the host's own .cfg files
set -u -o pipefail
dir=${1:?} cfgs=${2:?} here=$(dirname "$0")
csv=$dir/figures.csv

fail() {
    echo "bench: $*" >&2
    exit 1
}

# get NAME: the value of a figure taken before.
get() { awk -F, -v name="$1" '$1 == name { print $2 }' "$csv"; }

# ratio NAME A B: prints A/B, if both have been measured.
ratio() {
    awk -v name="$1" -v a="$(get "$2")" -v b="$(get "$3")" 'BEGIN { if (a > 0 && b > 0) printf "%s %.3f ratio\n", name, a / b }'
}

# over_peak NAME MS GFLOP: how many times longer it took than its arithmetic alone at the rate that the cores reach in registers.
over_peak() {
    awk -v name="$1" -v ms="$(get "$2")" -v work="$(get "$3")" -v peak="$(get peak_rate)" 'BEGIN {
        if (ms > 0 && work > 0 && peak > 0) printf "%s %.3f ratio\n", name, ms * peak / (1e3 * work) }'
}

# without_lgg CFG: the network without its LGG sections.
without_lgg() { awk '/^\[/ { lgg = /^\[(lgg_|label_variation|rkd|hkd)/ } !lgg' "$1"; }

# steps CFG: training steps with and without the LGG sections of cfg/CFG.cfg.
steps() {
    local name=$1 cfg=$dir/$1.cfg plain=$dir/$1-plain.cfg
    sed "s|^teacher_weights=.*|teacher_weights=$dir/teacher.weights|" "cfg/$name.cfg" > "$cfg"
    without_lgg "$cfg" > "$plain"
    if ! cmp -s "$cfg" "$plain"; then "$dir/bench_step" "$name" "$cfg" 2> "$dir/log" || fail "$name: $(tail -1 "$dir/log")"; fi
    case $name in
        wrn28-0.5-*) ;;
        wrn28-0.5) "$dir/bench_step" "$name" "$plain" 2> "$dir/log" || fail "$name: $(tail -1 "$dir/log")" ;;
        *) "$dir/bench_step" "$name-without" "$plain" 2> "$dir/log" || fail "$name: $(tail -1 "$dir/log")" ;;
    esac
}

# within_step NAME CFG: what of a step oneDNN's own kernels take: its convolutions alone bound the step from below, its reorders are what
# layouts cost. As oneDNN says itself, over all of bench_step's steps.
within_step() {
    ONEDNN_VERBOSE=1 "$dir/bench_step" "$1" "$2" 2> "$dir/log" | awk -F, -v name="$1" -v steps=11 '
        /^(onednn|dnnl)_verbose,exec/ { ms[$4] += $NF }
        END { for (kind in ms) if (kind == "convolution" || kind == "reorder") printf "step_%s_onednn_%ss %.4g ms\n", name, kind, ms[kind] / steps }'
}

# without_sections: the host's own networks, in stock Darknet and here, two images a training step.
without_sections() {
    local name
    [ -x "$dir/bench_stock" ] && [ "${GPU:-0}" != 1 ] || return 0
    for name in tiny yolov3-tiny; do
        sed -E -e 's/^(batch|subdivisions) *=.*//' -e '0,/^\[net\]/s//[net]\nbatch=2\nsubdivisions=1/' "$cfgs/$name.cfg" > "$dir/$name.cfg"
        "$dir/bench_stock" "stock_$name" "$dir/$name.cfg" 2> "$dir/log" | grep '^stock_' || fail "$name: $(tail -1 "$dir/log")"
        "$dir/bench_host" "host_$name" "$dir/$name.cfg" 2> "$dir/log" | grep '^host_' || fail "$name: $(tail -1 "$dir/log")"
    done
}

# has FLAG...: whether the processor has all of these instructions.
has() {
    local flag
    for flag in "$@"; do grep -qw -m1 "$flag" /proc/cpuinfo || return 1; done
}

# openblas_kernels: those of OpenBLAS that the processor can run, by name, on x86; "" is what OpenBLAS takes by itself.
openblas_kernels() {
    echo ""
    has avx512f avx512dq avx512bw avx512vl avx512cd && echo SkylakeX
    has avx2 fma && printf '%s\n' Haswell Zen
    has avx && echo Sandybridge
    has pni && echo Prescott
}

# choose_kernels: sets OPENBLAS_CORETYPE to the fastest, tried in processes of their own, since OpenBLAS chooses when it starts.
choose_kernels() {
    local name rate used best=0 fastest=''
    local -A tried=()
    while read -r name; do
        read -r rate used < <(OPENBLAS_CORETYPE=$name "$dir/bench_losses" trial 2> "$dir/log") || continue
        # two names may be the same kernels, and a library may lack some
        [ -n "${tried[$used]:-}" ] && continue
        tried[$used]=1
        echo "sgemm_with_${used}_kernels $rate GFLOP/s"
        if awk -v a="$rate" -v b="$best" 'BEGIN { exit !(a > b) }'; then best=$rate fastest=$used; fi
    done < <(openblas_kernels)
    [ -n "$fastest" ] || fail "sgemm: $(tail -1 "$dir/log")"
    export OPENBLAS_CORETYPE=$fastest
    echo "openblas_kernels $OPENBLAS_CORETYPE kernels"
}

figures() {
    echo "threads $(nproc) cores"
    # What else the machine was doing: near 0, or the figures below are too slow.
    echo "load_before $(cut -d' ' -f1 /proc/loadavg) processes"
    choose_kernels
    "$dir/bench_losses" "$dir/losses.csv" || fail "the losses"
    # A teacher is as fast untrained.
    "$dir/save_weights" cfg/wrn28-1.cfg "$dir/teacher.weights" 2> "$dir/log" || fail "$(tail -1 "$dir/log")"
    for name in wrn28-0.5 wrn28-0.5-gkd wrn28-0.5-rkd wrn28-0.5-hkd resnet18-label_variation preact_resnet18-smooth; do
        steps $name
    done
    within_step wrn28-0.5 "$dir/wrn28-0.5-plain.cfg"
    without_sections
    mkdir -p "$dir/images" && "$dir/bench_load" "$dir/images" || fail "the loader"
    for python in python3 /usr/bin/python3; do
        $python -c 'import torch' 2> "$dir/log" || continue
        $python "$here/bench_torch.py" 2> "$dir/log" || fail "$(tail -1 "$dir/log")"
        break
    done
}

ratios() {
    for name in wrn28-0.5-gkd wrn28-0.5-rkd wrn28-0.5-hkd; do ratio "memory_${name}_over_without" "memory_$name" memory_wrn28-0.5; done
    for name in resnet18-label_variation preact_resnet18-smooth; do
        ratio "memory_${name}_over_without" "memory_$name" "memory_$name-without"
    done
    ratio load_over_step_wrn28-0.5 load_128_images step_wrn28-0.5
    ratio gkd_wrn28_times_faster_than_torch torch_gkd_wrn28 gkd_wrn28
    ratio smooth_preact18_times_faster_than_torch torch_smooth_preact18 smooth_preact18
    ratio gkd_wrn28_times_faster_than_default_torch default_torch_gkd_wrn28 gkd_wrn28
    ratio smooth_preact18_times_faster_than_default_torch default_torch_smooth_preact18 smooth_preact18
    ratio gkd_wrn28_over_peak gkd_wrn28 gkd_wrn28_at_peak_rate
    [ "${GPU:-0}" = 1 ] && return # our steps are the GPU's then
    ratio step_wrn28-0.5_times_faster_than_torch torch_step_wrn28-0.5 step_wrn28-0.5
    ratio step_wrn28-0.5-gkd_times_faster_than_torch torch_step_wrn28-0.5-gkd step_wrn28-0.5-gkd
    ratio step_resnet18_times_faster_than_torch torch_step_resnet18 step_resnet18-label_variation-without
    ratio step_preact_resnet18_times_faster_than_torch torch_step_preact_resnet18 step_preact_resnet18-smooth-without
    for name in tiny yolov3-tiny; do
        for what in prediction step; do ratio "${name}_${what}_times_faster_than_stock" "stock_${name}_$what" "host_${name}_$what"; done
    done
    over_peak step_wrn28-0.5_over_peak step_wrn28-0.5 step_wrn28-0.5_arithmetic
    over_peak step_resnet18_over_peak step_resnet18-label_variation-without step_resnet18-label_variation-without_arithmetic
    over_peak step_preact_resnet18_over_peak step_preact_resnet18-smooth-without step_preact_resnet18-smooth-without_arithmetic
    over_peak teacher_wrn28-1_over_peak step_wrn28-0.5-gkd_teacher step_wrn28-0.5-gkd_teacher_arithmetic
    # student, teacher and loss together: half of PyTorch's time can be below what their arithmetic takes
    awk -v all="$(get step_wrn28-0.5-gkd)" -v student="$(get step_wrn28-0.5-gkd_arithmetic)" \
        -v teacher="$(get step_wrn28-0.5-gkd_teacher_arithmetic)" -v loss="$(get gkd_wrn28_at_peak_rate)" -v peak="$(get peak_rate)" 'BEGIN {
        if (all == "" || teacher == "" || loss == "" || peak <= 0) exit
        least = 1e3 * (student + teacher) / peak + loss
        printf "step_wrn28-0.5-gkd_at_peak_rate %.4g ms\nstep_wrn28-0.5-gkd_over_peak %.3f ratio\n", least, all / least }'
}

# record: passes figures on, and keeps them.
record() { tee >(sed 's/\([^ ]*\) \([^ ]*\) \(.*\)/\1,\2,\3/' >> "$csv"); }

echo name,value,unit > "$csv"
figures | record || exit 1
sleep .2 # the last figures reach the file
ratios | record
sleep .2
"$here/aims.sh" "$csv" | record
{
    echo "# The benchmark, as measured"
    echo
    echo "Written by \`make bench\`, $(date -u +%Y-%m-%d), $(nproc) cores of $(awk -F': *' '/^model name/ { print $2; exit }' /proc/cpuinfo), commit" \
        "$(git rev-parse --short=12 HEAD 2> /dev/null || echo unknown), OpenBLAS with its $(get openblas_kernels) kernels."
    echo
    awk -f "$here/results.awk" "$csv"
} > "$dir/RESULTS.md"
awk -f "$here/plot.awk" "$dir/losses.csv" > "$dir/losses.svg" || fail "nothing to draw"
echo "$csv, $dir/RESULTS.md, $dir/losses.csv and $dir/losses.svg hold these figures" >&2
