#!/bin/bash
# The report on a GPU: one command on a machine with a driver. It is appended to OUT/report.md section by section, line by line, as results
# come; every section has a time limit, so that whatever ends early leaves a report.
#
#   QUICK=1        all of it within 8 minutes
#   LIMIT=seconds  for all of it (default: none; QUICK=1: 470); what is left then is not begun
#   LIMITS="NAME=seconds ..."   of single sections
#   JOBS=3         trainings at once; EPOCHS=10 of each training
#   OUT, WORK      folders for results and for what is unpacked (common.sh)
#
# usage: [QUICK=1] [LIMIT=seconds] [OUT=dir] report.sh [SECTION...]      all sections: device golden networks speed sanitizer trainings several second
set -u -o pipefail
here=$(cd "$(dirname "$0")" && pwd)
case ${LIMIT:-}${JOBS:-} in *[!0-9]*) echo "report.sh: LIMIT=${LIMIT:-} JOBS=${JOBS:-}: whole numbers would be right" >&2; exit 1 ;; esac
. "$here/common.sh"
quick=${QUICK:-0} limit=${LIMIT:-} report=$out/report.md status=0
export JOBS=${JOBS:-3} QUICK=$quick
if [ -z "$limit" ]; then limit=$([ "$quick" = 1 ] && echo 470 || echo 360000); fi

# NAME, its seconds, its seconds with QUICK=1, and its title.
sections='
device     120  60 The device and the libraries
golden     600 100 Golden cases, the twins of every loss, trainings repeated to the bit
networks   300  60 Whole networks on the CPU and on the GPU, twice
speed      420 100 Losses and training steps, by device events
sanitizer  600  45 compute-sanitizer
trainings  900 110 Ten epochs of WideResNet28-0.5, without and with GKD
several    600  50 Several trainings at once
second     600  60 Trainings of the second host'

say() { printf '%s\n' "$@" | tee -a "$report"; }

# section NAME SECONDS TITLE
section() {
    local name=$1 seconds=$2 began=$SECONDS left=$((limit - SECONDS)) result
    say '' "## $3" '' '```'
    if [ $left -lt 10 ]; then
        say "SKIPPED $name: the time of this report, $limit seconds, is over" '```'
        return
    fi
    case " ${LIMITS:-} " in *" $name="*) seconds=" ${LIMITS:-} " seconds=${seconds#*" $name="} seconds=${seconds%% *} ;; esac
    if [ $left -lt "$seconds" ]; then seconds=$left; fi
    SECTION_SECONDS=$seconds timeout -k 5 "$seconds" bash "$here/sections.sh" "$name" 2>> "$out/log.txt" | tee -a "$report"
    result=${PIPESTATUS[0]}
    if [ -n "$(tail -c 1 "$report")" ]; then say ''; fi # what was ended may have been in the middle of a line
    case $result in
        0) ;;
        124 | 137) say "STOPPED $name: its $seconds seconds are over" ; status=1 ;;
        *) status=1 ;;
    esac
    say '```' "($((SECONDS - began)) seconds)"
}

if [ ! -s "$report" ]; then say "# The GPU code on a GPU"; fi
say '' "Made by \`report.sh\`$([ "$quick" != 1 ] || echo ' with QUICK=1') on $(date -u '+%F %H:%M') UTC, $commit, built with $built_with."
while read -r name full short title; do
    [ -n "$name" ] || continue
    if [ $# -gt 0 ]; then case " $* " in *" $name "*) ;; *) continue ;; esac; fi
    section "$name" $([ "$quick" = 1 ] && echo "$short" || echo "$full") "$title"
done <<< "$sections"
say '' "$(grep -c '^PASS' "$report") lines say PASS, $(grep -c '^FAIL' "$report") FAIL, $(grep -c '^\(SKIPPED\|STOPPED\)' "$report") SKIPPED or STOPPED; what the programs said else is in log.txt."
echo "$report is written"
exit $status
