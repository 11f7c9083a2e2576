# Switches `current`, if it is still what the probe saw: one rename, after which it is read back.
trap '' INT TERM
cd "$base"
guard
mine || fail lost
[ -d "releases/$name" ] || fail gone "$name"
renew

found=$(target_of current)
if [ "$found" != "releases/$name" ]; then
  case $(kind_of current) in link | none) ;; *) fail current ;; esac
  [ "$found" = "$expect" ] || fail moved "$found"
  point "releases/$name" current
  say "switched $found"
fi
if [ -n "$version" ]; then
  case $(kind_of "$version") in
    link | none) if [ "$(target_of "$version")" != "releases/$name" ]; then point "releases/$name" "$version"; fi ;;
    *) say "warn $version is not a link and stays as it is" ;;
  esac
fi
# The order of these files' times is the order in which releases were in use.
touch "$state/manifests/$name.digest"
