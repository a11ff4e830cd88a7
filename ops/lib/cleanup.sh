# shellcheck shell=bash
# What was started is ended, and what was made is removed: at the end, on failure, on Ctrl-C, and when the terminal
# goes away. Only processes started here are touched, each with what it started itself: each gets a session of its own,
# since some (swift test, for one) put their children into other process groups.
# Needs terminal.sh.

work_folder=''
logs_folder=''
last_started=''
started_sessions=() # in the order of their start
declare -A started_names=()

# make_work_folder: a temporary folder that ends with the script; logs go beneath it.
make_work_folder() {
    work_folder=$(mktemp -d --suffix=.oncorelay)
    chmod 700 "$work_folder"
    logs_folder=$work_folder/logs
    mkdir "$logs_folder"
}

# start_process NAME COMMAND...: starts it in a session of its own, with its output in logs/NAME.log.
# Leaves the process in `last_started`. A kill -9 of this script ends the process too (the kernel sends it SIGTERM).
# Call it from the script itself, never from a subshell.
start_process() {
    local name=$1
    shift
    : >>"$logs_folder/$name.log"
    setsid setpriv --pdeathsig TERM -- "$@" >>"$logs_folder/$name.log" 2>&1 </dev/null &
    remember_process "$name" $!
}

# run_shown NAME FILE COMMAND...: runs it with its stdout in FILE and its stderr before the user's eyes.
# Its exit code is ours.
run_shown() {
    local name=$1 file=$2 code=0
    shift 2
    setsid setpriv --pdeathsig TERM -- "$@" >"$file" </dev/null &
    remember_process "$name" $!
    wait "$last_started" || code=$?
    finish_process "$last_started"
    return "$code"
}

remember_process() {
    last_started=$2
    started_sessions+=("$2")
    started_names[$2]=$1
}

# finish_process SESSION: its first process has ended; ends what that left behind, and forgets it.
finish_process() { stop_processes 5 "$1"; }

# session_processes SESSION: prints its processes. One that ended but was never waited for does not count; our own
# child counts before it has its session, too.
session_processes() {
    local file pid line fields
    for file in /proc/[0-9]*/stat; do
        { read -r line <"$file"; } 2>/dev/null || continue
        pid=${file#/proc/} pid=${pid%/stat}
        read -ra fields <<<"${line##*) }" # state, parent, process group, session, ...
        [[ ${fields[0]} != [ZX] ]] || continue
        if [[ ${fields[3]} == "$1" || ($pid == "$1" && ${fields[1]} == "$$") ]]; then echo "$pid"; fi
    done
}

# signal_session SIGNAL SESSION: to each of its processes. Fails when none is left.
signal_session() {
    local processes
    mapfile -t processes < <(session_processes "$2")
    ((${#processes[@]} > 0)) || return 1
    kill "-$1" "${processes[@]}" 2>/dev/null || true
}

# stop_processes SECONDS SESSION...: asks all of them at once to end, waits, ends those that did not, forgets them.
stop_processes() {
    local patience=$1 session others other
    shift
    for session in "$@"; do signal_session TERM "$session" || true; done
    local deadline=$((SECONDS + patience))
    for session in "$@"; do
        while [[ -n $(session_processes "$session") ]] && ((SECONDS < deadline)); do sleep 0.05; done
        if signal_session KILL "$session"; then
            warn "${started_names[$session]}" "did not end within $patience s of SIGTERM and was killed"
        fi
        wait "$session" 2>/dev/null || true
        others=()
        for other in "${started_sessions[@]}"; do [[ $other == "$session" ]] || others+=("$other"); done
        started_sessions=("${others[@]}")
        unset "started_names[$session]"
    done
}

# run_waiting NAME DETAIL COMMAND...: runs it with its output in logs/NAME.log while a line says that it runs.
# Its exit code is ours. (Waiting for it, not being it, lets Ctrl-C act at once.)
run_waiting() {
    local name=$1 detail=$2 last began
    began=$(stopwatch)
    shift 2
    start_process "$name" "$@"
    local pid=$last_started
    while kill -0 "$pid" 2>/dev/null; do
        last=$(tail -n 50 "$logs_folder/$name.log" | grep -aoE '^\[[0-9]+/[0-9]+\]' | tail -n 1 || true)
        progress "$name" "$detail, $(since "$began")${last:+  $last}"
        sleep 0.2
    done
    local code=0
    wait "$pid" || code=$?
    clear_line
    finish_process "$pid"
    return "$code"
}

# clean_up: called once, on exit. Services first, then the servers they lean on, each wave at once.
clean_up() {
    trap '' INT TERM HUP
    clear_line
    local services=() servers=() session
    for session in "${started_sessions[@]}"; do
        case ${started_names[$session]} in
        rabbitmq | redis | epmd) servers+=("$session") ;;
        *) services+=("$session") ;;
        esac
    done
    ((${#services[@]} == 0)) || stop_processes 15 "${services[@]}"
    ((${#servers[@]} == 0)) || stop_processes 15 "${servers[@]}"
    [[ -z $work_folder ]] || rm -rf -- "$work_folder"
}

# clean_up_at_exit [HOOK]: from here on the script cleans up however it ends; HOOK runs first, with the exit code.
clean_up_at_exit() {
    cleanup_hook=${1:-:}
    # shellcheck disable=SC2154
    trap 'exit_code=$?; trap - EXIT; "$cleanup_hook" "$exit_code"; clean_up; exit "$exit_code"' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
}
