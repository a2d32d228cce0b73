"""Known vulnerabilities of the locked libraries: fails on one found, says so where the data cannot be reached."""

import json
import os
import subprocess
import sys

UNREACHABLE = ("requests.exceptions.", "Could not connect", "ServiceError")
COMMAND = ["pip-audit", "--requirement", "requirements.txt", "--require-hashes", "--disable-pip"]

run = subprocess.run([*COMMAND, "--format", "json", "--progress-spinner", "off"], capture_output=True, text=True)  # noqa: S603
dependencies = json.loads(run.stdout)["dependencies"] if run.stdout else []
audited = [dependency for dependency in dependencies if "vulns" in dependency]
vulnerable = [dependency for dependency in audited if dependency["vulns"]]

for dependency in vulnerable:
    for vuln in dependency["vulns"]:
        fixed = ", ".join(vuln["fix_versions"]) or "aucune version corrigée"
        print(f"{dependency['name']} {dependency['version']} : {vuln['id']} (corrigée par : {fixed})")
if vulnerable:
    sys.exit(1)
if audited:
    print(f"{len(audited)} bibliothèques sur {len(dependencies)} vérifiées, aucune faille connue.")
elif dependencies or any(sign in run.stderr for sign in UNREACHABLE):
    print("NON VÉRIFIÉ : les données de pip-audit sont hors d'atteinte depuis cette machine.")
    sys.exit(os.EX_TEMPFAIL)
else:
    sys.exit(run.stderr)
