# shellcheck shell=bash
# What scripts/test and scripts/prepare share: timed steps, a private Postgres, a private Redis, and their end.
# Sourced from the top of the repository, after `set -euo pipefail`.

# The caller's own database settings must not leak into the run.
unset "${!PG@}" SQLX_OFFLINE SQLX_OFFLINE_DIR

work=$(mktemp -d "${work_in:-${TMPDIR:-/tmp}}/chemstock.XXXXXXXX")
chmod 755 "$work" # the user that runs Postgres passes through it
target=${CARGO_TARGET_DIR:-target}
job='' current_step='starting' postgres_up='' server_pid=''
redis_pids=()
runuser=() # what runs a command as the user of Postgres

finish() {
    local status=$? pid
    trap - EXIT
    trap '' HUP INT PIPE TERM
    set +e
    if [ -n "$job" ]; then # a signal came in the middle of a step
        kill -TERM -- "-$job"
        wait "$job"
    fi 2>/dev/null
    for pid in $server_pid "${redis_pids[@]}"; do
        kill "$pid" && wait "$pid"
    done 2>/dev/null
    if [ -n "$postgres_up" ]; then
        pg_ctl stop --mode immediate
    fi
    if [ "$status" -ne 0 ]; then
        keep_logs >&2
        printf '\nFailed: %s (exit %d)\n' "$current_step" "$status" >&2
    fi
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM

keep_logs() {
    local log
    for log in "$work"/*/*.log; do
        [ -s "$log" ] || continue
        mkdir -p "$target/server-logs" && cp "$log" "$target/server-logs/"
        printf '\n--- the end of %s\n' "$target/server-logs/${log##*/}"
        tail -n 10 "$log"
    done
}

heading() {
    current_step=$1
    printf '\n==> %s\n' "$current_step"
}

# step HEADING COMMAND...: runs the command and says how long it took.
# It runs in the background in a process group of its own, so that a signal ends it, and then the servers, at once.
step() {
    local started=$SECONDS
    heading "$1"
    shift
    set -m
    "$@" </dev/null &
    job=$!
    set +m
    wait "$job"
    job=''
    printf '    %d s\n' $((SECONDS - started))
}

