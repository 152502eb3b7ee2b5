import { savedText } from './saved.ts';

/** A block of a PEM file (RFC 7468). */
export interface PemBlock {
  /** What it is: `CERTIFICATE`, `EC PRIVATE KEY`. */
  readonly label: string;
  /** In the form that everybody reads: with a line of its own for begin and end, and short lines. */
  readonly text: string;
  readonly isEncrypted: boolean;
}

// no part of it can be read in two ways, so that it is fast with any text
const block = /-{4,5}BEGIN ([A-Z0-9 ]{1,40})-{4,5}((?:[^-]|-(?!---))*)-{4,5}END \1-{4,5}/g;

const wrapped = (body: string): string =>
  body.includes(':') // with headers, as the old form of encryption has
    ? body.trim()
    : (body.replace(/\s+/g, '').match(/.{1,64}/g) ?? []).join('\n');

/** The blocks of a text from `savedText`, however indented, wrapped or put together. */
export const pemBlocks = (text: string): PemBlock[] =>
  [...text.matchAll(block)].map(([, label = '', body = '']) => ({
    label,
    text: `-----BEGIN ${label}-----\n${wrapped(body)}\n-----END ${label}-----\n`,
    isEncrypted: label.startsWith('ENCRYPTED') || body.includes('ENCRYPTED'),
  }));

/** A certificate in DER as files have it. */
export const certificatePem = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${wrapped(Buffer.from(der).toString('base64'))}\n-----END CERTIFICATE-----\n`;

/** The certificates or the key of a file in the form that OpenSSL reads. */
export const pemText = (bytes: Uint8Array): string =>
  pemBlocks(savedText(bytes))
    .filter((one) => isCertificate(one) || isKey(one))
    .map(({ text }) => text)
    .join('');

export const isCertificate = ({ label }: PemBlock): boolean => label === 'CERTIFICATE';
export const isKey = ({ label }: PemBlock): boolean => label.endsWith('PRIVATE KEY');

/** Whether the servers find as many blocks in a file as it lies there. */
export function isPlainPem(raw: string, blocks: number): boolean {
  const text = raw.replaceAll('\r\n', '\n');
  const isAlone = (match: RegExpExecArray): boolean => {
    const end = match.index + match[0].length;
    return [text[match.index - 1], text[end]].every((next) => next === undefined || next === '\n');
  };
  const isPlain = ([all]: RegExpExecArray): boolean =>
    /^-----BEGIN [^\n]+-----\n(?:[^\n]{0,76}\n)+-----END [^\n]+-----$/.test(all);
  return [...text.matchAll(block)].filter((match) => isAlone(match) && isPlain(match)).length === blocks;
}
