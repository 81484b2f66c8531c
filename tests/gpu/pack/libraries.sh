# libraries.sh: where CUDA's libraries are on this machine, which may have a toolkit, a Python installation that brings them, or neither.

# library_folders: every folder that may hold them, one a line, the likeliest first.
library_folders() {
    local python given=${CUDA_LIBRARIES:-} roots=(/usr /usr/local /opt/* /opt/*/* /opt/*/.venv "$HOME" "$HOME"/.local "$HOME"/* "$HOME"/*/* /home/* /home/*/* /venv /workspace/*)
    {
        printf '%s\n' ${given//:/ }
        ldconfig -p 2> /dev/null | sed -n 's|.*=> \(.*\)/libcu[^/]*$|\1|p'
        printf '%s\n' "${CUDA_HOME:-/usr/local/cuda}"/{lib64,lib} /usr/local/cuda*/{lib64,lib,targets/*/lib} /opt/cuda*/lib64 /usr/lib/x86_64-linux-gnu
        for python in python3 python; do
            $python -c 'import sys; print("\n".join(sys.path))' 2> /dev/null | while read -r folder; do
                printf '%s\n' "$folder"/{nvidia/*/lib,torch/lib}
            done
        done
        for python in "${roots[@]}"; do printf '%s\n' "$python"/lib/python3*/{site,dist}-packages/{nvidia/*/lib,torch/lib}; done
        printf '%s\n' "$here"/cuda "$here"-cuda
    } | awk '!seen[$0]++' | while IFS= read -r folder; do
        if [ -n "$folder" ] && [ -d "$folder" ]; then echo "$folder"; fi
    done
}

# look_everywhere NAME: the folder of that file, wherever it is. All files are looked through once.
look_everywhere() {
    if [ ! -e "$work/everywhere" ]; then
        timeout 25 find / \( -path /proc -o -path /sys -o -path "$work" \) -prune -o -name 'libcu[bdr]*.so*' -print > "$work/everywhere" 2> /dev/null
    fi
    sed -n "s|/$1\$||p" "$work/everywhere" | head -1
}

# link_library FOLDER NAME: the library, and those that its own functions open beside it.
link_library() {
    local file kind=${2%%.so*}
    for file in "$1/$kind"*.so*; do ln -sf "$file" "$work/cuda/${file##*/}"; done
}

# find_libraries NAME...: links those that are found into $work/cuda, the only folder of them that the programs see; a line for each.
find_libraries() {
    local name folder found folders other
    folders=$(library_folders)
    rm -rf "$work"/{cuda,everywhere}
    mkdir -p "$work/cuda"
    for name in "$@"; do
        if [ -e "$work/lib/$name" ]; then echo "$name: packed"; continue; fi
        found=''
        while IFS= read -r folder; do
            if [ -e "$folder/$name" ]; then found=$folder; break; fi
        done <<< "$folders"
        if [ -z "$found" ]; then found=$(look_everywhere "$name"); fi
        if [ -n "$found" ]; then
            link_library "$found" "$name"
            echo "$name: $found"
            continue
        fi
        other=$(while IFS= read -r folder; do ls "$folder/${name%%.so*}".so.* 2> /dev/null; done <<< "$folders" | head -1)
        echo "MISSING $name${other:+: there is $other, which the programs were not built for}"
    done
    # Whichever of these are there: cuBLAS and cuDNN open them.
    for name in libcublasLt libnvrtc libnvJitLink; do
        while IFS= read -r folder; do
            if compgen -G "$folder/$name.so.*" > /dev/null; then link_library "$folder" $name.so; break; fi
        done < <(printf '%s\n' "$(dirname "$(readlink "$work/cuda/$1" || echo /)")" "$folders")
    done
}