# The folder of the newest Postgres server programs; fails when there are none, or none new enough.
postgres_bin() {
    local bin found=''
    for bin in /usr/lib/postgresql/*/bin; do
        if [ -x "$bin/initdb" ]; then printf '%s\n' "$bin"; fi
    done | sort -V >"$work/postgres-bins"
    found=$(tail -n 1 "$work/postgres-bins")
    if [ -z "$found" ] && bin=$(command -v initdb); then
        found=$(dirname "$(readlink -f "$bin")")
    fi
    [ -n "$found" ] && [ "$("$found/initdb" --version | grep -oE '[0-9]+' | head -n 1)" -ge 14 ] && printf '%s\n' "$found"
}

has() { command -v "$1" >/dev/null; }

# need PACKAGE...: installs the Debian packages whose programs are missing, or says which they are.
need() {
    local package missing=() sudo=()
    for package; do
        case $package in
        postgresql) postgres_bin >/dev/null || missing+=("$package") ;;
        redis-server) { has redis-server && has redis-cli; } || missing+=("$package") ;;
        prometheus) has promtool || missing+=("$package") ;;
        chromium-driver) has chromedriver || missing+=("$package") ;;
        *) has "$package" || missing+=("$package") ;;
        esac
    done
    [ "${#missing[@]}" -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then sudo=(sudo -n); fi
    if ! has apt-get || ! "${sudo[@]}" true 2>/dev/null; then
        printf 'Missing: %s. On Debian: apt-get install %s\n' "${missing[*]}" "${missing[*]}" >&2
        return 1
    fi
    "${sudo[@]}" apt-get update -q
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        -o DPkg::Lock::Timeout=300 "${missing[@]}"
}

# Below the ports that the system gives to outgoing connections; a taken one shows when the server starts.
random_port() { echo $((20000 + RANDOM % 12000)); }

# In a folder that this user may read.
as_server() { (cd "$work/postgres" && "${runuser[@]}" "$@"); }

pg_ctl() { as_server "$postgres/pg_ctl" "$@" --silent --wait --pgdata "$work/postgres/data"; }

query() { "$postgres/psql" -X -q -A -t -v ON_ERROR_STOP=1 -d "$@"; }

# start_postgres FOLDER SETTING...: sets DATABASE_URL: a superuser on a server that is empty, or a copy of the folder's,
# and that forgets everything unless the settings say otherwise.
start_postgres() {
    local user=postgres port log=$work/postgres/postgres.log copied=${1-}
    shift "$((${#} > 0))"
    postgres=$(postgres_bin)
    mkdir "$work/postgres"
    if [ "$(id -u)" -eq 0 ]; then # Postgres refuses to run as root
        id -u "$user" >/dev/null 2>&1 || user=nobody
        chown "$user" "$work/postgres"
        runuser=(runuser -u "$user" --)
    fi
    if [ -n "$copied" ]; then
        cp -a "$copied" "$work/postgres/data"
    else
        as_server "$postgres/initdb" -D "$work/postgres/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
    fi
    printf '%s\n' "listen_addresses = '127.0.0.1'" "unix_socket_directories = ''" 'max_connections = 300' \
        'fsync = off' 'synchronous_commit = off' 'full_page_writes = off' "$@" >>"$work/postgres/data/postgresql.conf"
    for _ in {1..10}; do
        port=$(random_port)
        # It waits for the server of this data folder, which stops when the port is taken.
        if pg_ctl start --log "$log" --options "-p $port" 2>/dev/null; then
            postgres_up=yes
            break
        fi
    done
    [ -n "$postgres_up" ] || { echo 'Postgres does not start.' >&2; return 1; }
    export DATABASE_URL=postgres://postgres@127.0.0.1:$port/postgres
    if [ -z "$(query "$DATABASE_URL" -c "select 1 from pg_available_extensions where name = 'pg_trgm'")" ]; then
        echo 'This Postgres has no pg_trgm extension: install its contrib package.' >&2
        return 1
    fi
}

# redis_server NAME SETTING...: a server that forgets everything, in a folder of this name; sets redis_port.
redis_server() {
    local pid folder=$work/$1
    shift
    mkdir "$folder"
    for _ in {1..10}; do
        redis_port=$(random_port)
        set -m # away from the terminal's interrupt: it has to outlive the step
        redis-server --bind 127.0.0.1 --port "$redis_port" --dir "$folder" --save '' --appendonly no "$@" \
            >>"$folder/redis.log" 2>&1 </dev/null &
        pid=$!
        set +m
        redis_pids+=("$pid")
        for _ in {1..100}; do
            # Ours, and not another one that has the port already.
            if redis-cli -h 127.0.0.1 -p "$redis_port" info server 2>/dev/null | tr -d '\r' | grep -x "process_id:$pid" >/dev/null; then
                return
            fi
            kill -0 "$pid" 2>/dev/null || { unset 'redis_pids[-1]' && break; }
            sleep 0.1
        done
    done
    echo 'Redis does not start.' >&2
    return 1
}

# Sets TEST_REDIS_URL.
start_redis() {
    redis_server redis
    export TEST_REDIS_URL=redis://127.0.0.1:$redis_port
}

# Sets TEST_REDIS_CLUSTER_NODES: three masters that have met. The port of a node's bus is its port and 10000, so a node
# whose bus finds it taken does not start, and another pair is tried.
start_redis_cluster() {
    local name nodes=()
    for name in redis-a redis-b redis-c; do
        redis_server "$name" --cluster-enabled yes
        nodes+=("127.0.0.1:$redis_port")
    done
    redis-cli --cluster create "${nodes[@]}" --cluster-replicas 0 --cluster-yes >"$work/redis-a/create.log"
    TEST_REDIS_CLUSTER_NODES=$(IFS=,; echo "${nodes[*]}")
    export TEST_REDIS_CLUSTER_NODES
}

# Sets scratch_url: a database with every migration applied.
migrate_scratch() {
    local file mode
    query "$DATABASE_URL" -c 'create database scratch'
    scratch_url=${DATABASE_URL%/*}/scratch
    for file in migrations/*.sql; do
        case $file in *\** | *.down.sql) continue ;; esac
        mode=--single-transaction
        if [[ $(head -n 1 "$file") == '-- no-transaction'* ]]; then mode=--no-psqlrc; fi
        PGOPTIONS='-c client_min_messages=warning' query "$scratch_url" "$mode" -f "$file" >/dev/null
    done
}

# query_data FOLDER LINT...: checks every target, each query against the scratch database, and describes the queries
# in the folder. Cargo has to run the macros for that although no source changed: the lints' arguments are part of
# what it compares, and the search path of this very run is in them.
query_data() {
    local folder=$1
    shift
    SQLX_OFFLINE=false SQLX_OFFLINE_DIR=$folder DATABASE_URL=$scratch_url \
        cargo clippy --all-targets --locked -- -L "$folder" "$@"
}
