# What the init scripts nunect and nunect-leaf share; sourced by both.
# shellcheck shell=dash

rendered=/var/run/nunect
newline='
'
todo=

say() {
	logger -t nunect -p "daemon.$1" "$2"
}

# Prints an option as it was rendered, bad values mended, so that nobody else has to understand the config.
setting() {
	jsonfilter -i "$rendered/agent.json" -e "@.config.$1" 2>/dev/null
}

is_enabled() {
	[ "$(setting agent.enabled)" = true ]
}

# Whether procd knows the service: it was started and not stopped since.
is_known() {
	"/etc/init.d/$1" status >/dev/null 2>&1
	[ $? -ne 3 ]
}

# The network whose address local clients connect to, if there is one.
leaf_network() {
	uci -q get nunect.@leaf[0].interface
}

# Its IPv4 address as netifd knows it; nothing where it has none, or is a device that netifd does not know by this name.
leaf_address() {
	local network address
	network=$(leaf_network) || return 0
	# shellcheck disable=SC1091
	. "$IPKG_INSTROOT/lib/functions/network.sh"
	network_flush_cache
	network_get_ipaddr address "$network" && echo "$address"
}

# Runs 'nunect render' as root, one at a time, and keeps its last line in $todo. Says in one line what is wrong with
# the config. Returns 127 when there is no fit node, 1 when nothing could be rendered; what ran before stays then.
render() {
	local errors address output status complaint count level=warn
	errors=$(mktemp) || return 1
	address=$(leaf_address)
	output=$(flock /var/lock/nunect-render.lock /usr/bin/nunect render ${address:+--leaf-address "$address"} 2>"$errors")
	status=$?
	complaint=$(sed -e '/^note: /d' -e '/^$/d' "$errors")
	rm -f "$errors"
	if [ -n "$complaint" ]; then
		count=$(printf '%s\n' "$complaint" | wc -l)
		[ "$count" -le 1 ] || complaint="${complaint%%"$newline"*} (and $((count - 1)) more: nunect check)"
		[ "$status" -eq 0 ] || level=err
		say "$level" "$complaint"
	fi
	todo=${output##*"$newline"}
	case $todo in
	'nothing to do' | 'restart: '* | 'reload: '*) return 0 ;;
	esac
	todo=
	[ -n "$complaint" ] || say err "nunect render failed with code $status"
	[ "$status" -eq 127 ] && return 127
	return 1
}

# What the last rendering asks for, for leaf or agent: restart, reload or nothing.
asked() {
	case $todo in
	*"restart: $1"* | *"restart: leaf $1"*) echo restart ;;
	*"reload: $1"* | *"reload: leaf $1"*) echo reload ;;
	esac
}

# How both daemons run: unprivileged, into the system log, started again for ever: retry 0 keeps procd from giving up.
# procd cannot lengthen the 5 s between two starts; pace.sh does, and keeps its count where NUNECT_PACE says.
set_common_params() {
	procd_set_param env NUNECT_PACE="$rendered/state"
	procd_set_param user nunect
	procd_set_param group nunect
	procd_set_param respawn 3600 5 0
	procd_set_param term_timeout 5
	procd_set_param stdout 1
	procd_set_param stderr 1
}
