# Fills the stage, links what is shared into it, checks it, and puts it into releases/, with what is known of it beside
# the others. The positional parameters are the shared paths.
[ ! -e "releases/$name" ] || fail appeared "$name"
fill
for item; do
  path=${item%/}
  if [ ! -e "shared/$path" ]; then
    case $item in
      */) mkdir -p "shared/$path" ;;
      *) clean "$path"; fail shared "$word" ;;
    esac
  fi
  case $path in */*) mkdir -p "$stage/${path%/*}" ;; esac
  up=$(printf '%s' "$path" | sed 's,[^/][^/]*,..,g')
  clean "$path"
  ln -s "../$up/shared/$path" "$stage/$path" || fail shared-taken "$word"
done
check
guard
mine || fail lost
[ ! -e "releases/$name" ] || fail appeared "$name"
mv -f "$state/txn/$txn/list" "$state/manifests/$name.list"
mv -f "$state/txn/$txn/manifest.json" "$state/manifests/$name.json"
printf '%s\n' "$digest" "$version" "$revision" "$(date +%s)" "$who" >"$state/txn/$txn/digest"
mv -f "$state/txn/$txn/digest" "$state/manifests/$name.digest"
# Into the folder, not onto the name: should the name have come to exist, this fails instead of nesting.
mv "$stage" releases/
rmdir "${stage%/*}" 2>/dev/null || :
renew
complete=yes
