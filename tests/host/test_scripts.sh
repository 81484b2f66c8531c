#!/bin/bash
# Tests of darknet_patch's scripts: what they do to a user's Darknet tree, to the build tree, and with a network that fails.
# PASS or FAIL a line; everything happens in a temporary folder whose name has a space in it.
#
# usage: test_scripts.sh PRISTINE BUILD_TREE
set -u -o pipefail
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null # no signatures, no hooks of the user's
cd "$(dirname "$0")/../.." || exit 1
repository=$PWD
pristine=$(cd "${1:?usage: test_scripts.sh PRISTINE BUILD_TREE}" && pwd) || exit 1
built=${2:?usage: test_scripts.sh PRISTINE BUILD_TREE}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
work="$scratch/a folder"
mkdir "$work"
failures=0
# make is called as a user calls it, not as a part of the make that runs this.
unset MAKEFLAGS MFLAGS MAKELEVEL

# check NAME COMMAND...: PASS if the command, given the rest of the line, succeeds.
check() {
    local name=$1
    shift
    if "$@" > "$scratch/said" 2>&1; then
        echo "PASS $name"
    else
        echo "FAIL $name: $(tail -3 "$scratch/said" | tr '\n' ' ')"
        failures=$((failures + 1))
    fi
}

# fingerprint DIR: path, type, mode, time and content of everything in it but .git.
fingerprint() {
    (cd "$1" && find . -path ./.git -prune -o \( -type f -printf '%P %m %T@\n' -o -type d -printf '%P/ %m\n' \) | sort &&
        find . -path ./.git -prune -o -type f -print0 | sort -z | xargs -0 sha256sum)
}

# new_tree NAME [all]: a Darknet tree of the user's in $work/NAME, without pictures unless all; its fingerprint in $scratch/before.
new_tree() {
    rm -rf "$work/$1"
    if [ "${2:-}" = all ]; then
        cp -Rp "$pristine" "$work/$1"
    else
        mkdir -p "$work/$1/cfg" && (cd "$pristine" && cp -Rp Makefile include src examples "$work/$1")
    fi
    chmod 755 "$work/$1/src/connected_layer.c"
    fingerprint "$work/$1" > "$scratch/before"
}

unchanged() {
    fingerprint "$1" | diff "$scratch/before" -
}

# one_line_says PATTERN COMMAND...: the command fails, saying one line that matches.
one_line_says() {
    local pattern=$1 said
    shift
    if said=$("$@" 2>&1); then
        echo "it succeeded: $said"
        return 1
    fi
    echo "$said"
    [ "$(wc -l <<< "$said")" = 1 ] && grep -q -- "$pattern" <<< "$said"
}

install() { "$repository/darknet_patch/install.sh" install "$@"; }
uninstall() { "$repository/darknet_patch/install.sh" uninstall "$@"; }

# ---- a user's tree

there_and_back() {
    new_tree tree all
    install "$work/tree" && grep -q time_steps "$work/tree/src/connected_layer.c" && [ -x "$work/tree/src/connected_layer.c" ] &&
        cmp "$work/tree/lgg/lgg/lgg.h" src/lgg/lgg.h && uninstall "$work/tree" && unchanged "$work/tree"
}
check install_then_uninstall_is_the_identity there_and_back

git_tree() {
    new_tree tree
    git -C "$work/tree" init -q && git -C "$work/tree" add -A &&
        git -C "$work/tree" -c user.name=a -c user.email=b commit -qm c || return 1
    install "$work/tree" && uninstall "$work/tree" && unchanged "$work/tree" && [ -z "$(git -C "$work/tree" status --porcelain)" ]
}
check the_same_in_a_git_tree git_tree

by_make() {
    new_tree tree
    (cd "$repository" && make -s install DARKNET="$work/tree" && make -s uninstall DARKNET="$work/tree") && unchanged "$work/tree"
}
check the_same_by_make by_make

