// /hub.json: the hub for programs. Pure.
import type { HubFinding, HubView } from '../../servers/model.ts';
import { remedyOf } from './remedies.ts';

/** A finding with what to do about it. */
export type JsonFinding = HubFinding & {
  /** What can be typed, and where. */
  readonly command?: string;
  readonly where?: string;
};

/** The document, in `schema` 1: fields may come, none goes. */
export type HubJson = Omit<HubView, 'at_ms' | 'findings'> & {
  readonly schema: 1;
  /** Unix ms. */
  readonly at_ms: number;
  /** The worst first. */
  readonly findings: readonly JsonFinding[];
};

function jsonFinding(finding: HubFinding, view: HubView): JsonFinding {
  const { words, ...more } = remedyOf(finding, view);
  return { ...finding, ...(words === undefined ? {} : { remedy: words }), ...more };
}

/** All that is known of the hub. */
export function hubJson(view: HubView): HubJson {
  const findings = view.findings.map((one) => jsonFinding(one, view));
  return { schema: 1, ...view, at_ms: Math.floor(view.at_ms), findings };
}
