'use strict';
'require baseclass';

// Generated from agent/config/options.ts by 'make generate'; do not edit. Titles and help are HTML.

return baseclass.extend({ sections: [
	{
		type: 'agent', many: false, title: _('Unit'),
		help: _('The unit itself.'),
		tabs: [],
		options: [
			{ name: 'enabled', kind: 'bool', title: _('Enabled'), presets: ['1'], wrong: _('must be 0 or 1'), help: _('Enable the agent and its leaf server.') },
			{ name: 'unit', kind: 'text', title: _('Unit id'), pattern: /^[A-Za-z0-9_-]{1,64}$/, wrong: _('must be 1 to 64 of A-Z a-z 0-9 _ -'), help: _('Unit id, unique in the fleet. Default: host name and a short hash of the hardware id.') },
			{ name: 'tenant', kind: 'text', title: _('Tenant'), pattern: /^[A-Za-z0-9_-]{1,64}$/, wrong: _('must be 1 to 64 of A-Z a-z 0-9 _ -'), help: _('Tenant that the unit belongs to; sent as X-Tenant with each heartbeat.') },
			{ name: 'role', kind: 'text', title: _('Role'), presets: ['leaf'], pattern: /^[A-Za-z0-9_-]{1,64}$/, wrong: _('must be 1 to 64 of A-Z a-z 0-9 _ -'), help: _('Role token in ops.status.&lt;role&gt;.&lt;unit&gt; and ops.cmd.&lt;role&gt;.&lt;unit&gt;.') },
			{ name: 'host', kind: 'choice', title: _('Commands in remedies'), presets: ['auto'], choices: ['auto', 'openwrt', 'systemd', 'bare'], wrong: _('must be one of auto, openwrt, systemd, bare'), help: _('Whose commands are shown as remedies; bare: of a host on which nothing starts services.') },
			{ name: 'interval_s', kind: 'int', title: _('Heartbeat every (s)'), presets: ['5'], range: [1, 3600], wrong: _('must be a whole number, 1 to 3600'), help: _('Interval between heartbeats, and between metrics.') },
			{ name: 'log_level', kind: 'choice', title: _('Log level'), presets: ['info'], choices: ['debug', 'info', 'warn', 'error', 'fatal'], wrong: _('must be one of debug, info, warn, error, fatal'), help: _('Lowest level that is written to the system log.') },
			{ name: 'log_publish', kind: 'choice', title: _('Log level published'), presets: ['info'], choices: ['debug', 'info', 'warn', 'error', 'fatal', 'off'], wrong: _('must be one of debug, info, warn, error, fatal, off'), help: _('Lowest level that is published to ops.log.') },
			{ name: 'boot_delay_s', kind: 'int', title: _('Random delay after a start (s)'), presets: ['0'], range: [0, 600], wrong: _('must be a whole number, 0 to 600'), help: _('Maximum random delay before the first publication after a start.') }
		]
	},
	{
		type: 'hub', many: false, title: _('Hub'),
		help: _('The hub that the leaf joins. Without a url the leaf serves local clients only.'),
		tabs: [{ key: 'general', title: _('General') }, { key: 'tls', title: _('TLS') }, { key: 'link', title: _('Connection') }, { key: 'subjects', title: _('Subjects') }],
		options: [
			{ name: 'url', kind: 'list', tab: 'general', title: _('Address of the hub'), pattern: /^(?:(?:nats|nats-leaf|tls|ws|wss):\/\/(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?\.?)(?::0{0,5}(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5]))?(?:\/[^\s?#@,]*)?)(?: *, *(?:(?:nats|nats-leaf|tls|ws|wss):\/\/(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?\.?)(?::0{0,5}(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5]))?(?:\/[^\s?#@,]*)?))*$/i, wrong: _('scheme must be one of nats, nats-leaf, tls, ws, wss, as in tls://hub.example.org:7422, without user or password'), help: _('Address of the hub; several, also with commas between them, are tried in random order. Mode external: only states that there is a hub.') },
			{ name: 'user', kind: 'text', tab: 'general', title: _('User'), pattern: /^[^\p{Cc}]{1,256}$/u, wrong: _('must be 1 to 256 characters, no control characters'), help: _('User name at the hub.') },
			{ name: 'password', kind: 'text', tab: 'general', title: _('Password'), pattern: /^[^\p{Cc}]{1,256}$/u, secret: true, wrong: _('must be 1 to 256 characters, no control characters'), help: _('Password at the hub.') },
			{ name: 'password_file', kind: 'text', tab: 'general', title: _('Password file'), pattern: /^\/[^\p{Cc}]{1,254}$/u, wrong: _('must be an absolute path'), help: _('File whose first line is the password at the hub.') },
			{ name: 'token', kind: 'text', tab: 'general', title: _('Token'), pattern: /^[^\p{Cc}]{1,256}$/u, secret: true, wrong: _('must be 1 to 256 characters, no control characters'), help: _('Token at the hub, instead of a user; needs nats-server 2.12.0 or newer on the leaf.') },
			{ name: 'token_file', kind: 'text', tab: 'general', title: _('Token file'), pattern: /^\/[^\p{Cc}]{1,254}$/u, wrong: _('must be an absolute path'), help: _('File whose first line is the token at the hub.') },
			{ name: 'creds_file', kind: 'text', tab: 'general', title: _('Credentials file'), pattern: /^\/[^\p{Cc}]{1,254}$/u, wrong: _('must be an absolute path'), help: _('NATS credentials file (JWT and nkey seed).') },
			{ name: 'nkey_file', kind: 'text', tab: 'general', title: _('Nkey file'), pattern: /^\/[^\p{Cc}]{1,254}$/u, wrong: _('must be an absolute path'), help: _('File with the nkey seed; needs nats-server 2.10.8 or newer on the leaf.') },
			{ name: 'tls_ca', kind: 'text', tab: 'tls', title: _('CA certificate'), pattern: /^\/[^\p{Cc}]{1,254}$/u, wrong: _('must be an absolute path'), help: _('CA certificates to verify the hub with. Default: those of the system.') },
			{ name: 'tls_cert', kind: 'text', tab: 'tls', title: _('Client certificate'), pattern: /^\/[^\p{Cc}]{1,254}$/u, wrong: _('must be an absolute path'), help: _('Client certificate for mutual TLS.') },
			{ name: 'tls_key', kind: 'text', tab: 'tls', title: _('Client key'), pattern: /^\/[^\p{Cc}]{1,254}$/u, wrong: _('must be an absolute path'), help: _('Key of the client certificate.') },
			{ name: 'tls_insecure', kind: 'bool', tab: 'tls', title: _('Do not check the certificate'), presets: ['0'], wrong: _('must be 0 or 1'), help: _('Do not verify the certificate of the hub. For a lab only.') },
			{ name: 'handshake_first', kind: 'bool', tab: 'tls', title: _('TLS before the first message'), presets: ['0'], wrong: _('must be 0 or 1'), help: _('Start TLS before the first NATS line; needs nats-server 2.10.0 or newer on both sides.') },
			{ name: 'tls_timeout_s', kind: 'int', tab: 'tls', title: _('TLS timeout (s)'), presets: ['5'], range: [1, 60], wrong: _('must be a whole number, 1 to 60'), help: _('Time limit of the TLS handshake with the hub.') },
			{ name: 'connect_timeout_s', kind: 'int', tab: 'link', title: _('Connect timeout (s)'), presets: ['5'], range: [1, 60], wrong: _('must be a whole number, 1 to 60'), help: _('Time limit for the hub to answer a connection; needs nats-server 2.10.26 or newer; also limits dialling from 2.14.5 on.') },
			{ name: 'reconnect_s', kind: 'int', tab: 'link', title: _('Try again every (s)'), presets: ['2'], range: [1, 3600], wrong: _('must be a whole number, 1 to 3600'), help: _('Pause between attempts to join the hub.') },
			{ name: 'ignore_discovered', kind: 'bool', tab: 'link', title: _('Only these addresses'), presets: ['1'], wrong: _('must be 0 or 1'), help: _('Use only the configured addresses, not those that the hub advertises; needs nats-server 2.14.0 or newer.') },
			{ name: 'deny_export', kind: 'list', tab: 'subjects', title: _('Never sent to the hub'), pattern: /^(?:[^\s.*>\p{Cc}]+|\*)(?:\.(?:[^\s.*>\p{Cc}]+|\*))*(?:\.>)?$|^>$/u, wrong: _('must be a NATS subject, where * stands for one token and a final > for all that follow'), help: _('Subjects that are never sent to the hub.') },
			{ name: 'deny_import', kind: 'list', tab: 'subjects', title: _('Never taken from the hub'), pattern: /^(?:[^\s.*>\p{Cc}]+|\*)(?:\.(?:[^\s.*>\p{Cc}]+|\*))*(?:\.>)?$|^>$/u, wrong: _('must be a NATS subject, where * stands for one token and a final > for all that follow'), help: _('Subjects that are never accepted from the hub.') },
			{ name: 'reply_subject', kind: 'list', tab: 'subjects', title: _('Replies may go to'), presets: ['_INBOX.>'], pattern: /^(?:[^\s.*>\p{Cc}]+|\*)(?:\.(?:[^\s.*>\p{Cc}]+|\*))*(?:\.>)?$|^>$/u, wrong: _('must be a NATS subject, where * stands for one token and a final > for all that follow'), help: _('Subjects that replies may be sent to; add the inbox prefix of requesters that use another one.') }
		]
	},
	{
		type: 'leaf', many: false, title: _('Leaf server'),
		help: _('The local nats-server.'),
		tabs: [{ key: 'general', title: _('General') }, { key: 'tls', title: _('TLS') }, { key: 'websocket', title: _('WebSocket') }, { key: 'jetstream', title: _('JetStream') }],
		options: [
			{ name: 'mode', kind: 'choice', tab: 'general', title: _('Mode'), presets: ['managed'], choices: ['managed', 'external', 'off'], wrong: _('must be one of managed, external, off'), help: _('managed: nunect configures and runs it. external: somebody else runs it. off: the agent is a client of hub.url.') },
			{ name: 'interface', kind: 'text', tab: 'general', title: _('Listen on network'), pattern: /^[A-Za-z0-9_.-]{1,15}$/, when: { mode: 'managed' }, wrong: _('must be an interface name such as lan'), help: _('Device, or OpenWrt network such as lan, whose IPv4 address is used instead of listen.') },
			{ name: 'listen', kind: 'text', tab: 'general', title: _('Listen on address'), presets: ['127.0.0.1'], pattern: /^(?:(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)|(?=[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:)[0-9A-Fa-f:.]{2,45})$/, when: { mode: 'managed' }, wrong: _('must be an IPv4 or IPv6 address'), help: _('Address to listen on for local clients.') },
			{ name: 'port', kind: 'int', tab: 'general', title: _('Port'), presets: ['4222'], range: [1, 65535], when: { mode: 'managed' }, wrong: _('must be a whole number, 1 to 65535'), help: _('Port to listen on for local clients.') },
			{ name: 'server', kind: 'text', tab: 'general', title: _('Program of nats-server'), presets: ['nats-server'], pattern: /^(\/[^\p{Cc}]{1,254}|[A-Za-z0-9._-]{1,64})$/u, when: { mode: 'managed' }, wrong: _('must be a program name or an absolute path'), help: _('The nats-server program.') },
			{ name: 'ping_interval_s', kind: 'int', tab: 'general', title: _('Ping interval (s)'), presets: ['12'], range: [2, 600], when: { mode: 'managed' }, wrong: _('must be a whole number, 2 to 600'), help: _('Interval of the PINGs on a link; a link that drops all data is detected after two to three intervals.') },
			{ name: 'confirm_s', kind: 'int', tab: 'general', title: _('Roll-back timeout (s)'), presets: ['60'], range: [0, 3600], when: { mode: 'managed' }, wrong: _('must be a whole number, 0 to 3600'), help: _('Time to join with changed hub settings while the hub answers, before the last good ones are restored; 0: no limit.') },
			{ name: 'watchdog_s', kind: 'int', tab: 'general', title: _('Restart a server that hangs for (s)'), presets: ['300'], range: [0, 86400], when: { mode: 'managed' }, wrong: _('must be a whole number, 0 to 86400'), help: _('Time for which the leaf may stay disconnected from the hub although it answers, before its server is restarted; 0: no limit.') },
			{ name: 'compression', kind: 'choice', tab: 'general', title: _('Compression'), presets: ['s2_auto'], choices: ['off', 's2_auto', 's2_fast', 's2_better', 's2_best'], when: { mode: 'managed' }, wrong: _('must be one of off, s2_auto, s2_fast, s2_better, s2_best'), help: _('Compression of the hub link; needs nats-server 2.10.0 or newer.') },
			{ name: 'max_payload_kb', kind: 'int', tab: 'general', title: _('Largest message (KiB)'), presets: ['1024'], range: [1, 65536], when: { mode: 'managed' }, wrong: _('must be a whole number, 1 to 65536'), help: _('Maximum size of a message. Set it to max_payload of the hub: a larger message cuts the link.') },
			{ name: 'max_connections', kind: 'int', tab: 'general', title: _('Most connections'), presets: ['256'], range: [4, 65536], when: { mode: 'managed' }, wrong: _('must be a whole number, 4 to 65536'), help: _('Maximum number of local clients.') },
			{ name: 'log_debug', kind: 'bool', tab: 'general', title: _('Debug log'), presets: ['0'], when: { mode: 'managed' }, wrong: _('must be 0 or 1'), help: _('Write debug lines to the log of the server.') },
			{ name: 'anonymous', kind: 'text', tab: 'general', title: _('User of clients without a login'), pattern: /^[A-Za-z0-9_-]{1,64}$/, when: { mode: 'managed' }, wrong: _('must be 1 to 64 of A-Z a-z 0-9 _ -'), help: _('Name of the user section whose permissions apply to a local client without credentials.') },
			{ name: 'tls_cert', kind: 'text', tab: 'tls', title: _('Server certificate'), pattern: /^\/[^\p{Cc}]{1,254}$/u, when: { mode: 'managed' }, wrong: _('must be an absolute path'), help: _('Certificate of the server for local clients; enables TLS.') },
			{ name: 'tls_key', kind: 'text', tab: 'tls', title: _('Server key'), pattern: /^\/[^\p{Cc}]{1,254}$/u, when: { mode: 'managed' }, wrong: _('must be an absolute path'), help: _('Key of that certificate.') },
			{ name: 'tls_ca', kind: 'text', tab: 'tls', title: _('CA of the clients'), pattern: /^\/[^\p{Cc}]{1,254}$/u, when: { mode: 'managed' }, wrong: _('must be an absolute path'), help: _('CA certificates to verify client certificates with.') },
			{ name: 'tls_verify', kind: 'bool', tab: 'tls', title: _('Clients need a certificate'), presets: ['0'], when: { mode: 'managed' }, wrong: _('must be 0 or 1'), help: _('Require a client certificate from local clients.') },
			{ name: 'websocket_port', kind: 'int', tab: 'websocket', title: _('WebSocket port'), presets: ['0'], range: [0, 65535], when: { mode: 'managed' }, wrong: _('must be a whole number, 0 to 65535'), help: _('Port to listen on for local WebSocket clients; 0 disables it.') },
			{ name: 'websocket_listen', kind: 'text', tab: 'websocket', title: _('Listen on address'), presets: ['127.0.0.1'], pattern: /^(?:(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)|(?=[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:)[0-9A-Fa-f:.]{2,45})$/, when: { mode: 'managed' }, wrong: _('must be an IPv4 or IPv6 address'), help: _('Address to listen on for local WebSocket clients.') },
			{ name: 'websocket_tls', kind: 'bool', tab: 'websocket', title: _('WebSocket TLS'), presets: ['0'], when: { mode: 'managed' }, wrong: _('must be 0 or 1'), help: _('TLS for WebSocket clients, with leaf.tls_cert and leaf.tls_key.') },
			{ name: 'websocket_origin', kind: 'list', tab: 'websocket', title: _('Pages that may connect'), pattern: /^https?:\/\/[^\s\/?#]+$/, when: { mode: 'managed' }, wrong: _('must be an origin such as https://app.example.org'), help: _('Web origins that may connect; an empty list allows any.') },
			{ name: 'jetstream', kind: 'bool', tab: 'jetstream', title: _('JetStream'), presets: ['0'], when: { mode: 'managed' }, wrong: _('must be 0 or 1'), help: _('Enable JetStream on the local server. The records of the agent do not need it.') },
			{ name: 'jetstream_domain', kind: 'text', tab: 'jetstream', title: _('JetStream domain'), pattern: /^[A-Za-z0-9_-]{1,64}$/, when: { mode: 'managed' }, wrong: _('must be 1 to 64 of A-Z a-z 0-9 _ -'), help: _('JetStream domain. Default: the unit id.') },
			{ name: 'jetstream_max_memory_mb', kind: 'int', tab: 'jetstream', title: _('Most memory (MiB)'), presets: ['32'], range: [0, 65536], when: { mode: 'managed' }, wrong: _('must be a whole number, 0 to 65536'), help: _('Maximum memory for streams; 0 allows none.') },
			{ name: 'jetstream_max_storage_mb', kind: 'int', tab: 'jetstream', title: _('Most storage (MiB)'), presets: ['256'], range: [0, 1048576], when: { mode: 'managed' }, wrong: _('must be a whole number, 0 to 1048576'), help: _('Maximum storage for streams; 0 allows none.') },
			{ name: 'jetstream_store_dir', kind: 'text', tab: 'jetstream', title: _('Storage directory'), presets: ['/var/lib/nunect/jetstream'], pattern: /^\/[^\p{Cc}]{1,254}$/u, when: { mode: 'managed' }, wrong: _('must be an absolute path'), help: _('Directory of the streams. On OpenWrt a reboot clears /var, and writes wear the flash.') },
			{ name: 'external_url', kind: 'text', tab: 'general', title: _('External URL'), presets: ['nats://127.0.0.1:4222'], pattern: /^(?:nats|nats-leaf|tls|ws|wss):\/\/(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?\.?)(?::0{0,5}(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5]))?(?:\/[^\s?#@,]*)?$/i, when: { mode: 'external' }, wrong: _('scheme must be one of nats, nats-leaf, tls, ws, wss, as in tls://hub.example.org:7422, without user or password'), help: _('Mode external: URL of the server.') },
			{ name: 'external_user', kind: 'text', tab: 'general', title: _('External user'), pattern: /^[^\p{Cc}]{1,256}$/u, when: { mode: 'external' }, wrong: _('must be 1 to 256 characters, no control characters'), help: _('Mode external: user name.') },
			{ name: 'external_password', kind: 'text', tab: 'general', title: _('External password'), pattern: /^[^\p{Cc}]{1,256}$/u, secret: true, when: { mode: 'external' }, wrong: _('must be 1 to 256 characters, no control characters'), help: _('Mode external: password.') },
			{ name: 'external_password_file', kind: 'text', tab: 'general', title: _('External password file'), pattern: /^\/[^\p{Cc}]{1,254}$/u, when: { mode: 'external' }, wrong: _('must be an absolute path'), help: _('Mode external: file whose first line is the password.') },
			{ name: 'external_creds_file', kind: 'text', tab: 'general', title: _('External credentials file'), pattern: /^\/[^\p{Cc}]{1,254}$/u, when: { mode: 'external' }, wrong: _('must be an absolute path'), help: _('Mode external: NATS credentials file.') },
			{ name: 'external_tls_ca', kind: 'text', tab: 'general', title: _('External TLS CA'), pattern: /^\/[^\p{Cc}]{1,254}$/u, when: { mode: 'external' }, wrong: _('must be an absolute path'), help: _('Mode external: CA certificates to verify the server with.') },
			{ name: 'external_monitor_url', kind: 'text', tab: 'general', title: _('External monitor URL'), pattern: /^http:\/\/[^\s\/]+$/, when: { mode: 'external' }, wrong: _('must be an address such as http://127.0.0.1:8222'), help: _('Mode external: monitoring address of the server, for the state of the leaf link.') }
		]
	},
	{
		type: 'user', many: true, title: _('Local users'),
		help: _('A local user of the leaf, such as an app on the LAN. It may use the listed subjects only.'),
		tabs: [],
		options: [
			{ name: 'name', kind: 'text', title: _('Login name'), pattern: /^[A-Za-z0-9_-]{1,64}$/, wrong: _('must be 1 to 64 of A-Z a-z 0-9 _ -'), help: _('Login name. Default: the name of the section.') },
			{ name: 'password', kind: 'text', title: _('Password'), pattern: /^[^\p{Cc}]{1,256}$/u, secret: true, wrong: _('must be 1 to 256 characters, no control characters'), help: _('Password.') },
			{ name: 'password_file', kind: 'text', title: _('Password file'), pattern: /^\/[^\p{Cc}]{1,254}$/u, wrong: _('must be an absolute path'), help: _('File whose first line is the password.') },
			{ name: 'nkey', kind: 'text', title: _('Nkey'), pattern: /^U[A-Z2-7]{55}$/, wrong: _('must be a public user nkey (U and 55 more characters)'), help: _('Public nkey, instead of a password.') },
			{ name: 'publish', kind: 'list', title: _('May publish to'), pattern: /^(?:[^\s.*>\p{Cc}]+|\*)(?:\.(?:[^\s.*>\p{Cc}]+|\*))*(?:\.>)?$|^>$/u, wrong: _('must be a NATS subject, where * stands for one token and a final > for all that follow'), help: _('Subjects it may publish to.') },
			{ name: 'subscribe', kind: 'list', title: _('May subscribe to'), pattern: /^(?:[^\s.*>\p{Cc}]+|\*)(?:\.(?:[^\s.*>\p{Cc}]+|\*))*(?:\.>)?$|^>$/u, wrong: _('must be a NATS subject, where * stands for one token and a final > for all that follow'), help: _('Subjects it may subscribe to.') }
		]
	},
	{
		type: 'time', many: false, title: _('Clock watch'),
		help: _('The clock daemons to watch.'),
		tabs: [{ key: 'general', title: _('General') }, { key: 'ptp', title: _('PTP') }, { key: 'ntp', title: _('NTP') }, { key: 'limits', title: _('Limits') }],
		options: [
			{ name: 'mode', kind: 'choice', tab: 'general', title: _('Watch'), presets: ['auto'], choices: ['auto', 'ptp', 'chrony'], wrong: _('must be one of auto, ptp, chrony'), help: _('auto: PTP if it steers the system clock, else NTP. ptp, chrony: only that one.') },
			{ name: 'required', kind: 'choice', tab: 'general', title: _('A clock that nothing steers is'), presets: ['auto'], choices: ['auto', 'no', 'yes'], wrong: _('must be one of auto, no, yes'), help: _('Weight of a clock that nothing steers. yes: critical; no: a note; auto: degraded where a source is configured or was there, else a note.') },
			{ name: 'ptp_domain', kind: 'int', tab: 'ptp', title: _('PTP domain'), presets: ['0'], range: [0, 255], wrong: _('must be a whole number, 0 to 255'), help: _('domainNumber of ptp4l.') },
			{ name: 'transport_specific', kind: 'int', tab: 'ptp', title: _('transportSpecific (majorSdoId)'), presets: ['0'], range: [0, 15], wrong: _('must be a whole number, 0 to 15'), help: _('transportSpecific (majorSdoId) of ptp4l; 1 for 802.1AS.') },
			{ name: 'pmc', kind: 'text', tab: 'ptp', title: _('Pmc program'), presets: ['pmc'], pattern: /^(\/[^\p{Cc}]{1,254}|[A-Za-z0-9._-]{1,64})$/u, wrong: _('must be a program name or an absolute path'), help: _('The pmc program of linuxptp.') },
			{ name: 'ptp_socket', kind: 'list', tab: 'ptp', title: _('PTP socket'), presets: ['/var/run/ptp4l', '/var/run/ptp/ptp4l', '/var/run/ptp4lro', '/var/run/ptp/ptp4lro'], pattern: /^\/[^\p{Cc}]{1,254}$/u, wrong: _('must be an absolute path'), help: _('Management socket of ptp4l; the agent takes the first one that exists and that it may use.') },
			{ name: 'timestamping', kind: 'choice', tab: 'ptp', title: _('Timestamping'), presets: ['auto'], choices: ['auto', 'software', 'hardware'], wrong: _('must be one of auto, software, hardware'), help: _('Timestamping of ptp4l, if ptp4l does not report it (read-only socket).') },
			{ name: 'chrony_host', kind: 'text', tab: 'ntp', title: _('Host of chronyd'), presets: ['127.0.0.1'], pattern: /^(?:(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)|(?=[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:)[0-9A-Fa-f:.]{2,45}|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)$/, wrong: _('must be a host name or IP address'), help: _('Host on which chronyd answers.') },
			{ name: 'chrony_port', kind: 'int', tab: 'ntp', title: _('Port of chronyd'), presets: ['323'], range: [1, 65535], wrong: _('must be a whole number, 1 to 65535'), help: _('UDP port on which chronyd answers (cmdport).') },
			{ name: 'chronyc', kind: 'text', tab: 'ntp', title: _('Chronyc program'), presets: ['chronyc'], pattern: /^(\/[^\p{Cc}]{1,254}|[A-Za-z0-9._-]{1,64})$/u, wrong: _('must be a program name or an absolute path'), help: _('The chronyc program; used if UDP is refused.') },
			{ name: 'poll_s', kind: 'int', tab: 'general', title: _('Look every (s)'), presets: ['1'], range: [1, 60], wrong: _('must be a whole number, 1 to 60'), help: _('Interval between polls of the daemons.') },
			{ name: 'locked_sw_ns', kind: 'int', tab: 'limits', title: _('Lock limit, software timestamps (ns)'), presets: ['500000'], range: [1, 1000000000], wrong: _('must be a whole number, 1 to 1000000000'), help: _('Error bound below which a clock that PTP steers with software timestamps is locked.') },
			{ name: 'locked_hw_ns', kind: 'int', tab: 'limits', title: _('Lock limit, hardware timestamps (ns)'), presets: ['50000'], range: [1, 1000000000], wrong: _('must be a whole number, 1 to 1000000000'), help: _('Error bound below which a clock that PTP steers with hardware timestamps is locked.') },
			{ name: 'tracking_ns', kind: 'int', tab: 'limits', title: _('Tracking limit, PTP (ns)'), presets: ['10000000'], range: [1, 1000000000], wrong: _('must be a whole number, 1 to 1000000000'), help: _('Error bound below which a clock that PTP steers is tracking.') },
			{ name: 'locked_ntp_us', kind: 'int', tab: 'limits', title: _('Lock limit, NTP (µs)'), presets: ['5000'], range: [1, 10000000], wrong: _('must be a whole number, 1 to 10000000'), help: _('Error bound below which a clock that NTP steers is locked.') },
			{ name: 'tracking_ntp_us', kind: 'int', tab: 'limits', title: _('Tracking limit, NTP (µs)'), presets: ['1000000'], range: [1, 10000000], wrong: _('must be a whole number, 1 to 10000000'), help: _('Error bound below which a clock that NTP steers is tracking.') },
			{ name: 'holdover_s', kind: 'int', tab: 'limits', title: _('Longest holdover (s)'), presets: ['300'], range: [0, 86400], wrong: _('must be a whole number, 0 to 86400'), help: _('Time for which a locked clock counts as tracking after its source is lost.') },
			{ name: 'drift_ppb', kind: 'int', tab: 'limits', title: _('Drift of the oscillator (ppb)'), presets: ['30000'], range: [1, 500000], wrong: _('must be a whole number, 1 to 500000'), help: _('Assumed frequency error of the oscillator while nothing steers it.') },
			{ name: 'asymmetry_ns', kind: 'int', tab: 'limits', title: _('Asymmetry of the path (ns)'), presets: ['-1'], range: [-1, 1000000000], wrong: _('must be a whole number, -1 to 1000000000'), help: _('Known bound of the path asymmetry; -1 assumes the path delay (hardware timestamps: a twentieth of it).') },
			{ name: 'ntp_server', kind: 'list', tab: 'ntp', title: _('NTP servers'), pattern: /^(?:(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)|(?=[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:)[0-9A-Fa-f:.]{2,45}|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)$/, wrong: _('must be a host name or IP address'), help: _('NTP servers, published in ops.time.config.') },
			{ name: 'ptp_master', kind: 'text', tab: 'ptp', title: _('PTP master'), pattern: /^[^\p{Cc}]{1,256}$/u, wrong: _('must be 1 to 256 characters, no control characters'), help: _('Expected grandmaster, published in ops.time.config.') }
		]
	},
	{
		type: 'ptp', many: false, title: _('Clock'),
		help: _('The clock daemons to run: PTP, with NTP as fallback. Nothing is run or changed without an interface; needs the service nunect-time.'),
		tabs: [{ key: 'general', title: _('General') }, { key: 'ptp', title: _('PTP') }, { key: 'programs', title: _('Programs') }],
		options: [
			{ name: 'enabled', kind: 'bool', tab: 'general', title: _('Run the clock daemons'), presets: ['1'], wrong: _('must be 0 or 1'), help: _('Run ptp4l as configured here.') },
			{ name: 'interface', kind: 'list', tab: 'general', title: _('PTP on ports'), pattern: /^[A-Za-z0-9_.-]{1,15}$/, wrong: _('must be an interface name such as lan'), help: _('Port on which PTP is spoken: a device such as wan or lan1, or an OpenWrt network. Not a bridge such as br-lan, but one of its ports.') },
			{ name: 'domain', kind: 'int', tab: 'general', title: _('PTP domain (domainNumber)'), presets: ['-1'], range: [-1, 127], wrong: _('must be a whole number, -1 to 127'), help: _('domainNumber; -1: that of the profile, which is 0 by default.') },
			{ name: 'ntp_server', kind: 'list', tab: 'general', title: _('NTP servers to fall back to'), pattern: /^(?:(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)|(?=[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:)[0-9A-Fa-f:.]{2,45}|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)$/, wrong: _('must be a host name or IP address'), help: _('NTP server that chronyd falls back to, beside those that it has already. Several are better: one that lies is then found out.') },
			{ name: 'role', kind: 'choice', tab: 'general', title: _('Role'), presets: ['client'], choices: ['client', 'server', 'auto'], wrong: _('must be one of client, server, auto'), help: _('client: follow a grandmaster. server: be one, while chronyd follows GNSS. auto: whichever the best master clock algorithm says.') },
			{ name: 'transport', kind: 'choice', tab: 'ptp', title: _('Transport'), presets: ['auto'], choices: ['auto', 'UDPv4', 'UDPv6', 'L2'], wrong: _('must be one of auto, UDPv4, UDPv6, L2'), help: _('auto: that of the profile, or UDPv4, and L2 on a port of a bridge, where UDP is not heard.') },
			{ name: 'delay_mechanism', kind: 'choice', tab: 'ptp', title: _('Delay mechanism'), presets: ['auto'], choices: ['auto', 'E2E', 'P2P'], wrong: _('must be one of auto, E2E, P2P'), help: _('auto: that of the profile, or E2E.') },
			{ name: 'timestamping', kind: 'choice', tab: 'ptp', title: _('Time stamps'), presets: ['auto'], choices: ['auto', 'hardware', 'software'], wrong: _('must be one of auto, hardware, software'), help: _('auto: hardware where the ports have one PTP hardware clock.') },
			{ name: 'unicast_server', kind: 'list', tab: 'ptp', title: _('Grandmasters by unicast'), pattern: /^(?:(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)|(?=[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:)[0-9A-Fa-f:.]{2,45})$/, wrong: _('must be an IPv4 or IPv6 address'), help: _('Grandmaster to ask for unicast service, instead of listening for multicast.') },
			{ name: 'asymmetry_ns', kind: 'int', tab: 'ptp', title: _('Asymmetry of the path (ns)'), presets: ['-1'], range: [-1, 1000000000], wrong: _('must be a whole number, -1 to 1000000000'), help: _('Known bound of the path asymmetry; -1: time.asymmetry_ns. chronyd is told of twice as much.') },
			{ name: 'profile', kind: 'choice', tab: 'ptp', title: _('Profile'), presets: ['default'], choices: ['default', 'G.8275.1', 'G.8275.2', 'gPTP', 'power'], wrong: _('must be one of default, G.8275.1, G.8275.2, gPTP, power'), help: _('PTP profile; power is IEC/IEEE 61850-9-3.') },
			{ name: 'grace_s', kind: 'int', tab: 'general', title: _('Longest wait for NTP (s)'), presets: ['60'], range: [0, 3600], wrong: _('must be a whole number, 0 to 3600'), help: _('How long NTP servers may stay silent before PTP alone may set the clock.') },
			{ name: 'global_opts', kind: 'list', tab: 'ptp', title: _('More lines of ptp4l.conf'), pattern: /^(?!(?:clock_servo|ntpshm_segment|refclock_sock_address|free_running|uds_\w+|time_stamping|domainNumber|delay_mechanism|network_transport|transportSpecific|(?:client|server|slave|master)Only|slave_event_monitor|user)\b)[A-Za-z][\w.]{0,63}[ \t]+[^\s\p{Cc}#[\]][^\p{Cc}#[\]]{0,127}$/u, wrong: _('must be an option of ptp4l and its value, such as: priority1 120'), help: _('Further line of [global] in ptp4l.conf, such as: priority1 120. It counts where a profile says otherwise.') },
			{ name: 'chrony_conf', kind: 'text', tab: 'programs', title: _('Config of chronyd'), pattern: /^\/[^\p{Cc}]{1,254}$/u, wrong: _('must be an absolute path'), help: _('Config of chronyd. Default: /etc/chrony/chrony.conf or /etc/chrony.conf.') },
			{ name: 'chronyd', kind: 'text', tab: 'programs', title: _('Program of chronyd'), presets: ['chronyd'], pattern: /^(\/[^\p{Cc}]{1,254}|[A-Za-z0-9._-]{1,64})$/u, wrong: _('must be a program name or an absolute path'), help: _('The chronyd program.') },
			{ name: 'ptp4l', kind: 'text', tab: 'programs', title: _('Program of ptp4l'), presets: ['ptp4l'], pattern: /^(\/[^\p{Cc}]{1,254}|[A-Za-z0-9._-]{1,64})$/u, wrong: _('must be a program name or an absolute path'), help: _('The ptp4l program of linuxptp.') },
			{ name: 'phc2sys', kind: 'text', tab: 'programs', title: _('Program of phc2sys'), presets: ['phc2sys'], pattern: /^(\/[^\p{Cc}]{1,254}|[A-Za-z0-9._-]{1,64})$/u, wrong: _('must be a program name or an absolute path'), help: _('The phc2sys program of linuxptp.') }
		]
	},
	{
		type: 'probe', many: true, title: _('Peers'),
		help: _('A peer unit to which round-trip and one-way times are measured.'),
		tabs: [],
		options: [
			{ name: 'unit', kind: 'text', title: _('Unit id'), pattern: /^[A-Za-z0-9_-]{1,64}$/, wrong: _('must be 1 to 64 of A-Z a-z 0-9 _ -'), help: _('Unit id of the peer. Default: the name of the section.') },
			{ name: 'interval_s', kind: 'int', title: _('Probe every (s)'), presets: ['10'], range: [1, 3600], wrong: _('must be a whole number, 1 to 3600'), help: _('Interval between requests to the peer.') }
		]
	},
	{
		type: 'status', many: false, title: _('Status page'),
		help: _('The status server of the unit.'),
		tabs: [],
		options: [
			{ name: 'enabled', kind: 'bool', title: _('Enabled'), presets: ['1'], wrong: _('must be 0 or 1'), help: _('Serve the state of the unit over HTTP.') },
			{ name: 'interface', kind: 'text', title: _('Listen on network'), pattern: /^[A-Za-z0-9_.-]{1,15}$/, wrong: _('must be an interface name such as lan'), help: _('Device, or OpenWrt network with a bridge such as lan, whose IPv4 address is used instead of listen.') },
			{ name: 'listen', kind: 'text', title: _('Listen on address'), presets: ['127.0.0.1'], pattern: /^(?:(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)|(?=[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:)[0-9A-Fa-f:.]{2,45})$/, wrong: _('must be an IPv4 or IPv6 address'), help: _('Address to listen on.') },
			{ name: 'port', kind: 'int', title: _('Port'), presets: ['8224'], range: [1, 65535], wrong: _('must be a whole number, 1 to 65535'), help: _('Port to listen on.') },
			{ name: 'metrics', kind: 'bool', title: _('Prometheus metrics'), presets: ['1'], wrong: _('must be 0 or 1'), help: _('Serve /metrics in Prometheus text format.') },
			{ name: 'host', kind: 'list', title: _('Host names allowed'), pattern: /^(?:(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)|(?=[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:)[0-9A-Fa-f:.]{2,45}|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)$/, wrong: _('must be a host name or IP address'), help: _('Further names accepted in the Host header; host name, unit id and IP addresses always are.') }
		]
	},
	{
		type: 'spool', many: false, title: _('Spool'),
		help: _('Records that wait to be sent to the hub.'),
		tabs: [],
		options: [
			{ name: 'memory_kb', kind: 'int', title: _('Memory for an outage (KiB)'), presets: ['4096'], range: [64, 1048576], wrong: _('must be a whole number, 64 to 1048576'), help: _('Maximum memory for waiting records; the oldest metrics are dropped first.') },
			{ name: 'window', kind: 'int', title: _('Records in flight'), presets: ['64'], range: [1, 1024], wrong: _('must be a whole number, 1 to 1024'), help: _('Maximum number of records in flight to the hub.') },
			{ name: 'snapshot_file', kind: 'text', title: _('File that keeps them'), pattern: /^\/[^\p{Cc}]{1,254}$/u, wrong: _('must be an absolute path'), help: _('File that keeps waiting records across a restart: in /tmp, which a reboot clears, or in /etc/nunect/spool, where writes wear flash.') },
			{ name: 'snapshot_s', kind: 'int', title: _('Write it every (s)'), presets: ['900'], range: [60, 86400], wrong: _('must be a whole number, 60 to 86400'), help: _('Interval at which snapshot_file is written in an outage, if the waiting records changed.') }
		]
	}
] });
