// Holds a client to the wire contract and says so point by point: CLIENT='command' make conformance. With STRICT=1 what
// is advised is a must too, and what is absent is missed. Exits with 1 where the client is refused.
import { natsServers, need } from '../kit/process/tools.ts';
import { conform } from './conform.ts';
import { isRefused, summaryOf, verdictLine } from './points.ts';

async function main(): Promise<void> {
  const { CLIENT: command = '', STRICT = '', PATIENCE_S = '60' } = process.env;
  if (command.trim() === '') {
    console.error("conformance: CLIENT is empty: CLIENT='node my-client.js' make conformance");
    process.exitCode = 2;
    return;
  }
  const server = natsServers().newest ?? need('nats-server');
  const verdicts = await conform({ command, server, patience_ms: Number(PATIENCE_S) * 1000 });
  for (const verdict of verdicts) console.log(verdictLine(verdict));
  const strict = STRICT !== '';
  console.log(`\n${summaryOf(verdicts, strict)}`);
  if (verdicts.some((verdict) => isRefused(verdict, strict))) process.exitCode = 1;
}

void main();
