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
    case $hash in
      sha256sum) find . -type f -exec sha256sum {} + ;;
      shasum) find . -type f -exec shasum -a 256 {} + ;;
      openssl) find . -type f -exec openssl dgst -sha256 -r {} + ;;
    esac | hash_lines
  fi
)

# The lines of the files that standard input names.
hashes() {
  tr '\n' '\0' | case $hash in
    sha256sum) xargs -0 sha256sum ;;
    shasum) xargs -0 shasum -a 256 ;;
    openssl) xargs -0 openssl dgst -sha256 -r ;;
  esac | hash_lines
}

# What a hash program says, in the manifest's words. Some of them escape a backslash in a name, some don't.
hash_lines() { sed -e '/^\\/{' -e 's/^\\//' -e 's/\\\\/\\/g' -e '}' -e 's/^\([0-9a-f]*\) [ *]/h \1 /'; }
