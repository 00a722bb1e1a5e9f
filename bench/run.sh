#!/usr/bin/env bash
# Compares Fleet with its floors and its peers; docs/benchmarks.md says what is measured and holds the last full result.
#   bench/run.sh [--quick|--smoke] [--only NAME,NAME…] [--phases NAME,NAME…] [--json FILE] [--keep]
#     --phases: comparison (jobs that do nothing), effect (jobs that write a row), fails-once (jobs whose first attempt fails), or one way of these
#     by its name. In a minute, a job that writes a row in the transaction that completes it, with 1, 2 and 4 workers, beside that transaction alone:
#       bench/run.sh --quick --only fleet,effect-floor --phases transaction
#   bench/run.sh --soak MINUTES [--json FILE] [--keep]  Fleet alone: 3,000 jobs a second for so long, measured before, meanwhile and after
#   bench/run.sh --embedded [--quick] [--json FILE]    Fleet embedded alone: one process, SQLite, in-memory lanes
# As root on Debian it installs the servers that are missing; packages of peers go into folders that git ignores.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

if [[ "${1:-}" == "--embedded" ]]; then
  shift
  exec dotnet run -c Release --project "$here/Fleet.Load" -- "$@"
fi

only="" previous=""
for argument in "$@"; do
  if [[ "$previous" == "--only" ]]; then only=",$argument,"; fi
  if [[ "$argument" == "--soak" ]]; then only=",fleet,"; fi
  previous="$argument"
done

# Whether a contender of this name takes part.
wants() { [[ -z "$only" || "$only" == *",$1"* ]]; }

# Installs packages without starting their services: the bench runs servers of its own.
install_idle() {
  local policy=/usr/sbin/policy-rc.d own=0 code=0
  if ! command -v apt-get >/dev/null || ((EUID != 0)); then
    echo "Not installed: $*. On Debian: sudo apt-get install $*" >&2
    return 0 # contenders that need it say so
  fi
  if [[ ! -e "$policy" ]]; then
    own=1
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"; } >&2 || code=$?
  if ((own)); then rm -f "$policy"; fi
  return "$code"
}

missing=()
compgen -G "/usr/lib/postgresql/*/bin/postgres" >/dev/null || command -v postgres >/dev/null || missing+=(postgresql)
[[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ]] || missing+=(rabbitmq-server)
if wants bullmq; then command -v redis-server >/dev/null || missing+=(redis-server); fi
if wants celery; then /usr/bin/python3 -c 'import celery' 2>/dev/null || missing+=(python3-celery); fi
if ((${#missing[@]} > 0)); then install_idle "${missing[@]}"; fi

if wants graphile-worker || wants bullmq || wants pg-boss; then
  [[ -d "$here/peers/node/node_modules/bullmq" && -d "$here/peers/node/node_modules/pg-boss" ]] || npm ci --prefix "$here/peers/node" --no-audit --no-fund --ignore-scripts >&2
fi

# Published, as the images are: the drivers of every contender in .NET and the scheduler are compiled ahead of time.
dotnet publish -c Release "$here/Fleet.Bench" --use-current-runtime -o "$here/Fleet.Bench/bin/published" -v quiet -clp:ErrorsOnly -nologo >&2
exec dotnet "$here/Fleet.Bench/bin/published/Fleet.Bench.dll" "$@"