# What shells and make read otherwise, in the tree's name: for installing and for building.
odd_names() {
    local name="o'neil \$x \"\$(HOME)\""
    new_tree "$name"
    make -s install DARKNET="$work/$name" && [ -f "$work/$name/lgg/lgg/lgg.h" ] && make -s uninstall DARKNET="$work/$name" &&
        unchanged "$work/$name" || return 1
    mkdir -p "$work/builds" && cp -R Makefile darknet_patch src "$work/builds" &&
        make -s -C "$work/builds" pristine DARKNET="$work/$name" &&
        cmp "$work/builds/build/pristine/pjreddie/src/gemm.c" "$work/$name/src/gemm.c" || return 1
    DARKNET="$work/$name" make -s -C "$work/builds" install && make -s -C "$work/builds" uninstall DARKNET="$work/$name" && unchanged "$work/$name"
}
check a_tree_may_have_any_name odd_names

# The project, too; and where cd looks is nothing to it.
odd_project() {
    local project="$work/R&D | \"x\""
    new_tree tree
    mkdir -p "$project" && cp -R darknet_patch src "$project" || return 1
    (cd "$work" && export CDPATH=.:/tmp && "$project/darknet_patch/install.sh" install tree && [ -f tree/lgg/lgg/lgg.h ] &&
        "$project/darknet_patch/install.sh" uninstall tree) && unchanged "$work/tree"
}
check the_project_may_have_any_name odd_project

# In a language with a decimal comma, an order of its own and other words: an edit of our sources is refused as ever, a build tree stays whole.
other_language() (
    export LOCPATH=$scratch/locales LC_ALL=de_DE.UTF-8 LANGUAGE=de
    new_tree tree
    install "$work/tree" && echo '// mine' >> "$work/tree/lgg/lgg/lgg.h" && one_line_says 'lgg.h was edited since' uninstall "$work/tree" || return 1
    rm -rf "$work/staged"
    LC_ALL=C darknet_patch/stage.sh pjreddie "$pristine" "$work/staged" GPU=0 && (cd "$work/staged" && find . -type f | LC_ALL=C sort) > "$scratch/staged" || return 1
    # as earlier versions sorted it
    sort -o "$work/staged/.our-files" "$work/staged/.our-files" && rm "$work/staged/.queue" && sort -o "$work/staged/.host-files" "$work/staged/.host-files" &&
        darknet_patch/stage.sh pjreddie "$pristine" "$work/staged" GPU=0 && (cd "$work/staged" && find . -type f | LC_ALL=C sort) | diff "$scratch/staged" -
)
mkdir -p "$scratch/locales"
if localedef -i de_DE -f UTF-8 "$scratch/locales/de_DE.UTF-8" > /dev/null 2>&1; then check any_language_will_do other_language; else
    echo "SKIPPED any_language_will_do: localedef makes no German one here"
fi

# others_files: the files of the tree that are not nobody's.
others_files() { find "$work/tree" ! \( -uid 65534 -gid 65534 \); }

owner_kept() {
    new_tree tree
    chown -R 65534:65534 "$work/tree"
    install "$work/tree" && [ -z "$(others_files)" ] || { others_files; return 1; }
    echo '// mine' >> "$work/tree/src/box.c"
    uninstall "$work/tree" && [ -z "$(others_files)" ] && [ ! -e "$work/tree/lgg" ] || { others_files; return 1; }
}
if [ "$(id -u)" = 0 ]; then check what_root_installs_belongs_to_the_owner_of_the_tree owner_kept; else
    echo "SKIPPED what_root_installs_belongs_to_the_owner_of_the_tree: not root"
fi

twice() {
    new_tree tree
    install "$work/tree" || return 1
    fingerprint "$work/tree" > "$scratch/installed"
    install "$work/tree" | grep 'already' && fingerprint "$work/tree" | diff "$scratch/installed" - &&
        uninstall "$work/tree" && unchanged "$work/tree" && one_line_says 'not installed' uninstall "$work/tree"
}
check installing_twice_changes_nothing twice

# another_version DIR: a copy of this project whose queue and sources differ.
another_version() {
    mkdir -p "$1" && cp -R darknet_patch src "$1" && rm "$1/darknet_patch/pjreddie/"*label-matching.patch &&
        sed -i /label-matching/d "$1/darknet_patch/pjreddie/series" && echo '// older' >> "$1/src/lgg/lgg.h" && echo '//' > "$1/src/lgg/gone.c"
}

