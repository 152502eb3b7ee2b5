// Messages that are written byte by byte, where strings would cost more than all else.

/** Copies bytes[from, to); gives where the copy ends. Calling into C++ for a few bytes takes longer than this. */
export function copyBytes(bytes: Buffer, from: number, to: number, into: Buffer, at: number): number {
  if (to - from > 128) return at + bytes.copy(into, at, from, to);
  let end = at;
  for (let i = from; i < to; i++) into[end++] = bytes[i] as number;
  return end;
}

/** Writes a whole number in decimal; gives where it ends. */
export function writeNumber(into: Buffer, at: number, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) return at + into.write(String(value), at, 'latin1');
  let digits = 1;
  for (let power = 10; power <= value; power *= 10) digits += 1;
  let rest = value;
  for (let i = at + digits - 1; i >= at; i--) {
    const tens = Math.floor(rest / 10);
    into[i] = 48 + (rest - 10 * tens);
    rest = tens;
  }
  return at + digits;
}
