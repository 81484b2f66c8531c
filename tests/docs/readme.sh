#!/bin/bash
# Keeps the figures of README those of the files that programs write. README marks where they stand:
#
#     <!-- table of FILE -->
#     | ... |                    the first table of FILE; `table 2 of FILE` is the second
#     <!-- end -->
#
# usage: readme.sh write|check [README]     check: a PASS or FAIL line a table, and one for the links of every document
set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 1
readme=${2:-README.md}

# renewed README: prints it with each table as its file has it now.
renewed() {
    awk '
        function table(file, which,    line, within, found) {
            while ((getline line < file) > 0) {
                found += line ~ /^\|/ && !within
                within = line ~ /^\|/
                if (within && found == which) print line
            }
            close(file)
            if (found < which) print "(no table " which " in " file ")"
        }
        /^<!-- table of .* -->$/ { print; table($4, 1); skipping = 1; next }
        /^<!-- table [0-9]* of .* -->$/ { print; table($5, $3); skipping = 1; next }
        /^<!-- end -->$/ { skipping = 0 }
        !skipping' "$1"
}

# dead_links DOCUMENT: prints the files that it links to and that are not there.
dead_links() {
    local target
    grep -oE '\]\([^)#: ]+[)#]' "$1" | sed -e 's/^](//' -e 's/.$//' | while IFS= read -r target; do
        [ -e "$(dirname "$1")/$target" ] || echo "$target"
    done
}

# anchors DOCUMENT: the names of its headings, as links have them.
anchors() { sed -n 's/^##* //p' "$1" | tr 'A-Z' 'a-z' | sed -e 's/`//g; s/[^a-z0-9 _-]//g; s/ /-/g'; }

# dead_anchors DOCUMENT: prints the headings that it links to, here or in another document, and that are not there.
dead_anchors() {
    local target file
    grep -oE '\]\([^)#: ]*#[^) ]+\)' "$1" | sed -e 's/^](//' -e 's/)$//' | while IFS= read -r target; do
        file=$1
        if [ -n "${target%%#*}" ]; then file=$(dirname "$1")/${target%%#*}; fi
        case $file in *.md) anchors "$file" 2> /dev/null | grep -qxF -- "${target#*#}" || echo "$target" ;; esac
    done
}

# dead_paths DOCUMENT: prints the files of the source that it names, and that are not there.
dead_paths() {
    local path
    grep -oE '`(src|tests|darknet_patch)/[a-z0-9_./-]+`' "$1" | tr -d '`' | while IFS= read -r path; do [ -e "$path" ] || echo "$path"; done
}

# unmarked: prints the marks of those tables that README has to have and has not.
unmarked() {
    local mark
    for mark in 'table of experiments/paper/results/'{table-detection-small,table1-small}.md 'table 1 of experiments/paper/results/'{table1,table2}-medium.md \
        'table 3 of experiments/paper/results/table3-small.md' 'table of experiments/demo/RESULTS.md' 'table'{,' 2'}' of tests/bench/RESULTS.md'; do
        grep -qxF "<!-- $mark -->" "$readme" || echo "$mark;"
    done
}

# documents: the project's own, sorted; what else lies in its folder is not ours to judge.
documents() {
    { git ls-files -- '*.md' 2> /dev/null | grep . || find . -name '*.md' ! -path './build*' ! -path './results/*' | sed 's|^./||'; } | sort
}

verdict() { # verdict NAME PROBLEM: none if it is empty
    if [ -z "$2" ]; then echo "PASS $1"; else echo "FAIL $1: $2"; status=1; fi
}

status=0
case ${1:-} in
    write) renewed "$readme" > "$readme.new" && mv "$readme.new" "$readme" ;;
    check)
        verdict readme_has_the_measured_figures "$(diff "$readme" <(renewed "$readme") | grep -m1 '^[<>]')"
        if [ $# = 1 ]; then verdict readme_has_the_tables_of_programs "$(unmarked | tr '\n' ' ')"; fi
        while IFS= read -r document; do
            verdict "links_of_$document" "$({ dead_links "$document"; dead_anchors "$document"; dead_paths "$document"; } | tr '\n' ' ')"
        done < <(documents)
        ;;
    *) echo "readme.sh: usage: readme.sh write|check [README]" >&2; exit 1 ;;
esac
exit $status
