# Sourced: runs named parts one after the other, whatever fails, and sums them up.
lines=()
failed=0

part() { # part NAME COMMAND…
  local name=$1 start=$SECONDS mark="réussi"
  shift
  printf '\n── %s\n' "$name"
  "$@" || { mark="ÉCHEC " failed=1; }
  lines+=("$(printf '%s  %4d s  %s' "$mark" $((SECONDS - start)) "$name")")
}

sum_up() { # prints the parts and gives the exit code
  printf '\n── Bilan\n'
  printf '%s\n' "${lines[@]}"
  return $failed
}
