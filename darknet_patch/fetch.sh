#!/bin/bash
# Puts a host's pristine tree into DEST: from a tree that the user names, else by git at the pinned commit, else from
# Debian's source package, whose orig tarball must have the pinned checksum.
#
# DEST.id says what DEST holds and is written last: a fetch that was interrupted, or of another version, is begun again, a complete one costs
# nothing.
# The system's configuration stays as it is: apt works on a copy of the source list, in folders of its own.
#
# usage: fetch.sh HOST DEST [DARKNET]
. "$(dirname "$0")/common.sh"

host=${1:?usage: fetch.sh HOST DEST [DARKNET]}
dest=${2:?usage: fetch.sh HOST DEST [DARKNET]}
mkdir -p "$(dirname "$dest")" && dest=$(cd "$(dirname "$dest")" && pwd)/$(basename "$dest") || exit 1
given=${3:-}
[ -f "$patch_dir/$host/host.conf" ] || die "there is no host $host here (darknet_patch/$host)"
work=$dest.new

# install_tree ID: makes the tree in $work/tree the new $dest.
install_tree() {
    rm -rf "$dest.id" "$dest"
    mv "$work/tree" "$dest" && echo "$1" > "$dest.id.new" && mv "$dest.id.new" "$dest.id" || exit 1
    rm -rf "$work"
}

# new_work: an empty $work.
new_work() {
    rm -rf "$work"
    mkdir -p "$work/tree" || exit 1
}

# files_of DIR: prints those of the host's files that the tree DIR has, one a line, sorted.
files_of() {
    local name
    for name in $(host_value "$host" TREE); do
        if [ -e "$1/$name" ]; then (cd "$1" && find "$name" -type f ! -name '*.o'); fi
    done | sort
}

from_given_tree() {
    local found id
    found=$(host_of "$given") || die "$given is no Darknet tree that this project knows"
    [ "$found" = "$host" ] || die "$given is a tree of $found, not of $host"
    [ ! -e "$given/lgg/.installed" ] || die "the layers are installed in $given already: run make there, or make uninstall first"
    id="tree $(cd "$given" && files_of . | xargs -d '\n' sha256sum | sha256sum | cut -d' ' -f1)"
    if [ "$id" = "$(cat "$dest.id" 2> /dev/null)" ]; then return; fi
    new_work
    files_of "$given" | tar -C "$given" -cf - -T - | tar -C "$work/tree" -xf - || die "cannot copy $given"
    install_tree "$id"
    echo "Darknet ($host) taken from $given"
}

from_git() {
    local url commit
    url=$(host_value "$host" GIT) commit=$(host_value "$host" COMMIT)
    command -v git > /dev/null || return 1
    GIT_TERMINAL_PROMPT=0 timeout 10 git ls-remote -q "$url" HEAD > /dev/null 2>&1 || return 1
    new_work
    git init -q "$work/git" || return 1
    GIT_TERMINAL_PROMPT=0 timeout 120 git -C "$work/git" fetch -q --depth 1 "$url" "$commit" || return 1
    git -C "$work/git" -c core.autocrlf=false -c core.eol=lf archive "$commit" | tar -C "$work/tree" -xf - || return 1
    install_tree "commit $commit"
    echo "Darknet ($host) fetched from $url at $commit"
}

# source_list DIR: writes to DIR the machine's own apt sources, asked for source packages.
source_list() {
    local etc file
    eval "$(apt-config shell etc Dir::Etc/d list Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
    for file in "$list" "$parts"/*.list; do
        if [ -f "$file" ]; then sed -nE 's/^[[:space:]]*deb(-src)?([[:space:]])/deb-src\2/p' "$file" | sort -u > "$1/$(basename "$file")"; fi
    done
    for file in "$parts"/*.sources; do
        if [ -f "$file" ]; then sed -E 's/^[Tt]ypes:.*/Types: deb-src/' "$file" > "$1/$(basename "$file")"; fi
    done
}

from_debian() {
    local orig
    orig=$(host_value "$host" DEBIAN_ORIG)
    [ -n "$orig" ] && command -v apt-get > /dev/null || return 1
    new_work
    mkdir -p "$work/sources" "$work/lists/partial" "$work/cache/archives/partial"
    source_list "$work/sources"
    cat > "$work/apt.conf" << END
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$work/sources";
Dir::State::lists "$work/lists";
Dir::Cache "$work/cache";
Acquire::Languages "none";
Acquire::http::Timeout "30";
APT::Sandbox::User "$(id -un)";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
END
    # A source that does not answer is no reason to give up: the package may come from another.
    (cd "$work" || exit 1; apt-get -q -c apt.conf update; apt-get -q -c apt.conf source --download-only --tar-only \
        "$(host_value "$host" DEBIAN_SOURCE)=$(host_value "$host" DEBIAN_VERSION)") > "$work/apt.log" 2>&1
    [ -f "$work/$orig" ] || return 1
    echo "$(host_value "$host" DEBIAN_SHA256)  $work/$orig" | sha256sum --check --status ||
        die "$orig has a wrong checksum: refused ($(sha256sum < "$work/$orig" | cut -d' ' -f1))"
    tar -C "$work/tree" --strip-components=1 -xf "$work/$orig" || return 1
    install_tree "sha256 $(host_value "$host" DEBIAN_SHA256)"
    echo "Darknet ($host) fetched from Debian's source package $(host_value "$host" DEBIAN_SOURCE)"
}

# is_there: whether DEST is what host.conf pins, or a copy of a tree that was given before, which is said.
is_there() {
    local id
    id=$(cat "$dest.id" 2> /dev/null) || return 1
    case $id in
        "commit $(host_value "$host" COMMIT)" | "sha256 $(host_value "$host" DEBIAN_SHA256)") ;;
        "tree "*) echo "Darknet ($host): the copy of the tree that DARKNET named last (without $dest.id the pinned version is fetched)" ;;
        *) return 1 ;;
    esac
}

if [ -n "$given" ]; then
    from_given_tree
elif ! is_there; then
    echo "Fetching Darknet ($host)"
    if ! from_git; then
        debian=$(host_value "$host" DEBIAN_SOURCE)
        [ -n "$debian" ] || die "$(host_value "$host" GIT) is not to be had, and Debian does not ship $host. Get it elsewhere, then: make DARKNET=its-folder"
        echo "$(host_value "$host" GIT) is not to be had; trying Debian's source package"
        from_debian || {
            [ ! -s "$work/apt.log" ] || grep -E '^(E|W|Err)' "$work/apt.log" | tail -3 >&2
            die "no way to Darknet: neither git nor Debian's source package answers. Get it elsewhere, then: make DARKNET=its-folder"
        }
    fi
fi
