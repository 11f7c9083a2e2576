# Builds a release in the stage and checks it. Standard input is a tar stream: what these lines need lies in
# .buildtools/ there, then come the files that the host lacks. $way is how much that is:
# full   everything
# rest   what an interrupted upload, the stage $origin, lacks: its $first first files, as sort has them, are copied
# delta  what the release $origin lacks; which lines its listing has too many and too few comes in the stream
stage=$state/stage/$digest.$txn/$name
kept=no

# From $1, a folder, those files of the list on standard input. What cannot be copied is missed when the stage is checked.
carry() {
  carry=$parts/carry
  tr '\n' '\0' >"$carry"
  if [ ! -s "$carry" ]; then return 0; fi
  to=$PWD/$stage
  # On XFS and btrfs, what GNU's cp makes shares its blocks with the original until one of them is written to.
  if (cd "$1" && xargs -0 cp -RP --reflink=auto --preserve=mode,timestamps --parents -t "$to" -- <"$carry") 2>/dev/null
  then
    find "$stage" -type d ! -perm 755 -exec chmod 755 {} +
  else
    (cd "$1" && xargs -0 sh -c 'tar -cf - "$@" | tar -xpof - -C "$0"' "$to" <"$carry") || :
  fi
  rm -f "$carry"
}

# What has come is as old as this transaction, on every host; what is carried over from a release keeps its time. So what
# servers make of time and size (ETag, Last-Modified) changes with the content, and only then; no archive can say that.
date_new() {
  began=${txn%%Z-*}
  clock=${began#*T}
  TZ=UTC0 find "$stage" -type f -exec touch -t "${began%T*}${clock%??}.${clock#????}" {} +
  printf '%s\n' "$began" >"$parts/latest"
  mv -f "$parts/latest" $state/latest
}

# Much and in members that say how long they are ($unzip is python): Python, if it is there, takes half the time of gzip,
# and less where there are more processors. One that cannot do it says so before it has read anything: then gzip can.
python='
import os, sys, zlib
from concurrent.futures import ThreadPoolExecutor
from queue import Queue
get, put, queue = sys.stdin.buffer.read, sys.stdout.buffer.write, Queue(16)
try:
    import fcntl
    for pipe in (0, 1):
        fcntl.fcntl(pipe, 1031, 2**20)  # F_SETPIPE_SZ of Linux: fewer turns
except (ImportError, OSError):
    pass
def write():
    try:
        for member in iter(queue.get, None):
            put(member.result())
    except BaseException:
        os._exit(1)
with ThreadPoolExecutor(3) as pool:
    writing = pool.submit(write)
    for head in iter(lambda: get(20), b""):
        rest = get(int.from_bytes(head[16:], "little"))
        queue.put(pool.submit(zlib.decompress, head + rest, 31, int.from_bytes(rest[-4:], "little") + 1))
    queue.put(None)
    writing.result()
'
inflate() {
  if [ "$unzip" = python ] && python3 -I -S -c "$python" 2>/dev/null; then return 0; fi
  gzip -dc
}

# Standard input into the stage. A pipe tells how its last program ended; that the first came to its end, a file.
unpack() {
  blocks=
  # Much is read in large pieces, by a tar that can: BusyBox has one size only.
  if [ "$unzip" = python ] && tar -b 512 -cf /dev/null -C / dev/null 2>/dev/null; then blocks='-b 512'; fi
  { inflate && : >"$parts/inflated"; } | tar $blocks -xpof - -C "$stage" && [ -f "$parts/inflated" ] &&
    rm -f "$parts/inflated"
}

# The listing, from the one of $origin: each line stands in it once.
relist() {
  old=$state/manifests/$origin.list
  [ -f "$old" ] || fail base "$origin"
  sort "$old" "$parts/gone" | uniq -u >"$parts/same"
  sort "$parts/same" "$parts/added" >"$parts/list"
  [ "$(hashed "$parts/list")" = "$digest" ] || fail base "$origin"
  while IFS= read -r mode && IFS= read -r from && IFS= read -r to; do
    { cp "releases/$origin/$from" "$stage/$to" && chmod "$mode" "$stage/$to"; } || fail base "$origin"
  done <"$parts/moves"
  date_new
  # The same in mode and in content: both of its lines stayed.
  sed -n -e 's/^f [0-7]* //p' -e 's/^h [0-9a-f]* //p' "$parts/same" | sort | uniq -d | carry "releases/$origin"
}

# Everything that is to be there is there, and in $parts the listing of it.
fill() {
  parts=$PWD/$state/txn/$txn
  for left in "$state/stage/$digest".*; do
    case $left in
      "$state/stage/$digest.$txn" | "$state/stage/${origin%%/*}") ;;
      *) if [ -e "$left" ]; then discard "$left"; fi ;;
    esac
  done
  mkdir -p "$stage"
  if [ "$way" = rest ]; then
    (cd "$state/stage/$origin" && find . -type f) | sed -e '/^\.\/\.buildtools\//d' | sort | sed -n "1,${first}p" |
      carry "$state/stage/$origin"
    discard "$state/stage/${origin%%/*}"
  fi
  if ! unpack; then
    # Cut off, as far as this end can tell. One that still lives says what to keep: `abort` does away with it.
    if [ "$way" != delta ]; then kept=yes; fi
    fail unpack
  fi
  (
    cd "$stage/.buildtools"
    case $way in delta) mv gone added moves manifest.json "$parts/" ;; *) mv list manifest.json "$parts/" ;; esac
  ) || fail unpack
  rmdir "$stage/.buildtools"
  if [ "$way" = delta ]; then relist; fi
}

# What is in the stage is what the listing says, and on the disk.
check() {
  {
    if [ "$way" != delta ]; then date_new; fi
    sync -f "$stage" >/dev/null 2>&1 || sync
  } &
  listing "$stage" "$parts" | sort >"$parts/found"
  if ! cmp -s "$parts/list" "$parts/found"; then
    {
      grep -Fvx -f "$parts/found" "$parts/list" | sed -n '1,3s/^/expected /p'
      grep -Fvx -f "$parts/list" "$parts/found" | sed -n '1,3s/^/found /p'
    } | tr -c '\n -~' '?' | while read -r line; do say "differs $line"; done
    if [ "$way" = full ]; then fail verify; fi
    fail base "${origin%%/*}"
  fi
  rm -f "$parts/found"
  wait $! || fail unpack
}
