"""Whether this process can serve: database reachable, migrations applied, storage writable."""

import logging
from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

_log = logging.getLogger("cpts.health")


def database() -> bool:
    connection.ensure_connection()
    return connection.is_usable()


def migrations() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def storage() -> bool:
    name = default_storage.save("healthz", ContentFile(b"ok"))
    default_storage.delete(name)
    return True


def holds(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception:  # whatever is wrong, the answer is that it does not hold; the log tells what
        _log.exception("%s", check.__name__)
        return False


@never_cache
@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    checks = {check.__name__: holds(check) for check in (database, migrations, storage)}
    return JsonResponse(checks, status=200 if all(checks.values()) else 503)
