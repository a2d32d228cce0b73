#!/usr/bin/env bash
# Runs the parts of the tests named on the command line: sqlite, postgres, browser. PostgreSQL goes through the migrations.
set -uo pipefail
cd "$(dirname "$0")/.."
source scripts/parts.sh
unset DATABASE_URL

for name in "$@"; do
  case $name in
    sqlite) part "Tests sur SQLite" .venv/bin/pytest -m "not browser" -n 2 -q --no-migrations ;;
    postgres) part "Tests sur PostgreSQL" scripts/with_postgres.sh .venv/bin/pytest -m "not browser" -n 2 -q ;;
    browser) part "Tests dans le navigateur" .venv/bin/pytest -m browser -n 2 -q --no-migrations ;;
    *) part "« $name » : sqlite, postgres ou browser" false ;;
  esac
done
sum_up