upgrade() {
    new_tree tree
    another_version "$work/older" || return 1
    "$work/older/darknet_patch/install.sh" install "$work/tree" && [ -f "$work/tree/lgg/lgg/gone.c" ] &&
        ! grep -q label_of_path "$work/tree/src/data.c" && install "$work/tree" && grep -q label_of_path "$work/tree/src/data.c" &&
        [ ! -e "$work/tree/lgg/lgg/gone.c" ] && uninstall "$work/tree" && unchanged "$work/tree"
}
# Series built up from other patches may not do without label-matching; where they do, this holds.
check a_newer_version_replaces_an_older_one upgrade

edits_kept() {
    new_tree tree
    echo '// mine, before' >> "$work/tree/src/network.c"
    echo 'mine' > "$work/tree/cfg/mine.cfg"
    sed -i 's/going with constant/GOING with constant/' "$work/tree/src/parser.c"
    cp -Rp "$work/tree" "$work/expected"
    install "$work/tree" || return 1
    for edited in tree expected; do
        sed -i '1i// mine, after' "$work/$edited/src/connected_layer.c"
        echo '// mine, after' >> "$work/$edited/src/box.c"
        echo 'mine too' > "$work/$edited/cfg/mine.cfg"
    done
    uninstall "$work/tree" && diff -r "$work/expected" "$work/tree" && [ -x "$work/tree/src/connected_layer.c" ]
}
check edits_before_and_after_an_install_are_kept edits_kept

conflict_refused() {
    new_tree tree
    sed -i 's/ constrain_gpu(/ my_constrain_gpu(/' "$work/tree/src/connected_layer.c"
    fingerprint "$work/tree" > "$scratch/before"
    one_line_says 'untouched' install "$work/tree" && unchanged "$work/tree"
}
check a_tree_that_does_not_match_is_refused_untouched conflict_refused

missing_refused() {
    new_tree tree
    rm "$work/tree/src/connected_layer.c"
    fingerprint "$work/tree" > "$scratch/before"
    one_line_says 'untouched' install "$work/tree" && unchanged "$work/tree"
}
check a_tree_with_a_file_missing_is_refused_untouched missing_refused

later_conflict() {
    new_tree tree
    install "$work/tree" || return 1
    sed -i 's/time_steps != 1/time_steps != 2/' "$work/tree/src/connected_layer.c"
    fingerprint "$work/tree" > "$scratch/before"
    one_line_says 'src/connected_layer.c.*untouched' uninstall "$work/tree" && unchanged "$work/tree"
}
check an_edit_inside_a_patch_stops_uninstall_untouched later_conflict

edited_source() {
    new_tree tree
    install "$work/tree" || return 1
    echo '// mine' >> "$work/tree/lgg/lgg/lgg.h"
    one_line_says 'lgg/lgg/lgg.h was edited' uninstall "$work/tree"
}
check an_edit_of_our_own_source_is_not_thrown_away edited_source

strangers() {
    mkdir -p "$work/stranger/src" "$work/fork/src" "$work/fork/include" "$work/empty"
    echo int > "$work/stranger/src/network.c"
    echo LIB_API > "$work/fork/include/darknet.h"
    touch "$work/fork/src/network.c" "$work/fork/src/classifier.c" "$work/fork/Makefile"
    one_line_says 'no Darknet tree' install "$work/stranger" && one_line_says 'no Darknet tree' install "$work/empty" &&
        [ -z "$(ls -A "$work/empty")" ] && one_line_says 'no such folder' install "$work/nowhere" && one_line_says 'which tree' install '' &&
        { [ -f darknet_patch/alexeyab/series ] || one_line_says 'alexeyab' install "$work/fork"; }
}
check strangers_are_refused strangers

their_lgg() {
    new_tree tree
    mkdir "$work/tree/lgg"
    fingerprint "$work/tree" > "$scratch/before"
    one_line_says 'not ours.*untouched' install "$work/tree" && unchanged "$work/tree"
}
check a_folder_lgg_of_theirs_is_respected their_lgg

