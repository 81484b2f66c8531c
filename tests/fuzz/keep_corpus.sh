#!/bin/bash
# Writes tests/fuzz/corpus.tar.gz anew: of the inputs kept there and found since, the fewest that reach as much code.
#
# usage: keep_corpus.sh BUILD FUZZER...
set -eu -o pipefail
build=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$build/least" && mkdir -p "$build/work" "$build/kept" && cp "$here"/teacher.* "$build/work"/
tar -xzf "$here/corpus.tar.gz" -C "$build/kept" --no-same-owner
for name in "$@"; do
    mkdir -p "$build/least/$name" "$build/corpus/$name" "$build/kept/$name"
    (cd "$build/work" && ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=0 "$build/fuzz_$name" -merge=1 -rss_limit_mb=2500 \
        -max_len=4096 -close_fd_mask=3 "$build/least/$name" "$here/corpus/$name" "$build/kept/$name" "$build/corpus/$name" \
        < /dev/null > "$build/$name.log" 2>&1)
    echo "$name: $(find "$build/least/$name" -type f | wc -l) inputs"
done
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C "$build/least" -cf - "$@" | gzip -9n > "$here/corpus.tar.gz.new"
mv "$here/corpus.tar.gz.new" "$here/corpus.tar.gz"
