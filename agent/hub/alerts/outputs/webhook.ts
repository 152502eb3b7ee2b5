// A webhook that takes the body of Alertmanager's API v2. Its URL is a secret: nothing that is said of it has more than
// what went wrong.
import { readFileSync } from 'node:fs';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { createSecureContext } from 'node:tls';
import { reasonOf } from '../../../lib/errors.ts';
import { alertmanagerBody, watchdogBody } from '../bodies.ts';
import type { WebhookOptions } from '../options.ts';
import { type AlertOutput, type Delivery, delivery, targetOf } from './output.ts';

/** Alerts in one body. */
const most = 50;
/** The same where what fires is sent again: each is short, and a proxy takes some 100 kB. */
const mostRepeated = 200;
/** Those that a smaller body may change. */
const refusals: readonly number[] = [400, 413, 422];

/** A status alone: what the receiver says may repeat the URL. */
function outcomeOf(status = 0): Delivery {
  if (status >= 200 && status < 300) return delivery;
  const why = `it answers ${status}`;
  return refusals.includes(status) ? { ok: false, why, isRefused: true } : { ok: false, why };
}

/** Posts a body; one limit for all of it. No redirection is followed: it would take the secret elsewhere. */
function post({ url, ca_file, timeout_s }: WebhookOptions, body: string, ids: string): Promise<Delivery> {
  return new Promise((resolve) => {
    const failed = (why: string): void => resolve({ ok: false, why });
    try {
      const target = new URL(url);
      const isTls = target.protocol === 'https:';
      const given = {
        method: 'POST',
        agent: false,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'idempotency-key': ids,
          connection: 'close',
        },
        ...(isTls && ca_file !== undefined ? { ca: readFileSync(ca_file) } : {}),
      };
      const request = (isTls ? requestHttps : requestHttp)(target, given, (reply: IncomingMessage) => {
        clearTimeout(timer);
        resolve(outcomeOf(reply.statusCode));
        reply.destroy(); // no word of it is needed
      });
      const timer = setTimeout(() => {
        failed(`no answer within ${timeout_s} s`);
        request.destroy();
      }, timeout_s * 1000);
      timer.unref();
      request.on('error', (error) => {
        clearTimeout(timer);
        failed(reasonOf(error));
      });
      request.end(body);
    } catch (error) {
      failed(ca_file === undefined ? 'it cannot be asked' : `${ca_file}: ${reasonOf(error)}`);
    }
  });
}

/** Posts them one after the other; one that is refused keeps the others from nobody. */
async function postAll(options: WebhookOptions, bodies: readonly string[], id: string): Promise<Delivery> {
  let outcome = delivery;
  for (const [at, body] of bodies.entries()) {
    const posted = await post(options, body, `${id}-${at}`);
    if (!posted.ok) outcome = posted;
    if (!posted.ok && posted.isRefused !== true) break;
  }
  return outcome;
}

/** What of its CAs cannot be used. */
function faultOf({ ca_file }: WebhookOptions): string | undefined {
  if (ca_file === undefined) return undefined;
  try {
    const ca = readFileSync(ca_file);
    createSecureContext({ ca });
    return ca.includes('-----BEGIN') ? undefined : `${ca_file}: it has no certificate`;
  } catch (error) {
    return `${ca_file}: ${reasonOf(error)}`;
  }
}

/** Tells a webhook. */
export function webhookOutput(options: WebhookOptions, wall_ms: () => number): AlertOutput {
  const { repeat_s } = options;
  let repeated_ms = Number.NEGATIVE_INFINITY;
  return {
    name: 'webhook',
    most,
    target: targetOf(options.url),
    fault: () => faultOf(options),
    send: (notices, dropped) =>
      post(
        options,
        JSON.stringify(alertmanagerBody(notices, dropped, wall_ms(), repeat_s)),
        notices.map(({ id }) => id).join(' '),
      ),
    beat(beat) {
      const isDue = repeat_s > 0 && Math.abs(beat.at_ms - repeated_ms) >= (repeat_s - 1) * 1000;
      if (isDue) repeated_ms = beat.at_ms;
      const all = watchdogBody(beat, isDue ? repeat_s : 0);
      const bodies: string[] = [];
      for (let at = 0; at < all.length; at += mostRepeated)
        bodies.push(JSON.stringify(all.slice(at, at + mostRepeated)));
      return postAll(options, bodies, `beat-${beat.at_ms}`);
    },
  };
}
