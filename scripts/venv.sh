#!/usr/bin/env bash
# Creates .venv with the machine's Python, or the newest one that is recent enough (PYTHON=… to choose).
set -euo pipefail
cd "$(dirname "$0")/.."

without_venv=
for python in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
  if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "Environnement Python ($("$python" --version)) dans .venv…"
    trap 'rm -rf .venv' ERR INT TERM # a half-made one would pass for a whole one
    "$python" -m venv --clear .venv
    exit
  fi
  without_venv=$python
done

if [[ $without_venv ]]; then
  echo "$("$without_venv" --version) est là, mais pas son module venv : installez-le (sudo apt install python3-venv), puis relancez." >&2
else
  echo "Il faut Python 3.11 ou plus récent : installez-le (sudo apt install python3 python3-venv), puis relancez." >&2
fi
exit 1
