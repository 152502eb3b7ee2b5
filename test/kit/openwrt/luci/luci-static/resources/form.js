// Stands for LuCI's module of that name.
(() => {
  const { E } = window;
  const { baseclass, dom, uci } = window.standin;
  const cbid = (section, option) => `cbid.nunect.${section}.${option}`;
  const byId = (id) => document.getElementById(id);
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

  const Value = baseclass.extend({
    rmempty: false,
    when: [],
    depends(condition) {
      this.when = [...this.when, condition];
    },
    validate: () => true,
    value() {}, // what can be picked can be typed here
    load(section) {
      return uci.get('nunect', section, this.option);
    },
    cfgvalue(section) {
      const value = this.load(section);
      return value instanceof Promise ? uci.get('nunect', section, this.option) : value;
    },
    textvalue: () => null,
    renderWidget(section, _index, value) {
      const type = this.password ? 'password' : 'text';
      const id = `widget.${cbid(section, this.option)}`;
      return E('div', {}, [
        E('input', { id, type, value, placeholder: this.placeholder, class: 'cbi-input-text' }),
      ]);
    },
    input(section) {
      return byId(`widget.${cbid(section, this.option)}`);
    },
    formvalue(section) {
      return this.input(section).value;
    },
    isActive(section) {
      const holds = ([name, wanted]) => this.siblings.get(name).formvalue(section) === wanted;
      return this.when.length === 0 || this.when.some((one) => Object.entries(one).every(holds));
    },
    isRange(text) {
      const [, least, most] = /range\((-?\d+),(-?\d+)\)/.exec(this.datatype ?? '') ?? [];
      return least === undefined || (/^-?\d+$/.test(text) && +text >= +least && +text <= +most);
    },
    check(section) {
      for (const text of [this.formvalue(section)].flat()) {
        const verdict = text === '' || this.isRange(text) ? this.validate(section, text) : 'out of range';
        if (verdict !== true) throw new TypeError(`${this.title}: ${verdict}`);
      }
    },
    parse(section) {
      if (!this.isActive(section)) return this.retain || this.remove(section);
      this.check(section);
      const value = this.formvalue(section);
      if (value.length === 0) return this.remove(section);
      if (!same(value, this.cfgvalue(section))) this.write(section, value);
    },
    write(section, value) {
      uci.set('nunect', section, this.option, value);
    },
    remove(section) {
      uci.unset('nunect', section, this.option);
    },
  });

  const Flag = Value.extend({
    renderWidget(section, _index, value) {
      const box = E('input', { id: `widget.${cbid(section, this.option)}`, type: 'checkbox' });
      box.checked = (value ?? this.default) === '1';
      return E('div', {}, [box]);
    },
    formvalue(section) {
      return this.input(section).checked ? '1' : '0';
    },
    parse(section) {
      if (!this.isActive(section)) return;
      const value = this.formvalue(section);
      if (value === this.default) this.remove(section);
      else this.write(section, value);
    },
  });

  const ListValue = Value.extend({
    value(key, text) {
      this.keys = [...(this.keys ?? []), [key, text]];
    },
    renderWidget(section, _index, value) {
      const options = this.keys.map(([key, text]) => E('option', { value: key }, [text]));
      const list = E('select', { id: `widget.${cbid(section, this.option)}` }, options);
      list.value = value ?? this.default;
      return E('div', {}, [list]);
    },
  });

  const DynamicList = Value.extend({
    value(key) {
      this.keys = [...(this.keys ?? []), key];
      this.choices?.append(E('option', { value: key }));
    },
    renderWidget(section, _index, value) {
      const node = E('div', { class: 'cbi-dynlist' });
      const add = (text) => {
        const box = E('input', { type: 'hidden', value: text });
        const item = E('div', { class: 'item' }, [E('span', {}, [text]), box]);
        item.addEventListener('click', () => item.remove());
        node.insertBefore(item, node.lastChild);
      };
      const entry = E('input', { type: 'text', placeholder: this.placeholder });
      this.choices = E(
        'datalist',
        {},
        (this.keys ?? []).map((key) => E('option', { value: key })),
      );
      node.append(this.choices);
      const take = () => {
        if (entry.value === '' || this.validate(section, entry.value) !== true) return;
        add(entry.value);
        entry.value = '';
      };
      entry.addEventListener('keydown', (event) => event.key === 'Enter' && take());
      entry.addEventListener('blur', take);
      node.append(E('div', { class: 'add-item' }, [entry]));
      for (const text of [value ?? []].flat()) add(text);
      return node;
    },
    formvalue(section) {
      const node = byId(cbid(section, this.option)).querySelector('.cbi-dynlist');
      return [...node.querySelectorAll('.item input')].map((box) => box.value);
    },
  });

  const Section = baseclass.extend({
    __init__(map, type, title, help) {
      Object.assign(this, { map, type, title, help, fields: [], byName: new Map() });
    },
    tab() {}, // here all stand below each other
    taboption(_tab, ...rest) {
      return this.option(...rest);
    },
    option(Type, option, title, help) {
      const field = Object.assign(new Type(), { map: this.map, option, title, help, siblings: this.byName });
      this.byName.set(option, field);
      this.fields.push(field);
      return field;
    },
    ids() {
      return uci.sections('nunect', this.type).map((one) => one['.name']);
    },
    row(id) {
      const nodes = this.fields
        .filter((field) => field.modalonly !== false)
        .map((field) => {
          const node = E('div', { id: cbid(id, field.option), 'data-field': cbid(id, field.option) }, [
            E('label', {}, field.title),
            field.renderWidget(id, 0, field.cfgvalue(id)),
          ]);
          node.append(E('small', {}, field.help));
          return node;
        });
      return E('div', { 'data-section-id': id }, [...(this.many ? [E('h4', {}, [id])] : []), ...nodes]);
    },
    render() {
      const name = E('input', { type: 'text', class: 'cbi-section-create-name' });
      const click = () => {
        uci.add('nunect', this.type, name.value);
        this.map.draw();
      };
      const adding = [name, E('button', { class: 'cbi-button-add', click }, ['Add'])];
      const content = [E('h3', {}, this.title), ...this.ids().map((id) => this.row(id))];
      return E('div', { id: `cbi-nunect-${this.type}` }, [...content, ...(this.addremove ? adding : [])]);
    },
  });
  const FileUpload = Value.extend({}); // the path can be typed, too
  const form = { Value, Flag, ListValue, DynamicList, FileUpload, TypedSection: Section };
  const device = (name, type) => ({ getName: () => name, getType: () => type });
  const devices = [device('lo', 'ethernet'), device('br-lan', 'bridge'), device('wan', 'ethernet')];
  window.standin.network = { getNetworks: async () => [], getDevices: async () => devices };
  form.GridSection = Section.extend({ many: true });
  form.Map = baseclass.extend({
    __init__(_config, title, help) {
      Object.assign(this, { title, help, parts: [], node: E('div', { class: 'cbi-map' }) });
      this.node.map = this;
    },
    section(Type, ...rest) {
      this.parts.push(new Type(this, ...rest));
      return this.parts.at(-1);
    },
    draw() {
      dom.content(this.node, [E('h2', {}, this.title), ...this.parts.map((part) => part.render())]);
      this.checkDepends();
      return this.node;
    },
    each(use) {
      for (const part of this.parts)
        for (const id of part.ids()) for (const field of part.fields) use(field, id);
    },
    checkDepends() {
      this.each((field, id) => byId(cbid(id, field.option))?.classList.toggle('hidden', !field.isActive(id)));
    },
    render() {
      this.node.addEventListener('change', () => this.checkDepends());
      queueMicrotask(() => requestAnimationFrame(() => this.checkDepends()));
      const parts = this.parts.map((part) => part.render());
      dom.content(this.node, [E('h2', {}, this.title), ...parts]);
      return this.node;
    },
    async save() {
      this.each((field, id) => field.parse(id));
      await uci.save();
      this.draw();
    },
  });

  window.standin.form = form;
})();
