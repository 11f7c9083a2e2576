# Reads only, and says everything that the phases after it need to know.
place=$root
while [ ! -e "$place" ]; do
  if [ -L "$place" ]; then fail root "$(clean "$place") is a link to nothing"; fi
  case $place in
    */*) place=${place%/*}; [ -n "$place" ] || place=/ ;;
    *) place=. ;;
  esac
done
[ -d "$place" ] || fail root "$(clean "$place") is not a folder"

for tool in tar gzip readlink find sort sed tr grep cmp date; do
  command -v $tool >/dev/null 2>&1 || say "missing $tool"
done
for tool in sha256sum shasum openssl; do
  if command -v $tool >/dev/null 2>&1; then say "hash $tool"; break; fi
done
say "space $(df -Pk "$place" | sed -n '2s/^.*[[:space:]][0-9][0-9]*[[:space:]][[:space:]]*[0-9][0-9]*[[:space:]][[:space:]]*\([0-9][0-9]*\)[[:space:]][[:space:]]*[0-9][0-9]*%[[:space:]].*$/\1/p')"

if [ -d "$base" ]; then
  cd "$base"
  [ -w . ] || say "unwritable $(clean "$base")"
  say "current $(kind_of current) $(target_of current)"
  say "version $(kind_of "$version") $(target_of "$version")"
  say "releases $(kind_of releases)"
  if [ -e $state/lock ] && [ ! -L $state/lock ]; then fail lockfile "$(clean "$base")/$state/lock"; fi
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
  done
elif [ -e "$base" ] || [ -L "$base" ]; then
  fail root "$(clean "$base") is not a folder"
else
  [ -w "$place" ] || say "unwritable $(clean "$place")"
fi
