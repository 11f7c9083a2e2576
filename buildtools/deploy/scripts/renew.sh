# A sign of life, while other hosts are at work.
cd "$base"
guard
mine || fail lost
renew
