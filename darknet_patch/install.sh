#!/bin/bash
# Installs the layers in a Darknet tree of the user's, or takes them out again.
#
# Install copies our sources to DIR/lgg and applies the host's patch queue; the files it changes are kept as they were under
# DIR/lgg/.installed/original, and as they became under patched. So uninstall puts back the very bytes, and where the user has
# edited such a file in between it takes out our changes alone (a three-way merge). Everything is worked out on copies first: a
# tree that does not match is left untouched. When interrupted, the same command again, or uninstall, goes on from any point.
#
# usage: install.sh install|uninstall DIR
. "$(dirname "$0")/common.sh"

command=${1:-} dir=${2:-}
[ -n "$dir" ] || die "which tree? make $command DARKNET=its-folder"
[ -d "$dir" ] || die "$dir: no such folder"
dir=$(cd "$dir" && pwd) || exit 1
state=$dir/lgg/.installed
new=$dir/.lgg.new

# lock: keeps other runs off this tree until this one ends, however it ends. The file tells whose the lock is; flock, where it is there,
# that it still holds, else that its process lives.
lock() {
    local file=$dir/.lgg.lock
    trap 'rm -f "$dir/.lgg.lock"' EXIT
    if ! command -v flock > /dev/null; then
        while ! ln -s $$ "$file" 2> /dev/null; do
            [ -L "$file" ] || die "$dir cannot be written to"
            if kill -0 "$(readlink "$file")" 2> /dev/null; then refuse_to_wait "$(readlink "$file")"; fi
            rm -f "$file"
        done
        return
    fi
    while :; do
        [ ! -L "$file" ] || rm -f "$file"
        { exec 9>> "$file"; } 2> /dev/null || die "$dir cannot be written to"
        # a moment, in which the last command of a killed run ends
        flock -w 1 9 || refuse_to_wait "$(cat "$file" 2> /dev/null)"
        # the run before has removed the file that was opened here
        [ ! "$file" -ef /dev/fd/9 ] || break
    done
    echo $$ > "$file"
}

# refuse_to_wait PID
refuse_to_wait() {
    trap - EXIT
    die "process ${1:-of another user} is installing into $dir or uninstalling from it: wait for its end; this run has changed nothing"
}

# Working copies of a run that was interrupted are of no use; an old lgg moved aside without its successor is put back.
clear_leftovers() {
    if [ -d "$dir/.lgg.old" ] && [ ! -e "$dir/lgg" ]; then mv "$dir/.lgg.old" "$dir/lgg"; fi
    rm -rf "$new" "$dir/.lgg.old" "$dir/.lgg.file"
}

# give_up MESSAGE: out, with the tree as it was.
give_up() {
    rm -rf "$new"
    die "$1; $dir is left untouched"
}

# place COPY FILE: puts COPY (nothing, if it does not exist) in the place of the tree's FILE in one step.
place() {
    local file=$dir/$2
    if [ ! -e "$1" ]; then
        rm -f "$file"
        return
    fi
    [ ! "$1" -nt "$file" ] && [ ! "$1" -ot "$file" ] && cmp -s "$1" "$file" && return
    { [ -d "${file%/*}" ] || mkdir -p "${file%/*}"; } && cp -p "$1" "$dir/.lgg.file" && mv -f "$dir/.lgg.file" "$file" ||
        die "cannot write $file: make uninstall puts everything back"
}

# without_ours FILE COPY: makes COPY the tree's FILE without what an earlier install did to it.
without_ours() {
    local now=$dir/$1 original=$state/original/$1 patched=$state/patched/$1
    [ -d "${2%/*}" ] || mkdir -p "${2%/*}"
    if [ ! -d "$state" ] || ! grep -qxF "$1" "$state/files"; then
        [ ! -e "$now" ] || cp -p "$now" "$2"
    elif [ ! -e "$now" ] && [ -e "$patched" ]; then
        give_up "$1 was deleted since the install: put back a copy of lgg/.installed/patched/$1"
    elif cmp -s "$now" "$patched" || cmp -s "$now" "$original"; then
        [ ! -e "$original" ] || cp -p "$original" "$2"
    elif [ ! -e "$original" ]; then
        [ ! -e "$now" ] || give_up "$1, which the install created, was edited since: move it away first"
    else
        cp -p "$now" "$2"
        diff3 -a -m -E "$now" "$patched" "$original" > "$2" 2> /dev/null ||
            give_up "$1 was edited where the patches changed it: undo that edit first (lgg/.installed/patched/$1 is the file without it)"
        touch "$2"
    fi
}

# refuse_edited_sources: our own files would go, and the user's edits in them with them.
refuse_edited_sources() {
    local edited
    edited=$(cd "$dir" && sha256sum --check --quiet "$state/sources" 2> /dev/null | sed -n 's/: FAILED$//p' | head -1)
    [ -z "$edited" ] || give_up "$edited was edited since the install: move it away first"
    edited=$(cd "$dir" && find lgg -type f ! -path 'lgg/.installed/*' | sort | comm -23 - <(sed 's/^[0-9a-f]*  //' "$state/sources" | sort) | head -1)
    [ -z "$edited" ] || give_up "$edited is a file of yours: move it away first"
}