outputs() {
    new_tree tree
    mkdir "$work/tree/backup" "$work/tree/obj"
    touch "$work/tree/obj/old.o"
    fingerprint "$work/tree" > "$scratch/before"
    install "$work/tree" || return 1
    sleep .02
    mkdir "$work/tree/results"
    touch "$work/tree/obj/new.o" "$work/tree/darknet" "$work/tree/libdarknet.a"
    uninstall "$work/tree" && unchanged "$work/tree"
}
check what_make_built_since_goes_with_it outputs

# dying COMMAND N: runs install.sh COMMAND on the tree, killed at its Nth mv. Fails once there is no Nth.
dying() {
    mkdir -p "$scratch/bin"
    echo 0 > "$scratch/moves"
    printf '#!/bin/bash\nn=$(($(cat "%s/moves") + 1))\necho $n > "%s/moves"\n[ $n != %s ] || { kill -9 $PPID; exit 1; }\nexec /bin/mv "$@"\n' \
        "$scratch" "$scratch" "$2" > "$scratch/bin/mv"
    chmod +x "$scratch/bin/mv"
    (PATH=$scratch/bin:$PATH "$repository/darknet_patch/install.sh" "$1" "$work/tree" > /dev/null 2>&1) 2> /dev/null
    [ "$(cat "$scratch/moves")" -ge "$2" ]
}

# At its first two mv, then at every eighth until there are no more.
interrupted() {
    local n
    patched() { grep -q time_steps "$work/tree/src/connected_layer.c"; }
    new_tree tree
    for ((n = 1; ; n += n < 2 ? 1 : 8)); do
        dying install $n || break
        install "$work/tree" && patched || return 1
        dying uninstall $n || return 1 # it moves as many files
        install "$work/tree" && patched || return 1
        dying uninstall $n || return 1
        uninstall "$work/tree" || [ ! -e "$work/tree/lgg" ] || return 1
        unchanged "$work/tree" || return 1
        dying install $n || return 1
        uninstall "$work/tree" || [ ! -e "$work/tree/lgg" ] || return 1
        unchanged "$work/tree" || return 1
    done
    [ $n -gt 9 ] && uninstall "$work/tree" && unchanged "$work/tree"
}
check killed_at_any_point_it_goes_on interrupted

