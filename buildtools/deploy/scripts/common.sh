# What every phase begins with. $base is ROOT/TARGET; $txn, $name, $digest and so on are set above.
# Starting programs is what takes the time here: functions leave their results in variables, and what the shell can do by
# itself, it does.
set -eu
# The login's own, which the user's programs get back.
locale=${LC_ALL-}
LC_ALL=C
export LC_ALL
umask 022
unset CDPATH || :
# A phase that has begun runs to its end, or undoes what it did, also when nobody listens any more.
trap '' HUP PIPE

state=.buildtools

# One line of the answer. What else a login shell may print has no such mark and is passed over.
say() { printf '@bt %s\n' "$*" || :; }

# TEXT: from outside, as one harmless word: $word.
clean() {
  word=$1
  case $word in
    *[!A-Za-z0-9._+~/@:=,\|-]*) word=$(printf '%s' "$word" | tr -c 'A-Za-z0-9._+~/@:=,|-' '?') ;;
  esac
}

# KEY TEXT…: one line of the answer, of harmless words; nothing is a dash.
tell() {
  told=$1
  shift
  for each; do
    clean "${each:--}"
    told="$told $word"
  done
  say "$told"
}

# KIND WORDS: the reason in the answer, then the end.
fail() {
  kind=$1
  shift
  say "error $kind $*"
  reason="$kind $*"
  exit 1
}

# LINK: what it says, empty if it is no link: $text as it is, $word as one harmless word.
follow() {
  text=
  if [ -L "$1" ]; then text=$(readlink "$1" 2>/dev/null) || text=; fi
  clean "$text"
}

# PATH: what is there: $kind.
look() {
  if [ -L "$1" ]; then kind=link; elif [ -d "$1" ]; then kind=folder; elif [ -e "$1" ]; then kind=other; else kind=none; fi
}

# FOLDER: is there from now on.
folder() { [ -d "$1" ] || mkdir -p "$1"; }
# PATH: is there no more.
drop() { if [ -L "$1" ] || [ -e "$1" ]; then rm -f "$1"; fi; }

# The program that hashes. openssl knows what the processor can do and takes a third of the time; an old one has no -r.
hasher() {
  for tool in openssl sha256sum shasum; do
    if ! command -v $tool >/dev/null 2>&1; then continue; fi
    case $tool in
      openssl) case $(printf '' | openssl dgst -sha256 -r 2>/dev/null) in e3b0c442*) ;; *) continue ;; esac ;;
    esac
    echo $tool
    return 0
  done
}

mine() {
  follow $state/lock
  case $word in "$txn|"*) return 0 ;; *) return 1 ;; esac
}

# FILE SECONDS KIND: the lock on this open file, after so many seconds at most: $waited.
hold() {
  waited=0
  while code=0; flock -n "$1" || code=$?; [ $code -eq 1 ]; do  # 1: held by another; BusyBox knows no -w
    [ $waited -lt "$2" ] || fail "$3"
    waited=$((waited + 1))
    sleep 1
  done
}

# Where flock is there, nobody takes a lock over between another one's check and its rename.
guarded=no
guard() {
  if command -v flock >/dev/null 2>&1; then
    exec 9>$state/mutex
    hold 9 60 busy
    guarded=yes
  fi
}
unguard() { exec 9>&-; }

# EVENT REASON: one line of the log, and of the answer.
record() {
  why=$2
  case $why in
    *[!A-Za-z0-9\ ._+~/@:=,\|\(\)-]*) why=$(printf '%s' "$why" | tr -c 'A-Za-z0-9 ._+~/@:=,|()-' '?') ;;
  esac
  line="{\"schema\":1,\"time\":$(date +%s),\"event\":\"$1\",\"txn\":\"$txn\",\"release\":\"$name\",\"from\":\"$expect\""
  line="$line,\"digest\":\"$digest\",\"who\":\"$who\",\"where\":\"$where\",\"reason\":\"$why\"}"
  say "log $line"
  printf '%s\n' "$line" >>$state/log.jsonl || say "warn the log cannot be written"
}

# What is in the way is renamed first: nobody then takes a half removed folder for a whole one.
discard() {
  case $1 in
    *.trash) trash=$1 ;;
    *) trash=$state/stage/${1##*/}.$txn.trash; mv "$1" "$trash" || return 0 ;;
  esac
  # Fails while a killed deployment's tar still writes there; the last phase tries again.
  rm -rf "$trash" 2>/dev/null || :
}

# TEXT NAME: the link NAME in this folder has this text from now on. A link made in this transaction's own folder is renamed into the
# folder where it belongs; renamed onto the old link, it would end up in the folder that this points to.
point() {
  links=$state/txn/$txn/links
  folder "$links"
  drop "$links/$2"
  ln -s "$1" "$links/$2"
  mv -f "$links/$2" .
  follow "$2"
  [ "$text" = "$1" ] || fail readback "$2"
}

# What a lock of mine says that is made now: $owner.
own() { owner="$txn|$who|$where|$(($(date +%s) + lease))"; }
# Each phase is a sign of life: the lock holds for another lease. On a full disk it ends when it was to end.
renew() {
  links=$state/txn/$txn/links
  own
  { folder "$links" && drop "$links/lock" && ln -s "$owner" "$links/lock" && mv -f "$links/lock" $state/; } 2>/dev/null || :
}
unlock() { if mine; then rm -f $state/lock; fi; }

# NAME TXN: this release works. The last one is the latest, each stands there once.
good() {
  {
    if [ -f $state/good ]; then
      while read -r one its; do
        if [ "$one" != "$1" ]; then printf '%s %s\n' "$one" "$its"; fi
      done <$state/good
    fi
    printf '%s %s\n' "$1" "$2"
  } >"$state/txn/$txn/good"
  mv -f "$state/txn/$txn/good" $state/good
}

# TXN: whether `current` was switched by a transaction that has not come to its end, this one or one before it.
unproven() {
  [ -f "$state/txn/$1/record" ] || return 1
  follow current
  switched=$text
  follow "$state/txn/$1/previous"
  [ "$switched" != "$text" ]
}

undo() {
  # What an interrupted upload brought may serve the next one.
  if [ "${kept:-no}" = no ]; then
    for left in "$state/stage/"*".$txn"; do
      if [ -e "$left" ]; then discard "$left"; fi
    done
  fi
  # What to go back to is known from there alone; the next deployment needs it.
  if ! unproven "$txn"; then rm -rf "$state/txn/$txn"; fi
  unlock
}
