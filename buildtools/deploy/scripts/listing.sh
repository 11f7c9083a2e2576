# Everything that is there, in the manifest's own words. Some hash programs escape a backslash in a name, some don't.
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
  case $hash in
    sha256sum) find . -type f -exec sha256sum {} + ;;
    shasum) find . -type f -exec shasum -a 256 {} + ;;
    openssl) find . -type f -exec openssl dgst -sha256 -r {} + ;;
  esac | sed -e '/^\\/{' -e 's/^\\//' -e 's/\\\\/\\/g' -e '}' -e 's/^\([0-9a-f]*\) [ *]/h \1 /'
)
