#!/usr/bin/env bash
# Measures Fleet and prints a table: bench/run.sh [--quick] [--json FILE]
set -euo pipefail
dotnet run -c Release --project "$(dirname "$0")/Fleet.Load" -- "$@"
