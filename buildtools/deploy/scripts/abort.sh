# After a failure: takes back what this transaction has left, if it is still there. $event and $why go to the log.
# $kept: what has arrived stays, for the next run to go on from.
trap '' INT TERM
[ -d "$base/$state" ] || exit 0
cd "$base"
guard
if [ -d "$state/txn/$txn" ] || [ "$event" = refused ]; then record "$event" "$why"; fi
undo
