import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { reasonOf } from '../../lib/errors.ts';

/** The writing end of a FIFO that another process reads. It ends there when this one does, however that happens. */
export interface FifoWriter {
  /**
   * Writes a line at once or not at all; it never waits and never throws. Gives why it was not written: ENXIO where nobody
   * reads, EAGAIN where nobody has read for long. A reader that comes later gets the lines that are written then.
   */
  write(line: string): string | undefined;
  close(): void;
}

/** Opened for writing alone, since a FIFO with a reader of our own would never say that the other one is gone. */
const flags = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

/** Thrown in `openFifo` where something else has been put in place of the FIFO. */
const notFifo = 'ENOTFIFO';

function openFifo(path: string): number {
  const fd = openSync(path, flags);
  if (fstatSync(fd).isFIFO()) return fd;
  closeSync(fd);
  throw Object.assign(new Error(`${path} is no FIFO`), { code: notFifo });
}

/** A FIFO that is opened when there is something to write, and again after its reader was gone. */
export function fifoWriter(path: string): FifoWriter {
  let fd: number | undefined;
  const close = (): void => {
    if (fd !== undefined) closeSync(fd);
    fd = undefined;
  };
  return {
    write(line) {
      try {
        fd ??= openFifo(path);
        writeSync(fd, `${line}\n`); // short enough that the kernel takes all of it or nothing
        return undefined;
      } catch (error) {
        const why = reasonOf(error);
        if (why !== 'EAGAIN') close();
        return why;
      }
    },
    close,
  };
}
