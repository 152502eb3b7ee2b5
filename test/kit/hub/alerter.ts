// The process of an alerter that a test kills: node --require build/register.cjs test/kit/hub/alerter.ts GIVEN
import { startAlerting } from './alerting.ts';

startAlerting(JSON.parse(process.argv[2] ?? '{}'), (line) => process.stderr.write(`${line}\n`));
setInterval(() => {}, 1e6);
