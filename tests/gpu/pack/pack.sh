#!/bin/bash
# Packs the folder that report.sh and table.sh run from, on a machine with a driver and nothing of this project: programs built here, the
# libraries that they need but for glibc and CUDA's, networks, tests, images. Where it grows beyond PART MiB, further images go into
# folders beside it, FOLDER-2, FOLDER-3 and so on: what has come with any of them is used.
#
# Environment: PART=MiB (default 57), CUDA_LIBRARIES=1 (packs cuBLAS, cuRAND and cuDNN, too, as they are, in FOLDER-cuda), XZ=level and
# LEVEL=level (of programs and images; less is faster), BATCHES=names (of the images, default: all), SECOND=program (the second host's darknet),
# COMMIT, BUILT_WITH=text
#
# usage: pack.sh PROGRAMS PLAIN CUDNN CACHE FOLDER      PROGRAMS: of the losses; PLAIN, CUDNN: of builds without and with cuDNN, each with its
#                                                 darknet-HOST beside; CUDNN may be ''; CACHE: for packed images
set -eu -o pipefail
programs=${1:?} plain=${2:?} cudnn=$3 cache=${4:?} folder=${5:?}
part=${PART:-57} tree=$folder.tree host=${HOST:-pjreddie}
batches=${BATCHES:-test_batch data_batch_1 data_batch_2 data_batch_3 data_batch_4 data_batch_5}

die() { echo "gpu-pack: $*" >&2; exit 1; }

# What the target brings, or has to have: glibc and the driver; and what is looked for there.
of_system='/(ld-linux-x86-64|libc|libm|libmvec|libdl|librt|libpthread|libresolv|libutil|libcuda)\.so'
of_cuda='libcu(blas|blasLt|rand|dnn[a-z_]*)\.so'

# needs FILE...: the libraries that they load themselves.
needs() { { objdump -p "$@" 2> /dev/null || true; } | sed -n 's/^ *NEEDED *//p' | sort -u; }

copy_programs() {
    local name
    mkdir -p "$tree"/{bin,lib,cudnn0}
    cp "$programs"/{golden,test_twins,test_product,test_tap,bench_losses,versions,images,cifar10} "$tree/bin"
    for name in 0 ${cudnn:+1}; do
        local from=$plain
        if [ "$name" = 1 ]; then from=$cudnn; fi
        mkdir -p "$tree/cudnn$name"
        cp "$from/darknet-$host"/{darknet,libdarknet.so} "$from"/{compare_networks,share_weights,bench_step,save_weights,paper_table} "$tree/cudnn$name"
    done
    if [ -n "${SECOND:-}" ]; then mkdir "$tree/second" && cp "$SECOND" "$tree/second/darknet"; fi
    strip "$tree"/bin/* "$tree"/{cudnn*,second}/* 2> /dev/null || true # scripts stay as they are
}

copy_libraries() {
    local said missing file
    said=$(LD_LIBRARY_PATH=$(realpath "$plain/darknet-$host"):${LD_LIBRARY_PATH:-} ldd "$tree"/bin/* "$tree"/{cudnn*,second}/* 2> /dev/null || true)
    missing=$(sed -n 's/ => not found//p' <<< "$said" | { grep -vE "$of_cuda|libcuda\.so" || true; } | sort -u | xargs)
    [ -z "$missing" ] || die "libraries are missing here, too: $missing"
    sed -n 's/^.* => \(\/[^ ]*\) .*/\1/p' <<< "$said" | sort -u | grep -vE "$of_system|/$of_cuda|/libdarknet\.so" | while IFS= read -r file; do
        # CUDA's run time is small, and has to be this one
        cp -L "$file" "$tree/lib/${file##*/}"
    done
}

