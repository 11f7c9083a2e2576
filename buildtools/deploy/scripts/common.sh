# What every phase begins with. $base is ROOT/TARGET; $txn, $name, $digest and so on are set above.
set -eu
LC_ALL=C
export LC_ALL
umask 022
unset CDPATH || :
# A phase that has begun runs to its end, or undoes what it did, also when nobody listens any more.
trap '' HUP PIPE

state=.buildtools

# One line of the answer. What else a login shell may print has no such mark and is passed over.
say() { printf '@bt %s\n' "$*" || :; }

# Text from outside as one harmless word.
clean() { printf '%s' "$1" | tr -c 'A-Za-z0-9._+~/@:=,|-' '?'; }

# KIND WORDS: the reason in the answer, then the end.
fail() {
  kind=$1
  shift
  say "error $kind $*"
  reason="$kind $*"
  exit 1
}

target_of() { clean "$(readlink "$1" 2>/dev/null || :)"; }

kind_of() {
  if [ -L "$1" ]; then echo link; elif [ -d "$1" ]; then echo folder; elif [ -e "$1" ]; then echo other; else echo none; fi
}

mine() { case $(target_of $state/lock) in "$txn|"*) return 0 ;; *) return 1 ;; esac; }

# Where flock is there, nobody takes a lock over between another one's check and its rename.
guard() {
  if command -v flock >/dev/null 2>&1; then
    exec 9>$state/mutex
    tries=0
    while code=0; flock -n 9 || code=$?; [ $code -eq 1 ]; do  # 1: held by another; BusyBox knows no -w
      tries=$((tries + 1))
      [ $tries -le 60 ] || fail busy
      sleep 1
    done
  fi
}
unguard() { exec 9>&-; }

# EVENT REASON: one line of the log.
record() {
  printf '{"schema":1,"time":%s,"event":"%s","txn":"%s","release":"%s","from":"%s","digest":"%s","who":"%s","where":"%s","reason":"%s"}\n' \
    "$(date +%s)" "$1" "$txn" "$name" "$expect" "$digest" "$who" "$where" \
    "$(printf '%s' "$2" | tr -c 'A-Za-z0-9 ._+~/@:=,|-' '?')" >>$state/log.jsonl || say "warn the log cannot be written"
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

unlock() { if mine; then rm -f $state/lock; fi; }

undo() {
  if [ -d "$state/stage/$txn" ]; then discard "$state/stage/$txn"; fi
  rm -rf "$state/txn/$txn"
  unlock
}
