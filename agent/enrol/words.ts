import type { EnrolState } from './enrol.ts';

/** What an enrolment is waiting for, for people: a sentence without its full stop. */
export function sayEnrolState(state: EnrolState): string {
  switch (state.step) {
    case 'time':
      return `the clock shows ${new Date(state.shows_ms).toISOString().slice(0, 10)}: it must be set before the hub's certificate can be checked`;
    case 'connecting':
      return `the hub cannot be reached${state.why === undefined ? '' : `: ${state.why}`}`;
    case 'not_taken':
      return `the hub does not take the request: ${state.why}`;
    case 'asked':
      return 'the hub has the request, and has not answered yet';
    case 'pending':
      return 'the hub waits for approval by a person';
  }
}
