// What a page is asked, and what it answers.

/** A request as the routes get it. */
export interface WebRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** What stands behind the `?`. */
  readonly query: string;
  /** What a form of our own has sent; empty but for POST. */
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  readonly type: string;
  /** Whole, or in pieces that are made as they are sent. */
  readonly body: string | Iterable<string>;
  /** What a browser lets it do; nothing by default. */
  readonly policy?: string;
  /** Where the browser is to go on. */
  readonly location?: string;
}

/** Makes the reply to a request; undefined where there is no such page. */
export type Routes = (request: WebRequest) => Promise<Reply> | undefined;

export const textReply = (status: number, body: string): Reply => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${body}\n`,
});

const finite = (_key: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? undefined : value;

export const jsonReply = (value: object): Reply => ({
  status: 200,
  type: 'application/json',
  body: `${JSON.stringify(value, finite)}\n`,
});
