// What the Prometheus text format 0.0.4 is made of: for a unit, and for all of a hub. Pure.

export type Labels = Readonly<Record<string, string>>;

/** One value of a quantity. An undefined value is not known and is left out. */
export interface Sample {
  readonly value: number | undefined;
  readonly labels?: Labels;
}

/** A quantity as Prometheus knows it; the name ends in its base unit, a counter's in _total. */
export interface Quantity<S> {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  samples(source: S): readonly Sample[];
}

/** A quantity by the middle of its name. */
export const quantity = <S>(
  type: Quantity<S>['type'],
  name: string,
  help: string,
  samples: Quantity<S>['samples'],
): Quantity<S> => ({ name: `nunect_${name}${type === 'counter' ? '_total' : ''}`, type, help, samples });

/** A single value. */
export const oneSample = (value: number | undefined, labels?: Labels): Sample[] => [
  labels === undefined ? { value } : { value, labels },
];

/** A series for each state that there is, 1 for the present one: a change of state ends none and begins none. */
export const stateSamples = <T extends string>(
  label: string,
  all: readonly T[],
  present: string | undefined,
  labels: Labels = {},
): Sample[] =>
  present === undefined
    ? []
    : all.map((state) => ({ value: Number(state === present), labels: { ...labels, [label]: state } }));

export const truth = (value: boolean | undefined): number | undefined =>
  value === undefined ? undefined : Number(value);
export const divided = (value: number | undefined, by: number): number | undefined =>
  value === undefined ? undefined : value / by;

const special = /[\\"\n]/;
const escapeLabel = (text: string): string =>
  !special.test(text) ? text : text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

/** A label as it stands in a block. */
export const labelText = (name: string, value: string): string => `${name}="${escapeLabel(value)}"`;

function labelBlock(labels: Labels | undefined, first: string): string {
  let block = first;
  for (const name in labels) block += `${block === '' ? '' : ','}${labelText(name, labels[name] ?? '')}`;
  return block === '' ? '' : `{${block}}`;
}

/** Those of the values that are known, a line each; `first` is a label that all of them have. */
export function sampleLines(name: string, samples: readonly Sample[], first = ''): string {
  let lines = '';
  for (const { value, labels } of samples)
    if (value !== undefined && Number.isFinite(value))
      lines += `${name}${labelBlock(labels, first)} ${value}\n`;
  return lines;
}

/** What stands above the values of a quantity. */
export const quantityHead = ({ name, type, help }: Omit<Quantity<never>, 'samples'>): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;

/** One quantity as text; '' where nothing is known of it. */
export function expose<S>(one: Quantity<S>, source: S): string {
  const lines = sampleLines(one.name, one.samples(source));
  return lines === '' ? '' : quantityHead(one) + lines;
}
