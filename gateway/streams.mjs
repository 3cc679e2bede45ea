// The gateway's own sockets to the subgraphs: subscriptions of one token and account share one to each subgraph.
import { print } from 'graphql';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { codedError } from './errors.mjs';

const LONGEST_SILENCE = 5000; // milliseconds for a handshake, an acknowledgement, a pong
const PING_EVERY = 10_000;
const MOST_WAITING = 1000; // events of a stream that a slow client may leave unread

class PlainSocket extends WebSocket {
  constructor(url, protocol) {
    super(url, protocol, { perMessageDeflate: false, handshakeTimeout: LONGEST_SILENCE });
  }
}

/** Hive's `ws` transport, but for one thing: its client connects again by itself and the events between are lost
 *  unseen. Here a lost socket ends its subscriptions with an error, so that their clients come back and read again. */
export const streamTransport = {
  getSubgraphExecutor({ transportEntry }) {
    const url = transportEntry.location.replace(/^http/, 'ws');
    const clients = new Map();
    const execute = ({ document, variables, context, extensions }) => {
      const key = JSON.stringify([context.authorization, context.account]);
      // A client that was closed late must not take its successor's place away.
      const forget = (client) => clients.get(key) === client && clients.delete(key);
      if (!clients.has(key)) clients.set(key, connectAs(url, context, forget));
      const traceparent = extensions?.headers?.traceparent; // a socket has no headers of one operation
      return eventsOf(clients.get(key), { query: print(document), variables, extensions: traceparent && { traceparent } });
    };
    const dispose = async () => Promise.all([...clients.values()].map((client) => client.dispose()));
    return Object.assign(execute, { [Symbol.asyncDispose]: dispose });
  },
};

function connectAs(url, { authorization, account, signature }, forget) {
  let overdue;
  const client = createClient({
    url,
    webSocketImpl: PlainSocket,
    connectionParams: { authorization, 'x-portline-account': account, 'x-portline-signature': signature },
    connectionAckWaitTimeout: LONGEST_SILENCE,
    lazyCloseTimeout: 1000,
    retryAttempts: 0,
    keepAlive: PING_EVERY,
    on: {
      ping: (received) => {
        if (!received) overdue = setTimeout(() => client.terminate(), LONGEST_SILENCE);
      },
      pong: () => clearTimeout(overdue),
      closed: () => {
        clearTimeout(overdue);
        forget(client);
      },
    },
  });
  return client;
}

function eventsOf(client, operation) {
  const waiting = [];
  let over = false;
  let wake = () => {};
  const end = () => {
    over = true;
    wake();
  };
  const fail = (errors) => {
    if (!over) waiting.push({ data: null, errors });
    end();
  };
  const cancel = client.subscribe(operation, {
    next: (event) => {
      if (over) return;
      waiting.push(event);
      wake();
      if (waiting.length <= MOST_WAITING) return;
      waiting.length = 0;
      fail([codedError('UNAVAILABLE', { message: 'the client reads its events too slowly' })]);
      cancel();
    },
    error: (fault) => fail(Array.isArray(fault) ? fault : [lostSocket(fault)]),
    complete: end,
  });
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      while (waiting.length === 0 && !over) await new Promise((resolve) => (wake = resolve));
      return waiting.length > 0 ? { done: false, value: waiting.shift() } : { done: true, value: undefined };
    },
    async return() {
      waiting.length = 0;
      end();
      cancel();
      return { done: true, value: undefined };
    },
  };
}

// A close by its code: 4401 and 4403 are the subgraph's refusal of the token.
function lostSocket({ code, reason, message }) {
  const refused = [4401, 4403].includes(code);
  return codedError(refused ? 'UNAUTHENTICATED' : 'UNAVAILABLE', { message: `socket lost: ${message || reason || code}` });
}
