# Reads only, and says everything that the phases after it need to know. The positional parameters are the shared paths
# that must be there.
place=$root
while [ ! -e "$place" ]; do
  clean "$place"
  if [ -L "$place" ]; then fail root "$word is a link to nothing"; fi
  case $place in
    */*) place=${place%/*}; [ -n "$place" ] || place=/ ;;
    *) place=. ;;
  esac
done
clean "$place"
[ -d "$place" ] || fail root "$word is not a folder"

for tool in tar gzip readlink find sort sed tr grep cmp date env tail uniq cp cut; do
  command -v $tool >/dev/null 2>&1 || say "missing $tool"
done
say "hash $(hasher)"
# The last but two of the numbers before the percentage; a file system's name may have blanks in it.
free='s/^.*[[:space:]][0-9][0-9]*[[:space:]][[:space:]]*[0-9][0-9]*[[:space:]][[:space:]]*\([0-9][0-9]*\)[[:space:]][[:space:]]*[0-9][0-9]*%[[:space:]].*$/\1/p'
say "space $(df -Pk "$place" | sed -n "2$free")"
say "inodes $(df -Pi "$place" 2>/dev/null | sed -n "2$free")"

for item; do
  if [ ! -e "$base/shared/$item" ]; then clean "$item"; say "unshared $word"; fi
done

# In a shell of its own: other scripts may follow, which begin where this one did.
clean "$base"
if [ -d "$base" ] && [ ! -x "$base" ]; then fail unreadable "$word"; fi
if [ -d "$base" ]; then (
  cd "$base"
  [ -w . ] || say "unwritable $word"
  if [ -e $state/lock ] && [ ! -L $state/lock ]; then fail lockfile "$word/$state/lock"; fi
  look current
  follow current
  say "current $kind $word"
  look releases
  say "releases $kind"
  for link in *; do
    if [ -L "$link" ] && [ "$link" != current ]; then
      follow "$link"
      tell link "$link" "$word"
    fi
  done
  if [ -d $state ]; then say "state yes"; fi
  if [ -L $state/lock ]; then follow $state/lock; say "lock $word"; say "clock $(date +%s)"; fi
  if [ -f $state/latest ]; then read -r latest <$state/latest || :; tell latest "$latest"; fi
  for left in $state/txn/* $state/stage/*; do
    if [ -e "$left" ]; then tell residue "${left#$state/}"; fi
    if [ -f "$left/record" ]; then
      follow "$left/previous"
      start=$(sed -n 's/^from=//p' "$left/record")
      its="$(sed -n 's/^release=//p' "$left/record") ${word:--} ${start:--}"
      clean "${left##*/}"
      say "interrupted $word $its $(sed -n 's/^peers=//p' "$left/record")"
    fi
  done
  if [ -f $state/good ]; then
    say "judged yes"
    while read -r one its; do tell good "$one" "$its"; done <$state/good
  fi
  if [ -f $state/retired ]; then while read -r one its; do tell retired "$one"; done <$state/retired; fi
  for folder in releases/*; do
    release=${folder#releases/}
    case $release in *[!A-Za-z0-9._+~-]*) continue ;; esac
    if [ -L "$folder" ] || [ ! -d "$folder" ]; then continue; fi
    known= its= revised= came= by= pin=no
    if [ -f "$state/manifests/$release.digest" ]; then
      { read -r known; read -r its; read -r revised; read -r came; read -r by; } <"$state/manifests/$release.digest" || :
    fi
    if [ -e "$state/pins/$release" ]; then pin=yes; fi
    tell release "$release" "$known" "$its" "$revised" "$came" "$by" $pin
  done
) elif [ -e "$base" ] || [ -L "$base" ]; then
  fail root "$word is not a folder"
elif [ ! -w "$place" ]; then
  clean "$place"
  say "unwritable $word"
fi
