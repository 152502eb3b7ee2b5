/** Pauses of one loop, one after another, that can be cut short. */
export function pauses(): { pause(ms: number): Promise<void>; wake(): void } {
  let wake = (): void => {};
  return {
    pause: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    wake: () => wake(),
  };
}
