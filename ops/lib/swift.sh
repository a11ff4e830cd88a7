# shellcheck shell=bash
# Finds Swift, and builds with it. Needs terminal.sh and cleanup.sh.

swift_least=6.2

# find_swift: puts Swift on the PATH, or ends the script with where to get it.
find_swift() {
    local home=$HOME folder
    # sudo brings root's own home and PATH; the toolchain may be the user's.
    [[ -z ${SUDO_USER:-} ]] || home=$(getent passwd "$SUDO_USER" | cut -d : -f 6)
    if ! command -v swift >/dev/null; then
        for folder in "$home/.local/share/swiftly/bin" /usr/local/swift/usr/bin /usr/local/swift/bin; do
            if [[ -x $folder/swift ]]; then
                PATH=$folder:$PATH
                break
            fi
        done
    fi
    command -v swift >/dev/null || die 69 "Swift $swift_least or later is needed, and no swift is on the PATH." \
        "Install it as https://www.swift.org/install/linux says, or put its usr/bin folder on the PATH." \
        "(With sudo, keep the PATH: sudo env \"PATH=\$PATH\" $0)"

    local version
    version=$(swift --version 2>/dev/null | grep -oE 'Swift version [0-9.]+' | grep -oE '[0-9.]+' || true)
    [[ $(printf '%s\n' "$swift_least" "${version:-0}" | sort -V | head -n 1) == "$swift_least" ]] ||
        die 69 "Swift $swift_least or later is needed; $(command -v swift) is ${version:-of unknown version}."
    good swift "$version"
}

# build_products CONFIGURATION ARGUMENT...: builds; afterwards `binaries` is the folder with the executables.
build_products() {
    local configuration=$1 began
    began=$(stopwatch)
    shift
    if ! run_waiting build "$configuration build, the first one takes some minutes" \
        swift build --package-path "$repository" -c "$configuration" "$@"; then
        # One error explains more than the last screenful, which is often other files' warnings.
        grep -aE '(^|: )error: ' "$logs_folder/build.log" | sort -u | head -n 20 | sed 's/^/    | /' >&2 || true
        show_end "$logs_folder/build.log" 15
        die 70 "The build failed."
    fi
    # shellcheck disable=SC2034
    binaries=$(swift build --package-path "$repository" -c "$configuration" --show-bin-path)
    good build "$configuration, $(since "$began")"
}
