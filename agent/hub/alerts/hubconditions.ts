// Which conditions of the hub hold. Pure.
import { fullFrom } from '../run/status/figures.ts';
import type { Condition } from './alert.ts';
import { type AlertCause, type Holding, inDays, percentOf, single } from './expiries.ts';
import type { AlertLimits } from './options.ts';

/** Of a stream at the hub. */
export interface StreamRoom {
  readonly name: string;
  /** Until it has no more room, at the rate of now; missing where it does not grow. */
  readonly days_left?: number;
  /** It takes no more messages then, instead of letting go of the oldest before their time. */
  readonly refuses: boolean;
  /** Share of its room that is taken, 0 to 1. */
  readonly used: number;
}

/** Something that is wrong with the hub, for people; `about`: `<kind>:<what>`, the same as long as it lasts. */
export interface HubFault {
  readonly about: string;
  readonly text: string;
}

/** The hub, as far as it is known; what is missing is not judged. */
export interface AlertHubView {
  /** Empty where nothing is wrong with it. */
  readonly faults?: readonly HubFault[];
  /** Servers of the cluster that do not answer. */
  readonly missing?: readonly string[];
  /** Those of its servers, with the days that are left. */
  readonly certificates?: readonly { readonly server: string; readonly days_left: number }[];
  readonly streams?: readonly StreamRoom[];
  /** By whom its clock is outvoted; false where it is not. */
  readonly clock_doubt?: string | false;
  /** Of the disk that the streams lie on, 0 to 1. */
  readonly disk_used?: number;
}

/** The hub as it is judged. */
export interface HubSight {
  /** Missing: it could not be asked. */
  readonly hub?: AlertHubView;
  /** The link to the hub works. */
  readonly isLinked: boolean;
  /** Missing while units cannot be seen. */
  readonly units?: readonly unknown[];
}

/** More of a kind at once are one alert: a hub that has lost its majority has many streams that nobody leads. */
const mostApart = 3;
const mostNamed = 20;

/** Each an alert of its own, but for those of a kind of which there are many. */
function apart(
  found: readonly AlertCause[],
  kindOf: (about: string) => string = () => 'many',
): readonly AlertCause[] {
  const kinds = new Map<string, AlertCause[]>();
  for (const one of found) {
    if (one.keeps !== undefined || one.about === undefined) continue;
    const kind = kindOf(one.about);
    kinds.set(kind, [...(kinds.get(kind) ?? []), one]);
  }
  const kept = found.filter(({ keeps }) => keeps !== undefined);
  const others = [...kinds].flatMap(([about, all]): readonly AlertCause[] => {
    if (all.length <= mostApart) return all;
    const texts = all.slice(0, mostNamed).map(({ text }) => text);
    const more = all.length > mostNamed ? [`and ${all.length - mostNamed} more`] : [];
    const text = `${all.length} of a kind: ${[...texts, ...more].join('; ')}`;
    return [{ about, text }, ...all.map((one) => ({ ...one, keeps: 'this' as const }))];
  });
  return [...others, ...kept];
}

const streamText = ({ name, used, days_left }: StreamRoom): string =>
  `${name} is ${percentOf(used)} % full${days_left === undefined ? '' : `, and has no more room ${inDays(days_left)}`}`;

/** Full: it refuses what comes, or is about to. */
const isFull = ({ refuses, used, days_left = Infinity }: StreamRoom): boolean =>
  refuses && (used >= fullFrom || (used >= 0.5 && days_left < 1));

/** One that lets go of the oldest is full in the end, and that is how it should be where it lasts the days that it is to keep. */
const isNearEnd = ({ days_left, used, refuses }: StreamRoom, { stream_days }: AlertLimits): boolean =>
  (days_left !== undefined && days_left < stream_days && used >= 0.5) || (refuses && used >= 0.9);

const kindOfFault = (about: string): string => about.slice(0, about.indexOf(':'));

/** By condition: what holds. */
export const ofHub: Partial<Record<Condition, (sight: HubSight, limits: AlertLimits) => Holding>> = {
  hub_unreachable: ({ isLinked }) =>
    single(!isLinked && 'the hub cannot be reached: nothing is known of its units'),
  hub_units_unseen: ({ isLinked, units }) =>
    single(isLinked ? units === undefined && 'who is there and who is silent cannot be seen' : undefined),
  hub_unhealthy: ({ hub }) => hub?.faults && apart(hub.faults, kindOfFault),
  hub_clock: ({ hub }) => single(hub?.clock_doubt),
  hub_server_missing: ({ hub }) =>
    hub?.missing && apart(hub.missing.map((about) => ({ about, text: `${about} does not answer` }))),
  hub_certificate: ({ hub }, { certificate_days }) =>
    hub?.certificates &&
    apart(
      hub.certificates
        .filter(({ days_left }) => days_left < certificate_days)
        .map(({ server, days_left }) => ({
          about: server,
          text:
            days_left < 0
              ? `the certificate of server ${server} has expired`
              : `the certificate of server ${server} expires ${inDays(days_left)}`,
        })),
    ),
  hub_stream: ({ hub }, limits) =>
    hub?.streams &&
    apart(
      hub.streams
        .filter((one) => isNearEnd(one, limits) || isFull(one))
        .map((one) => ({
          about: one.name,
          text: streamText(one),
          ...(isFull(one) ? { keeps: 'this' as const } : {}), // it has not got more room by that
        })),
    ),
  hub_stream_full: ({ hub }) =>
    hub?.streams &&
    apart(hub.streams.filter(isFull).map((one) => ({ about: one.name, text: streamText(one) }))),
  hub_disk: ({ hub }, { disk_percent }) => {
    if (hub?.disk_used === undefined) return undefined;
    const percent = percentOf(hub.disk_used);
    return single(percent >= disk_percent && `the disk of the hub is ${percent} % full`);
  },
};
