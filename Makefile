# Every command of the project. `make` alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
PORT ?= 8000
export PORT

# One line per library on the screen rather than pip's pages; its errors stay whole.
PIP_INSTALL := $(BIN)/python -m pip install --no-input --disable-pip-version-check --require-hashes
PIP_LINES := sed -un 's/^Collecting \([^ ]*\).*/      \1/p; s/^Installing collected.*/      Installation…/p'

.PHONY: help run test test-sqlite test-postgres test-browser check bench demo shots lock clean

help: ## affiche cette aide
	@echo "Suivi des CPTS. Commandes :"
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

run: port-is-free .venv/installed staticfiles/staticfiles.json ## prépare la démonstration et la sert sur http://127.0.0.1:8000 (PORT=… pour un autre port)
	@DEMO=1 $(BIN)/python -m scripts.prepare_demo
	@DEMO=1 exec $(BIN)/gunicorn cpts_tracker.wsgi

demo: .venv/installed ## refait à neuf la base de démonstration (efface var/demo.sqlite3)
	@rm -f var/demo.sqlite3 var/demo.sqlite3-wal var/demo.sqlite3-shm
	@DEMO=1 $(BIN)/python -m scripts.prepare_demo

test: .venv/installed-test ## lance tous les tests : SQLite, PostgreSQL, navigateur
	@scripts/test.sh sqlite postgres browser

test-sqlite test-postgres test-browser: .venv/installed-test
	@scripts/test.sh $(@:test-%=%)

check: .venv/installed-test ## vérifie le code : style, gabarits, imports, types, migrations, déploiement, failles
	@scripts/check.sh

bench: .venv/installed-test staticfiles/staticfiles.json ## mesure la vitesse sur 1 008 projets
	@$(BIN)/python bench/run.py

shots: .venv/installed-test staticfiles/staticfiles.json ## refait les captures d'écran de la documentation
	@DEMO=1 $(BIN)/python -m scripts.prepare_demo
	@DEMO=1 $(BIN)/python -m scripts.screenshots

lock: .venv/bin/python ## recalcule les versions exactes et leurs empreintes (requirements*.txt ; ARGS=--upgrade pour les plus récentes)
	@scripts/lock.sh $(ARGS)

clean: ## efface ce qui se refait (.venv, fichiers statiques, caches), jamais les données de var/
	@rm -rf .venv staticfiles test-results .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: port-is-free
port-is-free:
	@if (: < "/dev/tcp/127.0.0.1/$$PORT") 2>/dev/null; then \
	  echo "Le port $$PORT est déjà pris : arrêtez ce qui l'occupe, ou choisissez-en un autre, par exemple make run PORT=8001." >&2; exit 1; fi

.venv/bin/python:
	@scripts/venv.sh

.venv/installed: requirements.txt | .venv/bin/python
	@echo "1/8 Bibliothèques…"
	@set -o pipefail; $(PIP_INSTALL) -r $< | $(PIP_LINES)
	@touch $@

.venv/installed-test: requirements-test.txt | .venv/installed
	@echo "Bibliothèques des tests…"
	@set -o pipefail; $(PIP_INSTALL) -r $< | $(PIP_LINES)
	@touch $@

staticfiles/staticfiles.json: .venv/installed $(shell find static -type f 2>/dev/null)
	@echo "2/8 Fichiers statiques…"
	@DEMO=1 $(BIN)/python manage.py collectstatic --no-input --clear --verbosity 0
