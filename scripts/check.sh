#!/usr/bin/env bash
# Every check of the code that is not a test; all are run, then summed up.
set -uo pipefail
cd "$(dirname "$0")/.."
source scripts/parts.sh
PATH="$PWD/.venv/bin:$PATH"

# A deployment's settings, with a key of one use and a database that holds nothing.
export SECRET_KEY DATABASE_URL=sqlite://:memory: HTTPS=1 DEMO=0 DEBUG=0
SECRET_KEY=$(head -c 64 /dev/urandom | base64 -w 0)

no_agpl_fsm() { ! grep -niE '^django-fsm *==' requirements.txt requirements-test.txt; }

part "Style (ruff check)" ruff check --quiet .
part "Mise en forme (ruff format)" ruff format --check .
part "Gabarits (djlint)" djlint --check --lint .
part "Sens des imports (import-linter)" lint-imports --no-logo
part "Types des modules purs (mypy)" mypy
part "Migrations à jour" python manage.py makemigrations --check --dry-run
part "Réglages de déploiement" python manage.py check --deploy --fail-level WARNING
part "django-fsm (AGPL) absente des versions retenues" no_agpl_fsm
part "Failles connues des bibliothèques (pip-audit)" python scripts/audit.py
sum_up
