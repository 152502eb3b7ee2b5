'use strict';
'require baseclass';
'require rpc';

/* The card of nunect on LuCI's overview. */

const callStatus = rpc.declare({ object: 'nunect', method: 'status', expect: { '': {} } });

const words = {
	healthy: _('Everything works'),
	degraded: _('A part does not work'),
	critical: _('The unit does not do its job'),
	not_set_up: _('Not set up')
};
const icons = { healthy: '●', degraded: '▲', critical: '■', not_set_up: '○' };

const line = (name, text) => E('tr', { 'class': 'tr' }, [
	E('td', { 'class': 'td left', 'width': '33%' }, [ name ]),
	E('td', { 'class': 'td left' }, [ text ])
]);

return baseclass.extend({
	title: _('nunect'),

	load: () => callStatus().catch(() => ({})),

	render(answer) {
		if (answer.agent !== 'up')
			return answer.agent === 'down' ? E('table', { 'class': 'table' }, [ line(_('State'), _('The agent does not answer')) ]) : null;
		const s = answer.status;
		const wrong = (s.troubles || []).find(({ weight }) => weight !== 'note');
		return E('table', { 'class': 'table' }, [
			line(_('State'), '%s %s'.format(icons[s.status] || '○', words[s.status] || s.status)),
			...(wrong ? [ line(_('Problem'), wrong.text) ] : []),
			...(s.clock ? [ line(_('Clock'), '%s %s'.format(s.clock.source, s.clock.quality)) ] : []),
			line(_('Hub'), s.link.hub_up == null ? _('unknown') : s.link.hub_up ? _('joined') : _('not joined')),
			line('', E('a', { 'href': L.url('admin/services/nunect/status') }, [ _('More') ]))
		]);
	}
});
