#!/bin/bash
# Holds the rooms of src/ to their order: src/rooms.mk lists them from the ground up, and no file includes a header of a room above its own.
#
# usage: rooms.sh [FOLDER]     FOLDER: with the rooms and rooms.mk in it, src if it is not given; a PASS or FAIL line a room
set -u -o pipefail
cd "${1:-$(dirname "$0")/../../src}" || exit 1
status=0

# The rooms that rooms.mk lists, in its order.
listed=$(sed -n 's|^#   *\([a-z]*\)/ .*|\1|p' rooms.mk)

# above ROOM: the rooms after it in the list.
above() { sed "1,/^$1\$/d" <<< "$listed"; }

# faults ROOM: prints "FILE includes HEADER" for each header of a room above.
faults() {
    local room header
    for room in $(above "$1"); do
        for header in "$room"/*.h; do
            [ -e "$header" ] && grep -lF "#include \"${header##*/}\"" "$1"/* | sed "s|\$| includes $header|"
        done
    done
}

for room in */; do
    room=${room%/}
    if ! grep -qxF "$room" <<< "$listed"; then
        problem="is not in the list of rooms.mk"
    else
        problem=$(faults "$room")
    fi
    if [ -z "$problem" ]; then echo "PASS rooms: $room/"; else echo "FAIL rooms: $room/: ${problem//$'\n'/, }" && status=1; fi
done
exit $status
