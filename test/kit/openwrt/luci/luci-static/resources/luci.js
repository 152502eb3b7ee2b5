// Stands for LuCI's client, by its documented API (openwrt.github.io/luci/jsapi) as far as luci-app-nunect uses it:
// baseclass, view, rpc, poll and dom; uci and form are files of their own. Widgets have LuCI's ids and classes, so that one test drives both.
(() => {
  const { E } = window;

  /** Classes with this.super(name, args), for one level. */
  const extendFrom = (Parent) => (properties) => {
    class Made extends Parent {
      constructor(...args) {
        super();
        if (new.target === Made) this.__init__?.(...args);
      }
    }
    const called = {
      super(name, args) {
        return Parent.prototype[name].apply(this, args);
      },
    };
    Object.assign(Made.prototype, properties, called);
    Made.extend = extendFrom(Made);
    return Made;
  };
  const baseclass = { extend: extendFrom(class {}) };

  const environment = {};
  window.ubus = async (object, method, args) => {
    const params = [environment.sessionid, object, method, args];
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'call', params });
    const reply = await fetch('/ubus/', { method: 'POST', body });
    return (await reply.json()).result;
  };
  const rpc = {
    declare:
      ({ object, method, params = [], expect = { '': {} } }) =>
      async (...args) => {
        const named = Object.fromEntries(params.map((name, at) => [name, args[at]]));
        const [code, answer] = await window.ubus(object, method, named);
        const [[field, otherwise]] = Object.entries(expect);
        if (code !== 0) return otherwise;
        return field === '' ? answer : (answer[field] ?? otherwise);
      },
  };
  const poll = { add: (fn, seconds) => setInterval(fn, seconds * 1000) };
  const dom = {
    content(node, children) {
      node.replaceChildren();
      E.fill(node, children);
    },
  };

  const view = baseclass.extend({
    load() {},
    async handleSave() {
      try {
        await document.querySelector('.cbi-map').map.save();
      } catch (error) {
        document.body.append(E('div', { class: 'modal' }, [E('p', {}, [error.message])]));
      }
    },
    async show() {
      dom.content(document.getElementById('view'), await this.render(await this.load()));
      const click = async ({ target }) => {
        target.disabled = true;
        await this.handleSave();
        target.disabled = false;
      };
      if (this.handleSave !== null)
        document.getElementById('view').append(E('button', { class: 'cbi-button-save', click }, ['Save']));
    },
  });

  const modules = { baseclass, view, rpc, poll, dom };
  window.standin = modules;
  modules.ui = {
    instantiateView: async (path) => (await required(`view.${path.replaceAll('/', '.')}`)).show(),
  };
  const script = (name) =>
    new Promise((resolve) => {
      const node = E('script', { src: `/luci-static/resources/${name}.js`, load: resolve });
      document.head.append(node);
    });
  /** Gives a module; those that are files ask for theirs in their first lines. */
  async function required(name) {
    if (name === 'form' && modules.form === undefined) for (const one of ['uci', 'form']) await script(one);
    if (modules[name] !== undefined) return modules[name];
    const source = await (await fetch(`/luci-static/resources/${name.replaceAll('.', '/')}.js`)).text();
    const wanted = [...source.matchAll(/^'require (\S+?)(?: as (\S+?))?';$/gm)];
    const given = [];
    for (const [, what] of wanted) given.push(await required(what));
    const names = wanted.map(([, what, as]) => as ?? what.split('.').at(-1));
    const factory = new Function('window', 'document', 'L', ...names, source);
    const Made = factory(window, document, window.L, ...given);
    modules[name] = new Made();
    return modules[name];
  }
  window.LuCI = class {
    constructor(given) {
      this.env = Object.assign(environment, given);
    }
    require(name) {
      return required(name);
    }
    bind(fn, self) {
      return fn.bind(self);
    }
  };
})();
