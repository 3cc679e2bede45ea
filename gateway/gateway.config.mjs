// The gateway as Hive's runtime takes it: which supergraph, whose tokens, which headers go on, which limits hold.
import { JSONLogWriter, Logger } from '@graphql-hive/logger';
import httpTransport from '@graphql-mesh/transport-http';
import { usePublicErrors } from './errors.mjs';
import { useIdentity } from './identity.mjs';
import { LARGEST_ENTITY_CALL, limitPlugins, timeoutOf } from './limits.mjs';
import { streamTransport } from './streams.mjs';
import { keepLastGood } from './supergraph.mjs';

export const log = new Logger({ level: 'info', writers: [new JSONLogWriter()] });

export function gatewayConfig(settings, verify, traces) {
  return {
    logging: new Logger({ level: 'warn', writers: [new JSONLogWriter()] }),
    supergraph: keepLastGood(settings, log),
    pollingInterval: settings.pollSeconds * 1000,
    gracefulSchemaReload: { drainTimeout: 30_000 },
    graphiql: false,
    landingPage: false,
    batching: false,
    multipart: false,
    maskedErrors: false, // usePublicErrors does it, with the request's id
    ...(settings.production ? { disableIntrospection: {} } : {}),
    cors: settings.origins.length > 0 && {
      origin: settings.origins,
      methods: ['POST'],
      allowedHeaders: ['authorization', 'content-type', 'x-portline-account', 'x-request-id', 'traceparent'],
      exposedHeaders: ['x-request-id'],
    },
    upstreamTimeout: timeoutOf,
    __experimental__batchDelegateOptions: { maxBatchSize: LARGEST_ENTITY_CALL },
    // Headers set anywhere else than here are no part of the key under which Hive joins equal requests in flight:
    // nineteen of twenty users once read the first one's data. So both: only here, and no joining.
    propagateHeaders: {
      fromClientToSubgraphs: ({ request, context }) => ({
        authorization: context.authorization,
        'x-portline-account': context.account,
        'x-request-id': context.requestId,
        traceparent: traces ? traces.current() : request.headers.get('traceparent') ?? undefined,
        'x-forwarded-for': request.headers.get('x-forwarded-for') ?? undefined,
      }),
    },
    transports: (kind) => (kind === 'ws' ? streamTransport : httpTransport),
    transportEntries: {
      '*.http': {
        options: {
          deduplicateInflightRequests: false,
          subscriptions: { kind: 'ws' }, // Hive's own choice, SSE, is silently empty with Strawberry
        },
      },
    },
    ...(settings.secret ? { hmacSignature: { secret: settings.secret } } : {}),
    plugins: () => [
      ...limitPlugins(settings),
      usePublicErrors(log),
      useIdentity(verify, settings.secret),
      ...(traces ? [traces.plugin] : []),
    ],
  };
}
