# Sourced: runs named parts one after the other, whatever fails, and sums them up.
lines=()
failed=0

part() { # part NAME COMMAND…
  local name=$1 start=$SECONDS mark="réussi     " code=0
  shift
  printf '\n── %s\n' "$name"
  "$@" || code=$?
  case $code in
    0) ;;
    75) mark="non vérifié" ;; # EX_TEMPFAIL: what it needs is out of reach, and it has said so
    *) mark="ÉCHEC      " failed=1 ;;
  esac
  lines+=("$(printf '%s  %4d s  %s' "$mark" $((SECONDS - start)) "$name")")
}

sum_up() { # prints the parts and gives the exit code
  printf '\n── Bilan\n'
  printf '%s\n' "${lines[@]}"
  return $failed
}
