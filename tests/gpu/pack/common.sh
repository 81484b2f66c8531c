# common.sh: what report.sh and table.sh do first on a machine that has nothing of this project but the packed folder: unpack the programs and
# the images, find CUDA's libraries, choose the programs that go with them.
#
#   OUT=dir     where results go (default: out/ in this folder)
#   WORK=dir    where everything is unpacked, once (default: work/ in this folder)

die() { echo "$(basename "$0"): $*" >&2; exit 1; }
# here: the packed folder
out=${OUT:-$here/out} work=${WORK:-$here/work}
mkdir -p "$out" "$work" || die "OUT=$out, WORK=$work: not to be written"
out=$(cd "$out" && pwd) work=$(cd "$work" && pwd)
. "$here/pack.conf"
. "$here/libraries.sh"
export LC_ALL=C here out work

unpack_programs() {
    local key
    key=$(cat "$here/pack.conf")
    if [ "$key" = "$(cat "$work/unpacked" 2> /dev/null)" ]; then return; fi
    rm -rf "$work"/{bin,lib,cudnn0,cudnn1,second,cfg,tests,experiments,unpacked}
    LD_LIBRARY_PATH=$here/xz "$here/xz/xz" -dc "$here/programs.tar.xz" | tar -C "$work" -xf - || die "programs.tar.xz cannot be unpacked"
    mkdir -p "$work"/{backup,data,logs}
    # The packed libstdc++ may be newer than this machine's glibc, whose own will do then.
    with_libraries "$work/bin/golden" > /dev/null 2>&1
    if [ $? = 127 ]; then mv "$work/lib/libstdc++.so.6" "$work/lib/not-used" 2> /dev/null; fi
    echo "$key" > "$work/unpacked"
}

# image_files: the packed batches, which may lie in several folders: this one, and those beside it whose names go on with -2, -3 ...
image_files() { ls "$here"/images/*.webp "$here"-[0-9]*/images/*.webp 2> /dev/null; }

# unpack_batch FILE: its ten thousand images. Not CIFAR-10: refused.
unpack_batch() {
    local name number folder=train first
    name=$(basename "$1" .webp)
    number=${name##*_} first=$((10#0${number//[!0-9]/} * 10000 - 10000))
    if [ "$name" = test_batch ]; then folder=test first=0; fi
    with_libraries "$work/bin/images" unpack "$1" "$work/data/new/$name.bin" || return 1
    (cd "$work/data/new" && grep " $name.bin" "$here/images.md5" | md5sum --status -c) || { echo "images: $name.bin is not CIFAR-10's" >&2; return 1; }
    with_libraries "$work/bin/cifar10" images "$work/data/new/$name.bin" "$work/data/cifar10/$folder" $first || return 1
    rm "$work/data/new/$name.bin"
    : > "$work/data/cifar10/$name"
}

# unpack_images: data/cifar10 of the images that are here; more may come later. All cores at once.
unpack_images() {
    local file pids=() failed=0 folder
    mkdir -p "$work"/data/new "$work"/data/cifar10/{train,test}
    while IFS= read -r file; do
        if [ -e "$work/data/cifar10/$(basename "$file" .webp)" ]; then continue; fi
        unpack_batch "$file" &
        pids+=($!)
    done < <(image_files)
    for file in "${pids[@]}"; do wait "$file" || failed=1; done
    for folder in train test; do
        find "$work/data/cifar10/$folder" -name '*.ppm' | sed "s|^$work/||" | sort > "$work/data/cifar10/$folder.list"
    done
    printf '%s\n' airplane automobile bird cat deer dog frog horse ship truck > "$work/data/cifar10/labels.txt"
    [ $failed = 0 ] && [ -s "$work/data/cifar10/train.list" ] && [ -s "$work/data/cifar10/test.list" ]
}

# library_path: of the packed libraries and those found; then where the loader was told to look, and where containers have the driver.
library_path() { echo "$work/cudnn$cudnn:$work/lib:$work/cuda${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}:/usr/local/nvidia/lib64:/usr/local/nvidia/lib"; }

# with_libraries COMMAND...: they are for our programs alone.
with_libraries() { LD_LIBRARY_PATH=$(library_path) "$@"; }

# A library that does not know this processor may take one of its slowest ways, or hang: OpenBLAS is told.
choose_kernels() {
    local flags
    flags=" $(sed -n 's/^flags[^:]*: *//p;T;q' /proc/cpuinfo 2> /dev/null) "
    case $flags in
        *' avx512f '*) export OPENBLAS_CORETYPE=${OPENBLAS_CORETYPE:-SkylakeX} ;;
        *' avx2 '*) export OPENBLAS_CORETYPE=${OPENBLAS_CORETYPE:-Haswell} ;;
    esac
}

# find_cuda: prints what is found of CUDA, line by line, and keeps in $work/found which programs can run: device=0|1, cudnn=0|1,
# libraries=0|1: all the others.
find_cuda() {
    local status device=1 lacking said
    cudnn=1
    find_libraries $cuda_needs
    said=$(with_libraries "$work/bin/versions" $cuda_needs)
    status=$?
    printf '%s' "${said:+$said$'\n'}"
    if [ $status = 3 ] || [ $status -gt 4 ]; then device=0; fi
    lacking=$(for name in $cuda_needs; do [ -e "$work/cuda/$name" ] || [ -e "$work/lib/$name" ] || echo "$name"; done; sed -n 's/^FAIL \(lib[^:]*\):.*/\1/p' <<< "$said")
    if grep -q '^libcudnn' <<< "$lacking"; then cudnn=0; fi
    printf 'device=%s cudnn=%s libraries=%s\n' $device $cudnn "$(grep -v '^libcudnn' <<< "$lacking" | grep -q . && echo 0 || echo 1)" > "$work/found"
}

# pythons: those here that have PyTorch with CUDA, one a line. It is a check, and needed for nothing.
pythons() {
    local python
    for python in ${PYTHON:-} python3 /usr/bin/python3 /opt/*/bin/python3 /opt/*/.venv/bin/python3 /venv/bin/python3; do
        command -v "$python" > /dev/null || continue
        if timeout 60 "$python" -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' 2> /dev/null; then echo "$python"; return; fi
    done
}

cudnn=1
choose_kernels
unpack_programs
