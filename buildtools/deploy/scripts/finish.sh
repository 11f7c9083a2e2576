# Writes the log, removes old releases, ends the transaction.
trap '' INT TERM
cd "$base"
guard
mine || fail lost
record "$event" ""

# Newest first. Stays: what is current, what was before it, what is there by other hands.
# A run that only clears up has no word about what was before: it removes nothing.
left=$keep
[ "$event" = deployed ] || left=1000000
for file in $(ls -t $state/manifests/ | sed -n 's/^\([A-Za-z0-9._+~-]*\)\.digest$/\1/p'); do
  if [ ! -d "releases/$file" ]; then
    rm -f "$state/manifests/$file.digest" "$state/manifests/$file.json" "$state/manifests/$file.list"
    continue
  fi
  left=$((left - 1))
  if [ $left -ge 0 ] || [ "releases/$file" = "$(target_of current)" ] || [ "releases/$file" = "$expect" ]; then continue; fi
  say "removed $file"
  discard "releases/$file"
  rm -f "$state/manifests/$file.digest" "$state/manifests/$file.json" "$state/manifests/$file.list"
  for link in *; do
    if [ -L "$link" ] && [ "$(target_of "$link")" = "releases/$file" ]; then rm -f "$link"; fi
  done
done
for trash in $state/stage/*.trash; do
  if [ -e "$trash" ]; then rm -rf "$trash" || say "warn $(clean "$trash") cannot be removed"; fi
done
sync -f . 2>/dev/null || sync
rm -rf "$state/txn/$txn"
unlock
