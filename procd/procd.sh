# Functions of the init scripts nunect and nunect-leaf, which source this file.
# shellcheck shell=dash

rendered=/var/run/nunect
newline='
'
todo=

say() {
	logger -t nunect -p "daemon.$1" "$2"
}

# Prints an option from agent.json, where bad values are replaced, so that no script has to parse the config.
setting() {
	jsonfilter -i "$rendered/agent.json" -e "@.config.$1" 2>/dev/null
}

is_enabled() {
	[ "$(setting agent.enabled)" = true ]
}

# Whether procd knows the service: it was started and has not been stopped.
is_known() {
	"/etc/init.d/$1" status >/dev/null 2>&1
	[ $? -ne 3 ]
}

# The network on whose address the leaf listens, if leaf.interface is set to a name.
leaf_network() {
	local name
	name=$(uci -q get nunect.@leaf[0].interface) || return 1
	case $name in '' | *[!A-Za-z0-9_.-]*) return 1 ;; esac
	echo "$name"
}

# Its IPv4 address in netifd; nothing if it has none, or is a device that netifd does not know by this name.
leaf_address() {
	local network address
	network=$(leaf_network) || return 0
	# shellcheck disable=SC1091
	. "$IPKG_INSTROOT/lib/functions/network.sh"
	network_flush_cache
	network_get_ipaddr address "$network" && echo "$address"
}

# Runs 'nunect render' as root, which waits while another one runs, and keeps its last line in $todo. Logs mistakes in the
# config in one line. Returns 127 if there is no usable runtime, 1 if nothing could be rendered; running services then stay
# as they are.
render() {
	local errors address output status complaint count level=warn
	errors=$(mktemp) || return 1
	address=$(leaf_address)
	output=$(/usr/bin/nunect render ${address:+--leaf-address "$address"} 2>"$errors")
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

# What the last rendering requires of leaf or agent: restart, reload or nothing.
asked() {
	case $todo in
	*"restart: $1"* | *"restart: leaf $1"*) echo restart ;;
	*"reload: $1"* | *"reload: leaf $1"*) echo reload ;;
	esac
}

# Both daemons run unprivileged, log to the system log, and are always restarted: retry 0 keeps procd from giving up.
# procd cannot lengthen the 5 s between two starts; pace.sh does, and keeps its count in the directory NUNECT_PACE.
set_common_params() {
	procd_set_param env NUNECT_PACE="$rendered/state"
	procd_set_param user nunect
	procd_set_param group nunect
	procd_set_param respawn 3600 5 0
	procd_set_param term_timeout 5
	procd_set_param stdout 1
	procd_set_param stderr 1
}
