'use strict';
'require baseclass';

// Made from agent/config/options.ts by 'make generate'; do not edit. Titles and help are HTML.

return baseclass.extend({ sections: [
	{
		type: 'agent', many: false, title: _('Unit'),
		help: _('The unit itself.'),
		tabs: [],
		options: [
			{ name: 'enabled', kind: 'bool', title: _('Enabled'), presets: ['1'], wrong: _('must be 0 or 1'), help: _('Run the agent and its leaf server at all.') },
			{ name: 'unit', kind: 'text', title: _('Unit'), pattern: /^[A-Za-z0-9_-]{1,64}$/, wrong: _('must be 1 to 64 of A-Z a-z 0-9 _ -'), help: _('Unit id, unique in the fleet. Default: host name and a short hash of the hardware id.') },
			{ name: 'tenant', kind: 'text', title: _('Tenant'), pattern: /^[A-Za-z0-9_-]{1,64}$/, wrong: _('must be 1 to 64 of A-Z a-z 0-9 _ -'), help: _('Tenant that the unit belongs to; sent as X-Tenant with each heartbeat.') },
			{ name: 'role', kind: 'text', title: _('Role'), presets: ['leaf'], pattern: /^[A-Za-z0-9_-]{1,64}$/, wrong: _('must be 1 to 64 of A-Z a-z 0-9 _ -'), help: _('Role token in ops.status.&lt;role&gt;.&lt;unit&gt; and ops.cmd.&lt;role&gt;.&lt;unit&gt;.') },
			{ name: 'interval_s', kind: 'int', title: _('Interval (s)'), presets: ['5'], range: [1, 3600], wrong: _('must be a whole number, 1 to 3600'), help: _('How often heartbeat and metrics are published.') },
			{ name: 'log_level', kind: 'choice', title: _('Log level'), presets: ['info'], choices: ['debug', 'info', 'warn', 'error', 'fatal'], wrong: _('must be one of debug, info, warn, error, fatal'), help: _('Least level that is written to the system log.') },
			{ name: 'log_publish', kind: 'choice', title: _('Log publish'), presets: ['info'], choices: ['debug', 'info', 'warn', 'error', 'fatal', 'off'], wrong: _('must be one of debug, info, warn, error, fatal, off'), help: _('Least level that is published to ops.log.') },
			{ name: 'boot_delay_s', kind: 'int', title: _('Boot delay (s)'), presets: ['0'], range: [0, 600], wrong: _('must be a whole number, 0 to 600'), help: _('Upper end of a random delay before the first publication after a start.') }
		]
	},
	{
		type: 'hub', many: false, title: _('Hub'),
		help: _('The hub broker that the leaf joins. Without a url the leaf is local only.'),
		tabs: [{ key: 'general', title: _('General') }, { key: 'tls', title: _('TLS') }, { key: 'link', title: _('Connection') }, { key: 'subjects', title: _('Subjects') }],
		options: [
			{ name: 'url', kind: 'list', tab: 'general', title: _('URL'), pattern: /^(?:nats|nats-leaf|tls|ws|wss):\/\/(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)(?::(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5]))?(?:\/[^\s?#@]*)?$/, wrong: _('scheme must be one of nats, nats-leaf, tls, ws, wss, as in tls://hub.example.org:7422, without user or password'), help: _('Hub address; several are tried in random order. Mode external: it only says that there is a hub.') },
			{ name: 'user', kind: 'text', tab: 'general', title: _('User'), pattern: /^[^\p{Cc}]{1,256}$/u, wrong: _('must be 1 to 256 characters, no control characters'), help: _('User name at the hub.') },
			{ name: 'password', kind: 'text', tab: 'general', title: _('Password'), pattern: /^[^\p{Cc}]{1,256}$/u, secret: true, wrong: _('must be 1 to 256 characters, no control characters'), help: _('Password at the hub.') },
			{ name: 'password_file', kind: 'text', tab: 'general', title: _('Password file'), pattern: /^\/[^\p{Cc}]{1,254}$/u, wrong: _('must be an absolute path'), help: _('File whose first line is the password at the hub.') },
			{ name: 'creds_file', kind: 'text', tab: 'general', title: _('Credentials file'), pattern: /^\/[^\p{Cc}]{1,254}$/u, wrong: _('must be an absolute path'), help: _('NATS credentials file (JWT and nkey seed).') },
			{ name: 'nkey_file', kind: 'text', tab: 'general', title: _('Nkey file'), pattern: /^\/[^\p{Cc}]{1,254}$/u, wrong: _('must be an absolute path'), help: _('File with the nkey seed; needs nats-server 2.10.8 or newer on the leaf.') },
			{ name: 'tls_ca', kind: 'text', tab: 'tls', title: _('TLS CA'), pattern: /^\/[^\p{Cc}]{1,254}$/u, wrong: _('must be an absolute path'), help: _('CA certificates that the hub is checked against. Default: those of the system.') },
			{ name: 'tls_cert', kind: 'text', tab: 'tls', title: _('TLS certificate'), pattern: /^\/[^\p{Cc}]{1,254}$/u, wrong: _('must be an absolute path'), help: _('Client certificate for mutual TLS.') },
			{ name: 'tls_key', kind: 'text', tab: 'tls', title: _('TLS key'), pattern: /^\/[^\p{Cc}]{1,254}$/u, wrong: _('must be an absolute path'), help: _('Key of the client certificate.') },
			{ name: 'tls_insecure', kind: 'bool', tab: 'tls', title: _('TLS insecure'), presets: ['0'], wrong: _('must be 0 or 1'), help: _('Do not check the hub certificate. For a lab only.') },
			{ name: 'handshake_first', kind: 'bool', tab: 'tls', title: _('Handshake first'), presets: ['0'], wrong: _('must be 0 or 1'), help: _('TLS before the first NATS line; needs 2.10.0 or newer on both sides.') },
			{ name: 'tls_timeout_s', kind: 'int', tab: 'tls', title: _('TLS timeout (s)'), presets: ['5'], range: [1, 60], wrong: _('must be a whole number, 1 to 60'), help: _('How long a TLS handshake with the hub may take.') },
			{ name: 'connect_timeout_s', kind: 'int', tab: 'link', title: _('Connect timeout (s)'), presets: ['5'], range: [1, 60], wrong: _('must be a whole number, 1 to 60'), help: _('How long the hub may take to answer a connection; needs 2.10.26 or newer (dialling: 2.14.5).') },
			{ name: 'reconnect_s', kind: 'int', tab: 'link', title: _('Reconnect (s)'), presets: ['2'], range: [1, 3600], wrong: _('must be a whole number, 1 to 3600'), help: _('Pause between two attempts to join the hub.') },
			{ name: 'ignore_discovered', kind: 'bool', tab: 'link', title: _('Ignore discovered'), presets: ['1'], wrong: _('must be 0 or 1'), help: _('Use only the configured addresses, not those the hub advertises; needs 2.14.0 or newer.') },
			{ name: 'deny_export', kind: 'list', tab: 'subjects', title: _('Deny export'), pattern: /^(?:[^\s.*>\p{Cc}]+|\*)(?:\.(?:[^\s.*>\p{Cc}]+|\*))*(?:\.>)?$|^>$/u, wrong: _('must be a NATS subject, where * stands for one token and a final > for all that follow'), help: _('Subjects that never leave the unit towards the hub.') },
			{ name: 'deny_import', kind: 'list', tab: 'subjects', title: _('Deny import'), pattern: /^(?:[^\s.*>\p{Cc}]+|\*)(?:\.(?:[^\s.*>\p{Cc}]+|\*))*(?:\.>)?$|^>$/u, wrong: _('must be a NATS subject, where * stands for one token and a final > for all that follow'), help: _('Subjects that never reach the unit from the hub.') },
			{ name: 'reply_subject', kind: 'list', tab: 'subjects', title: _('Reply subject'), presets: ['_INBOX.>'], pattern: /^(?:[^\s.*>\p{Cc}]+|\*)(?:\.(?:[^\s.*>\p{Cc}]+|\*))*(?:\.>)?$|^>$/u, wrong: _('must be a NATS subject, where * stands for one token and a final > for all that follow'), help: _('Where requesters may ask replies to be sent; add the prefix if yours use another.') }
		]
	},
	{
		type: 'leaf', many: false, title: _('Leaf server'),
		help: _('The local nats-server.'),
		tabs: [{ key: 'general', title: _('General') }, { key: 'tls', title: _('TLS') }, { key: 'websocket', title: _('WebSocket') }, { key: 'jetstream', title: _('JetStream') }],
		options: [
			{ name: 'mode', kind: 'choice', tab: 'general', title: _('Mode'), presets: ['managed'], choices: ['managed', 'external', 'off'], wrong: _('must be one of managed, external, off'), help: _('managed: config and service are ours. external: a server somebody else runs. off: the agent connects to hub.url as a client.') },
			{ name: 'interface', kind: 'text', tab: 'general', title: _('Interface'), pattern: /^[A-Za-z0-9_.-]{1,15}$/, when: { mode: 'managed' }, wrong: _('must be an interface name such as lan'), help: _('Device, or OpenWrt network such as lan, whose IPv4 address local clients connect to in place of listen.') },
			{ name: 'listen', kind: 'text', tab: 'general', title: _('Listen'), presets: ['127.0.0.1'], pattern: /^(?:(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)|(?=[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:)[0-9A-Fa-f:.]{2,45})$/, when: { mode: 'managed' }, wrong: _('must be an IPv4 or IPv6 address'), help: _('Address that local clients connect to.') },
			{ name: 'port', kind: 'int', tab: 'general', title: _('Port'), presets: ['4222'], range: [1, 65535], when: { mode: 'managed' }, wrong: _('must be a whole number, 1 to 65535'), help: _('Port that local clients connect to.') },
			{ name: 'server', kind: 'text', tab: 'general', title: _('Server'), presets: ['nats-server'], pattern: /^(\/[^\p{Cc}]{1,254}|[A-Za-z0-9._-]{1,64})$/u, when: { mode: 'managed' }, wrong: _('must be a program name or an absolute path'), help: _('The server program.') },
			{ name: 'ping_interval_s', kind: 'int', tab: 'general', title: _('Ping interval (s)'), presets: ['12'], range: [2, 600], when: { mode: 'managed' }, wrong: _('must be a whole number, 2 to 600'), help: _('How often a link is probed; a black-holed one is noticed after two to three times that.') },
			{ name: 'confirm_s', kind: 'int', tab: 'general', title: _('Confirm (s)'), presets: ['60'], range: [0, 3600], when: { mode: 'managed' }, wrong: _('must be a whole number, 0 to 3600'), help: _('How long changed hub settings may take to join a hub that answers, before the last good ones return; 0: for ever.') },
			{ name: 'watchdog_s', kind: 'int', tab: 'general', title: _('Watchdog (s)'), presets: ['300'], range: [0, 86400], when: { mode: 'managed' }, wrong: _('must be a whole number, 0 to 86400'), help: _('How long the leaf may stay unjoined though the hub answers, before its server is restarted; 0: for ever.') },
			{ name: 'compression', kind: 'choice', tab: 'general', title: _('Compression'), presets: ['s2_auto'], choices: ['off', 's2_auto', 's2_fast', 's2_better', 's2_best'], when: { mode: 'managed' }, wrong: _('must be one of off, s2_auto, s2_fast, s2_better, s2_best'), help: _('Compression of the hub link; needs 2.10.0 or newer.') },
			{ name: 'max_payload_kb', kind: 'int', tab: 'general', title: _('Max payload (KiB)'), presets: ['1024'], range: [1, 65536], when: { mode: 'managed' }, wrong: _('must be a whole number, 1 to 65536'), help: _('Largest message.') },
			{ name: 'max_connections', kind: 'int', tab: 'general', title: _('Max connections'), presets: ['256'], range: [4, 65536], when: { mode: 'managed' }, wrong: _('must be a whole number, 4 to 65536'), help: _('Most local clients at once.') },
			{ name: 'log_debug', kind: 'bool', tab: 'general', title: _('Log debug'), presets: ['0'], when: { mode: 'managed' }, wrong: _('must be 0 or 1'), help: _('Debug lines in the log of the server.') },
			{ name: 'anonymous', kind: 'text', tab: 'general', title: _('Anonymous'), pattern: /^[A-Za-z0-9_-]{1,64}$/, when: { mode: 'managed' }, wrong: _('must be 1 to 64 of A-Z a-z 0-9 _ -'), help: _('Name of a user section whose rights a local client without credentials gets.') },
			{ name: 'tls_cert', kind: 'text', tab: 'tls', title: _('TLS certificate'), pattern: /^\/[^\p{Cc}]{1,254}$/u, when: { mode: 'managed' }, wrong: _('must be an absolute path'), help: _('Certificate shown to local clients; switches TLS on.') },
			{ name: 'tls_key', kind: 'text', tab: 'tls', title: _('TLS key'), pattern: /^\/[^\p{Cc}]{1,254}$/u, when: { mode: 'managed' }, wrong: _('must be an absolute path'), help: _('Key of that certificate.') },
			{ name: 'tls_ca', kind: 'text', tab: 'tls', title: _('TLS CA'), pattern: /^\/[^\p{Cc}]{1,254}$/u, when: { mode: 'managed' }, wrong: _('must be an absolute path'), help: _('CA that client certificates are checked against.') },
			{ name: 'tls_verify', kind: 'bool', tab: 'tls', title: _('TLS verify'), presets: ['0'], when: { mode: 'managed' }, wrong: _('must be 0 or 1'), help: _('Demand a client certificate from local clients.') },
			{ name: 'websocket_port', kind: 'int', tab: 'websocket', title: _('WebSocket port'), presets: ['0'], range: [0, 65535], when: { mode: 'managed' }, wrong: _('must be a whole number, 0 to 65535'), help: _('Port for local websocket clients; 0 is off.') },
			{ name: 'websocket_listen', kind: 'text', tab: 'websocket', title: _('WebSocket listen'), presets: ['127.0.0.1'], pattern: /^(?:(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)|(?=[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:)[0-9A-Fa-f:.]{2,45})$/, when: { mode: 'managed' }, wrong: _('must be an IPv4 or IPv6 address'), help: _('Address for local websocket clients.') },
			{ name: 'websocket_tls', kind: 'bool', tab: 'websocket', title: _('WebSocket TLS'), presets: ['0'], when: { mode: 'managed' }, wrong: _('must be 0 or 1'), help: _('TLS for websocket clients, with leaf.tls_cert and leaf.tls_key.') },
			{ name: 'websocket_origin', kind: 'list', tab: 'websocket', title: _('WebSocket origin'), pattern: /^https?:\/\/[^\s\/?#]+$/, when: { mode: 'managed' }, wrong: _('must be an origin such as https://app.example.org'), help: _('Web origins that may connect; none listed means any.') },
			{ name: 'jetstream', kind: 'bool', tab: 'jetstream', title: _('JetStream'), presets: ['0'], when: { mode: 'managed' }, wrong: _('must be 0 or 1'), help: _('Local JetStream. Not needed for the records of the agent.') },
			{ name: 'jetstream_domain', kind: 'text', tab: 'jetstream', title: _('JetStream domain'), pattern: /^[A-Za-z0-9_-]{1,64}$/, when: { mode: 'managed' }, wrong: _('must be 1 to 64 of A-Z a-z 0-9 _ -'), help: _('JetStream domain. Default: the unit id.') },
			{ name: 'jetstream_max_memory_mb', kind: 'int', tab: 'jetstream', title: _('JetStream max memory (MiB)'), presets: ['32'], range: [0, 65536], when: { mode: 'managed' }, wrong: _('must be a whole number, 0 to 65536'), help: _('Most memory for streams; 0 allows none.') },
			{ name: 'jetstream_max_storage_mb', kind: 'int', tab: 'jetstream', title: _('JetStream max storage (MiB)'), presets: ['256'], range: [0, 1048576], when: { mode: 'managed' }, wrong: _('must be a whole number, 0 to 1048576'), help: _('Most storage for streams; 0 allows none.') },
			{ name: 'jetstream_store_dir', kind: 'text', tab: 'jetstream', title: _('JetStream store directory'), presets: ['/var/lib/nunect/jetstream'], pattern: /^\/[^\p{Cc}]{1,254}$/u, when: { mode: 'managed' }, wrong: _('must be an absolute path'), help: _('Where streams are stored. On OpenWrt /var is lost at a reboot; flash wears.') },
			{ name: 'external_url', kind: 'text', tab: 'general', title: _('External URL'), presets: ['nats://127.0.0.1:4222'], pattern: /^(?:nats|nats-leaf|tls|ws|wss):\/\/(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)(?::(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5]))?(?:\/[^\s?#@]*)?$/, when: { mode: 'external' }, wrong: _('scheme must be one of nats, nats-leaf, tls, ws, wss, as in tls://hub.example.org:7422, without user or password'), help: _('Mode external: the server to use.') },
			{ name: 'external_user', kind: 'text', tab: 'general', title: _('External user'), pattern: /^[^\p{Cc}]{1,256}$/u, when: { mode: 'external' }, wrong: _('must be 1 to 256 characters, no control characters'), help: _('Mode external: user name.') },
			{ name: 'external_password', kind: 'text', tab: 'general', title: _('External password'), pattern: /^[^\p{Cc}]{1,256}$/u, secret: true, when: { mode: 'external' }, wrong: _('must be 1 to 256 characters, no control characters'), help: _('Mode external: password.') },
			{ name: 'external_password_file', kind: 'text', tab: 'general', title: _('External password file'), pattern: /^\/[^\p{Cc}]{1,254}$/u, when: { mode: 'external' }, wrong: _('must be an absolute path'), help: _('Mode external: file whose first line is the password.') },
			{ name: 'external_creds_file', kind: 'text', tab: 'general', title: _('External credentials file'), pattern: /^\/[^\p{Cc}]{1,254}$/u, when: { mode: 'external' }, wrong: _('must be an absolute path'), help: _('Mode external: NATS credentials file.') },
			{ name: 'external_tls_ca', kind: 'text', tab: 'general', title: _('External TLS CA'), pattern: /^\/[^\p{Cc}]{1,254}$/u, when: { mode: 'external' }, wrong: _('must be an absolute path'), help: _('Mode external: CA certificates for the server.') },
			{ name: 'external_monitor_url', kind: 'text', tab: 'general', title: _('External monitor URL'), pattern: /^http:\/\/[^\s\/]+$/, when: { mode: 'external' }, wrong: _('must be an address such as http://127.0.0.1:8222'), help: _('Mode external: monitoring address, for the state of the leaf link.') }
		]
	},
	{
		type: 'user', many: true, title: _('Local users'),
		help: _('A local user of the leaf: an app on the LAN. It may do only what is listed.'),
		tabs: [],
		options: [
			{ name: 'name', kind: 'text', title: _('Login name'), pattern: /^[A-Za-z0-9_-]{1,64}$/, wrong: _('must be 1 to 64 of A-Z a-z 0-9 _ -'), help: _('Login name. Default: the name of the section.') },
			{ name: 'password', kind: 'text', title: _('Password'), pattern: /^[^\p{Cc}]{1,256}$/u, secret: true, wrong: _('must be 1 to 256 characters, no control characters'), help: _('Password.') },
			{ name: 'password_file', kind: 'text', title: _('Password file'), pattern: /^\/[^\p{Cc}]{1,254}$/u, wrong: _('must be an absolute path'), help: _('File whose first line is the password.') },
			{ name: 'nkey', kind: 'text', title: _('Nkey'), pattern: /^U[A-Z2-7]{55}$/, wrong: _('must be a public user nkey (U and 55 more characters)'), help: _('Public nkey, in place of a password.') },
			{ name: 'publish', kind: 'list', title: _('Publish'), pattern: /^(?:[^\s.*>\p{Cc}]+|\*)(?:\.(?:[^\s.*>\p{Cc}]+|\*))*(?:\.>)?$|^>$/u, wrong: _('must be a NATS subject, where * stands for one token and a final > for all that follow'), help: _('Subjects it may publish to.') },
			{ name: 'subscribe', kind: 'list', title: _('Subscribe'), pattern: /^(?:[^\s.*>\p{Cc}]+|\*)(?:\.(?:[^\s.*>\p{Cc}]+|\*))*(?:\.>)?$|^>$/u, wrong: _('must be a NATS subject, where * stands for one token and a final > for all that follow'), help: _('Subjects it may subscribe to.') }
		]
	},
	{
		type: 'time', many: false, title: _('Time'),
		help: _('The clock daemons to watch.'),
		tabs: [{ key: 'general', title: _('General') }, { key: 'ptp', title: _('PTP') }, { key: 'ntp', title: _('NTP') }, { key: 'limits', title: _('Limits') }],
		options: [
			{ name: 'mode', kind: 'choice', tab: 'general', title: _('Mode'), presets: ['auto'], choices: ['auto', 'ptp', 'chrony'], wrong: _('must be one of auto, ptp, chrony'), help: _('auto: PTP where it truly steers the system clock, else NTP. ptp, chrony: only that one.') },
			{ name: 'ptp_domain', kind: 'int', tab: 'ptp', title: _('PTP domain'), presets: ['0'], range: [0, 255], wrong: _('must be a whole number, 0 to 255'), help: _('domainNumber that ptp4l runs in.') },
			{ name: 'transport_specific', kind: 'int', tab: 'ptp', title: _('Transport specific'), presets: ['0'], range: [0, 15], wrong: _('must be a whole number, 0 to 15'), help: _('transportSpecific (majorSdoId) of ptp4l; 1 for 802.1AS.') },
			{ name: 'pmc', kind: 'text', tab: 'ptp', title: _('Pmc program'), presets: ['pmc'], pattern: /^(\/[^\p{Cc}]{1,254}|[A-Za-z0-9._-]{1,64})$/u, wrong: _('must be a program name or an absolute path'), help: _('The pmc program of linuxptp.') },
			{ name: 'ptp_socket', kind: 'list', tab: 'ptp', title: _('PTP socket'), presets: ['/var/run/ptp4l', '/var/run/ptp/ptp4l', '/var/run/ptp4lro', '/var/run/ptp/ptp4lro'], pattern: /^\/[^\p{Cc}]{1,254}$/u, wrong: _('must be an absolute path'), help: _('Management socket of ptp4l; the first one that exists and may be used is taken.') },
			{ name: 'timestamping', kind: 'choice', tab: 'ptp', title: _('Timestamping'), presets: ['auto'], choices: ['auto', 'software', 'hardware'], wrong: _('must be one of auto, software, hardware'), help: _('What ptp4l uses, where it cannot be asked (read-only socket).') },
			{ name: 'chrony_host', kind: 'text', tab: 'ntp', title: _('Chrony host'), presets: ['127.0.0.1'], pattern: /^(?:(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)|(?=[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:)[0-9A-Fa-f:.]{2,45}|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)$/, wrong: _('must be a host name or IP address'), help: _('Where chronyd answers.') },
			{ name: 'chrony_port', kind: 'int', tab: 'ntp', title: _('Chrony port'), presets: ['323'], range: [1, 65535], wrong: _('must be a whole number, 1 to 65535'), help: _('UDP port that chronyd answers on (cmdport).') },
			{ name: 'chronyc', kind: 'text', tab: 'ntp', title: _('Chronyc program'), presets: ['chronyc'], pattern: /^(\/[^\p{Cc}]{1,254}|[A-Za-z0-9._-]{1,64})$/u, wrong: _('must be a program name or an absolute path'), help: _('The chronyc program, for when UDP is refused.') },
			{ name: 'poll_s', kind: 'int', tab: 'general', title: _('Poll (s)'), presets: ['1'], range: [1, 60], wrong: _('must be a whole number, 1 to 60'), help: _('How often the daemons are asked.') },
			{ name: 'locked_sw_ns', kind: 'int', tab: 'limits', title: _('Locked by software (ns)'), presets: ['10000'], range: [1, 1000000000], wrong: _('must be a whole number, 1 to 1000000000'), help: _('PTP offset below which a software-timestamped clock is locked.') },
			{ name: 'locked_hw_ns', kind: 'int', tab: 'limits', title: _('Locked by hardware (ns)'), presets: ['1000'], range: [1, 1000000000], wrong: _('must be a whole number, 1 to 1000000000'), help: _('PTP offset below which a hardware-timestamped clock is locked.') },
			{ name: 'tracking_ns', kind: 'int', tab: 'limits', title: _('Tracking (ns)'), presets: ['100000'], range: [1, 1000000000], wrong: _('must be a whole number, 1 to 1000000000'), help: _('PTP offset below which the clock is tracking.') },
			{ name: 'locked_ntp_us', kind: 'int', tab: 'limits', title: _('Locked NTP (µs)'), presets: ['1000'], range: [1, 10000000], wrong: _('must be a whole number, 1 to 10000000'), help: _('NTP offset below which the clock is locked.') },
			{ name: 'tracking_ntp_us', kind: 'int', tab: 'limits', title: _('Tracking NTP (µs)'), presets: ['10000'], range: [1, 10000000], wrong: _('must be a whole number, 1 to 10000000'), help: _('NTP offset below which the clock is tracking.') },
			{ name: 'holdover_s', kind: 'int', tab: 'limits', title: _('Holdover (s)'), presets: ['300'], range: [0, 86400], wrong: _('must be a whole number, 0 to 86400'), help: _('How long a clock that was locked counts as tracking after its source is lost.') },
			{ name: 'drift_ppb', kind: 'int', tab: 'limits', title: _('Drift (ppb)'), presets: ['10000'], range: [1, 500000], wrong: _('must be a whole number, 1 to 500000'), help: _('Frequency error assumed of the oscillator when nothing steers it.') },
			{ name: 'asymmetry_ns', kind: 'int', tab: 'limits', title: _('Asymmetry (ns)'), presets: ['-1'], range: [-1, 1000000000], wrong: _('must be a whole number, -1 to 1000000000'), help: _('Known bound of the path asymmetry; -1 assumes half the path delay (hardware: a twentieth).') },
			{ name: 'ntp_server', kind: 'list', tab: 'ntp', title: _('NTP server'), pattern: /^(?:(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)|(?=[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:)[0-9A-Fa-f:.]{2,45}|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)$/, wrong: _('must be a host name or IP address'), help: _('NTP servers, announced in ops.time.config.') },
			{ name: 'ptp_master', kind: 'text', tab: 'ptp', title: _('PTP master'), pattern: /^[^\p{Cc}]{1,256}$/u, wrong: _('must be 1 to 256 characters, no control characters'), help: _('Expected grandmaster, announced in ops.time.config.') }
		]
	},
	{
		type: 'probe', many: true, title: _('Peers'),
		help: _('A peer unit whose round-trip and one-way times are measured.'),
		tabs: [],
		options: [
			{ name: 'unit', kind: 'text', title: _('Unit'), pattern: /^[A-Za-z0-9_-]{1,64}$/, wrong: _('must be 1 to 64 of A-Z a-z 0-9 _ -'), help: _('Unit id of the peer. Default: the name of the section.') },
			{ name: 'interval_s', kind: 'int', title: _('Interval (s)'), presets: ['10'], range: [1, 3600], wrong: _('must be a whole number, 1 to 3600'), help: _('How often the peer is asked.') }
		]
	},
	{
		type: 'status', many: false, title: _('Status page'),
		help: _('Status server on the device.'),
		tabs: [],
		options: [
			{ name: 'enabled', kind: 'bool', title: _('Enabled'), presets: ['1'], wrong: _('must be 0 or 1'), help: _('Serve the state of the unit over HTTP.') },
			{ name: 'interface', kind: 'text', title: _('Interface'), pattern: /^[A-Za-z0-9_.-]{1,15}$/, wrong: _('must be an interface name such as lan'), help: _('Device, or OpenWrt network with a bridge such as lan, whose IPv4 address is listened on in place of listen.') },
			{ name: 'listen', kind: 'text', title: _('Listen'), presets: ['127.0.0.1'], pattern: /^(?:(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)|(?=[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:)[0-9A-Fa-f:.]{2,45})$/, wrong: _('must be an IPv4 or IPv6 address'), help: _('Address that is listened on.') },
			{ name: 'port', kind: 'int', title: _('Port'), presets: ['8224'], range: [1, 65535], wrong: _('must be a whole number, 1 to 65535'), help: _('Port that is listened on.') },
			{ name: 'metrics', kind: 'bool', title: _('Metrics'), presets: ['1'], wrong: _('must be 0 or 1'), help: _('Serve /metrics in Prometheus text format.') },
			{ name: 'host', kind: 'list', title: _('Host'), pattern: /^(?:(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)|(?=[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:)[0-9A-Fa-f:.]{2,45}|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)$/, wrong: _('must be a host name or IP address'), help: _('Further names the page is asked by; host name, unit id and IP addresses always are.') }
		]
	},
	{
		type: 'spool', many: false, title: _('Spool'),
		help: _('Records that wait for the hub.'),
		tabs: [],
		options: [
			{ name: 'memory_kb', kind: 'int', title: _('Memory (KiB)'), presets: ['4096'], range: [64, 1048576], wrong: _('must be a whole number, 64 to 1048576'), help: _('Most memory for records that wait; the oldest metrics go first.') },
			{ name: 'window', kind: 'int', title: _('Window'), presets: ['64'], range: [1, 1024], wrong: _('must be a whole number, 1 to 1024'), help: _('Most records on their way to the hub at once.') },
			{ name: 'snapshot_file', kind: 'text', title: _('Snapshot file'), pattern: /^\/[^\p{Cc}]{1,254}$/u, wrong: _('must be an absolute path'), help: _('File that keeps what waits over a restart; written at a stop and each snapshot_s of an outage: flash wears, /tmp does not.') },
			{ name: 'snapshot_s', kind: 'int', title: _('Snapshot (s)'), presets: ['900'], range: [60, 86400], wrong: _('must be a whole number, 60 to 86400'), help: _('How often snapshot_file is written in an outage, if what waits changed.') }
		]
	}
] });
