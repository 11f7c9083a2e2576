# Reads only: each release, file by file, against the listing that it was checked with when it came.
if [ -d "$base" ]; then (
  cd "$base"
  [ -n "$hash" ] || fail hash
  tab=$(printf '\t')
  for folder in releases/*; do
    release=${folder#releases/}
    case $release in *[!A-Za-z0-9._+~-]*) continue ;; esac
    if [ -L "$folder" ] || [ ! -d "$folder" ]; then continue; fi
    list=$PWD/$state/manifests/$release.list
    if [ ! -f "$list" ] || [ ! -f "$state/manifests/$release.digest" ]; then say "checked unknown $release"; continue; fi
    read -r known <"$state/manifests/$release.digest" || :
    if [ "$(hashed "$list")" != "$known" ]; then say "checked forged $release"; continue; fi
    modes=$(sed -n 's/^f \([0-7]*\) .*/\1/p' "$list" | sort -u)
    found=$(listing "$folder" | sort)
    if printf '%s\n' "$found" | cmp -s "$list" -; then say "checked same $release"; continue; fi
    say "checked differs $release"
    # What lies only in the listing, then, behind a tab, what lies only in the folder; so many lines tell enough.
    odd=$({ printf '%s\n' "$found"; cat "$list"; } | sort | uniq -u)
    {
      { printf '%s\n' "$odd"; cat "$list"; } | sort | uniq -d | sed -n '1,200p'
      printf '%s\n' "$odd" "$found" | sort | uniq -d | sed -n "1,200s/^/$tab/p"
    } | while IFS= read -r line; do say "differs $release $line"; done
  done
) fi
