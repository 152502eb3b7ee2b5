/**
 * The text of a file however an editor or a mail saved it: without a byte order mark, also from UTF-16, and with line
 * ends of Unix.
 */
export function savedText(bytes: Uint8Array): string {
  const isWide = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(isWide ? 'utf-16le' : 'utf-8').decode(bytes).replace(/\r\n?/g, '\n');
}
