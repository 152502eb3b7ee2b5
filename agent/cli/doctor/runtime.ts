import { join } from 'node:path';
import { clockCaveat, isImplausible } from '../../clock/trust.ts';
import type { ClockQuality } from '../../clock/types.ts';
import type { HostCommands } from '../../health/host.ts';
import { namesIn, readOrUndefined } from '../../lib/files.ts';
import { runtime } from '../../lib/version.ts';
import { agentProcess } from '../localunit.ts';
import { type CheckResult, fail, ok, warn } from './checkresult.ts';
import type { DoctorFacts } from './facts.ts';
import { outdated } from './services.ts';

const leastNode = 20;

/** The last day of updates for a release line of node, from its makers: schedule.json of nodejs/Release, July 2026. */
const nodeEnds: Readonly<Record<string, string>> = {
  20: '2026-04-30',
  21: '2024-06-01',
  22: '2027-04-30',
  23: '2025-06-01',
  24: '2028-04-30',
  25: '2026-06-01',
  26: '2029-04-30',
};

/** The same for a release of OpenWrt and its feeds: half a year after the next one, by its security policy. */
const openwrtEnds: Readonly<Record<string, string>> = { '24.10': '2026-09-05' };

/** Who brings updates of node besides its makers, and until which day where that is known. */
export interface Keeper {
  readonly who: string;
  readonly until?: string | undefined;
}

/** The feed of the OpenWrt that this is. */
function openwrtFeed(root: string): Keeper {
  const text = readOrUndefined(join(root, 'etc/os-release')) ?? '';
  const [, release = ''] = (/^ID="?openwrt"?$/m.test(text) && /^VERSION_ID="?(\d+\.\d+)/m.exec(text)) || [];
  return { who: release === '' ? 'the feed' : `OpenWrt ${release}`, until: openwrtEnds[release] };
}

/** NodeSource packs what the makers release, and nothing after that. */
function debian(root: string): Keeper | undefined {
  const status = readOrUndefined(join(root, 'var/lib/dpkg/status')) ?? '';
  const packed = /^Package: nodejs\n(?:.+\n)*?Version: (.*)/m.exec(status)?.[1];
  return packed?.includes('nodesource') ? undefined : { who: 'the distribution' };
}

/** Where package managers list the files of a package, and whose packages they are. */
const lists: readonly (readonly [string, (root: string) => Keeper | undefined])[] = [
  ['usr/lib/opkg/info', openwrtFeed],
  ['lib/apk/packages', () => ({ who: 'the feed of the package' })], // not OpenWrt's: that has had none since 25.12
  ['opt/lib/opkg/info', () => ({ who: 'Entware' })],
  ['var/lib/dpkg/info', debian],
];

/** Whose package of node a program is from; undefined where nobody packs it but its makers. */
export function keeperOf(program: string, root = '/'): Keeper | undefined {
  const holds = (file: string): boolean =>
    (readOrUndefined(file) ?? '').split('\n').some((line) => line.split('\t', 1)[0] === program);
  const found = lists.find(([folder]) =>
    namesIn(join(root, folder)).some(
      (name) => /^node.*\.list$/.test(name) && holds(join(root, folder, name)),
    ),
  );
  return found?.[1](root);
}

/** By what node is judged. */
interface NodeSeen {
  /** Such as 20.20.2. */
  readonly version: string;
  readonly program: string;
  readonly keeper: Keeper | undefined;
  readonly quality: ClockQuality;
  readonly wall_ms: number;
  readonly host: HostCommands;
}

/** Node itself: whether it is new enough, and who keeps it safe. A clock that shows an impossible date ends nothing. */
export function judgeNode({ version, program, keeper, quality, wall_ms, host }: NodeSeen): CheckResult {
  const what = 'node';
  if (Number.parseInt(version, 10) < leastNode)
    return fail(what, `${version} is too old: ${leastNode} or newer is needed`, host.install(what));
  const end = nodeEnds[Number.parseInt(version, 10)];
  if (end === undefined) return ok(what, version);
  const caveat = clockCaveat(quality, wall_ms);
  const now_ms = caveat !== undefined && isImplausible(wall_ms) ? 0 : wall_ms;
  const isOver = (day: string): boolean => now_ms >= Date.parse(day) + 86_400_000;
  if (!isOver(end)) return ok(what, `${version}, which its makers keep safe until ${end}`);
  const mend = keeper === undefined ? host.install(what) : host.upgrade(what);
  const by = caveat === undefined ? '' : ` (${caveat})`;
  const ended = `its makers ended their security updates on ${end}`;
  if (keeper !== undefined && (keeper.until === undefined || !isOver(keeper.until)))
    return { ...ok(what, `${version}: ${ended}; only ${keeper.who} may still bring some${by}`), mend };
  const nobody =
    keeper === undefined ? `no distribution packs ${program}` : `${keeper.who} its own on ${keeper.until}`;
  return warn(what, `nobody keeps ${version} safe: ${ended}, and ${nobody}${by}`, mend);
}

/** What runs this program. */
function judgeRuntime({ snapshot, host }: Pick<DoctorFacts, 'snapshot' | 'host'>): CheckResult {
  if (runtime.bun !== undefined)
    return ok('bun', `${runtime.bun}; its makers announce no end of updates: keep up with their releases`);
  const program = process.execPath;
  return judgeNode({
    version: process.versions.node,
    program,
    keeper: keeperOf(program),
    quality: snapshot?.clock?.quality ?? 'freerun',
    wall_ms: Date.now(),
    host,
  });
}

/** What runs this program, and so the agent, unless that was started before an upgrade. */
export async function checkRuntime(
  facts: Pick<DoctorFacts, 'snapshot' | 'host' | 'dir'>,
): Promise<CheckResult> {
  const judged = judgeRuntime(facts);
  if (judged.level === 'FAIL') return judged;
  const version = runtime.bun ?? process.versions.node;
  const pid = await agentProcess(facts.dir);
  return outdated(judged.what, version, pid, facts.host.restart('nunect')) ?? judged;
}
