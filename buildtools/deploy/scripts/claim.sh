# Takes the lock, writes down what to go back to, and clears what interrupted deployments left.
# $steal is a lock that may be taken over, $proven are transactions that came to their end on another host.
locked=no
complete=no
reason=
leave() {
  code=$?
  trap '' INT TERM
  if [ $locked = yes ] && [ $complete = no ]; then
    # Somebody else was faster: nothing has failed.
    case $reason in "moved "*) event=refused ;; *) event=failed ;; esac
    record $event "${reason:-prepare ended with status $code}"
    undo
  fi
}
trap leave EXIT
trap 'fail interrupted' INT TERM

folder "$base"
cd "$base"
[ -d $state ] || mkdir -m 700 $state || [ -d $state ]
for needed in $state/txn $state/stage $state/manifests releases; do folder "$needed"; done

# The lock: a link is made by one only, and its text says whose it is.
take() {
  now=$(date +%s)
  owner="$txn|$who|$where|$((now + lease))"
  if ln -s "$owner" $state/lock 2>/dev/null; then return 0; fi
  follow $state/lock
  if [ -z "$word" ]; then
    # Nobody has it (any more), so it is the disk that is against it: that says why.
    if ln -s "$owner" $state/lock; then return 0; fi
    follow $state/lock
    [ -n "$word" ] || exit 1
  fi
  held=$word
  ends=${held##*|}
  case $ends in '' | *[!0-9]*) ends=$((now + 1)) ;; esac
  if [ -n "$held" ] && { [ "$held" = "$steal" ] || [ "$now" -ge "$ends" ]; }; then
    mv $state/lock "$state/stale.$txn" || fail lock "$held"
    follow "$state/stale.$txn"
    moved=$word
    if [ "$moved" != "$held" ]; then
      # Somebody else was faster, and that is a living lock: put it back.
      ln -s "$moved" $state/lock || :
      rm -f "$state/stale.$txn"
      fail lock "$moved"
    fi
    rm -f "$state/stale.$txn"
    if ! ln -s "$owner" $state/lock 2>/dev/null; then
      follow $state/lock
      fail lock "$word"
    fi
    say "took $held"
    record took-over "$held"
    return 0
  fi
  record refused "locked by $held"
  fail lock "$held"
}

# FIELD TXN: from a transaction's record.
recorded() { sed -n "s/^$1=//p" "$state/txn/$2/record"; }

# Before there was this file, the order of the manifests' times was the order in which releases were in use.
count_good() {
  for file in $(ls -tr $state/manifests/ | sed -n 's/^\([A-Za-z0-9._+~-]*\)\.digest$/\1/p'); do
    if [ -d "releases/$file" ]; then printf '%s -\n' "$file"; fi
  done >"$state/txn/$txn/good"
  mv -f "$state/txn/$txn/good" $state/good
}

# What to go back to is what `current` is, but for a release that an interrupted transaction has switched to: nobody
# knows whether that works. Then it is what that one would have gone back to.
remember() {
  follow current
  serving=$word before=$text
  from=
  for left in $state/txn/*; do
    id=${left##*/}
    if [ ! -f "$left/record" ]; then continue; fi
    case " $proven " in *" $id "*) continue ;; esac
    if [ "$serving" != "releases/$(recorded release "$id")" ] && [ "$serving" != "$(recorded from "$id")" ]; then continue; fi
    if unproven "$id" && { [ -z "$text" ] || [ -e "$text" ]; }; then from=$id; fi  # $text: its `previous`
  done
  drop "$state/txn/$txn/previous"
  drop "$state/txn/$txn/version"
  follow "${version:-.}"
  link=$text
  if [ -n "$from" ]; then
    if [ "$(recorded version "$from")" = "$version" ]; then
      follow "$state/txn/$from/version"
      link=$text
    fi
    follow "$state/txn/$from/previous"
    before=$text
  fi
  if [ -n "$before" ]; then
    ln -s "$before" "$state/txn/$txn/previous"
    # The same once more, to be renamed: going back takes no room on a disk that is full by then.
    folder "$state/txn/$txn/ready"
    drop "$state/txn/$txn/ready/current"
    ln -s "$before" "$state/txn/$txn/ready/current"
  fi
  if [ -n "$version" ] && [ -n "$link" ]; then ln -s "$link" "$state/txn/$txn/version"; fi
  printf 'release=%s\nversion=%s\ndigest=%s\nfrom=%s\nwho=%s\nwhere=%s\nhost=%s\npeers=%s\n' \
    "$name" "$version" "$digest" "$expect" "$who" "$where" "$host" "$peers" >"$state/txn/$txn/record.new"
  mv -f "$state/txn/$txn/record.new" "$state/txn/$txn/record"
}

# While the lock is mine, every other transaction is over.
clear() {
  for left in $state/txn/*; do
    id=${left##*/}
    if [ "$id" = "$txn" ] || [ ! -e "$left" ]; then continue; fi
    tell recovered "$id"
    case " $proven " in
      *" $id "*) ended "$id" ;;
      *) record recovered "$word" ;;
    esac
    rm -rf "$left"
  done
  # What an interrupted upload of this very content has brought may serve this one.
  for left in $state/stage/*; do
    case $left in
      *.trash) discard "$left" ;;
      "$state/stage/$digest".*) ;;
      *) if [ -e "$left" ]; then discard "$left"; fi ;;
    esac
  done
}

# TXN: came to its end on another host, so that its release works; only the end of it is missing here.
ended() (
  name=$(recorded release "$1")
  [ -d "releases/$name" ] || return 0
  good "$name" "$1"
  digest=$(recorded digest "$1")
  expect=$(recorded from "$1")
  then=$txn
  txn=$1
  record deployed "finished by $then"
)

guard
if mine; then
  # This deployment was here already: on this very host, or on one that is this one by another name?
  [ -f "$state/txn/$txn/record" ] && [ "$(recorded host "$txn")" = "$host" ] || fail twice
  locked=yes
  renew
  unguard
else
  take
  locked=yes
  if [ $guarded = yes ]; then for left in $state/stale.*; do drop "$left"; done; fi
  unguard
  mkdir -p "$state/txn/$txn"
  [ -f $state/good ] || count_good
  if [ ! -f "$state/txn/$txn/record" ]; then remember; fi
  clear
fi
# RELEASE: who has switched to it last, and from which machine.
switcher() {
  if [ -f $state/log.jsonl ]; then
    grep -F "\"release\":\"$1\"," $state/log.jsonl | grep -E '"event":"(deployed|activated|rolled-back|went-back)"' |
      sed -n '$s/.*"who":"\([^"]*\)","where":"\([^":]*\).*/\1 on \2/p'
  fi
}

follow current
[ "$word" = "$expect" ] || fail moved "${word:--} $(switcher "${word#releases/}")"
follow "$state/txn/$txn/previous"
say "previous $word"
if unproven "$txn"; then say unproven; fi
