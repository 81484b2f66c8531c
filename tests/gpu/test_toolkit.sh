#!/bin/bash
# Whether the CUDA toolkit is found wherever nvcc says it is, by our part of Darknet's Makefile and by toolkit.sh, and whether a machine
# that cannot build for a GPU is told from one that can. Stand-ins for nvcc answer, so that it needs no CUDA.
#
# usage: MAKE=make tests/gpu/test_toolkit.sh HOST PRISTINE BUILD
. darknet_patch/common.sh
host=${1:?} pristine=${2:?} build=${3:?}
tree=$build/tree status=0
rm -rf "$build"
mkdir -p "$build"
build=$(cd "$build" && pwd) tree=$build/tree
cp -R "$pristine" "$tree" && apply_queue "$host" "$tree" && copy_ours "$tree/lgg" || exit 1

# stand_in FILE ANSWER: an nvcc that answers ANSWER when asked for a dry run, and cannot compile.
stand_in() {
    mkdir -p "$(dirname "$1")"
    cat > "$1" << END
#!/bin/bash
case \$* in
    *--dryrun*) echo '$2' >&2 ;;
    *--help*) echo all-major sm_90 ;;
    *) echo 'toolkit.cu:1:10: fatal error: cuda_runtime.h: No such file or directory' >&2; exit 1 ;;
esac
END
    chmod +x "$1"
}

# commands NVCC SWITCH...: what make would do with it on PATH.
commands() {
    local nvcc=$1
    shift
    env -u MAKEFLAGS -u MFLAGS -u NVCC PATH="$(dirname "$nvcc"):$PATH" CUDA_HOME="$build/home" make -s -n -B -C "$tree" GPU=1 "$@" 2>&1
}

# expect WHAT PATTERN TEXT
expect() {
    if grep -qE -e "$2" <<< "$3"; then
        echo "PASS gpu-toolkit: $1"
    else
        echo "FAIL gpu-toolkit: $1: nothing matches '$2' in: $(head -c 400 <<< "$3" | tr '\n' ' ')"
        status=1
    fi
}
refuse() {
    if grep -qE -e "$2" <<< "$3"; then
        echo "FAIL gpu-toolkit: $1: $(grep -m1 -oE -e ".{60}$2" <<< "$3")"
        status=1
    else
        echo "PASS gpu-toolkit: $1"
    fi
}

mkdir -p "$build"/home/{include,lib64} "$build"/elsewhere/{lib,lib/stubs}
lib=$build/elsewhere/lib
answer="#\$ INCLUDES=\"-I/elsewhere/include\"
#\$ LIBRARIES= \"-L$lib/stubs\" \"-L$lib\"
#\$ gcc -I\"/apart/include\" -I. -o x"

stand_in "$build/script/nvcc" "$answer"
said=$(commands "$build/script/nvcc")
expect "headers where nvcc looks for them" 'gcc .*-I/elsewhere/include .*gemm\.o' "$said"
expect "headers that nvcc is given apart" 'gcc .*-I/apart/include .*gemm\.o' "$said"
expect "libraries where nvcc looks for them" "-o darknet .*-L$lib .*-lcublas" "$said"
expect "libraries found again at run time" "-o darknet .*-Wl,-rpath,$lib " "$said"
refuse "stubs are not for the run time" "-rpath,[^ ]*stubs" "$said"
refuse "the CUDA=1 of make golden is no folder" '-[IL]1/' "$(commands "$build/script/nvcc" CUDA=1)"

mkdir -p "$build/link"
stand_in "$build/real/nvcc" ""
sed -i "2i[[ \$0 == $build/real/* ]] && [[ \$* == *--dryrun* ]] && { echo '-I/behind/include -L$lib'; exit; }" "$build/real/nvcc"
ln -s ../real/nvcc "$build/link/nvcc"
said=$(commands "$build/link/nvcc")
expect "the toolkit behind a symbolic link" 'gcc .*-I/behind/include .*gemm\.o' "$said"
expect "the nvcc behind a symbolic link" "^$build/real/nvcc .*blas_kernels\.o" "$said"

stand_in "$build/silent/nvcc" ""
expect "CUDA_HOME where nvcc says nothing" "gcc .*-I$build/home/include .*gemm\.o" "$(commands "$build/silent/nvcc")"

# The host's list gives way to what nvcc knows; a line that a user writes in its place does not, also one of the list's own.
expect "the architectures are those of today" 'nvcc +-arch=all-major .*blas_kernels\.o' "$(commands "$build/script/nvcc")"
cp "$tree/Makefile" "$build/Makefile"
old=$(if [ "$host" = pjreddie ]; then echo 30; else echo 50; fi)
for arch in "-gencode arch=compute_75,code=sm_75" "-gencode arch=compute_$old,code=sm_$old"; do
    sed "s|^VPATH=|ARCH= $arch\n&|" "$build/Makefile" > "$tree/Makefile"
    expect "a user's own, $arch" "nvcc +$arch .*blas_kernels\.o" "$(commands "$build/script/nvcc")"
done
cp "$build/Makefile" "$tree/Makefile"

# The tests ask the same way.
for nvcc in script link silent; do
    said=$(commands "$build/$nvcc/nvcc" | grep -m1 'gemm\.o' | grep -o -- '-I/[^ ]*' | sort)
    told=$(CUDA_HOME=$build/home; export CUDA_HOME
           tests/gpu/toolkit.sh folders "$(tests/gpu/toolkit.sh nvcc "$build/$nvcc/nvcc")" | grep -o -- '-I/[^ ]*' | sort)
    if [ -n "$told" ] && [ "$said" = "$told" ]; then
        echo "PASS gpu-toolkit: tests and Makefile agree ($nvcc)"
    else
        echo "FAIL gpu-toolkit: $nvcc: the Makefile has" $said "and the tests have" $told
        status=1
    fi
done

expect "an incomplete toolkit is no failure" '^SKIPPED gpu-link: .*cuda_runtime.h: No such file' \
    "$(tests/gpu/test_link.sh "$build/script/nvcc" "$build/gpu-link" "$host")"
expect "no nvcc is no failure" '^SKIPPED gpu-link: there is no nvcc' "$(tests/gpu/test_link.sh "$build/none/nvcc" "$build/gpu-link" "$host")"
exit $status
