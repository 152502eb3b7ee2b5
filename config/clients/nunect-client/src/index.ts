// The package's public face: everything that an app may use.
export { type Client, type ClientOptions, openClient } from './client.ts';
export {
  type ClockOptions,
  type ClockStatus,
  type Exchange,
  exchange,
  keepClock,
  type Requester,
  type UnitClock,
} from './clock.ts';
export type { Health } from './heartbeat.ts';
export { clientId } from './id.ts';
export type { LogFields, Logger, LogLevel, LogWriter } from './log.ts';
export type { ClientEvent, ClientState, RequestOptions } from './session.ts';
export type { Complaint, Connection, Headers, Login, Message, MessageHeaders, Nats } from './transport.ts';
