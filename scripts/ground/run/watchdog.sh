#!/bin/sh
# Kills what its parent started, however the parent ended. The parent holds our standard input open: its end, for
# whatever reason, is the parent's end. Lines: "add <pid>", "drop <pid>". $1: a folder to remove at the end, or "".
trap '' INT TERM HUP QUIT
pids=''
while read -r verb pid; do
  kept=''
  for p in $pids; do [ "$p" = "$pid" ] || kept="$kept $p"; done
  pids=$kept
  [ "$verb" = add ] && pids="$pids $pid"
done
# Each was started as the leader of its own process group, so its children go with it.
for p in $pids; do kill -s KILL -- "-$p" 2>/dev/null; done
if [ -n "$1" ]; then
  tries=0
  until rm -rf -- "$1" 2>/dev/null || [ "$tries" -ge 20 ]; do
    tries=$((tries + 1))
    sleep 0.1
  done
fi
