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

const escapeLabel = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const labelBlock = (labels: Labels = {}): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
};

/** One quantity as text; '' where nothing is known of it. */
export function expose<S>({ name, type, help, samples }: Quantity<S>, source: S): string {
  let lines = '';
  for (const { value, labels } of samples(source))
    if (value !== undefined && Number.isFinite(value)) lines += `${name}${labelBlock(labels)} ${value}\n`;
  return lines === '' ? '' : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines}`;
}
