# Read by scripts/bench: the cells of a measurement.
# shellcheck shell=bash disable=SC2154 # What scripts/bench sets.

# --- cells: each adds a line to the results: operation, who, requests/s, p50 and p99 in ms, CPU seconds per 1,000
# requests of server and of Postgres

run_wrk() {
    "${generator[@]}" wrk --threads 1 --connections "$clients" --duration "${2}s" --script "$load/requests.lua" "http://127.0.0.1:$port" -- \
        "$1" "$RANDOM" "$token" "$work/terms" | sed -n 's/^result //p'
}

server_cell() {
    local server backends requests micros p50 p99 failures per=1
    run_wrk "$1" 1 >/dev/null
    [ "$1" != login ] || sleep 1 # until every phone may ask again
    server=$(server_cpu) backends=$(backends_cpu)
    read -r requests micros p50 p99 failures < <(run_wrk "$1" "$seconds")
    if [ "$1" = login ]; then
        per=2 # requests to a login
        until [ -z "$(query "$DATABASE_URL" -c "select from messages where state = 'queued' limit 1")" ]; do sleep 0.2; done
    fi
    server=$(($(server_cpu) - server)) backends=$(($(backends_cpu) - backends))
    if [ "$failures" -gt 0 ]; then
        printf '%s: %d of %d requests failed\n' "$1" "$failures" "$requests" >&2
    fi
    awk -v OFS='\t' -v n="$((requests / per))" -v hz="$ticks" \
        "BEGIN { print \"$1\", \"server\", n * 1e6 / $micros, $p50 / 1e3, $p99 / 1e3, $server / hz / n * 1e3, $backends / hz / n * 1e3 }" >>"$results"
}

# pgbench begins with 32 new connections, which the server has long had: its first second does not count.
floor_cell() {
    local script=$work/floor/$1.sql log=$work/floor/log began ended backends job
    rm -f "$log".*
    (cd "$work/floor" && PGOPTIONS=$(sed -E "s/^([^ ]+) = '?([^']*)'?/-c \1=\2/" "$work/settings" | paste -sd ' ') "${generator[@]}" pgbench -n -M prepared -D i=0 -c "$clients" -j 1 -T "$((seconds + 2))" -f "$script" --log --log-prefix "$log" \
        --random-seed "$RANDOM" "$DATABASE_URL" >"$work/floor/out" 2>&1) &
    job=$!
    sleep 1
    backends=$(backends_cpu) began=$EPOCHREALTIME
    sleep "$seconds"
    backends=$(($(backends_cpu) - backends)) ended=$EPOCHREALTIME
    wait "$job" || { cat "$work/floor/out" >&2 && return 1; }
    awk -v from="$began" -v to="$ended" '{ at = $5 + $6 / 1e6 } at > from && at <= to { print $3 }' "$log".* | sort -n |
        awk -v OFS='\t' -v hz="$ticks" -v seconds="$(awk "BEGIN { print $ended - $began }")" '
            { micros[NR] = $1 }
            END { print "'"$1"'", "floor", NR / seconds, micros[int(NR * 0.5)] / 1e3, micros[int(NR * 0.99)] / 1e3,
                0, '"$backends"' / hz / NR * 1e3 }' >>"$results"
}

# What Redis alone does: the two scripts of a login, by redis-benchmark.
redis_floor() {
    local script keys="otp:{floor}:__rand_int__" now=1795000000000000
    local redis=("${generator[@]}" redis-benchmark -p "${TEST_REDIS_URL##*:}" -c "$clients" -n 100000 -r 100000 --csv eval)
    local lua=src/people/codes/challenge
    for script in admit verify; do
        case $script in
        admit) "${redis[@]}" "$(cat $lua/windows.lua $lua/admit.lua)" 3 "$keys:sent" "$keys:login" "$keys" id $now 0 \
            1000 30000000 1000 3600000000 1000 86400000000 mac 5 $((now + 600000000)) 600000 holder ;;
        verify) "${redis[@]}" "$(cat $lua/verify.lua)" 1 "$keys:login" id wrong try-__rand_int__ $now ;;
        esac | awk -F'","' -v OFS=' ' -v script="$script.lua" 'END { print script, $2 "/s, p50", $5, "ms, p99", $7, "ms" }'
    done
}

# What a cell has added goes, so that the next one meets the same tables.
tidy_logins() {
    local after="> '01993f2f-0000-0000-0000-000000000000'"
    query "$DATABASE_URL" -c 'set session_replication_role = replica' -c "delete from messages where id $after" \
        -c "delete from login_events where id $after" -c "delete from consumed_challenges where challenge_id $after" \
        -c "delete from sessions where id $after and user_id <> bench.id('0003', 0)" \
        -c 'delete from refresh_tokens where not exists (select from sessions where id = session_id)' \
        -c 'vacuum messages' -c 'vacuum login_events' -c 'vacuum consumed_challenges' -c 'vacuum sessions' \
        -c 'vacuum refresh_tokens' -c checkpoint
}

tidy() {
    query "$DATABASE_URL" -c 'set session_replication_role = replica' \
        -c "delete from stock_events where id > '01993f2f-0000-0000-0000-000000000000'" \
        -c "delete from containers where id > '01993f2f-0000-0000-0000-000000000000'" \
        -c 'vacuum containers' -c 'vacuum stock_events' -c checkpoint
}

cell() {
    "${1}_cell" "$2"
    case $2 in
    withdraw | create) tidy ;;
    login) tidy_logins ;;
    esac
}

# While pgbench runs the server stands still: it would send what pgbench queues.
login_cells() {
    local who
    for who; do
        [ "$who" = server ] || kill -STOP "$server_pid"
        cell "$who" login
        kill -CONT "$server_pid"
    done
}

round() {
    local operation
    for operation in ${only//,/ }; do
        if [ "$operation" = login ]; then
            if (($1 % 2)); then on_one_core login_cells server floor; else on_one_core login_cells floor server; fi
        elif (($1 % 2)); then
            cell server "$operation" && cell floor "$operation"
        else
            cell floor "$operation" && cell server "$operation"
        fi
    done
}
