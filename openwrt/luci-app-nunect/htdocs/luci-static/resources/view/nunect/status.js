'use strict';
'require view';
'require dom';
'require poll';
'require rpc';

/* The replies of rpcd's plugin nunect; empty objects if there is no plugin. */
const callStatus = rpc.declare({ object: 'nunect', method: 'status', expect: { '': {} } });
const callCurve = rpc.declare({ object: 'nunect', method: 'curve', expect: { '': {} } });
/* LuCI's own hasViewPermission is false here for root, too: what the menu entry depends on has nothing to write. */
const callAccess = rpc.declare({ object: 'session', method: 'access', params: [ 'scope', 'object', 'function' ], expect: { access: false } });
const callService = rpc.declare({ object: 'nunect', method: 'service', params: [ 'action' ], expect: { '': {} } });

/* Why the agent does not answer, and the command that fixes it. */
const downs = {
	disabled: [ _('nunect is disabled (agent.enabled is 0).'), 'uci set nunect.agent.enabled=1; uci commit nunect; /etc/init.d/nunect reload' ],
	stopped: [ _('The agent is not running.'), '/etc/init.d/nunect enable; /etc/init.d/nunect start' ],
	silent: [ _('The agent runs but does not answer.'), 'logread -e nunect' ]
};
const noPlugin = [ _('rpcd has not loaded the nunect plugin yet.'), '/etc/init.d/rpcd restart' ];

const words = {
	healthy: _('Everything works'),
	degraded: _('A part does not work'),
	critical: _('The unit does not do its job'),
	not_set_up: _('Not set up')
};
const colours = { healthy: 'success', degraded: 'warning', critical: 'danger', not_set_up: 'notice' };
const icons = { healthy: '●', degraded: '▲', critical: '■', not_set_up: '○', setup: '○', note: '○' };

const steps = {
	ns: [ [ 1e9, 's' ], [ 1e6, 'ms' ], [ 1e3, 'µs' ], [ 1, 'ns' ] ],
	bytes: [ [ 1048576, 'MiB' ], [ 1024, 'KiB' ], [ 1, 'B' ] ]
};

/* 2800 ns: 2.80 µs. Undefined for an unknown value, which then gets no line. */
function quantity(value, kind, factor) {
	if (value == null)
		return undefined;
	const scaled = value * (factor || 1);
	const size = Math.abs(scaled);
	const step = steps[kind].find(([ least ]) => size >= least) || steps[kind][steps[kind].length - 1];
	const shown = scaled / step[0];
	const digits = Number.isInteger(shown) || Math.abs(shown) >= 100 ? 0 : Math.abs(shown) >= 10 ? 1 : 2;
	return '%s %s'.format(shown.toFixed(digits).replace('-', '−'), step[1]);
}

const time = (value) => quantity(value, 'ns');

function span(seconds) {
	const whole = Math.max(0, Math.round(seconds));
	const parts = [ [ Math.floor(whole / 86400), 'd' ], [ Math.floor(whole / 3600) % 24, 'h' ],
		[ Math.floor(whole / 60) % 60, 'min' ], [ whole % 60, 's' ] ];
	const first = parts.findIndex(([ count ]) => count > 0);
	return first < 0 ? '0 s' : parts.slice(first, first + 2).map((part) => part.join(' ')).join(' ');
}

const since = (at_ms, since_ms) =>
	at_ms == null || since_ms == null ? undefined : _('for %s').format(span((at_ms - since_ms) / 1000));

const joined = (parts) => parts.filter((part) => part != null && part !== '').join(', ') || undefined;
const labelled = (label, text) => text == null ? undefined : '%s %s'.format(label, text);

/* Names come from daemons and from the network: children are always arrays, whose strings LuCI turns into text nodes. */
const line = (name, text) => text == null ? [] : [ E('tr', { 'class': 'tr' }, [
	E('td', { 'class': 'td left', 'width': '25%' }, [ name ]),
	E('td', { 'class': 'td left' }, [ String(text) ])
]) ];

