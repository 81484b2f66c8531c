# What fetch.sh, stage.sh and install.sh share: hosts, their patch queues, and our own sources. To be sourced by bash.
#
# A host is a folder beside this file, but lgg, which is installed with our sources: host.conf says where its pristine tree comes from, series lists its patches in order.
set -u -o pipefail
# As in the Makefile: a decimal point, lists sorted by bytes, cd where it is told.
export LC_ALL=C
unset CDPATH

patch_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1
source_dir=$(dirname "$patch_dir")/src

# die MESSAGE: one line, and out.
die() {
    echo "$(basename "$0" .sh): $*" >&2
    exit 1
}

# host_of DIR: prints the name of the host whose tree DIR is; fails if it is none that we know.
host_of() {
    [ -f "$1/include/darknet.h" ] && [ -f "$1/src/network.c" ] && [ -f "$1/Makefile" ] || return 1
    if [ -f "$1/examples/classifier.c" ]; then
        echo pjreddie
    elif [ -f "$1/src/classifier.c" ] && grep -q LIB_API "$1/include/darknet.h"; then
        echo alexeyab
    else
        return 1
    fi
}

# queue HOST: prints the paths of the host's patches, in order.
queue() {
    local patch
    sed -e 's/[[:space:]]*#.*//' -e '/^$/d' "$patch_dir/$1/series" | while IFS= read -r patch || [ -n "$patch" ]; do printf '%s\n' "$patch_dir/$1/$patch"; done
}

# touched HOST: prints every file that the host's queue changes, creates or deletes.
touched() {
    queue "$1" | xargs -r -d '\n' sed -n -e 's|^--- a/||p' -e 's|^+++ b/||p' | sed 's/\t.*//' | sort -u
}

# patch_tree HOST DIR: applies the patch on stdin to the tree DIR.
patch_tree() {
    local fuzz
    fuzz=$(host_value "$1" FUZZ)
    patch -d "$2" -p1 -s -f -N -F "${fuzz:-0}" --no-backup-if-mismatch -r -
}

# apply_queue HOST DIR: applies the queue to the tree DIR. On failure says which patch and file, and returns 1; DIR is then
# half patched, so let it be a copy.
apply_queue() {
    local patch said
    # All at once, which takes a tenth of the time. Where that fails, one after another, to find the patch that does not match.
    rm -rf "$2.unpatched" && cp -Rp "$2" "$2.unpatched" || return 1
    if queue "$1" | xargs -r -d '\n' cat 2> /dev/null | patch_tree "$1" "$2" > /dev/null 2>&1; then
        rm -rf "$2.unpatched"
        return
    fi
    rm -rf "$2" && mv "$2.unpatched" "$2" || return 1
    while IFS= read -r patch; do
        [ -f "$patch" ] || { echo "$1/series names $(basename "$patch"), which is not there" >&2; return 1; }
        if ! said=$(patch_tree "$1" "$2" < "$patch" 2>&1); then
            said=$(sed -n -e "s/.*can't find file to patch.*/a file is missing/p" -e 's/.*saving rejects.*//' -e '/FAILED/p' \
                       -e 's/^The next patch/&/p' -e 's/^Reversed (or/&/p' <<< "$said" | head -1)
            echo "patch $(basename "$patch") does not match this tree (${said:-it fails})" >&2
            return 1
        fi
    done < <(queue "$1")
}

# host_value HOST NAME: prints the value that host.conf gives to NAME.
host_value() {
    sed -n "s/^$2=//p" "$patch_dir/$1/host.conf"
}

# our_files: prints "SOURCE<tab>PATH IN THE HOST'S TREE" for each of our source files.
our_files() {
    find "$source_dir" -mindepth 2 -type f \( -name '*.c' -o -name '*.h' -o -name '*.cpp' -o -name '*.cu' -o -name '*.cuh' \) -printf '%p\tlgg/%P\n' | sort
    printf '%s\tlgg/lgg.mk\n%s\tlgg/lgg.cmake\n' "$patch_dir/lgg/lgg.mk" "$patch_dir/lgg/lgg.cmake"
}

# copy_ours DIR: makes DIR the lgg of a host's tree. All files of a folder are copied at once: a process each would take most of the time.
copy_ours() {
    local source file folder='' batch=()
    copy_batch() { [ ${#batch[@]} = 0 ] || { mkdir -p "$folder" && cp "${batch[@]}" "$folder"; }; }
    while IFS=$'\t' read -r source file; do
        file=$1/${file#lgg/}
        if [ "${file%/*}" != "$folder" ] || [ "${source##*/}" != "${file##*/}" ]; then
            copy_batch || return 1
            folder=${file%/*} batch=()
        fi
        if [ "${source##*/}" = "${file##*/}" ]; then
            batch+=("$source")
        else
            mkdir -p "$folder" && cp "$source" "$file" || return 1
        fi
    done < <(our_files)
    copy_batch
}

# version_of HOST: prints a checksum over the queue and our sources, the version of what an install brings.
version_of() {
    {
        cat "$patch_dir/$1/series"
        queue "$1" | xargs -r -d '\n' cat
        our_files | cut -f2
        our_files | cut -f1 | xargs -d '\n' sha256sum | sed -E 's/^\\?([0-9a-f]*).*/\1/'
    } | sha256sum | cut -d' ' -f1
}
