# The lock alone was wanted; or the release is there already ($reuse), with the content that it was seen with.
if [ "$reuse" = yes ]; then
  known=
  if [ -d "releases/$name" ] && [ -f "$state/manifests/$name.digest" ]; then
    read -r known <"$state/manifests/$name.digest" || :
  fi
  [ "${known:--}" = "$digest" ] || fail gone "$name"
fi
complete=yes
