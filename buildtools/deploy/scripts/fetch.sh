# Reads only. $what is `listing`: the one of the release $origin, compressed, after a line that says so. Or it is
# `part`: the folder and the number of files of the stage $origin, which an interrupted upload has left.
cd "$base"
case $what in
  listing)
    [ -f "$state/manifests/$origin.list" ] || fail gone "$origin"
    say data
    # Through a pipe: GNU gzip calls a file of 1970 a problem.
    cat "$state/manifests/$origin.list" | gzip -c
    ;;
  part)
    for folder in "$state/stage/$origin"/*; do
      if [ -L "$folder" ] || [ ! -d "$folder" ]; then continue; fi
      name=${folder##*/}
      case $name in *[!A-Za-z0-9._+~-]*) continue ;; esac
      say "part $( (cd "$folder" && find . -type f) | sed '/^\.\/\.buildtools\//d' | grep -c '' || :) $origin/$name"
    done
    ;;
esac
