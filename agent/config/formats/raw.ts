/** One value as it stands in the file, with the line it begins on. */
export interface RawValue {
  readonly text: string;
  readonly line: number;
}

/** One option of a section. A `list` may have one value, an `option` always has. */
export interface RawOption {
  readonly name: string;
  readonly kind: 'option' | 'list';
  readonly values: readonly RawValue[];
  /** Line of an earlier value that this one replaced. */
  readonly replaced_line?: number;
}

/** One section before the option table is asked what it means. Absent name: anonymous. */
export interface RawSection {
  readonly type: string;
  readonly name?: string;
  readonly line: number;
  readonly options: readonly RawOption[];
}

/** What could not be read at all: a place, or the file where no line is given. `byte` counts from the line's start. */
export interface RawError {
  readonly line?: number;
  readonly byte?: number;
  /** Where what could not be read began, if on an earlier line. */
  readonly from_line?: number;
  readonly message: string;
}

/** What a config file says, whichever its format. */
export interface RawConfig {
  readonly sections: readonly RawSection[];
  readonly errors: readonly RawError[];
}

/** A section while it is read: its options by name, in the order in which they came first. */
export interface OpenSection extends Omit<RawSection, 'options'> {
  readonly options: Map<string, RawOption & { readonly values: RawValue[] }>;
}

/** The sections once all is read. */
export const closed = (sections: readonly OpenSection[]): RawSection[] =>
  sections.map((section) => ({ ...section, options: [...section.options.values()] }));
