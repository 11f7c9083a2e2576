# How the program is called that the probe chose, or that is chosen here.
: "${hash:=$(hasher)}"
case $hash in
  shasum) hashing='shasum -a 256' ;;
  openssl) hashing='openssl dgst -sha256 -r' ;;
  *) hashing=sha256sum ;;
esac

# Everything that is there in the folder $1, in the manifest's own words. Where it is $much, two programs hash it side by
# side, and $2 is a folder for what lies between.
listing() (
  cd "$1"
  # GNU's find can say all but the hashes at one go.
  case $(find . -prune -printf 'd %p' 2>/dev/null) in
    'd .')
      find . ! -name . \( -type d -printf 'd %p\n' -o -type f -printf 'f %m %p\n' -o -type l -printf 'l %p\t%l\n' \
        -o -printf '? %p\n' \)
      ;;
    *)
      find . ! -name . -type d | sed 's/^/d /'
      for mode in $modes; do find . -type f -perm "$mode" | sed "s/^/f $mode /"; done
      find . -type l -exec sh -c 'for link; do printf "l %s\t%s\n" "$link" "$(readlink "$link")"; done' sh {} +
      find . ! -type f ! -type d ! -type l | sed 's/^/? /'
      ;;
  esac
  count=0
  if [ "${much:-no}" = yes ] && : | xargs -0 true 2>/dev/null && find . -type f >"$2/files"; then
    count=$(grep -c '' <"$2/files" || :)
  fi
  if [ "$count" -gt 1 ]; then
    sed "1,$((count / 2))d" "$2/files" | hashes >"$2/half" &
    sed -n "1,$((count / 2))p" "$2/files" | hashes
    wait $!
    cat "$2/half"
    rm -f "$2/files" "$2/half"
  else
    find . -type f -exec $hashing {} + | hash_lines
  fi
)

# The lines of the files that standard input names.
hashes() { tr '\n' '\0' | xargs -0 $hashing | hash_lines; }

# FILE: the hash of its content.
hashed() { $hashing <"$1" | sed 's/[^0-9a-f].*//'; }

# What a hash program says, in the manifest's words. Some of them escape a backslash in a name, some don't.
hash_lines() { sed -e '/^\\/{' -e 's/^\\//' -e 's/\\\\/\\/g' -e '}' -e 's/^\([0-9a-f]*\) [ *]/h \1 /'; }