# at_once PATH: a second install while a first one, both with this PATH for commands, stands at its first mv.
at_once() {
    local first status
    new_tree tree
    rm -rf "$scratch/slow" "$scratch/stands" "$scratch/on" && mkdir "$scratch/slow"
    printf '#!/bin/bash\n: > "%s/stands"\nwhile [ ! -e "%s/on" ]; do sleep .05; done\nexec /bin/mv "$@"\n' "$scratch" "$scratch" > "$scratch/slow/mv"
    chmod +x "$scratch/slow/mv"
    PATH=$scratch/slow:$1 "$repository/darknet_patch/install.sh" install "$work/tree" &
    first=$!
    while [ ! -e "$scratch/stands" ] && kill -0 $first; do sleep .05; done
    PATH=$1 one_line_says "process $first is installing into .*tree or uninstalling from it: wait" install "$work/tree"
    status=$?
    : > "$scratch/on"
    wait $first && [ $status = 0 ] && grep -q time_steps "$work/tree/src/connected_layer.c" && PATH=$1 uninstall "$work/tree" && unchanged "$work/tree"
}
check two_installs_at_once_the_second_is_refused_and_the_first_named at_once "$PATH"
mkdir "$scratch/all_but_flock" && ln -s /usr/bin/* "$scratch/all_but_flock" && rm -f "$scratch/all_but_flock/flock"
ln -s /bin/* "$scratch/all_but_flock" 2> /dev/null
rm -f "$scratch/all_but_flock/flock"
check and_where_there_is_no_flock at_once "$scratch/all_but_flock"

read_only() {
    local as status
    new_tree tree
    # a clone in /root is nobody's to read
    mkdir "$scratch/readable" && cp -R "$repository"/{darknet_patch,src} "$scratch/readable" && chmod -R a+rX "$scratch" || return 1
    if [ "$(id -u)" = 0 ]; then as=(setpriv --reuid=65534 --regid=65534 --clear-groups); else as=() && chmod a-w "$work/tree"; fi
    one_line_says 'cannot be written' "${as[@]}" "$scratch/readable/darknet_patch/install.sh" install "$work/tree"
    status=$?
    chmod u+w "$work/tree"
    return $status
}
chmod a+x "$scratch"
if [ "$(id -u)" = 0 ] && ! setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$scratch"; then
    echo "SKIPPED a_tree_that_cannot_be_written_is_refused: nobody but root gets to ${scratch%/*}"
else
    check a_tree_that_cannot_be_written_is_refused read_only
fi

# ---- the build tree

# Two makes in one copy of the project, which want the tree built in two ways: no compiler of one runs while one of the other does.
two_makes() {
    local project=$work/two_makes first
    rm -rf "$project" && mkdir "$project" && cp -R Makefile darknet_patch src "$project" || return 1
    cat > "$scratch/compile" << 'END'
#!/bin/bash
echo "$WHO" >> "$LOG"
while [ $# -gt 1 ]; do
    if [ "$1" = -o ]; then : > "$2"; fi
    shift
done
END
    chmod +x "$scratch/compile"
    export LOG=$project/compiled
    WHO=first make -s -C "$project" host DARKNET="$pristine" DNNL=0 DEBUG=0 CC="$scratch/compile" &
    first=$!
    WHO=second make -s -C "$project" host DARKNET="$pristine" DNNL=0 DEBUG=1 CC="$scratch/compile" && wait $first || return 1
    [ "$(wc -l < "$LOG")" -gt 100 ] && [ "$(uniq "$LOG" | wc -l)" = 2 ]
}
check two_makes_in_one_copy_take_turns two_makes

status_of_alone() {
    darknet_patch/alone.sh "$work/new folder/a.lock" bash -c 'exit 7'
    [ $? = 7 ] && PATH=$scratch/all_but_flock darknet_patch/alone.sh "$work/new folder/a.lock" true
}
check what_runs_alone_ends_as_it_would_and_needs_no_flock status_of_alone

# stage SWITCHES: brings the build tree of the copied project up to date.
stage() {
    "$work/project/darknet_patch/stage.sh" pjreddie "$pristine" "$work/build" "$1" DNNL=0
}

# written: the files of the build tree that were written since $scratch/mark.
written() {
    find "$work/build" -type f -newer "$scratch/mark" -printf '%P\n' | grep -v '^\.'
}

staging() {
    rm -rf "$work/project" "$work/build"
    mkdir "$work/project" && cp -R darknet_patch src "$work/project" && echo 'int x;' > "$work/project/src/lgg/extra.c" || return 1
    stage DEBUG=0 && [ -f "$work/build/lgg/lgg/extra.c" ] && grep -q time_steps "$work/build/src/connected_layer.c" || return 1
    touch "$work/build/obj/gemm.o" "$work/build/libdarknet.a" "$scratch/mark"
    sleep .02
    stage DEBUG=0 && [ -z "$(written)" ] || { echo "it wrote without need: $(written)"; return 1; }
    echo 'int y;' > "$work/project/src/lgg/extra.c"
    stage DEBUG=0 && [ "$(written)" = lgg/lgg/extra.c ] || return 1
    rm "$work/project/src/lgg/extra.c"
    stage DEBUG=0 && [ ! -e "$work/build/lgg/lgg/extra.c" ] && [ ! -e "$work/build/libdarknet.a" ] && [ -e "$work/build/obj/gemm.o" ] || return 1
    stage DEBUG=1 && [ ! -e "$work/build/obj/gemm.o" ]
}
check the_build_tree_follows_sources_and_switches staging

queue_change() {
    local patch
    patch=$(ls "$work/project/darknet_patch/pjreddie/"*-label-matching.patch)
    touch "$scratch/mark"
    sleep .02
    sed -i 's/^+.*if(i == label).*/+        if(changed()){/' "$patch"
    stage DEBUG=1 && [ "$(written)" = src/data.c ] || { written; return 1; }
    cp -R "$work/build" "$work/build.was"
    sed -i 's/^-.*strstr(path, labels\[i\]).*/-not there/' "$patch"
    stage DEBUG=1 > "$scratch/out" 2>&1 && return 1
    cat "$scratch/out"
    grep -q 'label-matching.patch does not match' "$scratch/out" && diff -r "$work/build" "$work/build.was"
}
check the_build_tree_follows_the_queue queue_change

