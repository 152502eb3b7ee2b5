import type { StatusSnapshot } from '../snapshot.ts';
import { expose } from './exposition.ts';
import { quantities } from './quantities.ts';

/** The snapshot in the Prometheus text format 0.0.4. A quantity of which nothing is known does not appear. */
export const formatMetrics = (snapshot: StatusSnapshot): string =>
  quantities.map((one) => expose(one, snapshot)).join('');
