#!/bin/bash
# The patch queue of a host as commits, and back; and on another version of the host. How a maintainer uses it: README.md.
#
#   queue.sh commits HOST TREE REPOSITORY   makes REPOSITORY, a new folder: TREE (a host's pristine tree), then one commit a patch
#   queue.sh patches HOST REPOSITORY        writes the commits there as the host's patches and series; what has not changed stays as it is
#   queue.sh try HOST TREE                  tries each patch on TREE, which stays as it is, and says which needs a hand
#
# A commit names its patch file in the last line of its message, "Patch: GROUP-NAME.patch".
. "$(dirname "$0")/common.sh"

# git as nobody in particular: no settings of the user's, no hooks.
quiet_git() {
    GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null git -c user.name=queue -c user.email=queue -c core.autocrlf=false \
        -c core.abbrev=8 -c commit.gpgsign=false -c core.hooksPath=/dev/null -c advice.detachedHead=false "$@"
}

# message_of PATCH: prints a patch file's subject and body, with the line that names the file.
message_of() {
    awk '/^diff --git/ { exit }
         header && /^$/ { header = 0 }
         /^Subject: / { header = 1; sub(/^Subject: (\[PATCH\] )?/, ""); subject = $0; next }
         header { sub(/^ /, ""); subject = subject " " $0; next }
         subject != "" && !header { body = body $0 "\n" }
         END { print subject; printf "%s", body }' "$1" | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'
    printf '\nPatch: %s\n' "$(basename "$1")"
}

# header_of PATCH NAME: prints the value of a mail header.
header_of() {
    sed -n "/^diff --git/q; s/^$2: //p" "$1" | head -1
}

# author_of PATCH: name and address, which may stand on two lines.
author_of() {
    awk '/^From: / { sub(/^From: /, ""); found = 1; line = $0; next } found && /^ / { line = line $0; next } found { exit }
         END { print line }' "$1"
}

# commit_patch PATCH REPOSITORY
commit_patch() {
    quiet_git -C "$2" apply --index --whitespace=nowarn - < "$1" || return 1
    message_of "$1" | quiet_git -C "$2" commit -q --author "$(author_of "$1")" --date "$(header_of "$1" Date)" -F -
}

commits() {
    local host=$1 tree=$2 repository=$3 patch
    [ ! -e "$repository" ] || die "$repository is there already"
    host_of "$tree" > /dev/null || die "$tree is no Darknet tree that this project knows"
    mkdir -p "$repository" && cp -R "$tree/." "$repository" && rm -rf "$repository/.git" && quiet_git -C "$repository" init -q || exit 1
    printf '*.o\n*.d\n' > "$repository/.git/info/exclude"
    quiet_git -C "$repository" add -A -f . && quiet_git -C "$repository" commit -q -m "pristine" && quiet_git -C "$repository" tag pristine || exit 1
    while IFS= read -r patch; do
        commit_patch "$patch" "$repository" || die "patch $(basename "$patch") does not match $tree"
    done < <(queue "$host")
    echo "queue: $(queue "$host" | wc -l) commits after the tag pristine in $repository"
}

# patch_of COMMIT REPOSITORY: prints the commit as a patch file.
patch_of() {
    local abbreviated
    abbreviated=$(quiet_git -C "$2" -c core.abbrev=8 format-patch --zero-commit --no-signature --no-stat --keep-subject --stdout -1 "$1" | sed '/^Patch: .*\.patch$/d')
    sed -e '1,/^Subject: /s/^Subject: /Subject: [PATCH] /' -e '/^---$/,/^diff --git/{/^---$/d;}' <<< "$abbreviated" |
        awk '/^diff --git/ { started = 1 } started { print; next } /^$/ { ++empty; next } { while (empty > 0) { print ""; --empty } print } /^diff --git/ { exit }
             ' | awk '!started && /^diff --git/ { if (last != "") print ""; started = 1 } { print; last = $0 }'
}

