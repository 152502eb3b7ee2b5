# Sourced by the starters of daemons that procd restarts 5 s after each exit; procd itself cannot lengthen that pause.
# shellcheck shell=dash

# pace NAME: from the fifth start in a row within a minute of the previous one, the process sleeps instead, for up to a
# minute, and exits; procd then starts it again. Has no effect unless procd started the process.
pace() {
	[ -n "$NUNECT_PACE" ] || return 0
	local file="$NUNECT_PACE/$1.starts" now last quick paused pause
	[ ! -r "$file" ] || read -r last quick paused <"$file"
	case $last/$quick in */ | /* | *[!0-9/]*) last=0 quick=0 ;; esac
	read -r now _ </proc/uptime
	now=${now%%.*}
	if [ -z "$paused" ]; then
		quick=$((quick + 1))
		[ $((now - last)) -le 60 ] || quick=1
		if [ "$quick" -ge 5 ]; then
			pause=$(((quick - 4) * 15))
			[ "$pause" -le 60 ] || pause=60
			echo "$now $quick paused" >"$file" || return 0
			echo "WARN $1: ended $((quick - 1)) times within a minute of its start: the next one in $((pause + 5)) s" >&2
			exec sleep "$pause"
		fi
	fi
	echo "$now $quick" >"$file"
}
