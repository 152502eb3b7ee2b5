# Functions of the init script nunect-time: sysntpd must not steer the clock beside it, and is given back as it was.
# What is changed on flash is one option, system.ntp.enabled. In /etc/nunect/time: `before`, the file with it as it was, and
# `ours`, as it was made; both are there before the change is made, and as long as it may have been.
# shellcheck shell=dash

kept=/etc/nunect/time
time_state=/var/run/nunect-time # in RAM, root's alone

# Makes a folder that is root's alone.
make_private() {
	[ -d "$1" ] || mkdir -m 700 "$1"
}

# Writes files or folders to flash now.
durable() {
	fsync "$@" 2>/dev/null || sync
}

# Prints system.ntp.enabled of a copy $1 of the config. Of a copy, because uci would also read what somebody has staged, but not
# committed, and would commit that.
ntp_enabled() {
	uci -q -c "${1%/*}" -t "$time_state/uci" get "${1##*/}.ntp.enabled"
}

# Makes $2 of the copy $1: with that option set to $3, or without it.
edit_enabled() {
	local name="${2##*/}" uci="uci -q -c ${2%/*} -t $time_state/uci"
	rm -rf "$time_state/uci"
	cp -p "$1" "$2" || return 1
	if [ -n "$3" ]; then
		[ -n "$($uci get "$name.ntp")" ] || $uci set "$name.ntp=timeserver" || return 1
		$uci set "$name.ntp.enabled=$3" || return 1
	else
		$uci delete "$name.ntp.enabled" || return 1
	fi
	$uci commit "$name"
}

# Puts the file $1 in the place of $config, at once and for good; beside it, with a name that uci passes over.
put_config() {
	cp -p "$1" "$config_new" && durable "$config_new" && mv "$config_new" "$config" && durable "${config%/*}" && return 0
	rm -f "$config_new"
	return 1
}

# Finds the file behind /etc/config/system, and makes a copy of it to work with.
open_config() {
	config=$(readlink -f /etc/config/system) && [ -f "$config" ] || return 1
	config_new="${config%/*}/.${config##*/}.nunect-time"
	rm -rf "$time_state/edit" "$config_new"
	make_private "$time_state" && mkdir "$time_state/edit" && cp -p "$config" "$time_state/edit/now"
}

# uci locks the config in the same way while it writes it.
locked() {
	(
		flock 9 2>/dev/null # where there is none, the moment is short enough
		"$@"
	) 9</etc/config/system
}

is_off() {
	case $1 in 0 | off | false | no | disabled) return 0 ;; esac
	return 1
}

# Turns the option off, so that sysntpd stays off after the next boot. If somebody has turned it on since, that is what is
# given back one day.
hold_option() {
	local config config_new
	open_config || return 1
	! is_off "$(ntp_enabled "$time_state/edit/now")" || return 0
	mkdir -p "${kept%/*}" && make_private "$kept" || return 1
	edit_enabled "$time_state/edit/now" "$time_state/edit/new" 0 &&
		cp -p "$time_state/edit/new" "$kept/ours.new" && cp -p "$time_state/edit/now" "$kept/before.new" &&
		durable "$kept/ours.new" "$kept/before.new" &&
		mv "$kept/ours.new" "$kept/ours" && mv "$kept/before.new" "$kept/before" && durable "$kept" &&
		put_config "$kept/ours"
}

# Renames what was kept, which takes no room on a full disk. A power cut after that leaves nothing to be given back.
rename_kept() {
	mv "$kept/before" "$config" && durable "${config%/*}"
}

# Gives the option back: byte for byte where the file is as it was made, else the option alone, and only if it is still 0.
# Fails where it is not ours, or cannot be given back.
release_option() {
	local config config_new now="$time_state/edit/now" new="$time_state/edit/new"
	[ -e "$kept/before" ] && open_config || return 1
	if cmp -s "$now" "$kept/ours"; then
		put_config "$kept/before" || rename_kept || return 1
	elif [ "$(ntp_enabled "$now")" = 0 ]; then
		edit_enabled "$now" "$new" "$(ntp_enabled "$kept/before")" && put_config "$new" || return 1
	fi
	rm -rf "$kept"
	durable /etc/nunect
}

# Takes the clock from sysntpd. Flash is only changed for a service that the next boot starts, too.
take_sysntpd() {
	local is_started=
	[ -x /etc/init.d/sysntpd ] || return 0
	! is_known sysntpd || is_started=1
	if [ -n "$is_started" ]; then
		make_private "$time_state"
		: >"$time_state/sysntpd" # it was started, and has to be again
		/etc/init.d/sysntpd stop
		say notice 'sysntpd is stopped: chronyd and ptp4l keep the clock now'
	fi
	if enabled && { [ -n "$is_started" ] || /etc/init.d/sysntpd enabled; }; then
		locked hold_option || say err 'system.ntp.enabled cannot be changed: sysntpd is only off until the next boot'
	fi
}

# Gives the clock back to sysntpd, if it had it.
give_sysntpd_back() {
	local is_changed=
	if [ -d "$kept" ]; then
		[ -e "$kept/before" ] || rm -rf "$kept" # of a power cut before anything was changed
		! locked release_option || is_changed=1
		[ ! -e "$kept/before" ] || say err "system.ntp.enabled cannot be given back: see $kept/before"
	fi
	if [ -e "$time_state/sysntpd" ] || { [ -n "$is_changed" ] && is_known sysntpd; }; then
		rm -f "$time_state/sysntpd"
		/etc/init.d/sysntpd start
	fi
}