opencv_missing() {
    mkdir -p "$scratch/no-opencv" && printf '#!/bin/bash\nexit 1\n' > "$scratch/no-opencv/pkg-config" && chmod +x "$scratch/no-opencv/pkg-config"
    PATH=$scratch/no-opencv:$PATH one_line_says 'libopencv-dev: make deps OPENCV=1$' stage OPENCV=1
}
check without_opencv_one_line_says_which_package_is_missing opencv_missing

blas() {
    grep -q -- -DBLAS "$built/.commands" || { echo "built with BLAS=0"; return 1; }
    nm "$built/obj/gemm_blas.o" | grep -q cblas_sgemm && ! nm "$built/obj/gemm.o" | grep -qE " T gemm(_cpu)?$"
}
check gemm_calls_openblas blas

# would_compile HEADER: how many objects make would compile again after a change of that header.
would_compile() {
    make -s -n -C "$built" -W "$1" all | grep -c ' -c '
}

header_change() {
    [ "$(would_compile src/crop_layer.h)" -gt 0 ] && [ "$(would_compile src/crop_layer.h)" -lt 10 ] &&
        [ "$(would_compile include/darknet.h)" -gt 50 ]
}
check a_changed_header_rebuilds_what_includes_it header_change

queue_applies() {
    new_tree queue
    sed 's/[[:space:]]*#.*//;/^$/d' darknet_patch/pjreddie/series | while read -r patch; do
        (cd "$work/queue" && patch -p1 -F0 -s --no-backup-if-mismatch < "$repository/darknet_patch/pjreddie/$patch") || exit 1
    done && [ -z "$(find "$work/queue" -name '*.rej' -o -name '*.orig')" ] &&
        [ "$(cd darknet_patch/pjreddie && ls ./*.patch | sed 's|^./||' | sort)" = "$(sed 's/[[:space:]]*#.*//;/^$/d' darknet_patch/pjreddie/series | sort)" ]
}
check the_queue_applies_without_fuzz_and_lists_every_patch queue_applies

git_am() (
    rm -rf "$work/queue"
    mkdir "$work/queue" && cd "$work/queue" && cp -R "$pristine/Makefile" "$pristine/src" "$pristine/include" "$pristine/examples" . &&
        git init -q && git add -A -f || return 1
    export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=b
    git commit -qm pristine &&
        sed 's/[[:space:]]*#.*//;/^$/d' "$repository/darknet_patch/pjreddie/series" | sed "s|^|$repository/darknet_patch/pjreddie/|" |
        xargs -d '\n' git am -q --whitespace=nowarn
)
check git_am_takes_the_queue git_am

# ---- fetching

