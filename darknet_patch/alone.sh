#!/bin/bash
# Runs COMMAND while no other run of this script with the same LOCK does: two makes in one copy of the project take turns at the tree that
# both build. The lock ends with the last process of COMMAND; where there is no flock, nothing waits.
#
# usage: alone.sh LOCK COMMAND...
lock=${1:?usage: alone.sh LOCK COMMAND...}
shift
mkdir -p "$(dirname "$lock")" && exec 9>> "$lock" || exit 1
if command -v flock > /dev/null && ! flock -n 9; then
    echo "another make is at work on ${lock%.lock}: waiting for its end" >&2
    flock 9 || exit 1
fi
exec "$@"
