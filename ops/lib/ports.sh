# shellcheck shell=bash
# Ports of this machine, spoken to with nothing but bash, since a fresh machine has no curl.

# free_port: prints a port of 127.0.0.1 that nobody listens on. Below the range that the kernel hands out for outgoing
# connections, so that none of those takes it before we do.
ports_given=' '
free_port() {
    local port attempt
    for attempt in {1..200}; do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        [[ $ports_given == *" $port "* ]] && continue
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$port"
            return
        fi
    done
    die 69 "No free port was found on 127.0.0.1 in $attempt tries."
}

# ask_port PORT BYTES COUNT: sends BYTES (as printf takes them), prints the first COUNT bytes of the answer in hex.
ask_port() {
    # shellcheck disable=SC2016
    timeout 2 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "$2" >&3 && head -c "$3" <&3' _ "$@" 2>/dev/null |
        od -An -v -tx1 | tr -d ' \n'
}

# http_status PORT PATH: prints the status that GET answers with.
http_status() {
    # shellcheck disable=SC2016
    timeout 2 bash -c "$http_request"' && echo "$status"' _ "$@" 2>/dev/null
}

# http_body PORT PATH: prints the body that GET answers with.
http_body() {
    # shellcheck disable=SC2016
    timeout 2 bash -c "$http_request"' && sed "1,/^\r*$/d" <&3' _ "$@" 2>/dev/null
}

# shellcheck disable=SC2016
http_request='
exec 3<>"/dev/tcp/127.0.0.1/$1" &&
    printf "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" "$2" >&3 &&
    IFS=" " read -r _ status _ <&3'
