import { clockCaveat } from '../../clock/trust.ts';
import type { AgentFile } from '../../config/agentfile.ts';
import { fileReader } from '../../config/checks/trust.ts';
import { savedText } from '../../config/formats/saved.ts';
import { formatProblem } from '../../config/problem.ts';
import type { ReadBytes } from '../../config/secrets.ts';
import { certProbe } from '../../device/certs.ts';
import { hostKind } from '../../device/hostkind.ts';
import { storagePaths } from '../../device/storage.ts';
import { type SystemFacts, systemProbe } from '../../device/system.ts';
import { certificateFinding, certificateSources, type FilesInUse } from '../../health/certificates.ts';
import { commandsOf, type HostCommands } from '../../health/host.ts';
import { prettyBytes } from '../../lib/format.ts';
import { type CheckResult, findingResult, ok, skip, warn } from './checkresult.ts';
import { configProblems } from './configchecks.ts';
import { type DoctorFacts, findingsOfStep } from './facts.ts';

/** What a look of our own, by `read`, finds wrong with certificates and user JWT, by the present clock. */
async function lookAtCertificates(files: FilesInUse, host: HostCommands, read: ReadBytes) {
  const wall_ms = Date.now();
  const sources = certificateSources(files).flatMap(({ file, copy = file, text }) => {
    const bytes = text ?? read(copy);
    return bytes === undefined ? [] : [{ file, text: typeof bytes === 'string' ? bytes : savedText(bytes) }];
  });
  const certificates = await certProbe({ wall_ms: () => wall_ms }).read(sources);
  const judge = { wall_ms, clockCaveat: clockCaveat('freerun', wall_ms), config: files.config, host };
  const found = certificates.flatMap((cert) => certificateFinding(cert, judge) ?? []);
  return { count: certificates.length, found };
}

/**
 * What is to be said of the dates in the files of a config, as far as `read` gives them, a sentence each. They are no
 * problem of the config.
 */
export async function datesOf(files: FilesInUse, read: ReadBytes): Promise<string[]> {
  const { found } = await lookAtCertificates(files, commandsOf(hostKind(files.config.agent.host)), read);
  return found.filter(({ code }) => code !== 'certificate_unreadable').map(({ text }) => text);
}

/** Certificates and user JWT. */
export async function checkCertificates(facts: DoctorFacts): Promise<CheckResult[]> {
  const { file, snapshot, host } = facts;
  const what = 'certificates';
  if (snapshot === undefined && file === undefined)
    return [skip(what, 'unknown: the config has not been rendered')];
  const { count, found } =
    snapshot !== undefined
      ? { count: snapshot.certificates.length, found: findingsOfStep(facts, 'certificates') }
      : await lookAtCertificates(file as AgentFile, host, fileReader(facts.configFile));
  if (found.length > 0) return found.map((one) => findingResult(what, one));
  return [ok(what, count === 0 ? 'none configured' : `${count}, all valid`)];
}

const leastMemory_bytes = 24 * 2 ** 20;
const leastStorage_bytes = 2 ** 20;

/** Memory and storage, where too little of it would stop the unit soon. */
export function judgeDevice({ memory, storage }: Pick<SystemFacts, 'memory' | 'storage'>): CheckResult[] {
  const free =
    memory && `${prettyBytes(memory.available_bytes)} of ${prettyBytes(memory.total_bytes)} are free`;
  const memoryFinding =
    memory === undefined || free === undefined
      ? skip('memory', 'not known')
      : memory.available_bytes < leastMemory_bytes
        ? warn('memory', free, 'top -b -n 1 -m')
        : ok('memory', free);
  // a read-only image such as OpenWrt's /rom is always full
  const full = storage.filter(
    ({ available_bytes, total_bytes }) => available_bytes < Math.min(leastStorage_bytes, total_bytes / 20),
  );
  return [
    memoryFinding,
    ...(full.length === 0
      ? [
          ok(
            'storage',
            storage
              .map(({ path, available_bytes }) => `${prettyBytes(available_bytes)} free on ${path}`)
              .join(', '),
          ),
        ]
      : full.map(({ path, available_bytes }) =>
          warn('storage', `${path} has only ${prettyBytes(available_bytes)} left`, `du -xhd 1 ${path}`),
        )),
  ];
}

/** The device, as the agent or a probe of our own sees it. */
export const checkDevice = async ({ snapshot }: DoctorFacts): Promise<CheckResult[]> =>
  judgeDevice(snapshot?.system ?? (await systemProbe(storagePaths).read()));

/** What else the agent finds wrong; problems that a look at the config file shows were told of before. */
export function checkRest(facts: DoctorFacts): CheckResult[] {
  const told = new Set(configProblems(facts).map(formatProblem));
  return [
    ...findingsOfStep(facts, 'config').filter(({ key }) => !told.has(key)),
    ...findingsOfStep(facts, 'unit'),
  ].map((one) => findingResult(one.key.length > 20 ? 'unit' : one.key, one));
}
