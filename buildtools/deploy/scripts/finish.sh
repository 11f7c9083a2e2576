# Writes the log, removes old releases, ends the transaction. $event says what it was.
trap '' INT TERM
cd "$base"
guard
mine || fail lost
if [ "$event" = rolled-back ] && [ -f $state/good ]; then
  # What is left counts as good no more, nor does what was gone back over: a further rollback goes further back.
  while read -r one its && [ "$one" != "$name" ]; do
    if [ "releases/$one" != "$expect" ]; then printf '%s %s\n' "$one" "$its"; fi
  done <$state/good >"$state/txn/$txn/older"
  mv -f "$state/txn/$txn/older" $state/good
fi
good "$name" "$txn"
record "$event" ""

# Newest first. Stays: what is current, the good one before it, what was before it, what is pinned, what is there by
# other hands. A run that only clears up has no word about what was before: it removes nothing.
before=
last=
while read -r one its; do
  if [ "$one" = "$name" ]; then before=$last; fi
  if [ -d "releases/$one" ]; then last=$one; fi
done <$state/good
follow current
serving=$word
follow "$state/txn/$txn/previous"
previous=$word
left=$keep
[ "$event" != recovered ] || left=1000000
for file in $(ls -t $state/manifests/ | sed -n 's/^\([A-Za-z0-9._+~-]*\)\.digest$/\1/p'); do
  if [ ! -d "releases/$file" ]; then
    rm -f "$state/manifests/$file.digest" "$state/manifests/$file.json" "$state/manifests/$file.list" "$state/pins/$file"
    continue
  fi
  if [ -e "$state/pins/$file" ]; then continue; fi
  left=$((left - 1))
  if [ $left -ge 0 ] || [ "releases/$file" = "$serving" ] || [ "$file" = "$before" ]; then continue; fi
  if [ "releases/$file" = "$expect" ] || [ "releases/$file" = "$previous" ]; then continue; fi
  say "removed $file"
  discard "releases/$file"
  rm -f "$state/manifests/$file.digest" "$state/manifests/$file.json" "$state/manifests/$file.list"
  for link in *; do
    follow "$link"
    if [ "$word" = "releases/$file" ]; then rm -f "$link"; fi
  done
done
for left in $state/stage/*; do
  if [ -e "$left" ]; then
    case $left in *.trash) ;; *) discard "$left" ;; esac
  fi
done
for trash in $state/stage/*.trash; do
  if [ -e "$trash" ] && ! rm -rf "$trash"; then
    clean "$trash"
    say "warn $word cannot be removed"
  fi
done
# The folders in which links were renamed; all else was synced before the switch.
sync . $state 2>/dev/null || sync
rm -rf "$state/txn/$txn"
unlock
