# shellcheck shell=bash
# What the experiments share: where the program is, and steps that are not done twice.
# Needs ops/lib/terminal.sh, and of its caller: repository, work (the folder of results) and threads.
# shellcheck disable=SC2154

# find_oncorelay: leaves the program in `oncorelay`: of ONCORELAY, or of a release build.
find_oncorelay() {
    oncorelay=${ONCORELAY:-$repository/.build/release/oncorelay}
    [[ -x $oncorelay ]] || die 69 "There is no $oncorelay." "Build it (swift build -c release), or name it in ONCORELAY."
    # OpenBLAS is to choose for this processor itself.
    unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
}

# cohort FOLDER OPTIONS...: a cohort of phantoms, unless it is there.
cohort() {
    local folder=$1
    shift
    [[ -d $folder ]] || "$oncorelay" phantom "$folder" --difficulty easy "$@" >"$folder.log" 2>&1
}

# train NAME RECIPE OPTIONS...: one run in $work/NAME; it goes on where it stopped, and is not done twice.
train() {
    local name=$1 recipe=$2
    shift 2
    echo "$(date +%H:%M:%S) training $name" >&2
    "$oncorelay" train "$recipe" --out "$work/$name" --threads "$threads" "$@" >"$work/$name.log" 2>&1 ||
        die 70 "$name was not trained." "$(tail -n 3 "$work/$name.log")"
}

# evaluate NAME: by $work/NAME.yaml, with heat maps where a second word is given.
evaluate() {
    local name=$1 page=()
    [[ -z ${2:-} ]] || page=(--report "$work/$name-page")
    echo "$(date +%H:%M:%S) evaluating $name" >&2
    "$oncorelay" evaluate "$work/$name.yaml" --out "$work/$name" "${page[@]}" --precision fp32 --threads "$threads" \
        >"$work/$name.json" 2>"$work/$name.log" || die 70 "$name was not evaluated." "$(tail -n 3 "$work/$name.log")"
}