const part = (title, key, lines) => E('div', { 'class': 'cbi-section', 'data-part': key }, [
	E('h3', {}, [ title ]),
	E('table', { 'class': 'table' }, lines.length > 0 ? lines : line('', _('no data')))
]);

const plusMinus = (value) => value == null ? undefined : '± ' + time(value);

/* How far the clock may be from true time, and from its grandmaster. */
const bounds = (c) => joined([ plusMinus(c.error_bound_ns),
	c.error_rel_ns == null ? undefined : _('%s against the grandmaster').format(plusMinus(c.error_rel_ns)) ]) || _('not bounded');

function clock(s) {
	const c = s.clock;
	if (!c)
		return [];
	return [
		...line(_('State'), joined([ '%s %s'.format(c.source, c.quality), since(s.at_ms, c.since_ms) ])),
		...line(_('Holdover'), c.holdover && joined([ c.holdover.source, since(s.at_ms, c.holdover.since_ms) ])),
		...line(_('Error bound'), bounds(c)),
		...line(_('Offset'), time(c.offset_ns)),
		...line(_('Evidence'), c.evidence)
	];
}

function ptp(s) {
	const p = s.ptp;
	if (!p)
		return [];
	return [
		...line(_('State'), p.seen === 'fresh' ? joined(p.ports.map((port) => '%s %s'.format(port.portIdentity, port.portState)))
			: joined([ p.seen, p.why ])),
		...line(_('Grandmaster'), p.gmIdentity),
		...line(_('Offset'), joined([ time(p.master_offset_ns), labelled(_('path delay'), time(p.meanPathDelay_ns)) ])),
		...line(_('Timestamping'), p.timestamping)
	];
}

function ntp(s) {
	const n = s.ntp;
	if (!n)
		return [];
	return [
		...line(_('State'), n.seen === 'fresh' ? joined([ labelled(_('source'), n.selected), labelled(_('stratum'), n.stratum) ])
			: joined([ n.seen, n.why ])),
		...line(_('Offset'), time(n.offset_ns)),
		...line(_('Sources'), joined(n.sources.map((one) => '%s (%s)'.format(one.name, one.state))))
	];
}

/* What the link to the hub has carried; by the messages where the kernel is not asked. */
const carried = (sum) => sum && joined([ _('%s sent').format(quantity(sum.sent_bytes, 'bytes')),
	_('%s received').format(quantity(sum.received_bytes, 'bytes')),
	sum.basis === 'messages' ? _('at most, before compression') : undefined ]);

function link(s) {
	const l = s.link;
	const hub = l.hub_up == null ? undefined : l.hub_up ? _('joined') : _('not joined');
	return [
		...line(_('Local server'), joined([ l.connected ? _('connected') : _('not connected'), l.server, l.server_version,
			since(s.at_ms, l.since_ms) ])),
		...line(_('Hub'), joined([ hub, since(s.at_ms, l.hub_since_ms),
			labelled(_('round trip'), quantity(l.hub_rtt_us, 'ns', 1000)) ])),
		...line(_('Traffic to the hub'), l.traffic),
		...line(_('Bytes, last hour'), l.bytes && carried(l.bytes.hour)),
		...line(_('Bytes, this month'), l.bytes && joined([ carried(l.bytes.month), since(s.at_ms, l.bytes.month.since_ms) ])),
		...line(_('Last error'), l.last_error)
	];
}

function spool(s) {
	const p = s.spool;
	if (!p)
		return [];
	return [
		...line(_('State'), p.state),
		...line(_('Waiting'), joined([ _('%d records').format(p.records), quantity(p.bytes, 'bytes'),
			p.oldest_age_s == null ? undefined : _('oldest %s').format(span(p.oldest_age_s)) ])),
		...line(_('Since the start'), joined([ _('%d stored').format(p.stored), _('%d dropped').format(p.dropped) ]))
	];
}

