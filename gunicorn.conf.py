"""How gunicorn serves the application; each value can be set in the environment (docs/deploy.md)."""

import os

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
timeout = 60  # seconds; reading a department's workbook is the longest request
loglevel = "warning"
access_log_format = '%(h)s %(t)s "%(m)s %(U)s" %(s)s %(b)s'  # should one be kept: never the query, a token may be in it
control_socket_disable = True


def when_ready(server: object) -> None:
    print(f"\nLe suivi des CPTS est ouvert sur http://{bind} (Ctrl-C pour arrêter).\n", flush=True)
