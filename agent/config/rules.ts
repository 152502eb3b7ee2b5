import { defaultPorts } from '../lib/defaults.ts';
import type { TextRule } from './kinds.ts';

/** A unit id, a role, a tenant, a JetStream domain: one token of a NATS subject. */
export const token: TextRule = {
  pattern: /^[A-Za-z0-9_-]{1,64}$/,
  allowed: '1 to 64 of A-Z a-z 0-9 _ -',
};

const noControls = /^[^\p{Cc}]{1,256}$/u;

/** Passwords and user names: anything that can be typed. */
export const anyText: TextRule = {
  pattern: noControls,
  allowed: '1 to 256 characters, no control characters',
};

/** A file or folder on the unit. */
export const absolutePath: TextRule = {
  pattern: /^\/[^\p{Cc}]{1,254}$/u,
  allowed: 'an absolute path',
};

/** A program, looked up in PATH unless it is a path itself. */
export const program: TextRule = {
  pattern: /^(\/[^\p{Cc}]{1,254}|[A-Za-z0-9._-]{1,64})$/u,
  allowed: 'a program name or an absolute path',
};

const ipv4 = String.raw`(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)`;
const ipv6 = `(?=[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:)[0-9A-Fa-f:.]{2,45}`;

/** An address to listen on. */
export const ipAddress: TextRule = {
  pattern: new RegExp(`^(?:${ipv4}|${ipv6})$`),
  allowed: 'an IPv4 or IPv6 address',
};

/** Where another daemon answers. */
export const host: TextRule = {
  pattern: new RegExp(`^(?:${ipv4}|${ipv6}|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)$`),
  allowed: 'a host name or IP address',
};

/** Where an OpenWrt network or device name is meant: lan, br-lan, eth0.2. */
export const interfaceName: TextRule = {
  pattern: /^[A-Za-z0-9_.-]{1,15}$/,
  allowed: 'an interface name such as lan',
};

const port = String.raw`(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])`;

const hubExample = `tls://hub.example.org:${defaultPorts.leafnode}`;
const hubSchemes = ['nats', 'nats-leaf', 'tls', 'ws', 'wss'];

const ipv6Example = `tls://[2001:db8::5]:${defaultPorts.leafnode}`;

function whyNoServer(url: string): string {
  const [, scheme = '', rest = ''] = /^([^:]*):\/\/(.*)$/s.exec(url) ?? [];
  if (rest.includes('@')) return 'must not contain credentials; they have options of their own';
  if (url.includes(',')) return `must be one address, such as ${hubExample}`;
  if (scheme === '' && !url.startsWith(':')) return `must begin with a scheme, as in ${hubExample}`;
  if (!hubSchemes.includes(scheme.toLowerCase()))
    return `scheme must be one of ${hubSchemes.join(', ')}, as in ${hubExample}, without user or password`;
  if (/^[\da-f]*:[\da-f]*:[\da-f:.]*(\/|$)/i.test(rest))
    return `an IPv6 address must stand in brackets, as in ${ipv6Example}`;
  const [, given] = /^[^/]*[^/:]:(\d+)(?:\/|$)/.exec(rest) ?? [];
  if (given !== undefined && !(Number(given) >= 1 && Number(given) <= 65535))
    return `port ${given} is out of range, 1 to 65535`;
  if (/[?#]/.test(rest)) return `must have nothing behind ? or #, as in ${hubExample}`;
  return `must be such as ${hubExample}`;
}

/** A server's URL in normal form: scheme in lower case, no final dot of a name, no zeros before a port. */
const normalUrl = (url: string): string =>
  url.replace(
    /^([a-z-]+:\/\/)([^/:[]*?|\[[^\]]*\])\.?(?::0*(\d+))?(?=\/|$)/i,
    (_all, scheme: string, name: string, given: string | undefined) =>
      `${scheme.toLowerCase()}${name}${given === undefined ? '' : `:${given}`}`,
  );

/** A server's URL. User and password have options of their own, so that they can be kept out of sight. */
export const serverUrl: TextRule = {
  pattern: new RegExp(
    String.raw`^(?:${hubSchemes.join('|')})://(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?\.?)(?::0{0,5}${port})?(?:/[^\s?#@,]*)?$`,
    'i',
  ),
  allowed: `such as ${hubExample}; schemes: ${hubSchemes.join(', ')}`,
  why: whyNoServer,
  normal: normalUrl,
};

/** Several may stand in one text with commas between; not where a comma may be part of a password, which none may have. */
export const serverUrls: TextRule = {
  ...serverUrl,
  split: (text) => (text.includes('@') ? [text] : text.split(',').map((one) => one.trim())),
};

/** What may stand in a publish or subscribe permission. */
export const subjectPattern: TextRule = {
  pattern: /^(?:[^\s.*>\p{Cc}]+|\*)(?:\.(?:[^\s.*>\p{Cc}]+|\*))*(?:\.>)?$|^>$/u,
  allowed: 'a NATS subject, where * stands for one token and a final > for all that follow',
};

/** A token of a hub to enrol with, as it was pasted. */
export const enrolToken: TextRule = {
  pattern: /^\s*nunect-[\w\s-]{40,16000}$/,
  allowed: "a token that 'nunect-hub token' printed; it begins with nunect-",
  normal: (text) => text.replace(/\s+/g, ''),
};

/** The public half of a user nkey: base32 of a prefix byte, 32 bytes of key and a checksum. */
export const userNkey: TextRule = {
  pattern: /^U[A-Z2-7]{55}$/,
  allowed: 'a public user nkey (U and 55 more characters)',
};

/** What a browser sends as Origin. */
export const origin: TextRule = {
  pattern: /^https?:\/\/[^\s/?#]+$/,
  allowed: 'an origin such as https://app.example.org',
};

/** An option of ptp4l with its value, as a line of its config. What decides who steers the clock has options of its own. */
export const ptp4lOption: TextRule = {
  pattern:
    /^(?!(?:clock_servo|ntpshm_segment|refclock_sock_address|free_running|uds_\w+|time_stamping|domainNumber|delay_mechanism|network_transport|transportSpecific|(?:client|server|slave|master)Only|slave_event_monitor|user|sa_file|leapfile|cmlds\.\w+)\b)[A-Za-z][\w.]{0,63}[ \t]+[^\s\p{Cc}#[\]/][^\p{Cc}#[\]/]{0,127}$/u,
  allowed: 'an option of ptp4l and its value, such as: priority1 120',
  why: (text) => {
    const [name = ''] = text.split(/\s/);
    // ptp4l is root: it reads, and makes room for a socket by removing, whatever file it is told of
    if (/\/|^(sa_file|leapfile|cmlds\.)/.test(text)) return `${name} may not name a file`;
    return /^\w+[ \t]+\S/.test(text)
      ? `${name} is decided by other options of this section`
      : 'must be an option of ptp4l and its value, such as: priority1 120';
  },
};
