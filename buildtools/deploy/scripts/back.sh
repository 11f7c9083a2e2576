# Goes back to what `current` was before this transaction, or before an interrupted one that it found.
trap '' INT TERM
cd "$base"
guard
# A prepare that failed here has let go of the lock; whoever came since has removed the record.
if ! mine; then
  own
  ln -s "$owner" $state/lock 2>/dev/null || fail lost
fi
if [ ! -f "$state/txn/$txn/record" ]; then
  unlock
  fail lost
fi
renew
follow "$state/txn/$txn/previous"
before=$text
follow current
found=$word
if [ "$found" != "releases/$name" ] && [ "$found" != "$expect" ]; then fail moved "$found"; fi
if [ "$text" != "$before" ]; then
  if [ -z "$before" ]; then
    rm -f current
  else
    clean "$before"
    [ -e "$before" ] || fail nothing "$word"
    ready=$state/txn/$txn/ready/current
    follow "$ready"
    if [ "$text" = "$before" ]; then
      mv -f "$ready" .
      follow current
      [ "$text" = "$before" ] || fail readback current
    else
      point "$before" current
    fi
  fi
  say "switched $found"
fi
if [ -n "$version" ]; then follow "$version"; else text=; fi
if [ "$text" = "releases/$name" ]; then
  follow "$state/txn/$txn/version"
  link=$text
  if [ -z "$link" ]; then
    rm -f "$version"
  elif [ "$link" != "releases/$name" ] && [ -e "$link" ]; then
    point "$link" "$version"
  fi
fi
follow current
say "back $word"