# Programs that stand for the machine's: apt-get hands out $scratch/tarball (or dies half-way), git knows no network.
fake_programs() {
    rm -rf "$scratch/fake"
    mkdir "$scratch/fake"
    cat > "$scratch/fake/apt-get" << END
#!/bin/bash
echo "apt-get \$*" >> "$scratch/calls"
case " \$* " in
    *" source "*)
        cat sources/* > "$scratch/sources"
        if [ -e "$scratch/die" ]; then
            head -c 1000 "$scratch/tarball" > small.tar.gz
            kill -9 "\$(cat "$scratch/fetch.pid")"
            exit 1
        fi
        cp "$scratch/tarball" small.tar.gz ;;
esac
END
    cat > "$scratch/fake/apt-config" << END
#!/bin/bash
echo "etc='$work/etc/'; list='$work/etc/sources.list'; parts='$work/etc/sources.list.d/'"
END
    printf '#!/bin/bash\necho "git $*" >> "%s/calls"\nexit 128\n' "$scratch" > "$scratch/fake/git"
    chmod +x "$scratch/fake/"*
    mkdir -p "$work/etc/sources.list.d"
    printf '# comment\ndeb [arch=amd64] http://one.example/debian stable main\n' > "$work/etc/sources.list"
    printf 'Types: deb deb-src\nURIs: http://two.example/debian\nSuites: stable\nComponents: main\n' > "$work/etc/sources.list.d/two.sources"
    find "$work/etc" -type f -exec sha256sum {} + > "$scratch/etc"
}

# fetching_project: a copy of the project whose Debian package is a small tarball.
fetching_project() {
    rm -rf "$work/project" "$work/fetched"* "$scratch/calls" "$scratch/die"
    mkdir -p "$work/project" "$scratch/small/darknet/src" && cp -R darknet_patch src "$work/project"
    echo content > "$scratch/small/darknet/src/file.c"
    tar -C "$scratch/small" -czf "$scratch/tarball" darknet
    sed -i -e 's/^DEBIAN_ORIG=.*/DEBIAN_ORIG=small.tar.gz/' -e "s/^DEBIAN_SHA256=.*/DEBIAN_SHA256=$(sha256sum < "$scratch/tarball" | cut -d' ' -f1)/" \
        -e 's|^GIT=.*|GIT=/nowhere|' "$work/project/darknet_patch/pjreddie/host.conf"
    fake_programs
}

fetch() {
    PATH=$scratch/fake:$PATH bash -c 'echo $$ > "$0"; exec "$@"' "$scratch/fetch.pid" \
        "$work/project/darknet_patch/fetch.sh" pjreddie "$work/fetched" "$@"
}

from_debian() {
    fetching_project
    fetch && [ "$(cat "$work/fetched/src/file.c")" = content ] && grep -q ' source ' "$scratch/calls" || return 1
    grep -q '^deb-src \[arch=amd64\] http://one.example/debian stable main' "$scratch/sources" &&
        grep -q '^Types: deb-src$' "$scratch/sources" && grep -q two.example "$scratch/sources" && sha256sum --check --quiet "$scratch/etc" || return 1
    rm "$scratch/calls"
    fetch && [ ! -e "$scratch/calls" ]
}
check fetched_from_debian_once_with_the_machines_own_sources from_debian

wrong_checksum() {
    fetching_project
    echo more >> "$scratch/tarball"
    fetch > "$scratch/out" 2>&1 && return 1
    grep 'wrong checksum: refused' "$scratch/out" && [ ! -e "$work/fetched" ] && [ ! -e "$work/fetched.id" ]
}
check a_wrong_checksum_is_refused wrong_checksum

interrupted_fetch() {
    fetching_project
    touch "$scratch/die"
    fetch > /dev/null 2>&1 && return 1
    [ ! -e "$work/fetched.id" ] || return 1
    rm "$scratch/die"
    mkdir -p "$work/fetched/src" && touch "$work/fetched/src/half.c"
    fetch && [ -f "$work/fetched/src/file.c" ] && [ ! -e "$work/fetched/src/half.c" ] && [ ! -e "$work/fetched.new" ]
}
check an_interrupted_fetch_repairs_itself interrupted_fetch 2> /dev/null

nothing_reachable() {
    fetching_project
    printf '#!/bin/bash\nexit 100\n' > "$scratch/fake/apt-get"
    fetch > "$scratch/out" 2>&1 && return 1
    grep -q 'no way to Darknet' "$scratch/out"
}
check nothing_reachable_says_what_to_do nothing_reachable

from_git() {
    fetching_project
    rm "$scratch/fake/git"
    git init -q "$work/remote" && cp -R "$scratch/small/darknet/." "$work/remote" && git -C "$work/remote" add -A &&
        git -C "$work/remote" -c user.name=a -c user.email=b commit -qm c || return 1
    sed -i -e "s|^GIT=.*|GIT=file://$work/remote|" -e "s|^COMMIT=.*|COMMIT=$(git -C "$work/remote" rev-parse HEAD)|" \
        "$work/project/darknet_patch/pjreddie/host.conf"
    fetch && [ "$(cat "$work/fetched/src/file.c")" = content ] && [ ! -e "$scratch/calls" ] && [ ! -e "$work/fetched/.git" ]
}
check fetched_from_git_where_it_answers from_git

