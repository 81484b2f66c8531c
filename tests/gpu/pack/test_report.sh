#!/bin/bash
# Rehearses report.sh and table.sh on a machine that has nothing: a folder with a shell, the usual commands and their libraries, a Python
# installation that brings CUDA's libraries, and the packed folder, whose programs are built for the emulation. Programs that only take long
# are stand-ins: test_twins, test_product and bench_losses, which test-cuda runs.
#
# usage: tests/gpu/pack/test_report.sh PROGRAMS PLAIN CUDNN LIBRARIES CACHE PLACE    as pack.sh's; LIBRARIES: the emulation's; PLACE: to work in
set -u -o pipefail
programs=${1:?} plain=${2:?} cudnn=${3:?} libraries=$(realpath "${4:?}") cache=${5:?} place=${6:?} failed=0
root=$place/root
rm -rf "$place"
mkdir -p "$place" "$root"
place=$(realpath "$place") root=$place/root

check() { # check WHAT COMMAND...
    local what=$1
    shift
    if "$@" > "$place/said" 2>&1; then
        echo "PASS gpu-report: $what"
    else
        echo "FAIL gpu-report: $what: $(tail -1 "$place/said" | cut -c -200)"
        failed=1
    fi
}
says() { grep -q -- "$2" "$1" || { echo "'$2' is not in $1"; return 1; }; }
says_not() { [ -e "$1" ] && ! grep -m1 -- "$2" "$1"; }

# ---- the networks of the real report are too large for the emulation ----
# network FILE SECTIONS
network() {
    printf '%s\n' '[net]' batch=4 height=32 width=32 channels=3 min_crop=32 max_crop=32 pad_crop=4 flip=1 shuffle=1 seed=1 learning_rate=.1 \
        momentum=.9 policy=constant max_batches=4 '' '[convolutional]' batch_normalize=1 filters=4 size=8 stride=8 pad=1 activation=relu '' \
        '[avgpool]' '' '[connected]' output=10 activation=linear '' '[softmax]' '' "${@:2}" > "$place/networks/cfg/$1.cfg"
}
taught() { printf '[%s]\nteacher_cfg=cfg/wrn28-1.cfg\nteacher_weights=backup/wrn28-1.weights\n' "$1"; }
mkdir -p "$place"/networks/{cfg,experiments/paper}
for name in wrn28-0.5 wrn28-1 resnet18 preact_resnet18; do network $name; done
network wrn28-0.5-gkd "$(taught lgg_gkd)" layers=0 teacher_layers=0
network wrn28-0.5-rkd "$(taught rkd)"
network wrn28-0.5-hkd "$(taught hkd)"
network preact_resnet18-smooth '[lgg_smooth]' layers=0,1
printf '%s\n' 'title a rehearsal' 'seeds 2' 'train 200' 'evaluate clean -test 40' 'baseline baseline' \
    'run teacher cfg/wrn28-1.cfg seeds=1 budget=4' 'run baseline cfg/wrn28-0.5.cfg budget=60' \
    'run gkd cfg/wrn28-0.5-gkd.cfg budget=60 lgg_gkd.teacher_weights=@teacher' > "$place/networks/experiments/paper/table1-full.txt"

# ---- packing ----
stand_in() { printf '#!/bin/bash\n%s\n' "$2" > "$1" && chmod +x "$1"; }
mkdir -p "$place/programs"
cp "$programs"/{golden,test_tap,versions,images,cifar10,rebuild_batches} "$place/programs"
stand_in "$place/programs/test_twins" 'if [ -e /tmp/slow ]; then echo "PASS twins: begun"; sleep 1000; fi; echo "PASS twins: a stand-in"'
stand_in "$place/programs/test_product" 'echo "PASS product: a stand-in"'
stand_in "$place/programs/bench_losses" 'printf "gpu_gkd_wrn28 1 ms\ngpu_gkd_wrn28_over_floor 1.2 ratio\n"'
pack() {
    COMMIT='a rehearsal' BUILT_WITH='the emulation' XZ=0 LEVEL=0 BATCHES='test_batch data_batch_1' NETWORKS_FROM=$place/networks PART=$1 LD_LIBRARY_PATH=$libraries \
        tests/gpu/pack/pack.sh "$place/programs" "$plain" "$cudnn" "$cache" "$root/packed/gpu-report"
}
mkdir -p "$root/packed"
check "packs" pack 57
part=$(($(du -sm --apparent-size "$root/packed/gpu-report" | cut -f1) - 5)) # the last images have no room
mkdir "$root/packed/gpu-report/out" && echo state > "$root/packed/gpu-report/out/table1-full.state.tar.xz"
check "packs into two folders, where one grows too large" pack $part
check "and keeps what a table has come to there" [ -s "$root/packed/gpu-report/out/table1-full.state.tar.xz" ]
rm -rf "$root/packed/gpu-report/out"
[ $failed = 0 ] || exit 1
check "the second folder has images" [ -s "$root/packed/gpu-report-2/images/data_batch_1.webp" ]

