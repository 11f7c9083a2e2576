# Switches `current`, if it is still what the probe saw: one rename, after which it is read back.
trap '' INT TERM
cd "$base"
guard
mine || fail lost
[ -d "releases/$name" ] || fail gone "$name"
renew

follow current
found=$word
if [ "$found" != "releases/$name" ]; then
  look current
  case $kind in link | none) ;; *) fail current ;; esac
  [ "$found" = "$expect" ] || fail moved "$found"
  point "releases/$name" current
  say "switched $found"
fi
if [ -n "$version" ]; then
  look "$version"
  follow "$version"
  case $kind in
    link | none) if [ "$word" != "releases/$name" ]; then point "releases/$name" "$version"; fi ;;
    *) say "warn $version is not a link and stays as it is" ;;
  esac
fi
# The order of these files' times is the order in which releases were in use.
touch "$state/manifests/$name.digest"
