#!/bin/sh
# Checks docker-compose.yml with docker compose itself; exits 77 (skipped) where that is not installed.
# It reads the file only: no engine is needed, and nothing is started.
set -eu
cd "$(dirname "$0")/.."
if ! docker compose version >/dev/null 2>&1; then
    echo "SKIPPED: docker compose is not installed, so docker-compose.yml was not checked by it." >&2
    exit 77
fi
docker compose --profile publish --profile sandbox --profile monitoring config --quiet
