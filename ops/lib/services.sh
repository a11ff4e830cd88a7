# shellcheck shell=bash
# The five services, against the servers that were started. Needs all the other rooms, and `binaries`.

service_names=(ingestion preprocessing brain-metastasis lymph-node aggregation)
services_patience=60 # seconds
declare -A service_ports=() service_pids=()

# is_ready NAME: whether the service's /readyz says so.
is_ready() { [[ $(http_status "${service_ports[$1]}" /readyz) == 200 ]]; }

# start_services ROOT: starts all five at once and waits until each says that it is ready.
start_services() {
    local root=$1 name began
    began=$(stopwatch)
    mkdir -p "$work_folder/ledger"
    for name in "${service_names[@]}"; do
        service_ports[$name]=$(free_port)
        ports_given+="${service_ports[$name]} "
        start_process "$name" env \
            ONCORELAY_AMQP_URL="$amqp_url" ONCORELAY_REDIS_URL="$redis_url" \
            ONCORELAY_ROOTS="$root" ONCORELAY_HTTP_PORT="${service_ports[$name]}" \
            ONCORELAY_LEDGER="$work_folder/ledger/ledger.sqlite" ONCORELAY_HEATMAPS="$heatmaps" \
            ${models:+ONCORELAY_MODELS="$models"} \
            "$binaries/oncorelay-$name"
        service_pids[$name]=$last_started
    done
    for name in "${service_names[@]}"; do
        wait_for "$name" "$services_patience" "${service_pids[$name]}" "waiting until it is ready" is_ready "$name" ||
            explain_unready "$name"
        good "$name" "ready on port ${service_ports[$name]}, $(since "$began")"
    done
}

# explain_unready NAME: why it did not become ready, as far as it can be known; ends the script.
explain_unready() {
    local name=$1 answer
    bad "$name" "not ready"
    if kill -0 "${service_pids[$name]}" 2>/dev/null; then
        answer=$(http_body "${service_ports[$name]}" /readyz || true)
        say "    /readyz says: ${answer:-nothing}"
    else
        say "    It has ended."
    fi
    show_end "$logs_folder/$name.log" 20
    die 70 "$name did not become ready within $services_patience s."
}
