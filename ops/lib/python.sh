# shellcheck shell=bash
# A Python of the tests' own, with the packages that they check our work with. Needs terminal.sh and cleanup.sh.

# prepare_python: afterwards ONCORELAY_PYTHON leads to it; left unset where the packages cannot be had, and then the
# tests that need it say so and are skipped.
prepare_python() {
    local requirements=$repository/ops/lib/test-requirements.txt folder=$repository/.build/test-python wanted
    unset ONCORELAY_PYTHON
    wanted=$(cat "$requirements" && python3 --version)
    if [[ ! -x $folder/bin/python || $(cat "$folder/wanted" 2>/dev/null) != "$wanted" ]]; then
        rm -rf -- "$folder"
        mkdir -p "$repository/.build"
        # shellcheck disable=SC2016
        if ! run_waiting python "installing the packages of the tests' Python" bash -c '
            python3 -m venv "$1" && "$1/bin/python" -m pip install --quiet --disable-pip-version-check -r "$2"
            ' _ "$folder" "$requirements"; then
            rm -rf -- "$folder"
            show_end "$logs_folder/python.log" 5
            warn python "its packages could not be installed: the tests that need them are skipped"
            return
        fi
        printf '%s\n' "$wanted" >"$folder/wanted"
    fi
    export ONCORELAY_PYTHON=$folder/bin/python
    good python "$("$ONCORELAY_PYTHON" --version 2>&1 | cut -d ' ' -f 2), with jsonschema, pika, numpy, safetensors"
}
