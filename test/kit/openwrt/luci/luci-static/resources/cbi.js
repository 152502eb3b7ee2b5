// Stands for LuCI's cbi.js, as far as the views of luci-app-nunect need it: translation, formats, elements.
(() => {
  window._ = (text) => text;

  Object.defineProperty(String.prototype, 'format', {
    value(...args) {
      return this.replace(/%(?:\.(\d+))?([%sdf])/g, (_all, digits, kind) => {
        if (kind === '%') return '%';
        const value = args.shift();
        if (kind === 'd') return String(Math.trunc(Number(value)));
        return kind === 'f' ? Number(value).toFixed(Number(digits ?? 6)) : String(value);
      });
    },
  });

  const fill = (node, children) => {
    if (Array.isArray(children))
      for (const child of children)
        node.append(child instanceof Node ? child : document.createTextNode(String(child)));
    else if (children instanceof Node) node.append(children);
    else if (children != null) node.innerHTML = String(children); // as LuCI does: a text alone is markup
    return node;
  };

  window.E = (tag, attributes, children) => {
    const node = document.createElement(tag);
    const isPlain = attributes !== null && typeof attributes === 'object' && !Array.isArray(attributes);
    if (!isPlain) return fill(node, attributes);
    for (const [name, value] of Object.entries(attributes))
      if (typeof value === 'function') node.addEventListener(name, value);
      else if (value != null) node.setAttribute(name, value);
    return fill(node, children);
  };
  window.E.fill = fill;
})();
