/** What went wrong, in the words of whoever found it. */
export const messageOf = (error: unknown): string =>
  (error instanceof Error && error.message) || String(error || 'closed');

/** Calls what the app gave: where that throws or rejects, the console has it, and the client goes on. */
export async function guarded(call: () => unknown): Promise<void> {
  try {
    await call();
  } catch (error) {
    console.error(error);
  }
}
