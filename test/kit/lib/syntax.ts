// What a TypeScript source imports, exports, calls and how long its functions are: by its syntax tree, not by its text.
import { parseSync } from 'oxc-parser';

/** A node of the syntax tree (ESTree with TypeScript), as far as it is looked at here. */
type Field =
  | 'name'
  | 'value'
  | 'source'
  | 'specifiers'
  | 'importKind'
  | 'exportKind'
  | 'local'
  | 'imported'
  | 'exported'
  | 'expression'
  | 'arguments'
  | 'callee'
  | 'computed'
  | 'shorthand'
  | 'property'
  | 'properties'
  | 'argument'
  | 'elements'
  | 'left'
  | 'body'
  | 'declaration'
  | 'declarations'
  | 'id'
  | 'key';
interface Node extends Readonly<Partial<Record<Field, unknown>>> {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

/** All nodes of the kinds of TypeScript that are gone when the program runs. */
const typeOnly = new Set([
  'TSTypeAnnotation',
  'TSTypeAliasDeclaration',
  'TSInterfaceDeclaration',
  'TSTypeParameterInstantiation',
  'TSTypeParameterDeclaration',
]);

/** The nodes directly below a node, in order; `key` is what they are to it. */
const childrenOf = (node: Node): { readonly key: string; readonly child: Node }[] =>
  Object.entries(node).flatMap(([key, value]) =>
    (Array.isArray(value) ? value : [value]).filter(isNode).map((child) => ({ key, child })),
  );

interface Place {
  readonly node: Node;
  /** The node above; undefined for the program. */
  readonly parent: Node | undefined;
  /** What it is to the node above. */
  readonly key: string;
  /** It is part of a type. */
  readonly isType: boolean;
}

/** A node and all below it, in the order of the source. */
function collect(places: Place[], place: Place): void {
  places.push(place);
  const isType = place.isType || typeOnly.has(place.node.type);
  for (const { key, child } of childrenOf(place.node))
    collect(places, { node: child, parent: place.node, key, isType });
}

/** The places of sources that were parsed: each is asked for several things. */
const parsed = new Map<string, Place[]>();

/** All places of a source, that of the program first. Throws when it is no TypeScript. */
function placesOf(source: string): Place[] {
  const known = parsed.get(source);
  if (known !== undefined) return known;
  const { program, errors } = parseSync('source.ts', source);
  if (errors[0] !== undefined) throw new Error(errors[0].message);
  const places: Place[] = [];
  collect(places, { node: program, parent: undefined, key: '', isType: false });
  parsed.set(source, places);
  return places;
}

/** The text of an identifier or a string. */
function textOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'Identifier' || node.type === 'PrivateIdentifier') return String(node.name);
  return node.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined;
}

const nodesOf = (value: unknown): Node[] => (Array.isArray(value) ? value.filter(isNode) : []);

export interface Import {
  /** What is imported from; `?` when the source computes it. */
  readonly target: string;
  /** What is taken from it: `*` for all of it. */
  readonly names: readonly string[];
  /** It is gone when the program runs. */
  readonly typesOnly: boolean;
}

/** Only a plain string can be checked. */
const literal = (node: unknown): string =>
  isNode(node) && node.type === 'Literal' ? (textOf(node) ?? '?') : '?';

/** `import ... from`, `export ... from`. */
function staticImport(node: Node): Import[] {
  if (!isNode(node.source)) return [];
  const specifiers = nodesOf(node.specifiers);
  const isType = (one: Node): boolean => one.importKind === 'type' || one.exportKind === 'type';
  return [
    {
      target: literal(node.source),
      names:
        node.type === 'ExportAllDeclaration'
          ? ['*']
          : specifiers
              .filter((one) => !isType(one))
              .map((one) =>
                one.type === 'ImportDefaultSpecifier'
                  ? 'default'
                  : (textOf(one.type === 'ExportSpecifier' ? one.local : one.imported) ?? '*'),
              ),
      typesOnly: isType(node) || (specifiers.length > 0 && specifiers.every(isType)),
    },
  ];
}

function importsAt({ node, parent, key }: Place): Import[] {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      return staticImport(node);
    case 'ImportExpression':
      return [{ target: literal(node.source), names: ['*'], typesOnly: false }];
    case 'TSImportType':
      return [{ target: literal(node.source), names: ['*'], typesOnly: true }];
    case 'TSExternalModuleReference':
      return [{ target: literal(node.expression), names: ['*'], typesOnly: false }];
    case 'Identifier': {
      // `require` by any other way than a call with a string leads nowhere that can be checked
      if (node.name !== 'require' && node.name !== 'createRequire') return [];
      const isCall = parent?.type === 'CallExpression' && key === 'callee' && node.name === 'require';
      return [
        { target: isCall ? literal(nodesOf(parent.arguments)[0]) : '?', names: ['*'], typesOnly: false },
      ];
    }
    default:
      return [];
  }
}

