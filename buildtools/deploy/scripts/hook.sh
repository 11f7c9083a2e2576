# Runs one program of the user in the folder $place of a release, for at most $limit seconds.
# The positional parameters are variables for it, NAME=VALUE.
cd "$base"
guard
mine || fail lost
renew
unguard
whole=$PWD
output=$whole/$state/txn/$txn/output
(: >"$output") 2>/dev/null || output=/dev/null
cd "$place"
code=0
began=$(date +%s)
# Whatever it begins with, it is no option.
run="
$run"
# Into a file, not a pipe: what it leaves running in the background would hold a pipe open for ever.
if timeout -k 5 9 true 2>/dev/null; then
  env "$@" BUILDTOOLS_ROOT="$whole" timeout -k 5 "$limit" sh -c "$run" >"$output" 2>&1 </dev/null || code=$?
elif timeout 9 true 2>/dev/null; then
  env "$@" BUILDTOOLS_ROOT="$whole" timeout "$limit" sh -c "$run" >"$output" 2>&1 </dev/null || code=$?
else
  env "$@" BUILDTOOLS_ROOT="$whole" sh -c "$run" >"$output" 2>&1 </dev/null &
  child=$!
  waited=0
  while kill -0 $child 2>/dev/null && [ $waited -lt "$limit" ]; do sleep 1; waited=$((waited + 1)); done
  kill $child 2>/dev/null || :
  wait $child || code=$?
fi
if [ $code -ne 0 ] && [ $(($(date +%s) - began)) -ge "$limit" ]; then say late; fi
say "code $code"
# Whole lines: half a secret could not be told from harmless text.
tail -n 400 <"$output" | cut -c 1-20000 | sed 's/^/@bt out /'
echo
rm -f "$whole/$state/txn/$txn/output"
