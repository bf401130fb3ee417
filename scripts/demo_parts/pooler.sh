# shellcheck shell=bash disable=SC2154
#
# pooler.sh
#     The PgBouncer of the demo: its start, its load, and a new size for its pool.
#
# Needs lib.sh, and $work with the server's socket in it.

# What is too small for the load below, which needs some 2.4 on average.
pool_size=3
# Transactions a second, arriving whether those before are through or not.
pool_rate=110

# write_pooler_conf SIZE: its configuration with a pool of this size.
write_pooler_conf() {
    as_user tee "$work/pgbouncer.ini" >/dev/null <<END
[databases]
shop = host=$work dbname=postgres pool_size=$1

[pgbouncer]
unix_socket_dir = $work
unix_socket_mode = 0700
listen_port = 6432
auth_type = trust
auth_file = $work/pgbouncer.users
admin_users = admin
stats_users = monitor
pool_mode = transaction
max_client_conn = 200
log_connections = 0
log_disconnections = 0
logfile = $work/log/pgbouncer
pidfile = $work/pgbouncer.pid
END
}

# console COMMAND: one command for PgBouncer's admin console.
console() {
    as_user psql -X -q -h "$work" -p 6432 -U admin -d pgbouncer -c "$1"
}

start_pooler() {
    say "Starting PgBouncer with a pool of $pool_size connections"
    printf '"shop" ""\n"monitor" ""\n"admin" ""\n' |
        as_user tee "$work/pgbouncer.users" >/dev/null
    write_pooler_conf "$pool_size"
    if run_logged "$work/log/pgbouncer_start" pgbouncer -q -d "$work/pgbouncer.ini"; then
        for _ in $(seq 100); do
            if console 'SHOW VERSION' >/dev/null 2>&1; then
                return
            fi
            sleep 0.1
        done
    fi
    show_tail "$work/log/pgbouncer_start" 15 >&2
    show_tail "$work/log/pgbouncer" 15 >&2
    die "PgBouncer did not start" "Its log is above."
}

# Clients of the pool, until stop_pool_load.  One that is late by a second gives
# up, so that no line of a busy minute is left for the next.
start_pool_load() {
    become PGAPPNAME=webshop pgbench -h "$work" -p 6432 -U shop -n -f scripts/demo_parts/pool.pgbench \
        -c 60 -j 1 -R "$pool_rate" -L 1000 -T 100000 shop >"$work/log/pool_load" 2>&1 </dev/null &
    pool_load=$!
    # That it ends when all ends is no news.
    disown "$pool_load"
}

stop_pool_load() {
    kill -TERM "$pool_load" 2>/dev/null || true
}

check_pool_load() {
    if ! kill -0 "$pool_load" 2>/dev/null; then
        show_tail "$work/log/pool_load" 20 >&2
        die "the load of the pool ended too early" "The messages of pgbench are above."
    fi
}

# resize_pool SIZE: as an administrator would, while clients are served.
resize_pool() {
    write_pooler_conf "$1"
    console RELOAD
}
