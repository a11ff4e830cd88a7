# shellcheck shell=bash
# A private RabbitMQ and a private Redis: on free ports of 127.0.0.1, with passwords made for this run, and with all
# they write in the work folder. Works as root and as an ordinary user, beside servers that already run here.
# Needs terminal.sh, cleanup.sh and ports.sh.

broker_arguments=${broker_arguments:-} # more for the broker's Erlang
servers_patience=90 # seconds; a broker on a busy two-core machine takes up to twenty

random_password() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

# wait_for NAME SECONDS PID DETAIL TEST...: until TEST succeeds. Fails when PID ended, or when time is up.
wait_for() {
    local name=$1 deadline=$((SECONDS + $2)) pid=$3 detail=$4
    shift 4
    until "$@"; do
        kill -0 "$pid" 2>/dev/null || return 1
        ((SECONDS < deadline)) || return 1
        progress "$name" "$detail"
        sleep 0.1
    done
    clear_line
}

# first_program NAME PATH...: prints the first of the paths that can be run, or what the PATH has by that name.
first_program() {
    local name=$1 path
    shift
    for path in "$@"; do
        if [[ -x $path ]]; then
            echo "$path"
            return
        fi
    done
    command -v "$name" || die 69 "$name was not found, although its package should be installed."
}

# An AMQP broker answers a protocol header with a method frame (1) on channel 0.
rabbitmq_answers() { [[ $(ask_port "$1" 'AMQP\0\0\11\1' 3) == 010000 ]]; }
# Redis answers PING with +PONG, or with -NOAUTH where it wants a password.
redis_answers() { [[ $(ask_port "$1" 'PING\r\n' 1) == 2[bd] ]]; }

# start_rabbitmq: afterwards `amqp_url` leads to it.
start_rabbitmq() {
    local began folder=$work_folder/rabbitmq
    local password attempt port distribution mapper program mapper_program
    began=$(stopwatch)
    # Debian's /usr/sbin wrapper insists on root or its own user; the server itself does not.
    program=$(first_program rabbitmq-server /usr/lib/rabbitmq/bin/rabbitmq-server)
    mapper_program=$(first_program epmd /usr/bin/epmd)
    for attempt in 1 2 3; do
        rm -rf -- "$folder"
        mkdir -p "$folder"/{db,logs,conf.d}
        password=$(random_password)
        port=$(free_port) ports_given+="$port "
        distribution=$(free_port) ports_given+="$distribution "
        mapper=$(free_port) ports_given+="$mapper "
        (
            umask 077
            cat >"$folder/rabbitmq.conf" <<CONF
listeners.tcp.1 = 127.0.0.1:$port
default_user = oncorelay
default_pass = $password
loopback_users.oncorelay = true
# The default write-ahead log of 512 MiB wants a large machine.
raft.wal_max_size_bytes = 64000000
disk_free_limit.absolute = 50MB
log.console = true
log.file = false
CONF
            printf '[].\n' >"$folder/enabled_plugins"
            printf '[].\n' >"$folder/advanced.config"
            : >"$folder/environment"
        )
        # The mapper of Erlang's node names would otherwise be started as a daemon, and outlive the broker.
        start_process epmd "$mapper_program" -port "$mapper" -address 127.0.0.1
        local mapper_pid=$last_started
        start_process rabbitmq env \
            HOME="$folder" \
            ERL_EPMD_PORT="$mapper" ERL_EPMD_ADDRESS=127.0.0.1 \
            RABBITMQ_NODENAME="oncorelay-$port@localhost" RABBITMQ_NODE_PORT="$port" \
            RABBITMQ_DIST_PORT="$distribution" \
            RABBITMQ_CONF_ENV_FILE="$folder/environment" \
            RABBITMQ_CONFIG_FILE="$folder/rabbitmq.conf" RABBITMQ_CONFIG_FILES="$folder/conf.d" \
            RABBITMQ_ADVANCED_CONFIG_FILE="$folder/advanced.config" \
            RABBITMQ_ENABLED_PLUGINS_FILE="$folder/enabled_plugins" \
            RABBITMQ_MNESIA_BASE="$folder/db" RABBITMQ_LOG_BASE="$folder/logs" \
            RABBITMQ_PID_FILE="$folder/pid" RABBITMQ_LOG=-color \
            RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1} $broker_arguments" \
            "$program"
        if wait_for rabbitmq "$servers_patience" "$last_started" "starting on port $port" rabbitmq_answers "$port"; then
            amqp_url="amqp://oncorelay:$password@127.0.0.1:$port/%2F"
            good RabbitMQ "127.0.0.1:$port, $(since "$began")"
            return
        fi
        stop_processes 5 "$last_started" "$mapper_pid"
        warn RabbitMQ "did not come up on port $port (try $attempt of 3)"
    done
    show_end "$logs_folder/rabbitmq.log" 25
    die 70 "A private RabbitMQ could not be started."
}

# start_redis: afterwards `redis_url` leads to it. It keeps nothing on disk: tensors can always be made again.
start_redis() {
    local began folder=$work_folder/redis password attempt port program
    began=$(stopwatch)
    program=$(first_program redis-server /usr/bin/redis-server)
    for attempt in 1 2 3; do
        rm -rf -- "$folder"
        mkdir -p "$folder"
        password=$(random_password)
        port=$(free_port) ports_given+="$port "
        (
            umask 077
            cat >"$folder/redis.conf" <<CONF
bind 127.0.0.1
port $port
requirepass $password
dir $folder
save ""
appendonly no
maxmemory 2gb
maxmemory-policy noeviction
CONF
        )
        start_process redis "$program" "$folder/redis.conf"
        if wait_for redis "$servers_patience" "$last_started" "starting on port $port" redis_answers "$port"; then
            redis_url="redis://:$password@127.0.0.1:$port/0"
            good Redis "127.0.0.1:$port, $(since "$began")"
            return
        fi
        stop_processes 5 "$last_started"
        warn Redis "did not come up on port $port (try $attempt of 3)"
    done
    show_end "$logs_folder/redis.log" 25
    die 70 "A private Redis could not be started."
}
