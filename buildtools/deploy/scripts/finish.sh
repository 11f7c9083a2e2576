# Writes the log, removes old releases, ends the transaction. $event says what it was.
trap '' INT TERM
cd "$base"
guard
mine || fail lost
if [ "$event" = rolled-back ] && [ -f $state/good ]; then
  # What is left counts as good no more, nor does what was gone back over: a further rollback goes further back.
  older=yes
  while read -r one its; do
    if [ "$one" = "$name" ]; then older=no; fi
    if [ $older = yes ] && [ "releases/$one" != "$expect" ]; then
      printf '%s %s\n' "$one" "$its"
    else
      printf '%s %s\n' "$one" "$its" >>$state/retired
    fi
  done <$state/good >"$state/txn/$txn/older"
  mv -f "$state/txn/$txn/older" $state/good
fi
good "$name" "$txn"
record "$event" ""

# Newest first. Stays: what is current, the good one before it, what was before it, what is pinned, what is there by
# other hands, and so many that are good, or were until a rollback. A run that only clears up has no word about what was
# before: it removes nothing.
before=
last=
proven=" "
while read -r one its; do
  proven="$proven$one "
  if [ "$one" = "$name" ]; then before=$last; fi
  if [ -d "releases/$one" ]; then last=$one; fi
done <$state/good
known=$proven
if [ -f $state/retired ]; then while read -r one its; do proven="$proven$one "; done <$state/retired; fi
follow current
serving=$word
follow "$state/txn/$txn/previous"
previous=$word
left=$keep
for file in $(ls -t $state/manifests/ | sed -n 's/^\([A-Za-z0-9._+~-]*\)\.digest$/\1/p'); do
  if [ ! -d "releases/$file" ]; then
    rm -f "$state/manifests/$file.digest" "$state/manifests/$file.json" "$state/manifests/$file.list" "$state/pins/$file"
    continue
  fi
  if [ "$event" = recovered ] || [ -e "$state/pins/$file" ]; then continue; fi
  case $proven in
    *" $file "*)
      left=$((left - 1))
      if [ $left -ge 0 ]; then continue; fi
      ;;
  esac
  if [ "releases/$file" = "$serving" ] || [ "$file" = "$before" ]; then continue; fi
  if [ "releases/$file" = "$expect" ] || [ "releases/$file" = "$previous" ]; then continue; fi
  say "removed $file"
  # The links first: whatever is cut off then, none is left that leads nowhere.
  for link in *; do
    follow "$link"
    if [ "$word" = "releases/$file" ]; then rm -f "$link"; fi
  done
  discard "releases/$file"
  rm -f "$state/manifests/$file.digest" "$state/manifests/$file.json" "$state/manifests/$file.list"
done
if [ -f $state/retired ]; then
  # A name that is gone may come again, with other content.
  while read -r one its; do
    case $known in *" $one "*) continue ;; esac
    if [ -d "releases/$one" ]; then printf '%s %s\n' "$one" "$its"; fi
    known="$known$one "
  done <$state/retired >"$state/txn/$txn/retired"
  mv -f "$state/txn/$txn/retired" $state/retired
fi
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
