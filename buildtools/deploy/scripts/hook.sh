# Runs one program of the user in the folder $place of a release, for at most $limit seconds and, if it does not end when
# it is told to, $grace more; before that it waits for another one, for at most $patience. $room is all there is for both.
# The positional parameters are variables for it, NAME=VALUE. Its text is standard input, since everybody on the host can
# read commands; the last line there says that nothing of it was cut off.
cd "$base"
ending="
# $txn"
run=$(cat)
case $run in *"$ending") run=${run%"$ending"} ;; *) fail text ;; esac

# What a killed deployment has started may still be at work: nobody has written it to run twice at once. This shell alone
# has the lock, so what a program leaves running in the background keeps nobody waiting.
waited=0
if command -v flock >/dev/null 2>&1 && (: >>$state/program) 2>/dev/null; then
  exec 8>>$state/program
  hold 8 "$patience" running
fi
if [ $waited -gt 0 ]; then say "waited $waited"; fi
if [ $((room - waited)) -lt "$limit" ]; then limit=$((room - waited)); fi

guard
mine || fail lost
renew
unguard
whole=$PWD
output=$whole/$state/txn/$txn/output
(: >"$output") 2>/dev/null || output=/dev/null
cd "$place"

# As the login would start it: in its own locale, and ended by a pipe that nobody reads any more.
start() {
  trap - PIPE
  if [ -n "$locale" ]; then LC_ALL=$locale; else unset LC_ALL; fi
  # Into a file, not a pipe: what it leaves running in the background would hold a pipe open for ever.
  exec env "$@" BUILDTOOLS_ROOT="$whole" $bounded sh -c 'eval "$(cat <&7)" 7<&-' 7<&0 </dev/null >"$output" 2>&1 8>&-
}

code=0
began=$(date +%s)
if timeout -k 5 9 true 2>/dev/null; then
  bounded="timeout -k $grace $limit"
  printf '%s\n' "$run" | (start "$@") || code=$?
else
  bounded=
  printf '%s\n' "$run" | (start "$@") &
  child=$!
  spent=0
  while kill -0 $child 2>/dev/null && [ $spent -lt $((limit + grace)) ]; do
    if [ $spent -eq "$limit" ]; then kill $child 2>/dev/null || :; fi
    sleep 1
    spent=$((spent + 1))
  done
  kill -9 $child 2>/dev/null || :
  wait $child || code=$?
fi
if [ $code -ne 0 ] && [ $(($(date +%s) - began)) -ge "$limit" ]; then say "late $limit"; fi
say "code $code"
# Whole lines: half a secret could not be told from harmless text.
tail -n 400 <"$output" | cut -c 1-20000 | sed 's/^/@bt out /'
echo
rm -f "$whole/$state/txn/$txn/output"
