import type { StatusSnapshot } from '../snapshot.ts';
import { type Labels, quantities } from './quantities.ts';

const escapeLabel = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const labelBlock = (labels: Labels = {}): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
};

/** The snapshot in the Prometheus text format 0.0.4. A quantity of which nothing is known does not appear. */
export function formatMetrics(snapshot: StatusSnapshot): string {
  return quantities
    .map(({ name, type, help, samples }) => {
      const lines = samples(snapshot)
        .filter(({ value }) => value !== undefined && Number.isFinite(value))
        .map(({ value, labels }) => `${name}${labelBlock(labels)} ${value}\n`);
      return lines.length === 0 ? '' : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
    })
    .join('');
}
