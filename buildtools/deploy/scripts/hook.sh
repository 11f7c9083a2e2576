# Runs one program of the user in the folder $place of a release, for at most $limit seconds (0: as long as it takes).
# The positional parameters are variables for it, NAME=VALUE.
cd "$base"
guard
mine || fail lost
renew
unguard
whole=$PWD
output=$whole/$state/txn/$txn/output
cd "$place"
code=0
# Whatever it begins with, it is no option.
run="
$run"
# Into a file, not a pipe: what it leaves running in the background would hold a pipe open for ever.
if [ "$limit" -eq 0 ]; then
  env "$@" BUILDTOOLS_ROOT="$whole" sh -c "$run" >"$output" 2>&1 </dev/null || code=$?
elif timeout -k 5 9 true 2>/dev/null; then
  env "$@" BUILDTOOLS_ROOT="$whole" timeout -k 5 "$limit" sh -c "$run" >"$output" 2>&1 </dev/null || code=$?
  case $code in 124 | 137 | 143) say late ;; esac
else
  env "$@" BUILDTOOLS_ROOT="$whole" sh -c "$run" >"$output" 2>&1 </dev/null &
  child=$!
  waited=0
  while kill -0 $child 2>/dev/null && [ $waited -lt "$limit" ]; do sleep 1; waited=$((waited + 1)); done
  if kill $child 2>/dev/null; then say late; fi
  wait $child || code=$?
fi
tail -c 60000 "$output" | sed 's/^/@bt out /'
echo
rm -f "$output"
say "code $code"
