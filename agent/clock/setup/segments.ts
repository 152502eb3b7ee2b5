/** NTPD_SHM_KEY: that of segment 0; each following one has the next. */
const firstKey = 0x4e545030;
const mostSegments = 4096; // of the kernel (SHMMNI)

/**
 * Segments for chronyd that are there and that others than root can write, of /proc/sysvipc/shm: neither chronyd nor ptp4l
 * looks whose they are, so whoever made one before them could set the clock by it.
 */
export function parseForeignSegments(text: string): readonly number[] {
  return text
    .split('\n')
    .slice(1, mostSegments + 1)
    .flatMap((line) => {
      const [key, , perms, , , , , uid, , cuid] = line.trim().split(/\s+/);
      const segment = Number(key) - firstKey;
      const isRoots = uid === '0' && cuid === '0' && (Number.parseInt(perms ?? '', 8) & 0o022) === 0;
      return segment >= 0 && segment < mostSegments && !isRoots ? [segment] : [];
    });
}
