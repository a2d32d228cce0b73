"""The project's own settings, with what a test run must not have to be told."""

import os

os.environ |= {"SECRET_KEY": "only-for-tests", "DEMO": "0", "DEBUG": "0", "HTTPS": "0"}
os.environ["ALLOWED_HOSTS"] = "testserver,localhost,127.0.0.1"

from cpts_tracker.settings import *  # noqa: F403
from cpts_tracker.settings import STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Static files straight from the apps: no collectstatic before a test.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
