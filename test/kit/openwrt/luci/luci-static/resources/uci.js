// Stands for LuCI's module of that name.
(() => {
  let values = {};
  let changes = [];
  const change = (method, args) => changes.push([method, { config: 'nunect', ...args }]);
  const uci = {
    async load() {
      values = (await window.ubus('uci', 'get', { config: 'nunect' }))[1].values;
      changes = [];
    },
    get: (_config, section, option) =>
      option === undefined ? (values[section] ?? null) : (values[section]?.[option] ?? null),
    sections: (_config, type) => Object.values(values).filter((section) => section['.type'] === type),
    add(_config, type, name) {
      values[name] = { '.type': type, '.name': name };
      change('add', { type, name });
    },
    set(_config, section, option, value) {
      if (value == null || value === '') return uci.unset(_config, section, option);
      values[section][option] = value;
      change('set', { section, values: { [option]: value } });
    },
    unset(_config, section, option) {
      if (values[section]?.[option] === undefined) return;
      delete values[section][option];
      change('delete', { section, options: [option] });
    },
    async save() {
      for (const [method, args] of changes) await window.ubus('uci', method, args);
      await uci.load();
    },
  };

  window.standin.uci = uci;
})();