/** Everything that a source imports, types included, in the order of the source. */
export const importsOf = (source: string): Import[] => placesOf(source).flatMap(importsAt);

/** Whether an identifier is the name of a property or a key, and so stands for nothing that is in scope. */
const isPropertyName = ({ parent, key }: Place): boolean =>
  (key === 'property' && parent?.type === 'MemberExpression' && parent.computed === false) ||
  (key === 'key' && parent?.computed === false && parent.shorthand !== true) ||
  (key === 'imported' && parent?.type === 'ImportSpecifier');

/** `process`, `Math.random`, `new Date()`: what an expression calls by a name that it does not get from an object. */
function referenceAt(place: Place): string[] {
  const { node, parent, key } = place;
  if (node.type !== 'Identifier' || place.isType || isPropertyName(place)) return [];
  const name = String(node.name);
  if (parent?.type === 'MemberExpression' && key === 'object')
    return [name, `${name}.${parent.computed === true ? literal(parent.property) : textOf(parent.property)}`];
  const isBare =
    key === 'callee' &&
    (parent?.type === 'CallExpression' ||
      (parent?.type === 'NewExpression' && nodesOf(parent.arguments).length === 0));
  if (isBare) return [name, `${parent.type === 'NewExpression' ? 'new ' : ''}${name}()`];
  const isConstructed = key === 'callee' || (key === 'right' && parent?.type === 'BinaryExpression');
  return isConstructed ? [name] : [name, `${name} as a value`];
}

/** The names that a source refers to when it runs, once each; with the member that is taken, if any. */
export const referencesOf = (source: string): string[] => [...new Set(placesOf(source).flatMap(referenceAt))];

/** The calls in a source: the last name of what is called, and its arguments as they are spelled. */
export const callsOf = (source: string): { readonly callee: string; readonly args: readonly string[] }[] =>
  placesOf(source).flatMap(({ node }) => {
    if (node.type !== 'CallExpression' || !isNode(node.callee)) return [];
    return {
      callee: textOf(node.callee.property ?? node.callee) ?? '',
      args: nodesOf(node.arguments).map(({ start, end }) => source.slice(start, end)),
    };
  });

/** The names that a pattern (`a`, `{ b: c, ...d }`, `[e = 1]`) binds. */
function boundNames(pattern: unknown): string[] {
  if (!isNode(pattern)) return [];
  switch (pattern.type) {
    case 'Identifier':
      return [String(pattern.name)];
    case 'ObjectPattern':
      return nodesOf(pattern.properties).flatMap((one) => boundNames(one.value ?? one.argument));
    case 'ArrayPattern':
      return nodesOf(pattern.elements).flatMap(boundNames);
    default: // `a = 1`, `...a`
      return boundNames(pattern.left ?? pattern.argument);
  }
}

/** The names that a source exports, once each: what it only passes on from elsewhere by the same name is not its own. */
export function exportsOf(source: string): string[] {
  const body = nodesOf(placesOf(source)[0]?.node.body);
  const imported = new Set(
    body
      .filter(({ type }) => type === 'ImportDeclaration')
      .flatMap(({ specifiers }) => nodesOf(specifiers).map(({ local }) => textOf(local))),
  );
  const names = body.flatMap((node): (string | undefined)[] => {
    if (node.type === 'ExportAllDeclaration') return [textOf(node.exported)];
    if (node.type !== 'ExportNamedDeclaration') return [];
    const { declaration } = node;
    if (isNode(declaration))
      return declaration.type === 'VariableDeclaration'
        ? nodesOf(declaration.declarations).flatMap(({ id }) => boundNames(id))
        : [textOf(declaration.id)];
    return nodesOf(node.specifiers)
      .map(({ local, exported }) => ({ local: textOf(local), exported: textOf(exported) }))
      .filter(({ local, exported }) => {
        const isFromElsewhere = isNode(node.source) || imported.has(local);
        return !isFromElsewhere || local !== exported;
      })
      .map(({ exported }) => exported);
  });
  return [...new Set(names.filter((name) => name !== undefined))];
}

const functionKinds = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

/** The functions of a source with their lengths in lines, signature included; one without a name is ``. */
export function functionsOf(source: string): { readonly name: string; readonly length: number }[] {
  const lineOf = (at: number): number => source.slice(0, at).split('\n').length;
  return placesOf(source)
    .filter(({ node }) => functionKinds.has(node.type))
    .map(({ node, parent, key }) => {
      // what it is the value of names it, and begins before it
      const owner = key === 'value' || key === 'init' ? parent : undefined;
      return {
        name: textOf(node.id) ?? textOf(owner?.id ?? owner?.key) ?? '',
        length: lineOf(node.end) - lineOf((owner ?? node).start) + 1,
      };
    });
}