# same_change A B: whether two patch files change the same lines and say the same.
same_change() {
    [ "$(quiet_git patch-id --stable < "$1" | cut -d' ' -f1)" = "$(quiet_git patch-id --stable < "$2" | cut -d' ' -f1)" ] &&
        [ "$(message_of "$1" | sed '$d')" = "$(message_of "$2" | sed '$d')" ]
}

patches() {
    local host=$1 repository=$2 commit commits name folder=$patch_dir/$1 comments
    commits=$(quiet_git -C "$repository" rev-list --reverse pristine..HEAD 2> /dev/null) && [ -n "$commits" ] ||
        die "$repository: no repository with commits after a tag pristine, as queue.sh commits makes it"
    new=$(mktemp -d) || exit 1
    trap 'rm -rf "$new"' EXIT
    for commit in $commits; do
        name=$(quiet_git -C "$repository" log -1 --format=%B "$commit" | sed -n 's/^Patch: //p' | tail -1)
        [ -n "$name" ] || die "commit $commit does not name its patch: end its message with a line Patch: GROUP-NAME.patch"
        [ ! -e "$new/$name" ] || die "two commits name $name: squash them (git rebase -i)"
        patch_of "$commit" "$repository" > "$new/$name" || die "commit $commit gives no patch"
        echo "$name" >> "$new/series"
        if [ -f "$folder/$name" ] && same_change "$folder/$name" "$new/$name"; then cp "$folder/$name" "$new/$name"; fi
    done
    for name in "$folder"/*.patch; do [ -e "$new/$(basename "$name")" ] || rm -f "$name"; done
    cp "$new"/*.patch "$folder/"
    if [ "$(cat "$new/series")" != "$(queue "$host" | xargs -d '\n' -n 1 basename)" ]; then
        comments=$(grep '^#' "$folder/series")
        { [ -z "$comments" ] || echo "$comments"; cat "$new/series"; } > "$folder/series.new" && mv "$folder/series.new" "$folder/series"
    fi
    echo "queue: $(queue "$host" | wc -l) patches in $folder"
}

# try_patch PATCH DIR: applies the patch to DIR as far as it goes and says how it went.
try_patch() {
    local said name
    name=$(basename "$1")
    if said=$(patch -d "$2" -p1 -f -N -F 0 --no-backup-if-mismatch -r - < "$1" 2>&1); then
        if grep -q 'offset' <<< "$said"; then echo "ok    $name (moved)"; else echo "ok    $name"; fi
        return 0
    fi
    if patch -d "$2" -p1 -R -f -s --dry-run -F 0 < "$1" > /dev/null 2>&1; then
        echo "drop  $name: the host has it already"
    else
        echo "HAND  $name:$(awk '/^patching file/ { file = $3 } /^Hunk.*FAILED/ { sub(/\.$/, "", $5); printf " %s line %s,", file, $5 } /find file to patch/ { printf " a file is gone," }' <<< "$said" | sed 's/,$//')"
    fi
    return 1
}

try() {
    local host=$1 tree=$2 patch hands=0
    host_of "$tree" > /dev/null || die "$tree is no Darknet tree that this project knows"
    copy=$(mktemp -d) || exit 1
    trap 'rm -rf "$copy"' EXIT
    cp -R "$tree/." "$copy" || die "cannot copy $tree"
    while IFS= read -r patch; do
        try_patch "$patch" "$copy" || hands=$((hands + 1))
    done < <(queue "$host")
    echo "queue: $hands of $(queue "$host" | wc -l) patches need a hand"
    [ $hands = 0 ]
}

case ${1:-} in
    commits) [ $# = 4 ] || die "usage: queue.sh commits HOST TREE REPOSITORY" ;;
    patches) [ $# = 3 ] || die "usage: queue.sh patches HOST REPOSITORY" ;;
    try) [ $# = 3 ] || die "usage: queue.sh try HOST TREE" ;;
    *) die "usage: queue.sh commits|patches|try ..." ;;
esac
[ -f "$patch_dir/$2/series" ] || die "there is no queue for $2 (darknet_patch/$2/series)"
"$@"
