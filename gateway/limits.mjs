// What a client may ask for: how large, how deep, in which form.
import { blockFieldSuggestionsPlugin } from '@escape.tech/graphql-armor-block-field-suggestions';
import { maxAliasesPlugin } from '@escape.tech/graphql-armor-max-aliases';
import { maxDepthPlugin } from '@escape.tech/graphql-armor-max-depth';
import { maxDirectivesPlugin } from '@escape.tech/graphql-armor-max-directives';
import { maxTokensPlugin } from '@escape.tech/graphql-armor-max-tokens';
import { codedError } from './errors.mjs';
import { objectLimit } from './objects.mjs';

export const LARGEST_BODY = 1_000_000; // bytes
export const LARGEST_ENTITY_CALL = 100; // representations, all that a subgraph takes at once
const LIMITS = { depth: 16, tokens: 2000, aliases: 30, directives: 10 };

/** The plugins; without suggestions in production, where nobody may guess the schema field by field. */
export function limitPlugins({ production }) {
  return [
    { onRequestParse: readJsonOnly, onSubscribe: streamToThoseWhoAskForIt },
    maxTokensPlugin({ n: LIMITS.tokens }),
    maxDepthPlugin({ n: LIMITS.depth, flattenFragments: true }),
    maxAliasesPlugin({ n: LIMITS.aliases, allowList: [] }), // by default `__typename` is free, a thousand times over
    maxDirectivesPlugin({ n: LIMITS.directives }),
    objectLimit,
    ...(production ? [blockFieldSuggestionsPlugin()] : []),
  ];
}

/** Milliseconds a subgraph has for one request; a subscription has no end. */
export function timeoutOf({ executionRequest }) {
  return { query: 5000, mutation: 30_000 }[executionRequest?.operationType];
}

// JSON by POST and nothing else: a page of another origin cannot post that without CORS, so this is the CSRF rule too.
function readJsonOnly({ request, setRequestParser }) {
  if (request.method !== 'POST')
    throw refused('Send a POST request.', { status: 405, headers: { allow: 'POST' } });
  if (!/^application\/json\s*(;|$)/i.test(request.headers.get('content-type') ?? ''))
    throw refused('Send JSON (content-type: application/json).', { status: 415 });
  setRequestParser(async (unread) => parseOperation(await readBody(unread)));
}

// A client that would take anything, as most programs say, must not hang on a stream without an end.
function streamToThoseWhoAskForIt({ args: { contextValue }, setResultAndStopExecution }) {
  const { request, socket } = contextValue;
  if (socket || /^text\/event-stream\s*(;|$)/i.test(request.headers.get('accept') ?? '')) return;
  const message = 'A subscription needs a WebSocket (graphql-transport-ws), or the header accept: text/event-stream.';
  setResultAndStopExecution({ errors: [refused(message, { status: 406 })] });
}

async function readBody(request) {
  const tooLarge = () => refused('The request is larger than 1 MB.', { status: 413 });
  if (Number(request.headers.get('content-length')) > LARGEST_BODY) throw tooLarge();
  const chunks = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > LARGEST_BODY) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseOperation(text) {
  let operation;
  try {
    operation = JSON.parse(text);
  } catch {
    throw refused('The body is not JSON.', { status: 400 });
  }
  if (!isOperation(operation)) throw refused('Send one object {query, variables, operationName}.', { status: 400 });
  return operation;
}

// One operation as GraphQL over HTTP writes it; a list would be a batch, which is off.
function isOperation(operation) {
  const { query, variables, operationName } = operation ?? {};
  const isObject = (value) => typeof value === 'object' && !Array.isArray(value);
  return typeof query === 'string' && isObject(variables ?? {}) && typeof (operationName ?? '') === 'string';
}

function refused(message, http) {
  return codedError('BAD_USER_INPUT', { message, http });
}
