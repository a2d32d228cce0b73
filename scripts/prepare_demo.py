"""Makes the demonstration ready. Each step is idempotent: run again, it loses nothing and adds nothing twice."""

import os
import sys

import django
from django.core.management import CommandError, call_command

STEPS = [
    ("3/8 Base de données", ["migrate", "--no-input", "--verbosity=0"]),
    ("4/8 Géographie", ["load_geography"]),
    ("5/8 Barèmes", ["load_tariffs"]),
    ("6/8 Grilles, bibliothèque et modèles de courriers", ["load_kit"]),
    ("7/8 Classeurs et comptes de démonstration", ["load_demo"]),
    ("8/8 Contrats ACI de démonstration", ["load_demo_contracts"]),
]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cpts_tracker.settings")
django.setup()
for label, (command, *arguments) in STEPS:
    print(f"{label}…", flush=True)
    try:
        call_command(command, *arguments)
    except CommandError as refusal:
        sys.exit(f"{label} : {refusal}")