# What the scripts use of this project, at the places where they are here.
copy_sources() {
    mkdir -p "$tree"/tests/{gpu,golden,bench} "$tree"/experiments/paper "$tree/data"
    cp -r cfg "$tree"
    cp -r tests/golden/cases "$tree/tests/golden"
    cp tests/gpu/*.cfg tests/gpu/{compare,train_small,bench}.sh "$tree/tests/gpu"
    cp tests/bench/bench_torch.py "$tree/tests/bench"
    cp -r experiments/paper/*.{sh,awk,txt} experiments/paper/{full,small} "$tree/experiments/paper"
    cp data/cifar10.data "$tree/data"
    cp experiments/common.sh "$tree/experiments"
    if [ -n "${NETWORKS_FROM:-}" ]; then cp -r "$NETWORKS_FROM"/. "$tree"; fi
}

write_conf() {
    local needed glibc
    needed=$(needs "$tree"/bin/* "$tree"/{cudnn*,second}/* | grep -E "^($of_cuda|libcudart\.so)" | sort | xargs)
    glibc=$({ objdump -T "$tree"/bin/* "$tree"/{cudnn*,second}/* $(ls -d "$tree"/lib/* | grep -v 'libstdc++') "$next/xz"/* 2> /dev/null || true; } | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -1)
    printf '%s=%q\n' commit "${COMMIT:-unknown}" built_with "${BUILT_WITH:-an unknown nvcc}" cuda_needs "$needed" needs_glibc "${glibc#GLIBC_}" \
        packed "$(date -u +%F-%T)" > "$next/pack.conf"
}

# pack_batches: all images, each batch packed once and kept.
pack_batches() {
    local name line=0 list
    mkdir -p "$cache"
    for name in $batches; do
        [ ! -s "$cache/$name.webp" ] || continue
        list=data/cifar10/train.list line=0
        if [ "$name" = test_batch ]; then list=data/cifar10/test.list; else line=$(((${name##*_} - 1) * 10000)); fi
        "$programs/rebuild_batches" $list $line "$cache/$name.bin" && "$programs/images" pack "$cache/$name.bin" "$cache/$name.webp" ${LEVEL:-} || die "$name: cannot be packed"
        rm "$cache/$name.bin"
    done
}

# Images go into the first folder with room for them.
place_batches() {
    local name number=1 to=$next size room
    room=$((part * 1048576 - $(du -sb "$next" | cut -f1)))
    for name in $batches; do
        size=$(stat -c %s "$cache/$name.webp")
        if [ "$size" -gt $room ]; then
            number=$((number + 1)) to=$next-$number room=$((part * 1048576))
            [ "$size" -le $room ] || die "PART=$part: too small for $name"
        fi
        mkdir -p "$to/images"
        cp "$cache/$name.webp" "$to/images"
        room=$((room - size))
    done
}

# cuBLAS, cuRAND and cuDNN with all that they open, as they are.
pack_cuda() {
    local file
    mkdir -p "$next-cuda"
    ldd "$tree"/cudnn*/darknet | sed -n 's/^.* => \(\/[^ ]*\) .*/\1/p' | grep -E "/$of_cuda" | sort -u | while IFS= read -r file; do
        for file in "${file%%.so*}"*.so.*[0-9]; do cp -L "$file" "$next-cuda"; done
    done
    [ -n "$(ls "$next-cuda")" ] || die "CUDA_LIBRARIES=1: there are none here"
}

next=$folder.new
rm -rf "$tree" "$next" "$next"-*
mkdir -p "$next/xz"
copy_programs
copy_libraries
copy_sources
cp tests/gpu/pack/{report.sh,table.sh,common.sh,libraries.sh,sections.sh,README.md} "$next"
sed -n "/^batch_md5=/,/test_batch/{s/^batch_md5='//;s/'\$//;p}" data/get_cifar10.sh > "$next/images.md5"
cp "$(command -v xz)" "$next/xz"
ldd "$next/xz/xz" | sed -n 's/^.* => \(\/[^ ]*\) .*/\1/p' | grep -vE "$of_system" | while IFS= read -r file; do cp -L "$file" "$next/xz"; done
tar -C "$tree" --owner=0 --group=0 -cf - . | xz -T0 -"${XZ:-9}" > "$next/programs.tar.xz"
write_conf
pack_batches
place_batches
if [ "${CUDA_LIBRARIES:-0}" = 1 ]; then pack_cuda; fi
# What a table has come to on a GPU is kept.
for kept in "$folder"/{out,work/results,*.state.tar.xz}; do
    [ -e "$kept" ] || continue
    mkdir -p "$(dirname "$next/${kept#"$folder/"}")"
    cp -a "$kept" "$next/${kept#"$folder/"}"
done
rm -f "$next"/out/{report.md,log.txt} # of other programs
rm -rf "$folder" "$folder"-[0-9] "$folder-cuda" "$tree"
for made in "$next" "$next"-*; do
    [ -e "$made" ] || continue
    mv "$made" "$folder${made#"$next"}"
    echo "$folder${made#"$next"}: $(du -sm --apparent-size "$folder${made#"$next"}" | cut -f1) MiB"
done
