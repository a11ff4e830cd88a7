# shellcheck shell=bash
# Pythons of our own: the tests', and the one with the networks' references and peers. Needs terminal.sh and cleanup.sh.

# make_environment NAME REQUIREMENTS: afterwards .build/NAME-python has these packages; fails when they cannot be had.
# What was made stays for the next time, as long as the requirements and the Python are the same.
make_environment() {
    local folder=$repository/.build/$1-python wanted
    wanted=$(cat "$2" && python3 --version)
    [[ ! -x $folder/bin/python || $(cat "$folder/wanted" 2>/dev/null) != "$wanted" ]] || return 0
    rm -rf -- "$folder"
    mkdir -p "$repository/.build"
    # shellcheck disable=SC2016
    if ! run_waiting python "installing the packages of .build/$1-python" bash -c '
        python3 -m venv "$1" && "$1/bin/python" -m pip install --quiet --disable-pip-version-check -r "$2"
        ' _ "$folder" "$2"; then
        rm -rf -- "$folder"
        show_end "$logs_folder/python.log" 5
        return 1
    fi
    printf '%s\n' "$wanted" >"$folder/wanted"
}

# prepare_python: afterwards ONCORELAY_PYTHON leads to the tests'; left unset where the packages cannot be had, and then
# the tests that need it say so and are skipped.
prepare_python() {
    unset ONCORELAY_PYTHON
    if ! make_environment test "$repository/ops/lib/test-requirements.txt"; then
        warn python "its packages could not be installed: the tests that need them are skipped"
        return
    fi
    export ONCORELAY_PYTHON=$repository/.build/test-python/bin/python
    good python "$("$ONCORELAY_PYTHON" --version 2>&1 | cut -d ' ' -f 2), with jsonschema, pika, numpy, safetensors"
}

# prepare_networks_python: afterwards `networks_python` leads to the one with torch, torchvision, MONAI, ONNX Runtime
# and OpenVINO, or the script has ended. NETWORKS_PYTHON may name one that is there already.
prepare_networks_python() {
    networks_python=${NETWORKS_PYTHON:-}
    if [[ -z $networks_python ]]; then
        make_environment networks "$repository/ops/lib/networks-requirements.txt" ||
            die 69 "PyTorch and the others could not be installed; a few gigabytes from PyPI are needed." \
                "NETWORKS_PYTHON=.../bin/python uses an environment that has ops/lib/networks-requirements.txt already."
        networks_python=$repository/.build/networks-python/bin/python
    fi
    good python "$("$networks_python" -c 'import sys, torch, onnxruntime
print(sys.version.split()[0], "with torch", torch.__version__, "and onnxruntime", onnxruntime.__version__)')"
}
