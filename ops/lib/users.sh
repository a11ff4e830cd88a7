# shellcheck shell=bash
# Who may do what at the broker and at the store: one table, from which commands and files are made.
# Needs terminal.sh.

# User, then what it may configure, write and read, each a regular expression over names of exchanges and queues.
# - Only `oncorelay-topology` makes exchanges and queues; the services merely check that they are there, for which
#   RabbitMQ asks no permission.
# - A service takes from its own two queues, and hands on: to the next stage, to the retry ladder, to parking.
# - Aggregation alone speaks to subscribers. A publisher can do nothing but publish; a subscriber has queues of its own
#   beneath `subscriber.` and can bind them to the results.
# - The operator is for the command line: `status`, `dead-letters`, `watch` and `publish --wait`. The last two listen
#   by a queue of their own, oncorelay.cli.<id>; a replay goes to its queue by the default exchange.
permissions=$(
    cat <<'TABLE'
oncorelay-topology          .*                              .*                                              .*
oncorelay-ingestion         ^$                              ^oncorelay\.(pipeline|retry|dead)$              ^ingestion\.(urgent|routine)$
oncorelay-preprocessing     ^$                              ^oncorelay\.(pipeline|retry|dead)$              ^preprocessing\.(urgent|routine)$
oncorelay-brain-metastasis  ^$                              ^oncorelay\.(pipeline|retry|dead)$              ^brain-metastasis\.(urgent|routine)$
oncorelay-lymph-node        ^$                              ^oncorelay\.(pipeline|retry|dead)$              ^lymph-node\.(urgent|routine)$
oncorelay-aggregation       ^$                              ^oncorelay\.(pipeline|results|retry|dead)$      ^aggregation\.(urgent|routine)$
oncorelay-publisher         ^$                              ^oncorelay\.studies$                            ^$
oncorelay-subscriber        ^subscriber\..+$                ^subscriber\..+$                                ^(subscriber\..+|oncorelay\.results)$
oncorelay-operator          ^oncorelay\.cli\..+$            ^(oncorelay\.(studies|pipeline|cli\..+)|amq\.default)$  ^(oncorelay\.(results|cli\..+)|parking\..+)$
TABLE
)

# User, exchange, and which routing keys it may write and read there.
topic_permissions=$(
    cat <<'TABLE'
oncorelay-publisher    oncorelay.studies   ^study\.submitted\.(urgent|routine)(\..+)?$   ^$
TABLE
)

store_user=oncorelay-store
# All that the tensor store's client sends, and nothing beyond its own keys.
store_rules='~oncorelay:* resetchannels -@all +ping +auth +select +client|setname
    +get +set +unlink +exists +pttl +pexpire +scan'

broker_users() { awk '{ print $1 }' <<<"$permissions"; }

# password_of USER FOLDER: prints it, or ends the script.
password_of() {
    [[ -s $2/$1.password ]] || die 66 "There is no $2/$1.password." "ops/passwords $2 makes what is missing."
    head -n 1 -- "$2/$1.password"
}

# RabbitMQ's own form: base64 of a salt of four bytes and the SHA-256 of salt and password.
password_hash() {
    local salt digest
    salt=$(od -An -v -N4 -tx1 /dev/urandom | tr -d ' \n')
    digest=$({ hex_bytes "$salt" && printf '%s' "$1"; } | sha256sum | cut -d ' ' -f 1)
    hex_bytes "$salt$digest" | base64 -w 0
}

# hex_bytes HEX: the bytes themselves.
hex_bytes() {
    local index escapes=''
    for ((index = 0; index < ${#1}; index += 2)); do escapes+="\\x${1:index:2}"; done
    printf '%b' "$escapes"
}

json_string() { sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$/"/' <<<"$1"; }

# broker_definitions FOLDER: prints a definitions file with the users, their permissions, and no guest.
broker_definitions() {
    local user configure write read exchange separator=''
    printf '{\n  "vhosts": [{"name": "/"}],\n  "users": ['
    for user in $(broker_users); do
        printf '%s\n    {"name": %s, "password_hash": "%s", "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": []}' \
            "$separator" "$(json_string "$user")" "$(password_hash "$(password_of "$user" "$1")")"
        separator=,
    done
    separator=''
    printf '\n  ],\n  "permissions": ['
    while read -r user configure write read; do
        printf '%s\n    {"user": %s, "vhost": "/", "configure": %s, "write": %s, "read": %s}' "$separator" \
            "$(json_string "$user")" "$(json_string "$configure")" "$(json_string "$write")" "$(json_string "$read")"
        separator=,
    done <<<"$permissions"
    separator=''
    printf '\n  ],\n  "topic_permissions": ['
    while read -r user exchange write read; do
        printf '%s\n    {"user": %s, "vhost": "/", "exchange": %s, "write": %s, "read": %s}' "$separator" \
            "$(json_string "$user")" "$(json_string "$exchange")" "$(json_string "$write")" "$(json_string "$read")"
        separator=,
    done <<<"$topic_permissions"
    printf '\n  ]\n}\n'
}

# store_acl FOLDER: prints the store's users; the default one is switched off.
store_acl() {
    local digest
    digest=$(password_of "$store_user" "$1" | tr -d '\n' | sha256sum | cut -d ' ' -f 1)
    printf 'user default off resetpass -@all\n'
    printf 'user %s on #%s %s\n' "$store_user" "$digest" "$(xargs <<<"$store_rules")"
}
