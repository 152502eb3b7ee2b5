'use strict';
'require view';
'require form';
'require rpc';
'require uci';
'require network';
'require dom';
'require nunect.options as table';

/* The output of 'nunect check' for the settings in use. */
const callCheck = rpc.declare({ object: 'nunect', method: 'check', expect: { '': {} } });

/* What 'nunect time show' says for them. */
const callClock = rpc.declare({ object: 'nunect', method: 'clock', expect: { '': {} } });

/* The words that OpenWrt's config_get_bool accepts for true and for false. */
const truths = { '1': '1', on: '1', true: '1', yes: '1', enabled: '1', '0': '0', off: '0', false: '0', no: '0', disabled: '0' };

function isWhole(text, range) {
	return /^-?\d{1,15}$/.test(text) && Number(text) >= range[0] && Number(text) <= range[1];
}

/* The same rules as 'nunect check'. An empty field is an option that is not set. */
function validator(option) {
	return function(section_id, value) {
		if (value == null || value === '')
			return true;
		const fits = option.range ? isWhole(value, option.range) : option.pattern ? option.pattern.test(value) : true;
		return fits || option.wrong;
	};
}

/* The page never contains a stored password: an empty field keeps it. */
const Secret = form.Value.extend({
	password: true,

	stored(section_id) {
		return uci.get(this.map.config, section_id, this.option) != null;
	},

	cfgvalue() {
		return null;
	},

	textvalue(section_id) {
		return this.stored(section_id) ? _('is set') : null;
	},

	renderWidget(section_id, option_index, cfgvalue) {
		const stored = this.stored(section_id);
		this.forgotten = this.forgotten || {};
		this.forgotten[section_id] = false;
		this.placeholder = stored ? _('is set; leave empty to keep it') : null;
		const node = this.super('renderWidget', [ section_id, option_index, cfgvalue ]);
		if (!stored)
			return node;
		const forget = E('input', {
			'type': 'checkbox',
			'name': 'forget.' + section_id + '.' + this.option,
			'change': L.bind(function(ev) { this.forgotten[section_id] = ev.target.checked; }, this)
		});
		node.appendChild(E('label', { 'class': 'nunect-forget' }, [ forget, ' ', _('Remove the stored value') ]));
		return node;
	},

	remove(section_id) {
		if (this.forgotten && this.forgotten[section_id])
			uci.unset(this.map.config, section_id, this.option);
	}
});

const kinds = { bool: form.Flag, int: form.Value, choice: form.ListValue, text: form.Value, list: form.DynamicList };

function setBool(field, preset) {
	field.default = preset;
	field.load = function(section_id) {
		const text = uci.get(this.map.config, section_id, this.option);
		return truths[text] || text;
	};
}

function setChoice(field, option, preset) {
	if (option.unset)
		field.value('', option.unset);
	for (const choice of option.choices)
		field.value(choice, choice === preset ? _('%s (default)').format(choice) : choice);
	field.default = preset;
	/* LuCI of 24.10 would store the default */
	field.write = function(section_id, value) {
		uci.set(this.map.config, section_id, this.option, value === preset || value === '' ? null : value);
	};
}

function setList(field, option) {
	field.placeholder = (option.presets || []).join(' ');
	/* list x '' empties a list that has a default; the form cannot show that, so it keeps it */
	field.remove = function(section_id) {
		if (String(uci.get(this.map.config, section_id, this.option)) !== '')
			uci.unset(this.map.config, section_id, this.option);
	};
}

/* Files are put where the agent reads secrets: only root may change what is there. */
const uploads = '/etc/nunect/uploads';

function setFile(field) {
	field.root_directory = uploads;
	field.datatype = 'file';
	field.enable_remove = false;
}

/*
 * A network is picked from those that there are. What is not among them stays, unlike in LuCI's own NetworkSelect: a device
 * such as br-lan, or a network that this login may not list.
 */
const Network = form.Value.extend({
	load(section_id) {
		return network.getNetworks().catch(() => []).then((all) => {
			for (const name of all.map((one) => one.getName()))
				if (name !== 'loopback')
					this.value(name);
			return uci.get(this.map.config, section_id, this.option);
		});
	}
});

