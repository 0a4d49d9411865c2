#!/usr/bin/env bash
# Speed and size of the registry beside their limits: the tables of BENCHMARKS.md, "The registry".
# Nothing else should run meanwhile. VERSIONS sets the size of the large registry.
set -euo pipefail
cd "$(dirname "$0")/.."
versions=${VERSIONS:-1000000}

cargo bench -q -p levada-registry-server --bench http
cargo bench -q -p levada-registry-server --bench http -- --versions "$versions"

cargo build -q --profile dist
levada=${CARGO_TARGET_DIR:-target}/dist/levada
work=$(mktemp -d)
trap 'kill "$pid" 2>/dev/null || true; rm -rf "$work"' EXIT
printf '\n| an empty process, registry and broker | |\n|---|---:|\n'
for run in 1 2 3; do
    started=$(date +%s%N)
    "$levada" serve --data-dir "$work/$run" --registry-listen 127.0.0.1:0 --kafka-listen 127.0.0.1:0 \
        >"$work/out" 2>"$work/err" &
    pid=$!
    until grep -q '^ready$' "$work/out"; do
        kill -0 "$pid" || { cat "$work/err"; exit 1; }
        sleep 0.002
    done
    echo "| ready after, ms | $((($(date +%s%N) - started) / 1000000)) |"
    sleep 5
    awk '/^VmRSS/ { printf "| memory after 5 s idle, MiB | %.1f |\n", $2 / 1024 }' "/proc/$pid/status"
    kill "$pid"
    wait "$pid"
done
