// What the words on the hub's page mean. Pure.
import { type Html, html } from '../../../web/html.ts';
import { fold } from '../../../web/pieces.ts';

const words: readonly (readonly [string, string])[] = [
  [
    'Leaf link',
    'the connection over which a unit’s own server has joined the hub; apps on the unit come through it',
  ],
  ['Client', 'a connection that is no leaf link: an app, a person’s tool, or this program itself'],
  [
    'Round trip',
    'to the unit’s server and back. A server measures a busy link when it is made, then each hour; a unit measures all the time, and its figure is taken where it tells it',
  ],
  ['Its usual', 'the median of what was seen of that link while this was watched'],
  ['To the others', 'the longest of the round trips from a server to the other servers of the cluster'],
  [
    'Days left',
    'until the stream is full at its growth of the last 24 hours. One that ends by age lets go of records before that',
  ],
  [
    'Copies in step',
    'servers that have everything of a stream; as long as most of them have, nothing is lost with one',
  ],
  ['Waiting', 'messages that a consumer was not given yet'],
  [
    'Slow consumer',
    'a connection to which more is sent than it reads. What waits for it is bounded: then the server cuts it off',
  ],
  [
    'Account',
    'what is kept apart at the hub: messages of one account are not seen in another, unless it exports them',
  ],
];

/** The words that need it. */
export const wordsSection = (): Html =>
  html`<section class="card" id="glossary">${fold('hub-words', 'What the words mean', undefined, html`<dl class="gloss">${words.map(([word, meaning]) => html`<div><dt>${word}</dt><dd>${meaning}</dd></div>`)}</dl>`)}</section>`;