# remove_outputs: what make built with our code in it, so that no object outlives its source.
remove_outputs() {
    local output
    for output in $(host_value "$host" OUTPUTS); do
        case $output in
            backup | results) ;;
            *) if [ -e "$dir/$output" ]; then
                   (cd "$dir" && find "./$output" -type f \( -name '*.o' -o -name '*.d' -o -name 'onnx.pb-c.[ch]' -o -path "./$output" \) -newer "$state/began" -delete)
               fi ;;
        esac
        if [ -d "$dir/$output" ] && ! grep -qxF "$output" "$state/had"; then rmdir "$dir/$output" 2> /dev/null; fi
    done
}

# own COPY...: gives what root has made the tree's owner.
own() {
    if [ "$(id -u)" = 0 ]; then chown -R --reference="$dir" "$@"; fi
}

install() {
    local version file files refused
    version=$(version_of "$host")
    if [ "$version" = "$(cat "$state/version" 2> /dev/null)" ]; then
        echo "install: the layers are installed in $dir already, in this version"
        return
    fi
    if [ -e "$dir/lgg" ] && [ ! -d "$state" ]; then give_up "$dir/lgg is there already and is not ours"; fi
    if [ -d "$state" ]; then refuse_edited_sources; fi

    # On copies: every file of both queues without our changes, then with the new ones.
    mkdir "$new" 2> /dev/null || die "$dir cannot be written to"
    mkdir -p "$new/.installed/original" "$new/.installed/patched"
    files=$({ touched "$host"; [ ! -d "$state" ] || cat "$state/files"; } | sort -u)
    while IFS= read -r file; do
        [ ! -L "$dir/$file" ] || give_up "$file is a symbolic link"
        without_ours "$file" "$new/.installed/original/$file"
    done <<< "$files"
    cp -Rp "$new/.installed/original/." "$new/.installed/patched" || give_up "cannot copy"
    refused=$(apply_queue "$host" "$new/.installed/patched" 2>&1) || give_up "$refused"
    copy_ours "$new" || give_up "cannot copy our sources"
    (cd "$new" && our_files | cut -f2 | sed 's|^lgg/||' | xargs -d '\n' sha256sum) | sed 's|  |  lgg/|' > "$new/.installed/sources"
    echo "$files" > "$new/.installed/files"
    echo "$host" > "$new/.installed/host"
    if [ -d "$state" ]; then
        cp -p "$state/had" "$state/began" "$new/.installed/"
    else
        (cd "$dir" && for file in $(host_value "$host" OUTPUTS); do [ ! -e "$file" ] || echo "$file"; done) > "$new/.installed/had"
        touch "$new/.installed/began"
    fi
    own "$new"

    # In the tree: an old version out, ours in, and last of all the mark that it is whole.
    if [ -d "$state" ]; then
        rm -f "$state/version"
        while IFS= read -r file; do place "$new/.installed/original/$file" "$file"; done < "$state/files"
        mv "$dir/lgg" "$dir/.lgg.old" || exit 1
    fi
    mv "$new" "$dir/lgg" || exit 1
    rm -rf "$dir/.lgg.old"
    while IFS= read -r file; do place "$state/patched/$file" "$file"; done <<< "$files"
    echo "$version" > "$state/version" && own "$state/version"
    echo "install: the layers are in $dir ($host); now run make there"
}

uninstall() {
    local file
    [ -d "$state" ] || die "the layers are not installed in $dir"
    refuse_edited_sources
    mkdir "$new" 2> /dev/null || die "$dir cannot be written to"
    while IFS= read -r file; do without_ours "$file" "$new/$file"; done < "$state/files"
    rm -f "$state/version"
    while IFS= read -r file; do place "$new/$file" "$file"; done < "$state/files"
    remove_outputs
    mv "$dir/lgg" "$new/lgg" && rm -rf "$new"
    echo "uninstall: $dir is as it was (what make built there since the install is gone)"
}

if [ -d "$state" ] || [ -d "$dir/.lgg.old" ] || host_of "$dir" > /dev/null; then lock; fi
clear_leftovers
if [ -d "$state" ]; then
    host=$(cat "$state/host")
else
    host=$(host_of "$dir") || die "$dir is no Darknet tree that this project knows (pjreddie/darknet, AlexeyAB/darknet); left untouched"
fi
[ -f "$patch_dir/$host/series" ] || die "$dir is a tree of $host, for which there is no patch queue yet; left untouched"
case $command in
    install | uninstall) "$command" ;;
    *) die "usage: install.sh install|uninstall DIR" ;;
esac