# ---- a bare machine ----
bring() { # bring FILE...: with the libraries it needs, at their own places
    local file
    for file in "$@" $(ldd "$@" | grep -o '/[^ :]*\.so[^ :]*' | sort -u); do
        mkdir -p "$root$(dirname "$file")"
        cp -L "$file" "$root$file"
    done
}
commands=(bash cat chmod cmp cp cut date diff dirname basename du env find flock getconf grep head ln ls md5sum mkdir mktemp mv mawk nproc paste printf readlink
    realpath rm sed seq sleep sort stat stdbuf tail tar tee timeout touch tr true uname uniq wc xargs)
for name in bin lib lib64; do mkdir -p "$root/usr/$name"; ln -s usr/$name "$root/$name"; done
mkdir -p "$root"/{proc,dev,tmp,root,etc}
glibc=$(ldd /bin/true | grep -o '/[^ ]*/libc\.so\.6')
bring /lib64/ld-linux-x86-64.so.2 "${glibc%/*}"/lib{m,mvec,dl,rt,pthread,resolv}.so.[0-9]
for name in "${commands[@]}"; do bring "$(realpath -s "$(type -P "$name")")"; done
ln -s mawk "$root/usr/bin/awk"
ln -s bash "$root/usr/bin/sh"
cp --parents -L /usr/libexec/coreutils/libstdbuf.so "$root" 2> /dev/null
: > "$root/dev/null"
ln -s /proc/self/fd "$root/dev/fd"
stand_in "$root/usr/bin/nvidia-smi" 'case "$*" in -L) echo "GPU 0: emulated" ;; *) echo "emulated, 0" ;; esac'
python=$root/opt/python/lib/python3.12/site-packages
mkdir -p "$python"/nvidia/{cu13,cudnn}/lib
cp "$libraries"/libcublas.so "$python/nvidia/cu13/lib"
cp "$libraries/libcudnn.so" "$python/nvidia/cudnn/lib"

