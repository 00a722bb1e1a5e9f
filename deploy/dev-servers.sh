#!/usr/bin/env bash
# Starts PostgreSQL and RabbitMQ for development, without Docker: two processes that listen on loopback and keep their data in
# a folder that you can delete. Needs only the programs (Debian: apt-get install postgresql rabbitmq-server).
#   deploy/dev-servers.sh up      start both and print the settings that Fleet needs
#   deploy/dev-servers.sh env     print the settings
#   deploy/dev-servers.sh down    stop both; the data stays
# Environment, with defaults: FLEET_SERVERS (.fleet/servers in the checkout), PGPORT_DEV (15432), AMQP_PORT (15673),
# MANAGEMENT_PORT (15674).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder="$(realpath -m "${FLEET_SERVERS:-.fleet/servers}")"
pg_port="${PGPORT_DEV:-15432}" amqp_port="${AMQP_PORT:-15673}" management_port="${MANAGEMENT_PORT:-15674}"
epmd_port="$((amqp_port + 10))" distribution_port="$((amqp_port + 11))"

# Neither server may run as root. If this script runs as root, each server runs as the user of its package.
as_postgres=() as_rabbitmq=()
if ((EUID == 0)); then
  as_postgres=(setpriv --reuid=postgres --regid=postgres --clear-groups)
  as_rabbitmq=(setpriv --reuid=rabbitmq --regid=rabbitmq --clear-groups)
fi

own() { if ((EUID == 0)); then chown -R "$1" "$2"; fi; }

need() { echo "$1 is not installed; on Debian: apt-get install $2" >&2; exit 1; }

pg_bin() {
  # initdb may be a link. The other programs are in the folder that it points to.
  if command -v initdb >/dev/null; then dirname "$(readlink -f "$(command -v initdb)")"; return; fi
  compgen -G "/usr/lib/postgresql/*/bin" | sort -V | tail -n 1
}

is_up() { [[ -f "$folder/$1.pid" ]] && kill -0 "$(cat "$folder/$1.pid")" 2>/dev/null; }

wait_for() { # name, port
  for _ in $(seq 300); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$2") 2>/dev/null; then return; fi
    is_up "$1" || { echo "$1 ended while it started; see $folder/$1.log" >&2; exit 1; }
    sleep 0.1
  done
  echo "$1 does not answer on port $2; see $folder/$1.log" >&2
  exit 1
}

start_postgres() {
  local bin data="$folder/postgres"
  bin="$(pg_bin)"
  [[ -n "$bin" ]] || need PostgreSQL postgresql
  if [[ ! -d "$data" ]]; then
    mkdir -p "$data" && own postgres "$data"
    "${as_postgres[@]}" "$bin/initdb" -D "$data" -U fleet -A trust -E UTF8 --locale=C.UTF-8 >/dev/null
  fi
  "${as_postgres[@]}" "$bin/postgres" -D "$data" -p "$pg_port" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
    >"$folder/postgres.log" 2>&1 </dev/null &
  echo $! >"$folder/postgres.pid"
  wait_for postgres "$pg_port"
  # PostgreSQL listens before it accepts connections.
  local address=(-h 127.0.0.1 -p "$pg_port" -U fleet)
  until "$bin/pg_isready" -q "${address[@]}"; do
    is_up postgres || { echo "postgres ended while it started; see $folder/postgres.log" >&2; exit 1; }
    sleep 0.1
  done
  [[ "$("$bin/psql" "${address[@]}" -d postgres -XAtc "SELECT count(*) FROM pg_database WHERE datname = 'fleet'")" == 1 ]] ||
    "$bin/createdb" "${address[@]}" fleet
}

start_rabbitmq() {
  local bin=/usr/lib/rabbitmq/bin data="$folder/rabbitmq"
  [[ -x "$bin/rabbitmq-server" ]] || need RabbitMQ rabbitmq-server
  mkdir -p "$data"
  echo "[rabbitmq_management]." >"$data/enabled_plugins"
  printf 'listeners.tcp.1 = 127.0.0.1:%s\nmanagement.tcp.ip = 127.0.0.1\nmanagement.tcp.port = %s\n' "$amqp_port" "$management_port" >"$data/rabbitmq.conf"
  own rabbitmq "$data"
  export HOME="$data" ERL_EPMD_PORT="$epmd_port" ERL_EPMD_ADDRESS=127.0.0.1 RABBITMQ_NODENAME=fleet-dev@localhost \
    RABBITMQ_NODE_PORT="$amqp_port" RABBITMQ_DIST_PORT="$distribution_port" RABBITMQ_CONFIG_FILE="$data/rabbitmq.conf" \
    RABBITMQ_CONF_ENV_FILE="$data/none" RABBITMQ_ENABLED_PLUGINS_FILE="$data/enabled_plugins" RABBITMQ_MNESIA_BASE="$data/data" \
    RABBITMQ_LOG_BASE="$data/log" RABBITMQ_PID_FILE="$data/pid" RUNNING_UNDER_SYSTEMD=true \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1}"
  # Start epmd here: one that the broker starts would keep running after the broker has stopped.
  "${as_rabbitmq[@]}" epmd -port "$epmd_port" -address 127.0.0.1 >"$folder/epmd.log" 2>&1 </dev/null &
  echo $! >"$folder/epmd.pid"
  "${as_rabbitmq[@]}" "$bin/rabbitmq-server" >"$folder/rabbitmq.log" 2>&1 </dev/null &
  echo $! >"$folder/rabbitmq.pid"
  wait_for rabbitmq "$management_port"
}

print_env() {
  cat <<EOF
export Fleet__Storage__Provider=Postgres
export Fleet__Storage__ConnectionString='Host=127.0.0.1;Port=$pg_port;Username=fleet;Database=fleet'
export Fleet__Transport__Provider=RabbitMq
export Fleet__Transport__Uri=amqp://guest:guest@127.0.0.1:$amqp_port/
export Fleet__Transport__ManagementUri=http://guest:guest@127.0.0.1:$management_port
EOF
}

case "${1:-}" in
  up)
    mkdir -p "$folder"
    is_up postgres || start_postgres
    is_up rabbitmq || start_rabbitmq
    echo "# RabbitMQ's management UI: http://127.0.0.1:$management_port (guest, guest). Settings, also from '$0 env':"
    print_env
    ;;
  env) print_env ;;
  down)
    for name in rabbitmq epmd postgres; do
      if is_up "$name"; then
        pid="$(cat "$folder/$name.pid")"
        kill -INT "$pid" 2>/dev/null || true
        [[ "$name" == postgres ]] || kill "$pid" 2>/dev/null || true
        while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
      fi
      rm -f "$folder/$name.pid"
    done
    ;;
  *)
    echo "Usage: $0 up|env|down" >&2
    exit 2
    ;;
esac
