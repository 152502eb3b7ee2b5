// GNU tar archives as `tar --format=gnu --numeric-owner --sort=name` writes them, owned by root. No links, no long names.

const blockSize = 512;
const recordSize = 20 * blockSize; // GNU tar's default blocking

const octal = (value, digits) => `${value.toString(8).padStart(digits, '0')}\0`;

function header({ path, mode, content }, mtime) {
  const isDirectory = content === undefined;
  const name = isDirectory ? `${path}/` : path;
  if (Buffer.byteLength(name) > 100) throw new Error(`'${name}' is too long for a plain tar header`);
  const block = Buffer.alloc(blockSize);
  block.write(name, 0);
  block.write(octal(mode, 7), 100);
  block.write(octal(0, 7), 108); // user id
  block.write(octal(0, 7), 116); // group id
  block.write(octal(isDirectory ? 0 : content.length, 11), 124);
  block.write(octal(mtime, 11), 136);
  block.write(' '.repeat(8), 148); // the checksum counts as blanks in its own sum
  block.write(isDirectory ? '5' : '0', 156);
  block.write('ustar  \0', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)} `, 148);
  return block;
}

const padding = (length, unit) => Buffer.alloc((unit - (length % unit)) % unit);

/** An archive of the entries `{path, mode, content}` in their order; without content it is a directory. */
export function tar(entries, mtime) {
  const blocks = entries.flatMap((entry) => {
    const { content = Buffer.alloc(0) } = entry;
    return [header(entry, mtime), content, padding(content.length, blockSize)];
  });
  const whole = Buffer.concat([...blocks, Buffer.alloc(2 * blockSize)]);
  return Buffer.concat([whole, padding(whole.length, recordSize)]);
}

const byName = ([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** The entries of a tree from `.`, each directory (0755) before what is in it, sorted by name within. */
export function treeOf(files) {
  const root = new Map();
  for (const { path, ...file } of files) {
    const names = path.split('/').filter((name) => name !== '');
    const last = names.pop();
    let folder = root;
    for (const name of names) {
      if (!folder.has(name)) folder.set(name, new Map());
      folder = folder.get(name);
    }
    folder.set(last, file);
  }
  const walk = (path, node) =>
    node instanceof Map
      ? [
          { path, mode: 0o755 },
          ...[...node].sort(byName).flatMap(([name, one]) => walk(`${path}/${name}`, one)),
        ]
      : [{ path, ...node }];
  return walk('.', root);
}
