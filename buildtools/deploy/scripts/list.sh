# Reads only: what stands on the host, who brought it and when, and the end of the log. $tail is how many lines of it.
if [ ! -d "$base" ]; then
  if [ -e "$base" ] || [ -L "$base" ]; then fail root "$(clean "$base") is not a folder"; fi
  say none
  exit 0
fi
cd "$base"
if [ -d $state ] && { [ ! -r $state ] || [ ! -x $state ]; }; then fail unreadable "$(clean "$base")/$state"; fi
say "current $(kind_of current) $(target_of current)"
for link in *; do
  if [ -L "$link" ] && [ "$link" != current ]; then say "link $(clean "$link") $(target_of "$link")"; fi
done
if [ -L $state/lock ]; then say "lock $(target_of $state/lock)"; fi
for left in $state/txn/* $state/stage/*; do
  if [ -e "$left" ]; then say "residue $(clean "${left##*/}")"; fi
done
for folder in releases/*; do
  release=${folder#releases/}
  case $release in *[!A-Za-z0-9._+~-]*) continue ;; esac
  if [ -L "$folder" ] || [ ! -d "$folder" ]; then continue; fi
  known=-
  if [ -f "$state/manifests/$release.digest" ]; then read -r known <"$state/manifests/$release.digest" || :; fi
  say "release $(clean "$known") $release"
  # The manifest's first line holds all but the files.
  if [ -f "$state/manifests/$release.json" ]; then
    say "manifest $release $(sed -n 1p "$state/manifests/$release.json" | cut -c1-4000)"
  fi
  if [ -e "$state/pins/$release" ]; then say "pinned $release"; fi
  # Who brought it may stand far above the end of the log.
  if [ -f $state/log.jsonl ]; then
    grep -F "\"event\":\"deployed\"" $state/log.jsonl | grep -F "\"release\":\"$release\"" | cut -c1-3000 |
      sed -n '1s/^/@bt log /p'
  fi
done
if [ -f $state/log.jsonl ]; then
  # Refusals may be many; they must not hide what was switched.
  grep -vF '"event":"refused"' $state/log.jsonl | tail -n 400 | cut -c1-3000 | sed 's/^/@bt log /'
  tail -n "$tail" $state/log.jsonl | cut -c1-3000 | sed 's/^/@bt audit /'
fi