# inside VARIABLE=VALUE... COMMAND...: runs it in there, with nothing else of this machine.
mounting='mount -t proc proc "$1/proc" && mount --bind /dev/null "$1/dev/null" && exec chroot "$1" "${@:2}"'
namespaces=()
for way in "unshare -mpf" "unshare -rmpf"; do
    if [ ${#namespaces[@]} = 0 ] && $way bash -c "$mounting" - "$root" /bin/true 2> /dev/null; then namespaces=($way); fi
done
if [ ${#namespaces[@]} = 0 ]; then
    echo "SKIPPED gpu-report: no folder can be entered here as a root of its own (unshare, chroot)"
    exit $failed
fi
inside() {
    env -i "${namespaces[@]}" bash -c "$mounting" - "$root" /usr/bin/env -i PATH=/usr/bin HOME=/root OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
        NETWORKS='small distilled' EPOCHS=1 EVALUATE='-test 8' "$@"
}
# report NAME VARIABLE=VALUE... COMMAND...: into OUT=/tmp/NAME
report() { text=$root/tmp/$1/report.md && inside OUT="/tmp/$1" "${@:2}" > "$place/$1.log" 2>&1; }

# ---- with everything ----
stand_in "$root/usr/bin/python3" 'case "$*" in
    *sys.path*) echo /opt/python/lib/python3.12/site-packages ;;
    *bench_torch.py*) [ -s "$1" ] && echo "gpu_torch_gkd_wrn28 6 ms" ;;
    *PyTorch*) echo "PyTorch, a stand-in" ;;
esac'
stand_in "$root/usr/bin/compute-sanitizer" 'while [ "${1#-}" != "$1" ]; do shift 2; done; exec "$@"'
sed -i 's/shift 2; done/case $1 in --tool | --kernel-regex | --error-exitcode) shift 2 ;; esac; done/' "$root/usr/bin/compute-sanitizer"
report all JOBS=2 LGG_EMULATION_PTX=80 /packed/gpu-report/report.sh
check "no path is missing" says_not "$root/tmp/all/log.txt" 'No such file\|not found\|cannot open'
check "no line says FAIL" says_not "$text" '^FAIL'
for line in 'libcudnn.so: /opt/python/.*/nvidia/cudnn/lib' 'libcudart.so: packed' 'PyTorch, a stand-in' '[0-9]* of [0-9]* golden cases hold on the emulated GPU$' '[0-9]* of [0-9]* golden cases hold on the emulated GPU, 3xTF32' \
    'PASS dropout: trained twice, and resumed: the same bits' 'PASS distilled: computed twice, the same bits' \
    'gpu_gkd_wrn28_times_faster_than_torch 6 ratio' 'aim_gpu_gkd_wrn28_over_floor 1.2 (at most 1.5: met)' 'gpu_step_wrn28-0.5-gkd ' \
    'aim_gpu_step_wrn28-0.5-gkd_lgg_share .* (at most 3: \(not \)\?met)' 'PASS sanitizer-racecheck' '10000 of 50000 training images' \
    'training_wrn28-0.5_error' 'training_wrn28-0.5-gkd_rate' 'aim_training_wrn28-0.5-gkd_full_scale .*met)' 'training_2_at_once_rate' 'SKIPPED second: packed without it'; do
    check "says $line" says "$text" "^$line"
done

# ---- without cuDNN, Python and the sanitizer; then without cuBLAS; then without a device ----
rm -rf "$root"/usr/bin/{python3,compute-sanitizer} "$python/nvidia/cudnn"
: > "$root/tmp/slow"
report no-cudnn QUICK=1 LIMITS='golden=10 speed=300' /packed/gpu-report/report.sh device golden speed sanitizer
check "a section ends in time" says "$text" '^STOPPED golden'
for line in 'MISSING libcudnn.so' 'no usable cuDNN' 'no PyTorch with CUDA' 'SKIPPED bench-gpu-torch' 'SKIPPED sanitizer: there is no' 'gpu_step_wrn28-0.5 ' \
    'aim_gpu_step_wrn28-0.5-gkd_lgg_share .*(at most 3: not judged: no cuDNN)'; do
    check "without cuDNN: says $line" says "$text" "^$line"
done
mv "$python/nvidia/cu13" "$place/cu13"
report no-cublas QUICK=1 LIMIT=40 /packed/gpu-report/report.sh device networks several
for line in 'MISSING libcublas.so' 'SKIPPED networks: libraries are missing'; do check "without cuBLAS: says $line" says "$text" "^$line"; done
report no-device LGG_EMULATION_DEVICES=0 /packed/gpu-report/report.sh device golden
for line in 'FAIL device' 'SKIPPED golden: there is no device'; do check "without a device: says $line" says "$text" "^$line"; done

# ---- a table in slices, each on another machine ----
mv "$place/cu13" "$python/nvidia/cu13"
slices=0
runs_over() { tar -tf "$root/tmp/slices/table1-full.state.tar.xz" 2> /dev/null | grep -c 'runs/.*csv$'; }
while [ $slices -lt 8 ] && [ "$(runs_over)" != 5 ]; do
    slices=$((slices + 1))
    rm -rf "$root/packed/gpu-report/work/results"
    inside OUT=/tmp/slices BUDGET=$((30 + (1 << slices >> 1))) JOBS=1 /packed/gpu-report/table.sh >> "$place/table.log" 2>&1
done
check "a table comes to its end in slices" says "$root/tmp/slices/table1-full.txt" gkd
check "a slice goes on from the last one's state" says "$place/table.log" 'goes on from /tmp/slices/table1-full.state'
brought_back() { for file in "$root"/tmp/slices/*.$1-*.tar.xz; do tar -tf "$file"; done | sort | grep -c "$2"; }
check "every network is brought back once" [ "$(brought_back networks 'backup/[a-z]*-[12].weights$')" = 5 ]
check "and every log" [ "$(brought_back logs 'logs/.*csv$')" = 5 ]
check "and not in the state, but for the teacher's" [ "$(tar -tf "$root/tmp/slices/table1-full.state.tar.xz" | grep 'backup/.*weights$')" = table1-full/backup/teacher-1.weights ]
exit $failed
