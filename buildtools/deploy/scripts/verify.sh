# Reads only: each named release, file by file, against the listing that it was checked with when it came.
hash=
for tool in sha256sum shasum openssl; do
  if command -v $tool >/dev/null 2>&1; then hash=$tool; break; fi
done
[ -n "$hash" ] || fail hash
hashed() {
  case $hash in
    sha256sum) sha256sum <"$1" ;;
    shasum) shasum -a 256 <"$1" ;;
    openssl) openssl dgst -sha256 -r <"$1" ;;
  esac | sed 's/^\([0-9a-f]*\).*/\1/'
}
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
  # What lies only in the listing, and behind a tab what lies only in the folder; so many lines tell what it is about.
  printf '%s\n' "$found" | comm -3 "$list" - | sed -n '1,400p' |
    while IFS= read -r line; do say "differs $release $line"; done
done
