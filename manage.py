#!/usr/bin/env python
"""Django's command line for the CPTS tracker."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cpts_tracker.settings")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError as error:
        raise SystemExit("Django n'est pas installé ici : lancez `make run`, ou utilisez .venv/bin/python.") from error
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        raise SystemExit(f"Réglages : {error}") from None


if __name__ == "__main__":
    main()