const trips = (s) => s.rtt.flatMap((one) => line(one.to, joined([
	quantity(one.last_us, 'ns', 1000),
	labelled('p50', quantity(one.p50_us, 'ns', 1000)),
	labelled('p99', quantity(one.p99_us, 'ns', 1000)),
	one.loss == null ? undefined : labelled(_('loss'), '%.1f %%'.format(one.loss * 100))
])));

const fix = (remedy) => remedy ? [ E('p', {}, [ E('code', {}, [ remedy ]) ]) ] : [];

const trouble = ({ text, remedy, weight }) => E('li', {}, [ '%s '.format(icons[weight] || '○'), text ].concat(fix(remedy)));

const troubles = (title, key, all) => all.length === 0 ? [] : [ E('div', { 'class': 'cbi-section', 'data-part': key }, [
	E('h3', {}, [ title ]),
	E('ul', {}, all.map(trouble))
]) ];

const isNote = ({ weight }) => weight === 'note';
const findings = (s) => s.troubles || s.problems.map((text) => ({ text, weight: s.status === 'healthy' ? 'note' : s.status }));

/* How the unit is, and what to do about it. */
function verdict(s) {
	const first = findings(s).find((one) => !isNote(one));
	const icon = icons[s.status] || '○';
	return banner(colours[s.status] || 'warning', [
		E('h4', {}, [ '%s %s'.format(icon, words[s.status] || s.status) ]),
		...(first ? [ E('p', {}, [ first.text ]), ...fix(first.remedy) ] : [])
	]);
}

/* What else is found. */
function problems(s) {
	const [ , ...others ] = findings(s).filter((one) => !isNote(one));
	return [
		...troubles(_('Other problems'), 'problems', others),
		...troubles(_('Notes'), 'notes', findings(s).filter(isNote))
	];
}

const tile = (key, title, figure, text) => E('div', { 'data-tile': key,
	'style': 'flex:1 1 9em;padding:.7em 1em;border:1px solid rgba(128,128,128,.35);border-radius:.5em' }, [
	E('div', {}, [ title ]),
	E('div', { 'style': 'font-size:1.5em;font-weight:600' }, [ figure ]),
	E('div', {}, [ text || '' ])
]);

/* The four figures of the unit's own page. */
function tiles(s) {
	const c = s.clock, l = s.link, p = s.spool, a = s.clients;
	const clockFigure = !c ? _('unknown') : c.error_bound_ns != null ? plusMinus(c.error_bound_ns)
		: c.error_rel_ns != null ? plusMinus(c.error_rel_ns) : c.quality;
	const clockText = !c ? '' : joined([ c.error_bound_ns == null && c.error_rel_ns != null ? _('against the grandmaster') : undefined,
		'%s %s'.format(c.holdover ? c.holdover.source : c.source, c.holdover ? _('holdover') : c.quality) ]);
	const isSetUp = !findings(s).some(({ weight }) => weight === 'setup');
	const hubFigure = !isSetUp ? _('none') : l.hub_up == null ? _('unknown') : !l.hub_up ? _('down') : quantity(l.hub_rtt_us, 'ns', 1000) || _('joined');
	return E('div', { 'data-part': 'tiles', 'style': 'display:flex;flex-wrap:wrap;gap:1em;margin:1em 0' }, [
		tile('clock', _('Clock'), clockFigure, clockText),
		tile('hub', _('Hub'), hubFigure, isSetUp ? since(s.at_ms, l.hub_since_ms) : ''),
		...(p ? [ tile('records', _('Records waiting'), String(p.records), joined([ _('%d stored').format(p.stored), _('%d dropped').format(p.dropped) ])) ] : []),
		...(a ? [ tile('apps', _('Apps on this leaf'), String(a.count), a.in_msgs_per_s == null ? ''
			: _('%s msg/s in, %s msg/s out').format(a.in_msgs_per_s, a.out_msgs_per_s)) ] : [])
	]);
}

