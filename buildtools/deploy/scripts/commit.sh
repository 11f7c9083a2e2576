# Switches `current`, if it is still what the probe saw: one rename, after which it is read back.
trap '' INT TERM
cd "$base"
guard
mine || fail lost
[ -d "releases/$name" ] || fail gone "$name"

# LINK: to this release. A link made in this transaction's own folder is renamed into the folder where it belongs;
# renamed onto the old link, it would end up in the folder that this points to.
switch() {
  rm -f "$state/txn/$txn/$1"
  ln -s "releases/$name" "$state/txn/$txn/$1"
  mv -f "$state/txn/$txn/$1" .
  [ "$(target_of "$1")" = "releases/$name" ] || fail readback "$1"
}

found=$(target_of current)
if [ "$found" != "releases/$name" ]; then
  case $(kind_of current) in link | none) ;; *) fail current ;; esac
  [ "$found" = "$expect" ] || fail moved "$found"
  switch current
  say "switched $found"
fi
case $(kind_of "$version") in
  link | none) if [ "$(target_of "$version")" != "releases/$name" ]; then switch "$version"; fi ;;
  *) say "warn $version is not a link and stays as it is" ;;
esac
# The order of these files' times is the order in which releases were in use.
touch "$state/manifests/$name.digest"
