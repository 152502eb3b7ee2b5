/**
 * A problem in a sentence. `critical`: the unit does not do its main job. `degraded`: part of it.
 * `note`: worth knowing, but nothing is broken.
 */
export interface Trouble {
  /** Names the trouble, whatever figures its text has. */
  readonly key: string;
  readonly weight: 'critical' | 'degraded' | 'note';
  readonly text: string;
  /** How far a trouble has come that comes in stages: each new one is told. */
  readonly stage?: string;
}