/* As an image its markup can do nothing. */
const curve = (svg) => !svg ? [] : [ E('div', { 'class': 'cbi-section', 'data-part': 'curve' }, [
	E('h3', {}, [ _('Clock offset, last 15 min') ]),
	E('img', { 'alt': _('Clock offset, last 15 min'), 'style': 'width:100%;height:9em', 'src': 'data:image/svg+xml,' + encodeURIComponent(svg) })
]) ];

const action = (name, title) => E('button', { 'class': 'cbi-button cbi-button-action', 'data-action': name,
	'click': (ev) => {
		ev.target.disabled = true;
		return callService(name).finally(() => { ev.target.disabled = false; });
	} }, [ title ]);

const actions = () => E('p', { 'data-part': 'actions' }, [
	action('start', _('Start')), ' ', action('restart', _('Restart')), ' ', action('stop', _('Stop'))
]);

const isLoopback = (address) => /^(127\.|::1$)/.test(address);

/* The address at which this browser can reach the page. */
function pageLink(page) {
	if (!page || !page.enabled)
		return [];
	if (isLoopback(page.address))
		return [ E('p', {}, [ _('The status page listens on loopback only. To open it from here, set "Listen on network" of the status page to lan.') ]) ];
	const host = /^(0\.0\.0\.0|::)$/.test(page.address) ? window.location.hostname
		: page.address.includes(':') ? '[%s]'.format(page.address) : page.address;
	const url = 'http://%s:%d/'.format(host, page.port);
	return [ E('p', {}, [ E('a', { 'href': url, 'target': '_blank', 'rel': 'noreferrer' }, [ _('Status page of the unit'), ' ', url ]) ]) ];
}

const banner = (colour, children) => E('div', { 'class': 'alert-message ' + colour, 'data-part': 'health' }, children);

const advice = ([ text, command ], detail) => [ banner('danger', [
	E('p', {}, [ E('strong', {}, [ text ]) ]),
	...(detail ? [ E('p', {}, [ detail ]) ] : []),
	E('p', {}, [ _('On the router:'), ' ', E('code', {}, [ command ]) ])
]) ];

function unit(s, page, svg) {
	return [
		verdict(s),
		...problems(s),
		tiles(s),
		...curve(svg),
		part(_('Unit'), 'unit', [
			...line(_('Id'), joined([ s.unit, labelled(_('tenant'), s.tenant) ])),
			...line(_('Agent'), joined([ s.version, labelled(_('up'), span(s.uptime_s)) ]))
		]),
		part(_('Clock'), 'clock', clock(s)),
		part(_('Leaf link'), 'link', link(s)),
		part(_('Records for the hub'), 'spool', spool(s)),
		part(_('Round trips'), 'rtt', trips(s)),
		part('PTP', 'ptp', ptp(s)),
		part('NTP', 'ntp', ntp(s)),
		...pageLink(page)
	];
}

function contents(answer, svg) {
	if (answer.agent === 'up')
		return unit(answer.status, answer.page, svg);
	return answer.agent === 'down' ? advice(downs[answer.why] || downs.silent, answer.error) : advice(noPlugin);
}

/* An unexpected document must not leave old values on the page. */
function shown([ answer, drawn ]) {
	try {
		return contents(answer, drawn.svg);
	}
	catch (err) {
		return advice([ _('The reply of the agent cannot be read.'), 'nunect status' ], String(err));
	}
}

const ask = () => Promise.all([ callStatus(), callCurve().catch(() => ({})) ]).then(shown, (err) =>
	[ banner('danger', [ E('strong', {}, [ _('The router does not answer.') ]), ' ', String(err.message || err) ]) ]);

return view.extend({
	load: () => Promise.all([ ask(), callAccess('ubus', 'nunect', 'service').catch(() => false) ]),

	render([ first, mayServe ]) {
		const body = E('div', { 'id': 'nunect-status' }, first);
		poll.add(() => ask().then((nodes) => dom.content(body, nodes)), 5);
		return E('div', {}, [ E('h2', {}, [ _('nunect status') ]), body, ...(mayServe ? [ actions() ] : []) ]);
	},

	handleSaveApply: null,
	handleSave: null,
	handleReset: null
});
