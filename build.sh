#!/usr/bin/env bash
# The one command: restore, format check, build, test. CI calls it too.
#   ./build.sh                      all of it
#   ./build.sh restore|format|build one step (build restores first)
#   ./build.sh test [options]       restore, build, run the tests; options go to `dotnet test`,
#                                   for example: ./build.sh test --filter-class '*GroupCommitTests'
#   ./build.sh initial              make the first migration of each database anew from the model, then dump; see CONTRIBUTING.md
#   ./build.sh dump                 make the frozen databases of the upgrade tests anew; needs PostgreSQL; see CONTRIBUTING.md
#   ./build.sh test --quick         the same without the tests that start brokers or programs: under 4 minutes, for daily work
# The tests end with one line: "N passed, N failed" (and ", N skipped" when some were).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
if [[ "${CI:-}" == "true" ]]; then
  export MSBUILDDISABLENODEREUSE=1 # leave no build process behind
fi

reports="artifacts/tests"
hang_after="5m"   # if no test reports for this long, the process is dumped and ended, and its running tests are named
give_up_after=40m # then a process that has not ended is killed

say() { printf '\n== %s\n' "$*"; }

# With CI=true the lock files decide the versions and are not changed (Directory.Build.props).
restore() {
  say "restore"
  dotnet restore Fleet.sln
}

# Checks white space only; this takes seconds and loads no project. The compiler checks the style rules of .editorconfig
# (EnforceCodeStyleInBuild), and a violation fails the build like any other warning.
format() {
  say "format"
  if ! dotnet format whitespace . --folder --verify-no-changes --exclude '**/obj/' '**/bin/'; then
    echo "Fix it with: dotnet format whitespace . --folder" >&2
    return 1
  fi
}

build() {
  say "build"
  dotnet build Fleet.sln --no-restore
}

# Prints one number of the element <Counters …/> of a report.
counter() {
  sed -n "s/.*<Counters[^>]* $2=\"\([0-9]*\)\".*/\1/p" "$1" | head -n 1
}

# Prints the failed tests of a report with their messages (the first 2,000 characters). The test run prints them too, but thousands
# of lines before the end, and CI keeps only the end.
failures() {
  tr '\n' '\r' <"$1" | awk '{
    count = split($0, results, "<UnitTestResult ")
    for (i = 2; i <= count; i++) {
      if (results[i] !~ /^[^>]* outcome="Failed"/) continue
      name = results[i]; sub(/.*testName="/, "", name); sub(/".*/, "", name)
      told = results[i]
      if (sub(/.*<ErrorInfo>/, "", told)) sub(/<\/ErrorInfo>.*/, "", told); else told = ""
      gsub(/<[^>]*>/, "\r", told)
      text = "FAILED " name substr(told, 1, 2000)
      gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&quot;/, "\"", text); gsub(/&#xA;/, "\r", text); gsub(/&#xD;/, "", text); gsub(/&amp;/, "\\&", text)
      print text
    }
  }' | tr '\r' '\n' | grep -v '^ *$' || true
}

