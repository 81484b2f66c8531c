#!/bin/bash
# Installs the Debian packages of darknet_patch/packages that are missing, or, when not root, prints the command that would.
#
# A line of packages is "PACKAGE [command=NAME] [SWITCH=1] # why": command= names a program that makes the package needless
# however it came here; SWITCH=1 asks for it only when that switch of make is among this script's arguments; optional: what needs it is left
# out where it cannot be had, and nothing fails.
#
# usage: deps.sh [SWITCH=1]...
. "$(dirname "$0")/common.sh"

if ! command -v apt-get > /dev/null || ! command -v dpkg-query > /dev/null; then
    echo "deps: no apt here; these Debian packages (or what your system calls them) are needed:"
    sed -e 's/[[:space:]].*//' -e '/^$/d' -e '/^#/d' "$patch_dir/packages" | xargs
    exit 0
fi

# is_there PACKAGE
is_there() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2> /dev/null)" = installed ]
}

missing=() optional=()
while read -r package conditions; do
    needed=1 kind=missing
    for condition in $conditions; do
        case $condition in
            optional) kind=optional ;;
            command=*) if command -v "${condition#command=}" > /dev/null; then needed=0; fi ;;
            *=1) case " $* " in *" $condition "*) ;; *) needed=0 ;; esac ;;
        esac
    done
    if [ $needed = 0 ] || is_there "$package"; then continue; fi
    if [ $kind = optional ]; then optional+=("$package"); else missing+=("$package"); fi
done < <(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$patch_dir/packages")

if [ $((${#missing[@]} + ${#optional[@]})) = 0 ]; then exit 0; fi
install="apt-get install -y --no-install-recommends"
if [ "$(id -u)" != 0 ]; then
    if [ ${#optional[@]} != 0 ]; then echo "deps: optional packages are missing; as root, run: $install ${optional[*]}" >&2; fi
    if [ ${#missing[@]} = 0 ]; then exit 0; fi
    echo "deps: packages are missing; as root, run: $install ${missing[*]}" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive

# Package lists may be absent (a fresh container) or old.
install() {
    echo "Installing $*"
    $install "$@" > /dev/null 2>&1 || { apt-get update > /dev/null; $install "$@" > /dev/null; }
}
if [ ${#missing[@]} != 0 ]; then install "${missing[@]}" || die "cannot be installed: ${missing[*]}"; fi
if [ ${#optional[@]} != 0 ]; then install "${optional[@]}" || echo "deps: optional packages that cannot be installed: ${optional[*]}" >&2; fi
