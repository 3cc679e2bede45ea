// The WebSocket side: graphql-transport-ws only, the token in connection_init, small messages, own origins.
import { randomUUID } from 'node:crypto';
import { getGraphQLWSOptions } from '@graphql-hive/gateway-runtime';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { codedError } from './errors.mjs';
import { LARGEST_BODY } from './limits.mjs';

const MOST_OPERATIONS = 500; // on one socket at a time
const TOO_MANY = `One socket carries at most ${MOST_OPERATIONS} operations.`;
const TRY_AGAIN_LATER = 1013;

/** Serves the runtime's graph on the HTTP server's upgrades; dispose() closes every socket with 1001. */
export function serveSockets(runtime, server, { verify, origins, log }) {
  const sockets = new WebSocketServer({
    server,
    path: runtime.graphqlEndpoint,
    maxPayload: LARGEST_BODY,
    verifyClient: ({ origin, req }) => mayConnect(origin, req.headers.host, origins),
  });
  // Each operation brings what the socket's connection_init proved. POST: a mutation by GET, as an upgrade is, is refused.
  const request = new runtime.fetchAPI.Request(`http://gateway${runtime.graphqlEndpoint}`, { method: 'POST' });
  const options = getGraphQLWSOptions(runtime, ({ extra }) => ({ request, socket: extra.identity }));
  return useServer(
    {
      ...options,
      async onConnect({ connectionParams = {}, extra }) {
        try {
          const caller = await verify(connectionParams.authorization);
          extra.identity = { caller, account: textOf(connectionParams['x-portline-account']) };
          return true;
        } catch (refusal) {
          if (refusal.extensions?.code !== 'UNAVAILABLE') return false; // closes with 4403: clients fetch a new token
          log.error({ action: 'key_set.not_fetched', reason: refusal.originalError?.message });
          extra.socket.close(TRY_AGAIN_LATER, 'Try again later');
          return false;
        }
      },
      onSubscribe(context, id, operation) {
        if (Object.keys(context.subscriptions).length > MOST_OPERATIONS)
          return [codedError('RATE_LIMITED', { message: TOO_MANY, requestId: randomUUID() })];
        return options.onSubscribe(context, id, operation);
      },
    },
    sockets,
  );
}

// No cookie carries a right here, so this only keeps another site's page from borrowing a visitor's network place.
function mayConnect(origin, host, origins) {
  return !origin || origins.includes(origin) || URL.parse(origin)?.host === host;
}

function textOf(value) {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
