# Read by scripts/bench: the server under load, and what it and its servers use.
# shellcheck shell=bash disable=SC2154 # What scripts/bench sets.

# --- meters; processor time is in ticks

server_cpu() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$server_pid/stat"; }

# Of Redis, which only a login asks, and of all processes of Postgres, those that are gone included.
backends_cpu() {
    local children
    read -ra children <"/proc/$postgres_pid/task/$postgres_pid/children" || true
    # One may end in between.
    (cd /proc && cat "$postgres_pid/stat" "${redis_pids[0]}/stat" "${children[@]/%//stat}" 2>/dev/null || true) |
        awk '{ sub(/.*\) /, ""); sum += $12 + $13 } NR == 1 { sum += $14 + $15 } END { print sum }'
}

memory() {
    awk '/^Rss:/ { rss = $2 } /^Pss:/ { pss = $2 } END { printf "%.0f MB (PSS; %.0f resident)\n", pss / 1024, rss / 1024 }' \
        "/proc/$server_pid/smaps_rollup"
}

# --- the server

# Starts it and says in how many milliseconds it answered.
start_server() {
    local began=$EPOCHREALTIME line
    (chemstock serve) &
    server_pid=$!
    until exec 3<>"/dev/tcp/127.0.0.1/$port"; do
        kill -0 "$server_pid" || return 1
        sleep 0.003
    done 2>/dev/null
    printf 'GET /health/live HTTP/1.0\r\nHost: bench\r\n\r\n' >&3
    read -r line <&3
    exec 3<&-
    [[ $line == *' 200 '* ]] || { printf 'The server answers %s\n' "$line" >&2 && return 1; }
    echo "$(((${EPOCHREALTIME/./} - ${began/./}) / 1000))"
}

stop_server() {
    kill "$server_pid"
    wait "$server_pid" || true
    server_pid=''
}

post() { curl -sS --fail-with-body -H 'Content-Type: application/json' -d "$2" "http://127.0.0.1:$port$1"; }

field() { sed -E "s/.*\"$1\":\"([^\"]*)\".*/\1/"; }

log_in() {
    local challenge
    challenge=$(post /v1/auth/otp/request '{"phone":"+15005550006"}' | field challenge_id)
    token=$(post /v1/auth/otp/verify "{\"challenge_id\":\"$challenge\",\"code\":\"123456\"}" | field access_token)
}

# What Postgres is asked in a login, with the values: a line for each statement.
record_login() {
    local challenge log=$work/postgres/postgres.log
    query "$DATABASE_URL" -c "alter system set log_statement = 'all'" -c 'select pg_reload_conf()' >/dev/null
    sleep 0.5
    challenge=$(post /v1/auth/otp/request '{"phone":"+12025550107"}' | field challenge_id)
    post /v1/auth/otp/verify "{\"challenge_id\":\"$challenge\",\"code\":\"123456\"}" >/dev/null
    query "$DATABASE_URL" -c "alter system reset log_statement" -c 'select pg_reload_conf()' >/dev/null
    awk -v out="$work/recorded" -f "$load/record.awk" "$log"
    paste <(plain_sql <"$work/recorded.sql") "$work/recorded.values" >"$work/recorded"
    : >"$log"
}

pin() {
    local pid
    for pid in "$server_pid" "${redis_pids[0]}" "$postgres_pid" $(<"/proc/$postgres_pid/task/$postgres_pid/children"); do
        taskset -acp "$1" "$pid" >/dev/null 2>&1 || [ ! -e "/proc/$pid" ]
    done
}

# on_one_core COMMAND...: the server, Postgres and Redis share the first core, and the generator has the others.
on_one_core() {
    local last=$(($(nproc) - 1)) generator=()
    if [ "$last" -gt 0 ]; then
        generator=(taskset -c "1-$last")
    fi
    pin 0
    "$@"
    pin "0-$last"
}
