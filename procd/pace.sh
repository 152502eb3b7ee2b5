# Sourced where a daemon is started that procd starts again 5 s after each end; procd knows no longer pauses.
# shellcheck shell=dash

# pace NAME: from the fifth start on that comes within a minute of the one before, the process becomes a pause that
# grows to a minute, and procd starts it again after it. What procd did not start is not paced.
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
