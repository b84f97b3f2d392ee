# Ends what an app host leaves behind when it is killed. It reads "add GROUP START" and "drop GROUP" lines from a pipe that only the
# app host holds; the end of the input means that the app host is gone. Then it sends TERM to every group that is left and to every
# process that carries the app host's mark in its environment, and KILL after the grace time.
#   $1 grace in seconds   $2 the mark
trap '' HUP INT TERM
exec >/dev/null 2>&1
cd /
grace=$1
mark=$2
groups=

while read -r word group start; do
  rest=
  for g in $groups; do
    case $g in "$group":*) ;; *) rest="$rest $g" ;; esac
  done
  groups=$rest
  if [ "$word" = add ]; then groups="$groups $group:$start"; fi
done

# The start time (field 22 of proc(5) stat) of a process; empty where there is none, or no /proc.
started() {
  read -r stat <"/proc/$1/stat" || return 0
  set -- ${stat##*) }
  echo "${20}"
}

# Whether a group's number still means what it meant: a leader that started at another time is a stranger.
is_ours() {
  now=$(started "${1%%:*}")
  [ -z "$now" ] || [ -z "${1#*:}" ] || [ "$now" = "${1#*:}" ]
}

marked() {
  [ -d /proc/self ] || return 0
  for f in $(grep -laF "$mark" /proc/[0-9]*/environ); do
    f=${f#/proc/}
    echo "${f%/environ}"
  done
}

signal() {
  for g in $groups; do
    if is_ours "$g"; then kill "-$1" "-${g%%:*}"; fi
  done
  for p in $(marked); do kill "-$1" "$p"; done
}

anything_left() {
  for g in $groups; do
    if is_ours "$g" && kill -0 "-${g%%:*}"; then return 0; fi
  done
  [ -n "$(marked)" ]
}

signal TERM
rounds=$((grace * 10))
while [ "$rounds" -gt 0 ] && anything_left; do
  sleep 0.1 || sleep 1
  rounds=$((rounds - 1))
done
signal KILL
