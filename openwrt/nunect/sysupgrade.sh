# Sourced by sysupgrade: in what it saves, sysntpd is as it was, because it does not save packages.
# shellcheck shell=dash
nunect_time_release() {
	[ "$CONF_BACKUP_LIST" = 1 ] || [ ! -x /etc/init.d/nunect-time ] || /etc/init.d/nunect-time release
}

# before the list of files is made
# shellcheck disable=SC2034
sysupgrade_init_conffiles="nunect_time_release $sysupgrade_init_conffiles"
