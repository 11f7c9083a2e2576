# Goes back to what `current` was before this transaction, or before an interrupted one that it found.
trap '' INT TERM
cd "$base"
guard
# A prepare that failed here has let go of the lock; whoever came since has removed the record.
mine || ln -s "$(owner)" $state/lock 2>/dev/null || fail lost
if [ ! -f "$state/txn/$txn/record" ]; then
  unlock
  fail lost
fi
renew
was=$state/txn/$txn/previous
before=$(text_of "$was")
found=$(target_of current)
if [ "$found" != "releases/$name" ] && [ "$found" != "$expect" ]; then fail moved "$found"; fi
if [ "$(text_of current)" != "$before" ]; then
  if [ -z "$before" ]; then
    rm -f current
  else
    [ -e "$before" ] || fail nothing "$(clean "$before")"
    ready=$state/txn/$txn/ready/current
    if [ "$(text_of "$ready")" = "$before" ]; then
      mv -f "$ready" .
      [ "$(text_of current)" = "$before" ] || fail readback current
    else
      point "$before" current
    fi
  fi
  say "switched $found"
fi
if [ -n "$version" ] && [ "$(target_of "$version")" = "releases/$name" ]; then
  link=$(text_of "$state/txn/$txn/version")
  if [ -z "$link" ]; then
    rm -f "$version"
  elif [ "$link" != "releases/$name" ] && [ -e "$link" ]; then
    point "$link" "$version"
  fi
fi
say "back $(target_of current)"