another_commit() {
    rm -rf "$work/remote"
    from_git && echo more >> "$work/remote/src/file.c" && git -C "$work/remote" -c user.name=a -c user.email=b commit -qam d || return 1
    sed -i "s|^COMMIT=.*|COMMIT=$(git -C "$work/remote" rev-parse HEAD)|" "$work/project/darknet_patch/pjreddie/host.conf"
    fetch && grep -q more "$work/fetched/src/file.c"
}
check another_pinned_commit_is_fetched another_commit

no_repository() {
    cp -R "$repository/darknet_patch" "$work/kept" && mkdir "$work/nothing" || return 1
    one_line_says 'no repository with commits after a tag pristine' "$work/kept/queue.sh" patches pjreddie "$work/nothing" &&
        one_line_says 'no Darknet tree' "$work/kept/queue.sh" try pjreddie "$work/nothing" && diff -r "$repository/darknet_patch" "$work/kept"
}
check a_queue_is_not_lost_to_a_wrong_repository no_repository

from_a_tree() {
    fetching_project
    new_tree tree
    touch "$work/tree/src/left.o"
    fetch "$work/tree" && [ ! -e "$scratch/calls" ] && cmp "$work/fetched/src/gemm.c" "$work/tree/src/gemm.c" &&
        [ ! -e "$work/fetched/src/left.o" ] || return 1
    echo '// mine' >> "$work/tree/src/gemm.c"
    fetch "$work/tree" && cmp "$work/fetched/src/gemm.c" "$work/tree/src/gemm.c" || return 1
    one_line_says 'no Darknet tree' fetch "$work/empty" || return 1
    install "$work/tree" && one_line_says 'installed' fetch "$work/tree"
}
check a_tree_that_is_named_comes_first from_a_tree

# ---- packages

packages() (
    fake_programs
    printf 'first # why\nsecond command=bash # there\nthird GPU=1 # only for the GPU\nfourth # why\n' > "$work/project/darknet_patch/packages"
    printf '#!/bin/bash\n[ "${!#}" = fourth ] && echo installed\n' > "$scratch/fake/dpkg-query"
    printf '#!/bin/bash\necho 1000\n' > "$scratch/fake/id"
    chmod +x "$scratch/fake/"*
    export PATH=$scratch/fake:$PATH
    one_line_says 'apt-get install -y --no-install-recommends first$' "$work/project/darknet_patch/deps.sh" &&
        one_line_says 'first third$' "$work/project/darknet_patch/deps.sh" BLAS=1 GPU=1 || return 1
    printf '#!/bin/bash\necho 0\n' > "$scratch/fake/id"
    rm -f "$scratch/calls"
    "$work/project/darknet_patch/deps.sh" && grep -q 'install -y --no-install-recommends first$' "$scratch/calls" || return 1

    # what is optional is named or installed, too, and nothing fails without it
    printf 'fourth # why\nfifth optional # why\n' > "$work/project/darknet_patch/packages"
    rm -f "$scratch/calls"
    "$work/project/darknet_patch/deps.sh" && grep -q 'install -y --no-install-recommends fifth$' "$scratch/calls" || return 1
    printf '#!/bin/bash\nexit 1\n' > "$scratch/fake/apt-get"
    "$work/project/darknet_patch/deps.sh" 2>&1 | grep -q 'cannot be installed: fifth$' || return 1
    printf '#!/bin/bash\necho 1000\n' > "$scratch/fake/id"
    "$work/project/darknet_patch/deps.sh" 2>&1 | grep -q 'as root, run: .* fifth$' && "$work/project/darknet_patch/deps.sh" 2> /dev/null
)
check packages_that_are_missing_are_named_or_installed packages

[ $failures = 0 ]