# Installs the servers and programs that tests need. If they cannot be installed, these tests are skipped and say so.
servers() {
  local missing=()
  compgen -G "/usr/lib/postgresql/*/bin/postgres" >/dev/null || command -v postgres >/dev/null || [[ -n "${TEST_POSTGRES:-}" ]] || missing+=(postgresql)
  [[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ]] || missing+=(rabbitmq-server)
  # The clock of processes is compiled by the tests that set it.
  [[ -x /usr/bin/cc && -e /usr/include/stdlib.h ]] || missing+=(gcc libc6-dev)
  [[ -x /usr/sbin/pgbouncer ]] || missing+=(pgbouncer)
  command -v docker-compose >/dev/null || missing+=(docker-compose)
  # The clients in samples/clients.
  command -v amqp-publish >/dev/null || missing+=(amqp-tools)
  command -v curl >/dev/null || missing+=(curl)
  # The browser of the dashboard's tests.
  command -v chromium >/dev/null || missing+=(chromium)
  # The shells of the completion scripts.
  command -v zsh >/dev/null || missing+=(zsh)
  command -v fish >/dev/null || missing+=(fish)
  /usr/bin/python3 -c 'import pika' 2>/dev/null || missing+=(python3-pika)
  if ((${#missing[@]} == 0)); then
    return
  fi
  if command -v apt-get >/dev/null && ((EUID == 0)); then
    say "install ${missing[*]} for the tests"
    install_idle "${missing[@]}"
  else
    echo "Not installed: ${missing[*]}; their tests will be skipped (Debian: sudo apt-get install ${missing[*]})." >&2
  fi
}

# Installs packages without starting their services, because the tests start their own servers.
install_idle() {
  local policy=/usr/sbin/policy-rc.d own=0 code=0
  if [[ ! -e "$policy" ]]; then
    own=1
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  export DEBIAN_FRONTEND=noninteractive
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"; } || code=$?
  if ((own)); then
    rm -f "$policy"
  fi
  return "$code"
}

bounded() {
  if command -v timeout >/dev/null; then timeout --kill-after=30s "$give_up_after" "$@"; else "$@"; fi
}

run_tests() {
  local passed=0 failed=0 skipped=0 project name report code ran ok out
  servers
  rm -rf "$reports"
  mkdir -p "$reports"
  for project in tests/*/*.csproj; do
    grep -q 'Include="xunit.v3"' "$project" || continue
    name="$(basename "$project" .csproj)"
    report="$reports/$name.trx"
    say "test $name"
    code=0
    bounded dotnet test --project "$project" --no-build --no-progress --hangdump --hangdump-timeout "$hang_after" --hangdump-type Mini \
      --results-directory "$reports" --report-xunit-trx --report-xunit-trx-filename "$name.trx" "$@" || code=$?
    cat "$reports/$name"_*_hang.log >&2 2>/dev/null || true

    # The numbers come from the report. A project counts as one failure if it left no report, or if it failed without a failed
    # test (it crashed, or had nothing to run).
    # Explicit tests, which run on demand only, count neither way.
    ran=0 ok=0 out=0
    if [[ -f "$report" ]]; then
      ran="$(counter "$report" executed)" ok="$(counter "$report" passed)" out="$(counter "$report" notExecuted)"
    fi
    ran="${ran:-0}" ok="${ok:-0}" out="${out:-0}"
    passed=$((passed + ok)) skipped=$((skipped + out)) failed=$((failed + ran - ok))
    # Exit code 8 means "no test ran". With a filter that is no error.
    if ((code != 0 && ran == ok)) && ! ((code == 8 && $# > 0)); then
      echo "$name ended with exit code $code and no failed test in its report; it counts as one failure." >&2
      failed=$((failed + 1))
    fi
  done

  if [[ -z "${TEST_SQLSERVER:-}" ]]; then
    say "SQL Server: SKIPPED the tests that need a server, because TEST_SQLSERVER is not set; the SQL was checked without one."
  fi
  if ((failed > 0)); then
    say "failed"
    for report in "$reports"/*.trx; do
      if [[ -f "$report" ]]; then failures "$report"; fi
    done
  fi
  if ((passed + failed == 0)); then
    echo "No test ran." >&2
    failed=1
  fi
  echo
  if ((skipped > 0)); then
    echo "$passed passed, $failed failed, $skipped skipped"
  else
    echo "$passed passed, $failed failed"
  fi
  ((failed == 0))
}

# A released migration is never edited, and the databases it built are what later ones have to upgrade.
refuse_after_release() {
  if [[ -n "$(git tag --list 'v[0-9]*')" ]]; then
    echo "Not after a release: '$1' would change what released programs have built. Add a migration instead (CONTRIBUTING.md)." >&2
    exit 1
  fi
}

# Makes the only migration of each database anew.
initial() {
  local database folder
  refuse_after_release initial
  dotnet tool restore
  for database in Sqlite Postgres SqlServer; do
    say "Initial of Storage.$database"
    folder="src/Storage.$database/Migrations"
    rm -f "$folder"/*_Initial.cs "$folder"/*_Initial.Designer.cs "$folder"/*ModelSnapshot.cs
    dotnet ef migrations add Initial --project "src/Storage.$database"
    # One id for ever: the storages name it, and so do the files.
    for file in "$folder"/*_Initial*.cs; do
      sed -E '1s/^\xEF\xBB\xBF//; s/"[0-9]{14}_Initial"/"20261130000000_Initial"/' "$file" >"$file.new"
      rm "$file"
      mv "$file.new" "$folder/20261130000000_Initial${file##*_Initial}"
    done
  done
  # The tool does not know about PrepareDatabase.cs.
  sed -i '0,/protected override void Up/!b; /protected override void Up/{n; s/{/{\n            migrationBuilder.Prepare();/}' \
    src/Storage.SqlServer/Migrations/20261130000000_Initial.cs
  dump || {
    echo "Initial is made. When the tests compile and pass, run: ./build.sh dump" >&2
    return 1
  }
}

# Makes the frozen databases of tests/Fleet.Tests/Upgrade anew: the tables of Initial, and rows in every state.
dump() {
  refuse_after_release dump
  say "frozen databases"
  dotnet build tests/Fleet.Tests -p:RunAnalyzers=false && tests/Fleet.Tests/bin/Debug/net10.0/Fleet.Tests -noColor -explicit only -failSkips -class '*.Upgrade.RemakeDumps'
}

command="${1:-all}"
shift || true
case "$command" in
  all) restore && format && build && run_tests ;;
  restore) restore ;;
  format) format ;;
  build) restore && build ;;
  initial) restore && initial ;;
  dump) restore && dump ;;
  test)
    if [[ "${1:-}" == "--quick" ]]; then
      shift
      set -- --filter-not-namespace Fleet.Tests.EndToEnd Fleet.Tests.Transport Fleet.Tests.Field Fleet.Tests.Bench Fleet.Tests.Deploy Fleet.Tests.Consumers Fleet.Tests.Samples "$@"
    fi
    restore && build && run_tests "$@"
    ;;
  *)
    echo "Unknown step '$command'; allowed are restore, format, build, initial, dump, test, or nothing for all of them." >&2
    exit 2
    ;;
esac
