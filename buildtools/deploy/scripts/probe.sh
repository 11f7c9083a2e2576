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

for tool in tar gzip readlink find sort sed tr grep cmp date env tail uniq cp cut; do
  command -v $tool >/dev/null 2>&1 || say "missing $tool"
done
say "hash $(hasher)"
# The last but two of the numbers before the percentage; a file system's name may have blanks in it.
free='s/^.*[[:space:]][0-9][0-9]*[[:space:]][[:space:]]*[0-9][0-9]*[[:space:]][[:space:]]*\([0-9][0-9]*\)[[:space:]][[:space:]]*[0-9][0-9]*%[[:space:]].*$/\1/p'
say "space $(df -Pk "$place" | sed -n "2$free")"
say "inodes $(df -Pi "$place" 2>/dev/null | sed -n "2$free")"

# In a shell of its own: other scripts may follow, which begin where this one did.
if [ -d "$base" ]; then (
  cd "$base"
  [ -w . ] || say "unwritable $(clean "$base")"
  say "current $(kind_of current) $(target_of current)"
  say "releases $(kind_of releases)"
  for link in *; do
    if [ -L "$link" ] && [ "$link" != current ]; then say "link $(clean "$link") $(target_of "$link")"; fi
  done
  if [ -d $state ]; then say "state yes"; fi
  if [ -e $state/lock ] && [ ! -L $state/lock ]; then fail lockfile "$(clean "$base")/$state/lock"; fi
  if [ -L $state/lock ]; then say "lock $(target_of $state/lock)"; fi
  if [ -f $state/latest ]; then read -r latest <$state/latest || :; say "latest $(clean "$latest")"; fi
  for left in $state/txn/* $state/stage/*; do
    if [ -e "$left" ]; then say "residue $(clean "${left#$state/}")"; fi
    if [ -f "$left/record" ]; then
      was=$(target_of "$left/previous")
      start=$(sed -n 's/^from=//p' "$left/record")
      its="$(sed -n 's/^release=//p' "$left/record") ${was:--} ${start:--}"
      say "interrupted $(clean "${left##*/}") $its $(sed -n 's/^peers=//p' "$left/record")"
    fi
  done
  if [ -f $state/good ]; then while read -r one its; do say "good $(clean "$one") $(clean "$its")"; done <$state/good; fi
  for folder in releases/*; do
    release=${folder#releases/}
    case $release in *[!A-Za-z0-9._+~-]*) continue ;; esac
    if [ -L "$folder" ] || [ ! -d "$folder" ]; then continue; fi
    known= its= revised= came= by= pin=no
    if [ -f "$state/manifests/$release.digest" ]; then
      { read -r known; read -r its; read -r revised; read -r came; read -r by; } <"$state/manifests/$release.digest" || :
    fi
    if [ -e "$state/pins/$release" ]; then pin=yes; fi
    say "release $release $(clean "${known:--}") $(clean "${its:--}") $(clean "${revised:--}") $(clean "${came:--}") $(clean "${by:--}") $pin"
  done
) elif [ -e "$base" ] || [ -L "$base" ]; then
  fail root "$(clean "$base") is not a folder"
else
  [ -w "$place" ] || say "unwritable $(clean "$place")"
fi
