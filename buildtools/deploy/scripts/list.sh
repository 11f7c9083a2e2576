# Reads only: what an inventory wants to know besides the probe. $tail is how many lines of the log are wanted.
# Nobody can say whether anything lies in a folder that this login may not enter. $place is the probe's.
if [ ! -d "$base" ] && [ ! -x "$place" ]; then clean "$place"; fail unreadable "$word"; fi
if [ -d "$base" ]; then (
  cd "$base"
  clean "$base"
  for folder in . releases $state; do
    if [ -d $folder ] && { [ ! -r $folder ] || [ ! -x $folder ]; }; then
      [ $folder = . ] || word=$word/$folder
      fail unreadable "$word"
    fi
  done
  # A manifest's first line holds all but the files.
  for folder in releases/*; do
    release=${folder#releases/}
    case $release in *[!A-Za-z0-9._+~-]*) continue ;; esac
    if [ -f "$state/manifests/$release.json" ]; then
      say "manifest $release $(sed -n 1p "$state/manifests/$release.json" | cut -c1-4000)"
    fi
  done
  if [ "$tail" -gt 0 ] && [ -f $state/log.jsonl ]; then
    tail -n "$tail" $state/log.jsonl | cut -c1-3000 | sed 's/^/@bt audit /'
  fi
) fi
