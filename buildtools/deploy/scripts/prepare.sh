# Takes the lock, clears what interrupted deployments left, and puts the release into releases/, complete and checked.
# The archive comes as standard input, with the listing in front as .buildtools/list; not with reuse=yes.
# The positional parameters are the shared paths. $hash is the program that the probe found.
locked=no
complete=no
reason=
leave() {
  code=$?
  trap '' INT TERM
  if [ $locked = yes ] && [ $complete = no ]; then
    record failed "${reason:-prepare ended with status $code}"
    undo
  fi
}
trap leave EXIT
trap 'fail interrupted' INT TERM

mkdir -p "$base"
cd "$base"
[ -d $state ] || mkdir -m 700 $state || [ -d $state ]
mkdir -p $state/txn $state/stage $state/manifests releases

# The lock: a link is made by one only, and its text says whose it is.
take() {
  now=$(date +%s)
  owner="$txn|$who|$where|$((now + lease))"
  if ln -s "$owner" $state/lock 2>/dev/null; then return 0; fi
  held=$(target_of $state/lock)
  ends=${held##*|}
  case $ends in '' | *[!0-9]*) ends=$((now + 1)) ;; esac
  if [ -n "$held" ] && { [ "$held" = "$steal" ] || [ "$now" -ge "$ends" ]; }; then
    mv $state/lock "$state/stale.$txn" || fail lock "$held"
    moved=$(target_of "$state/stale.$txn")
    if [ "$moved" != "$held" ]; then
      # Somebody else was faster, and that is a living lock: put it back.
      ln -s "$moved" $state/lock || :
      rm -f "$state/stale.$txn"
      fail lock "$moved"
    fi
    rm -f "$state/stale.$txn"
    ln -s "$owner" $state/lock 2>/dev/null || fail lock "$(target_of $state/lock)"
    say "took $held"
    record took-over "$held"
    return 0
  fi
  record refused "locked by $held"
  fail lock "$held"
}
guard
take
locked=yes
unguard

mkdir "$state/txn/$txn"
printf 'release=%s\ndigest=%s\nfrom=%s\nwho=%s\nwhere=%s\npeers=%s\n' \
  "$name" "$digest" "$expect" "$who" "$where" "$peers" >"$state/txn/$txn/record"

# While the lock is mine, every other transaction is over.
for left in $state/stage/*; do
  if [ -e "$left" ]; then discard "$left"; fi
done
for left in $state/txn/*; do
  if [ "${left##*/}" = "$txn" ] || [ ! -e "$left" ]; then continue; fi
  say "recovered $(clean "${left##*/}")"
  record recovered "$(clean "${left##*/}")"
  rm -rf "$left"
done

[ "$(target_of current)" = "$expect" ] || fail moved "$(target_of current)"

if [ "$reuse" = yes ]; then
  known=
  if [ -d "releases/$name" ]; then read -r known <"$state/manifests/$name.digest" || :; fi
  [ "$known" = "$digest" ] || fail gone "$name"
  complete=yes
  exit 0
fi

[ ! -e "releases/$name" ] || fail appeared "$name"

stage=$state/stage/$txn/$name
mkdir -p "$stage"
tar -xpzof - -C "$stage" || fail unpack
mv "$stage/.buildtools/list" "$stage/.buildtools/manifest.json" "$state/txn/$txn/" || fail unpack
rmdir "$stage/.buildtools"

for item; do
  path=${item%/}
  if [ ! -e "shared/$path" ]; then
    case $item in
      */) mkdir -p "shared/$path" ;;
      *) fail shared "$(clean "$path")" ;;
    esac
  fi
  case $path in */*) mkdir -p "$stage/${path%/*}" ;; esac
  up=$(printf '%s' "$path" | sed 's,[^/][^/]*,..,g')
  ln -s "../$up/shared/$path" "$stage/$path" || fail shared-taken "$(clean "$path")"
done

# Everything that is there, in the manifest's own words. Some hash programs escape a backslash in a name, some don't.
listing() (
  cd "$1"
  find . ! -name . -type d | sed 's/^/d /'
  for mode in $modes; do find . -type f -perm "$mode" | sed "s/^/f $mode /"; done
  case $hash in
    sha256sum) find . -type f -exec sha256sum {} + ;;
    shasum) find . -type f -exec shasum -a 256 {} + ;;
    openssl) find . -type f -exec openssl dgst -sha256 -r {} + ;;
  esac | sed -e '/^\\/{' -e 's/^\\//' -e 's/\\\\/\\/g' -e '}' -e 's/^\([0-9a-f]*\) [ *]/h \1 /'
  find . -type l -exec sh -c 'for link; do printf "l %s\t%s\n" "$link" "$(readlink "$link")"; done' sh {} +
  find . ! -type f ! -type d ! -type l | sed 's/^/? /'
)
listing "$stage" | sort >"$state/txn/$txn/found"
if ! cmp -s "$state/txn/$txn/list" "$state/txn/$txn/found"; then
  {
    grep -Fvx -f "$state/txn/$txn/found" "$state/txn/$txn/list" | sed -n '1,3s/^/expected /p'
    grep -Fvx -f "$state/txn/$txn/list" "$state/txn/$txn/found" | sed -n '1,3s/^/found /p'
  } | tr -c '\n -~' '?' | while read -r line; do say "differs $line"; done
  fail verify
fi
rm -f "$state/txn/$txn/found"

sync -f "$stage" 2>/dev/null || sync
guard
mine || fail lost
[ ! -e "releases/$name" ] || fail appeared "$name"
mv -f "$state/txn/$txn/list" "$state/manifests/$name.list"
mv -f "$state/txn/$txn/manifest.json" "$state/manifests/$name.json"
printf '%s\n' "$digest" >"$state/txn/$txn/digest"
mv -f "$state/txn/$txn/digest" "$state/manifests/$name.digest"
# Into the folder, not onto the name: should the name have come to exist, this fails instead of nesting.
mv "$stage" releases/
rmdir "$state/stage/$txn"
complete=yes
