# shellcheck shell=bash
# What the scripts say, and how: one line a step on stderr, so that stdout stays free for JSON.
# With a terminal: color, and a line that moves while something runs. Without one: plain lines, and a sign of life
# every quarter minute, so that a log of it reads well too.

terminal_interactive=false
[[ -t 2 && ${TERM:-dumb} != dumb ]] && terminal_interactive=true

terminal_setup() {
    local green='' yellow='' red='' dim='' bold='' reset=''
    if $terminal_interactive && [[ -z ${NO_COLOR:-} ]]; then
        green=$'\e[32m' yellow=$'\e[33m' red=$'\e[31m' dim=$'\e[2m' bold=$'\e[1m' reset=$'\e[0m'
    fi
    local good='ok' warn='!!' bad='xx'
    spinner_frames=('-' "\\" '|' '/')
    if [[ ${LC_ALL:-${LC_CTYPE:-${LANG:-}}} == *[Uu][Tt][Ff]* ]]; then
        good='✓' warn='!' bad='✗'
        spinner_frames=(⠋ ⠙ ⠹ ⠸ ⠼ ⠴ ⠦ ⠧ ⠇ ⠏)
    fi
    mark_good="$green$good$reset" mark_warn="$yellow$warn$reset" mark_bad="$red$bad$reset"
    style_dim=$dim style_bold=$bold style_reset=$reset
}
terminal_setup

# Takes back the line that moves, if there is one.
clear_line() { if $terminal_interactive; then printf '\r\e[K' >&2; fi; }

say() { clear_line; printf '%s\n' "$*" >&2; }
heading() {
    say ""
    say "$style_bold$*$style_reset"
    say ""
}

# good|warn|bad NAME DETAIL: the end of a step.
step_line() {
    clear_line
    progress_said=$SECONDS
    printf '  %s %-18s %s\n' "$1" "$2" "$3" >&2
}
good() { step_line "$mark_good" "$1" "$style_dim${2:-}$style_reset"; }
warn() { step_line "$mark_warn" "$1" "${2:-}"; }
bad() { step_line "$mark_bad" "$1" "${2:-}"; }

# die CODE TEXT...: what went wrong and what to do, then the end.
die() {
    local code=$1
    shift
    say ""
    local line
    for line in "$@"; do say "  $line"; done
    exit "$code"
}

# progress NAME DETAIL: something is under way.
progress_frame=0
progress_said=0
progress() {
    if $terminal_interactive; then
        local room=$((${COLUMNS:-100} - 28))
        progress_frame=$(((progress_frame + 1) % ${#spinner_frames[@]}))
        printf '\r\e[K  %s %-18s %s%s%s' \
            "${spinner_frames[progress_frame]}" "$1" "$style_dim" "${2:0:room}" "$style_reset" >&2
    elif ((SECONDS - progress_said >= 15)); then
        progress_said=$SECONDS
        printf '  .. %-18s %s\n' "$1" "$2" >&2
    fi
}

# stopwatch: prints milliseconds by the clock. (Bash writes the clock's fraction with the locale's own mark.)
stopwatch() { echo "$((${EPOCHREALTIME//[.,]/} / 1000))"; }

# since MILLISECONDS: the time since then: "0.4 s", "42 s", "3 min 7 s".
since() {
    local passed=$(($(stopwatch) - $1))
    if ((passed < 10000)); then
        printf '%d.%d s' $((passed / 1000)) $((passed % 1000 / 100))
    elif ((passed < 60000)); then
        printf '%d s' $((passed / 1000))
    else
        printf '%d min %d s' $((passed / 60000)) $((passed % 60000 / 1000))
    fi
}

# show_end FILE LINES: the end of a log, set off from our own words.
show_end() {
    [[ -s $1 ]] || return 0
    say ""
    say "  The last lines of ${1##*/}:"
    tail -n "$2" -- "$1" | sed 's/^/    | /' >&2
}
