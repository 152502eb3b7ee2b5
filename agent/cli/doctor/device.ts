import { clockCaveat } from '../../clock/trust.ts';
import type { CertFacts } from '../../device/certs.ts';
import { certProbe } from '../../device/certs.ts';
import { type SystemFacts, systemProbe } from '../../device/system.ts';
import { certificateTroubles } from '../../health/certificates.ts';
import { remedyOf } from '../../health/remedies.ts';
import { prettyBytes } from '../../lib/format.ts';
import { certificateSources } from '../../status/survey.ts';
import { type CheckResult, fail, ok, skip, warn } from './checkresult.ts';
import { configOf, type DoctorFacts } from './facts.ts';

/** What is valid for days yet is no failure. */
const certFinding = (text: string, isExpiring: boolean, mend: string | undefined): CheckResult =>
  (isExpiring ? warn : fail)('certificates', text, mend);

const isGood = (cert: CertFacts | undefined): boolean =>
  cert !== undefined && 'days_left' in cert && cert.days_left >= 0;

/** Certificates and user JWT against the present clock. */
export async function checkCertificates(facts: DoctorFacts): Promise<CheckResult[]> {
  const { file, snapshot } = facts;
  const what = 'certificates';
  if (snapshot !== undefined) {
    const { certificates, troubles } = snapshot;
    const found = troubles.filter(({ key }) => key.startsWith('certificate '));
    const of = (key: string) => certificates.find((cert) => key === `certificate ${cert.file}`);
    const isExpiring = (key: string, text: string): boolean => isGood(of(key)) && !/only from/.test(text);
    if (found.length === 0) return [ok(what, `${certificates.length} are in their time`)];
    return found.map(({ key, text, remedy }) => certFinding(text, isExpiring(key, text), remedy));
  }
  if (file === undefined) return [skip(what, 'which ones are used is not known')];
  const wall_ms = Date.now();
  const certificates = await certProbe({ wall_ms: Date.now }).read(certificateSources(file));
  const judge = { wall_ms, clockCaveat: clockCaveat('freerun', wall_ms) };
  const found = certificates.flatMap((cert) =>
    certificateTroubles(cert, judge).map((trouble) => {
      const mend = remedyOf(trouble, { config: configOf(facts), reasons: [], spool_budget_bytes: 0 });
      return certFinding(trouble.text, isGood(cert) && trouble.stage !== 'early', mend);
    }),
  );
  return found.length > 0 ? found : [ok(what, `${certificates.length} are in their time`)];
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
            storage.map(({ path, available_bytes }) => `${path} ${prettyBytes(available_bytes)}`).join(', '),
          ),
        ]
      : full.map(({ path, available_bytes }) =>
          warn('storage', `${path} has only ${prettyBytes(available_bytes)} left`, `du -xhd 1 ${path}`),
        )),
  ];
}

const storagePaths = ['/', '/overlay', '/tmp'];

/** The device, as the agent or a probe of our own sees it. */
export const checkDevice = async ({ snapshot }: DoctorFacts): Promise<CheckResult[]> =>
  judgeDevice(snapshot?.system ?? (await systemProbe(storagePaths).read()));

const seenElsewhere =
  /^(local server|hub|hub silent|hub settings|leaf config|clock|no stream|hub refuses records|(permission|certificate) .*)$/;

/** What else the agent tells of; its mistakes in the config were read from the file. */
export const checkRest = ({ snapshot, configFile }: DoctorFacts): CheckResult[] =>
  (snapshot?.troubles ?? [])
    .filter(({ key }) => !seenElsewhere.test(key) && !key.startsWith(`${configFile}:`))
    .map(({ key, text, remedy }) => warn(key.length > 20 ? 'unit' : key, text, remedy));
