// What a client may read of an error: a code of the closed list, a sentence, the request's id, and nothing else.
import { randomUUID } from 'node:crypto';
import { GraphQLError } from 'graphql';

const STATUS = {
  UNAUTHENTICATED: 401, FORBIDDEN: 403, NOT_FOUND: 404, BAD_USER_INPUT: 400, RATE_LIMITED: 429, CONFLICT: 409,
  IDEMPOTENCY_KEY_REUSED: 409, IDEMPOTENCY_IN_PROGRESS: 409, UNAVAILABLE: 503, INTERNAL: 500,
};
// Said in our words whatever the error says: their own text may name a host, an exception or a token's fault.
const SENTENCES = {
  UNAUTHENTICATED: 'This needs a valid token.',
  UNAVAILABLE: 'A service does not answer at the moment.',
  INTERNAL: 'Something went wrong on our side.',
};
const OURS = {
  BAD_REQUEST: 'BAD_USER_INPUT', GRAPHQL_PARSE_FAILED: 'BAD_USER_INPUT', GRAPHQL_VALIDATION_FAILED: 'BAD_USER_INPUT',
  OPERATION_RESOLUTION_FAILURE: 'BAD_USER_INPUT', GATEWAY_TIMEOUT: 'UNAVAILABLE', SUBREQUEST_HTTP_ERROR: 'UNAVAILABLE',
  SCHEMA_RELOAD: 'UNAVAILABLE', SHUTTING_DOWN: 'UNAVAILABLE',
};
const LONGEST_MESSAGE = 500;

/** An error of the gateway's own; an extension http {status, headers} overrides the code's usual status. */
export function codedError(code, { message = SENTENCES[code], cause, ...extensions } = {}) {
  return new GraphQLError(message, { originalError: cause, extensions: { code, ...extensions } });
}

/** Rewrites every error of every answer and event, and logs the faults behind them once. */
export function usePublicErrors(log) {
  const isPublic = new WeakSet();
  const publish = (result, requestId, overSocket) => {
    if (!result?.errors?.length || isPublic.has(result.errors[0])) return result;
    const executed = result.data !== undefined;
    const told = result.data ? result.errors.filter((error) => !isUnknownEntity(error)) : result.errors;
    if (told.length === 0) return { data: result.data };
    const errors = told.map((error) => publicError(error, requestId, { executed, overSocket, log }));
    for (const error of errors) isPublic.add(error);
    return executed ? { data: result.data, errors } : { errors };
  };
  return {
    onParams({ request, params, context, setParams }) {
      context.requestId = context.socket ? randomUUID() : request.headers.get('x-request-id');
      // A client's `extensions` would reach the subgraphs, headers and signature among them.
      setParams({ query: params.query, operationName: params.operationName, variables: params.variables });
    },
    onExecutionResult({ result, setResult, context }) {
      const each = (answer) => publish(answer, context.requestId, Boolean(context.socket));
      setResult(result?.[Symbol.asyncIterator] ? eachEvent(result, each) : each(result));
    },
    onResultProcess({ request, result, setResult }) {
      if (!result?.[Symbol.asyncIterator]) setResult(publish(result, request.headers.get('x-request-id'), false));
    },
  };
}

function publicError(error, requestId, { executed, overSocket, log }) {
  const code = publicCode(error);
  if (code === 'INTERNAL' || code === 'UNAVAILABLE')
    log.error({ action: 'answer.masked', requestId, code, service: error.extensions?.serviceName, reason: reasonOf(error) });
  const upstream = error.extensions?.serviceName !== undefined;
  return new GraphQLError(SENTENCES[code] ?? error.message.slice(0, LONGEST_MESSAGE), {
    path: error.path,
    // A subgraph's line and column belong to the gateway's own query, not to the client's.
    ...(upstream ? {} : { nodes: error.nodes, source: error.source, positions: error.positions }),
    extensions: { code, requestId, ...(executed || overSocket ? {} : { http: httpOf(error, code) }) },
  });
}

function publicCode(error) {
  const { code, serviceName } = error.extensions ?? {};
  if (Object.hasOwn(STATUS, code ?? '')) return code;
  if (isNetworkFault(error)) return 'UNAVAILABLE';
  if (Object.hasOwn(OURS, code ?? '') && !(serviceName && OURS[code] === 'BAD_USER_INPUT')) return OURS[code];
  // What is left without a code: a refusal of the limits or of a variable (no path yet), or a fault.
  const fault = error.originalError ?? error;
  const refused = !serviceName && !error.path && fault instanceof GraphQLError;
  return refused ? 'BAD_USER_INPUT' : 'INTERNAL';
}

// What its service does not know, or the caller may not see, is null and no fault; graphql-js complains of the fields
// that a null entity has not got. Where the service failed, the service's own error stands beside this one.
function isUnknownEntity({ message, extensions }) {
  return extensions?.serviceName === undefined && message.startsWith('Cannot return null for non-nullable field ');
}

function isNetworkFault(error) {
  const fault = error.originalError ?? error;
  const text = `${fault.code ?? ''} ${fault.cause?.code ?? ''} ${fault.message ?? ''}`;
  return fault instanceof GraphQLError ? false : /ECONN|ENOTFOUND|EAI_AGAIN|EPIPE|socket|terminated|fetch failed/i.test(text);
}

function httpOf(error, code) {
  const http = error.extensions?.http;
  return http?.status ? { status: http.status, spec: http.spec, headers: http.headers } : { status: STATUS[code], spec: code === 'BAD_USER_INPUT' };
}

function reasonOf({ message, originalError }) {
  const cause = originalError?.cause?.message ?? originalError?.message;
  return cause && cause !== message ? `${message} (${cause})` : message;
}

function eachEvent(events, change) {
  const iterator = events[Symbol.asyncIterator]();
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      const { done, value } = await iterator.next();
      return done ? { done } : { done, value: change(value) };
    },
    async return(value) {
      return (await iterator.return?.(value)) ?? { done: true, value };
    },
  };
}
