#!/usr/bin/env bash
# Runs a command with DATABASE_URL leading to a throw-away PostgreSQL, gone when the command ends.
set -euo pipefail

bin=
for dir in "$(dirname "$(command -v pg_ctl)")" $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V); do
  if [[ -x $dir/initdb && -x $dir/pg_ctl ]]; then bin=$dir; fi
done
if [[ -z $bin ]]; then
  echo "PostgreSQL est introuvable : installez-le (sudo apt install postgresql), puis relancez." >&2
  exit 1
fi

dir=$(mktemp -d /tmp/cpts-postgres.XXXXXX) # short: a socket's path holds 107 bytes
owner=()
if ((EUID == 0)); then # the server refuses to run as root
  user=$(id -un postgres 2>/dev/null || echo nobody)
  chown "$user" "$dir"
  owner=(setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups)
fi

as_owner() { (cd "$dir" && "${owner[@]}" "$@"); }
clean_up() {
  as_owner "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

as_owner "$bin/initdb" -D "$dir/data" --username=cpts --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$dir/log"
# Reached by a socket in its own closed directory only: no port to find, nobody else to let in.
as_owner "$bin/pg_ctl" -D "$dir/data" -l "$dir/data/log" -w start >"$dir/log" \
  -o "-F -c listen_addresses='' -c unix_socket_directories='$dir' -c synchronous_commit=off -c full_page_writes=off" ||
  { cat "$dir/log" "$dir/data/log" >&2; exit 1; }

DATABASE_URL="postgres://cpts@/$dir/postgres" "$@"
