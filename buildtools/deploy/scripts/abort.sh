# After a failure: takes back what this transaction has left, if it is still there.
trap '' INT TERM
cd "$base"
guard
if [ -d "$state/txn/$txn" ]; then record failed "$why"; fi
undo
