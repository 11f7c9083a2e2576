# Pins the release $name, so that it is not removed as an old one, or takes its pin away: $event is pinned or unpinned.
[ -d "$base/$state" ] || fail gone "$name"
cd "$base"
guard
[ -d "releases/$name" ] || fail gone "$name"
pin=$state/pins/$name
if [ "$event" = pinned ]; then
  if [ -e "$pin" ]; then say unchanged; exit 0; fi
  mkdir -p $state/pins
  printf '%s\n' "$who" >"$pin"
  # Without flock, somebody may just have removed it.
  if [ ! -d "releases/$name" ]; then rm -f "$pin"; fail gone "$name"; fi
else
  if [ ! -e "$pin" ]; then say unchanged; exit 0; fi
  rm -f "$pin"
fi
record "$event" ""
