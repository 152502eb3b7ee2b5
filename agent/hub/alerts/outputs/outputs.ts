// The outputs that the options name.
import type { Link } from '../../../nats/link.ts';
import type { AlertOptions } from '../options.ts';
import { commandOutput } from './command.ts';
import type { AlertOutput } from './output.ts';
import { subjectOutput } from './subject.ts';
import { webhookOutput } from './webhook.ts';

/** All whom alerts are told to; without a link nobody at the hub. `wall_ms` gives Unix ms. */
export const outputsOf = (
  link: Link | undefined,
  wall_ms: () => number,
  { webhook, command }: Pick<AlertOptions, 'webhook' | 'command'>,
): readonly AlertOutput[] => [
  ...(link === undefined ? [] : [subjectOutput(link)]),
  ...(webhook === undefined ? [] : [webhookOutput(webhook, wall_ms)]),
  ...(command === undefined ? [] : [commandOutput(command)]),
];
