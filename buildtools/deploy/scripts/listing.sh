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