/*
 * PTP is spoken on ports: the devices are offered, but for bridges, which have no time stamps, and loopback. What is not among
 * them stays, and can be typed: a network, or a device that is not there yet.
 */
const Ports = form.DynamicList.extend({
	load(section_id) {
		return network.getDevices().catch(() => []).then((all) => {
			for (const device of all)
				if (device.getName() !== 'lo' && device.getType() !== 'bridge')
					this.value(device.getName());
			return uci.get(this.map.config, section_id, this.option);
		});
	}
});
const isNetwork = (option) => option.name === 'interface';
const isFile = (option) => /(_file|^tls_(ca|cert|key)|_tls_ca)$/.test(option.name) && option.name !== 'snapshot_file';

const typeOf = (option) => option.secret ? Secret
	: isNetwork(option) ? (option.kind === 'list' ? Ports : Network)
	: isFile(option) ? form.FileUpload
	: kinds[option.kind];

function addField(section, option, isRow) {
	const type = typeOf(option);
	const field = option.tab
		? section.taboption(option.tab, type, option.name, option.title, option.help)
		: section.option(type, option.name, option.title, option.help);
	const preset = option.presets ? option.presets[0] : null;
	field.rmempty = true;
	field.retain = true; /* an option that another mode hides is not deleted */
	field.validate = validator(option);
	if (option.range)
		field.datatype = 'and(integer,range(%d,%d))'.format(option.range[0], option.range[1]);
	if (option.when)
		field.depends(option.when);
	if (option.kind === 'bool')
		setBool(field, preset || '0');
	else if (option.kind === 'choice')
		setChoice(field, option, preset);
	else if (option.kind === 'list')
		setList(field, option);
	else if (isFile(option))
		setFile(field);
	else if (!option.secret)
		field.placeholder = preset || option.unset;
	/* the table shows only what distinguishes the rows; false would hide the option in the dialog */
	if (isRow && (option.secret || /_file$/.test(option.name)))
		field.modalonly = true;
}

function addSection(map, type) {
	const section = map.section(type.many ? form.GridSection : form.TypedSection, type.type, type.title, type.help);
	section.anonymous = !type.many;
	section.addremove = type.many;
	section.nodescriptions = true; /* in the table; the dialog has them */
	for (const tab of type.tabs)
		section.tab(tab.key, tab.title);
	for (const option of type.options)
		addField(section, option, type.many);
}

/* The form shows only sections that exist; it writes the added ones when it is saved. */
function addMissing() {
	for (const type of table.sections)
		if (!type.many && uci.sections('nunect', type.type).length === 0)
			uci.add('nunect', type.type, uci.get('nunect', type.type) == null ? type.type : null);
}

/* Children are arrays: LuCI turns their strings into text nodes. */
const complaint = ({ code, output }) => !code ? [] : [ E('div', { 'class': 'alert-message warning', 'data-part': 'check' }, [
	E('p', {}, [ _('nunect check reports for the settings in use:') ]),
	E('pre', {}, [ output ])
]) ];

/* Asked for by a button, because it starts the clock daemons' own checks. */
function showClock(ev) {
	const button = ev.target;
	const shown = button.parentNode.querySelector('pre');
	button.disabled = true;
	return callClock().catch(() => ({})).then(({ output }) => {
		dom.content(shown, [ output || _('There is no answer.') ]);
		shown.style.display = '';
	}).finally(() => { button.disabled = false; });
}

const clockPart = () => E('div', { 'data-part': 'clock' }, [
	E('button', { 'class': 'cbi-button cbi-button-neutral', 'click': showClock },
		[ _('Show what is set up for the clock') ]),
	E('pre', { 'style': 'display:none' })
]);

return view.extend({
	load() {
		return Promise.all([ callCheck().catch(() => ({})), uci.load('nunect').then(addMissing) ]);
	},

	render([ check ]) {
		const map = new form.Map('nunect', _('nunect settings'),
			_('Settings of the nunect leaf agent. An empty field means the default, which is shown in grey.'));
		map.tabbed = true;
		for (const type of table.sections)
			addSection(map, type);
		return Promise.resolve(map.render()).then((form) => E('div', {}, [ ...complaint(check), form, clockPart() ]));
	}
});
