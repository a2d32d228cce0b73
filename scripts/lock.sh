#!/usr/bin/env bash
# Writes the exact versions and hashes of every library, for all systems and Python ≥ 3.11.
set -euo pipefail
cd "$(dirname "$0")/.."

uv=$(command -v uv || true)
if [[ -z $uv ]]; then
  .venv/bin/python -m pip install --quiet --disable-pip-version-check uv
  uv=.venv/bin/uv
fi
compile=("$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock")

echo "Versions de l'application…"
"${compile[@]}" pyproject.toml --output-file requirements.txt "$@"
echo "Versions des tests…"
"${compile[@]}" pyproject.toml --group test --constraint requirements.txt --output-file requirements-test.txt "$@"
