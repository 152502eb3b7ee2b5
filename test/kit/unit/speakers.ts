// Everything that tells how a unit is: page, status, heartbeat, /healthz, metrics, LuCI and doctor.
import { dirname } from 'node:path';
import type { Page } from 'playwright-core';
import type { CheckResult } from '../../../agent/cli/doctor/checkresult.ts';
import type { Finding } from '../../../agent/health/finding.ts';
import type { StatusSnapshot } from '../../../agent/status/snapshot.ts';
import { nunect, type RunningUnit } from './site.ts';

/** Texts for people without what only makes them look good (case, blanks, true minus signs, µs) and without figures, which go on. */
const bare = (text: string): string =>
  text
    .replaceAll('−', '-')
    .replaceAll('µs', 'us')
    .replace(/[\s:]+/g, '')
    .replace(/\d+/g, '0')
    .toLowerCase();

/** The words of one speaker, and how it should have each finding. */
export interface Speaker {
  readonly name: string;
  /** What of a finding it does not say. */
  lacks(finding: Finding, state: StatusSnapshot): string | undefined;
  /** What it says that the unit does not find. */
  adds?(state: StatusSnapshot): string[];
}

const holds = (said: string, ...wanted: readonly string[]): string | undefined =>
  wanted.find((one) => !bare(said).includes(bare(one)));

async function page(url: string): Promise<Speaker> {
  const html = await (await fetch(url)).text();
  const text = html
    .replace(/<(style|script)>.*?<\/\1>/gs, '')
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
  const hidden = Number(/(\d+) more: +nunect status/.exec(text)?.[1] ?? 0); // for which there is no room
  return {
    name: 'page',
    // steps of a command stand in lines of their own, and where it is to be run beside it
    lacks: (finding, { unit, status, troubles }) =>
      troubles.indexOf(finding) >= troubles.length - hidden
        ? undefined
        : holds(
            text,
            `${unit}: ${status.replaceAll('_', ' ')}`,
            finding.text,
            ...finding.remedy
              .split(/; | # /)
              .map((step) => step.replace('at the hub', 'at the hub, not here')),
          ),
  };
}

async function cli(dir: string): Promise<Speaker> {
  const { stdout } = await nunect(['status', '--dir', dir]);
  const words = stdout.replace(/^ +\$ /gm, '');
  return {
    name: 'nunect status',
    lacks: ({ weight, text, remedy }, { status }) =>
      holds(words, status, weight, text, ...remedy.split(/; | # /)),
  };
}

async function healthz(url: string): Promise<Speaker> {
  const response = await fetch(`${url}healthz`);
  const words = await response.text();
  return {
    name: '/healthz',
    lacks: ({ weight, text, remedy }, { status }) =>
      (response.status === 503) === (status === 'critical')
        ? holds(words, status, `${weight}: ${text}`, remedy)
        : `status ${response.status}`,
  };
}

async function metrics(url: string): Promise<Speaker> {
  const words = await (await fetch(`${url}metrics`)).text();
  return {
    name: 'metrics',
    lacks: ({ code, weight, about = '' }, { status }) =>
      [
        `nunect_status{status="${status}"} 1`,
        `nunect_finding{code="${code}",weight="${weight}",about="${about.replaceAll('"', '\\"')}"} `,
      ].find((line) => !words.includes(line)),
  };
}

async function doctor(config: string, dir: string): Promise<Speaker> {
  const { stdout } = await nunect(['doctor', '--json', '--config', config, '--dir', dir]);
  const { findings } = JSON.parse(stdout) as { readonly findings: readonly CheckResult[] };
  const isOf = (one: CheckResult, { weight, text, remedy }: Finding): boolean =>
    one.weight === weight && bare(one.detail).startsWith(bare(text)) && one.mend === remedy;
  return {
    name: 'doctor',
    lacks: (finding) =>
      findings.some((one) => isOf(one, finding))
        ? undefined
        : `${finding.weight} ${finding.text} (${finding.remedy})`,
    adds: ({ troubles }) =>
      findings
        .filter((one) => one.weight !== undefined && !troubles.some((finding) => isOf(one, finding)))
        .map(({ weight, detail }) => `${weight} ${detail}`),
  };
}

/** The status view of LuCI, which polls. */
async function luci(view: Page): Promise<Speaker> {
  const words = (await view.locator('#nunect-status').textContent()) ?? '';
  return { name: 'LuCI', lacks: ({ text, remedy }) => holds(words, text, ...remedy.split(/; | # /)) };
}

/** The last heartbeat of the unit. */
export interface Beat {
  readonly status: string;
  readonly problems: readonly string[];
}

const heartbeat = (beat: Beat | undefined): Speaker => ({
  name: 'heartbeat',
  lacks: ({ text }, { status }) =>
    beat?.status !== status
      ? `status ${beat?.status}`
      : beat.problems.some((one) => bare(one) === bare(text))
        ? undefined
        : text,
});

/** What of the unit's own state the speakers lack or add. */
async function differing(
  unit: RunningUnit,
  asked: readonly (Speaker | Promise<Speaker>)[],
): Promise<string[]> {
  const speakers = await Promise.all(asked);
  const state = (await unit.status()) as unknown as StatusSnapshot;
  const lacking = state.troubles.flatMap((finding) =>
    speakers.flatMap((speaker) => {
      const lack = speaker.lacks(finding, state);
      return lack === undefined ? [] : [`${speaker.name} lacks of '${finding.key}': ${lack}`];
    }),
  );
  const added = speakers.flatMap(({ name, adds }) =>
    (adds?.(state) ?? []).map((more) => `${name} alone says ${more}`),
  );
  return [...lacking, ...added];
}

/**
 * What of what the unit itself says the others lack, and what doctor adds: empty when all seven agree. Those that are a
 * process each are asked once the others agree.
 */
export async function disagreements(
  unit: RunningUnit,
  { beat, view }: { readonly beat: Beat | 'deaf' | undefined; readonly view: Page },
): Promise<readonly string[]> {
  const { statusUrl, stateDir, config } = unit;
  const dir = dirname(stateDir);
  const quick = [page(statusUrl), healthz(statusUrl), metrics(statusUrl), luci(view)];
  const found = await differing(unit, beat === 'deaf' ? quick : [...quick, heartbeat(beat)]);
  return found.length > 0 ? found : differing(unit, [cli(dir), doctor(config, dir)]);
}
