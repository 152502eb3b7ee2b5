/** A bounded list that forgets its oldest entry when full. */
export interface Ring<T> {
  push(item: T): void;
  /** Oldest first. */
  items(): T[];
  clear(): void;
  readonly size: number;
}

export function ring<T>(capacity: number): Ring<T> {
  let slots: T[] = [];
  let next = 0;
  return {
    push(item) {
      slots[next % capacity] = item;
      next = next + 1 === capacity * 2 ? capacity : next + 1;
    },
    items() {
      if (slots.length < capacity) return slots.slice();
      const start = next % capacity;
      return [...slots.slice(start), ...slots.slice(0, start)];
    },
    clear() {
      slots = [];
      next = 0;
    },
    get size() {
      return slots.length;
    },
  };
}
