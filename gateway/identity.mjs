// Who asks: the bearer token of a request or of a socket's connection_init, verified against the issuer's key set.
import { createHmac } from 'node:crypto';
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import { codedError } from './errors.mjs';

const NO_TIMER_BEYOND = 2 ** 31 - 1; // milliseconds; a longer setTimeout fires at once

/** verify(authorization) → {token, expiresAt} | undefined without a token; throws UNAUTHENTICATED or UNAVAILABLE. */
export function createVerifier({ jwksUrl, issuer, audience }) {
  const keys = createRemoteJWKSet(jwksUrl, { timeoutDuration: 3000, cooldownDuration: 10_000 });
  const rules = { algorithms: ['RS256', 'ES256'], issuer, audience, requiredClaims: ['exp', 'sub'] };
  return async function verify(authorization) {
    if (authorization === undefined || authorization === null) return undefined;
    const token = typeof authorization === 'string' && /^Bearer ([\w.-]+)$/i.exec(authorization)?.[1];
    if (!token) throw codedError('UNAUTHENTICATED');
    let expiresAt;
    try {
      const { payload } = await jwtVerify(token, keys, rules);
      expiresAt = new Date(payload.exp * 1000);
    } catch (fault) {
      throw codedError(isTokensFault(fault) ? 'UNAUTHENTICATED' : 'UNAVAILABLE', { cause: fault });
    }
    if (Number.isNaN(expiresAt.getTime())) throw codedError('UNAUTHENTICATED'); // beyond the calendar
    return { token, expiresAt };
  };
}

// Everything jose refuses is the token's fault, except a key set that cannot be fetched or read.
function isTokensFault(fault) {
  if (fault instanceof errors.JWKSTimeout || fault instanceof errors.JWKSInvalid) return false;
  return fault instanceof errors.JOSEError && fault.code !== 'ERR_JOSE_GENERIC';
}

/** Refuses a bad token before the query is parsed, and completes a subscription when its token ends.
 *  context.signature proves to a subgraph that its socket is the gateway's: Strawberry hands on no signed `extensions` there. */
export function useIdentity(verify, secret) {
  return {
    async onParams({ request, context, setResult }) {
      try {
        context.caller = context.socket ? stillValid(context.socket.caller) : await verify(request.headers.get('authorization'));
        context.account = context.socket ? context.socket.account : request.headers.get('x-portline-account') ?? undefined;
        context.authorization = context.caller && `Bearer ${context.caller.token}`;
        context.signature = secret && createHmac('sha256', secret).update(context.authorization ?? '').digest('base64');
      } catch (refusal) {
        setResult({ errors: [refusal] });
      }
    },
    onSubscribe({ args }) {
      const { caller } = args.contextValue;
      return {
        onSubscribeResult({ result, setResult }) {
          if (caller && result[Symbol.asyncIterator]) setResult(untilTokenEnds(result, caller.expiresAt));
        },
      };
    },
  };
}

function stillValid(caller) {
  if (caller && caller.expiresAt <= new Date()) throw codedError('UNAUTHENTICATED');
  return caller;
}

/** The events until expiresAt, then a clean end: the client gets `complete` and must come back with a new token. */
export function untilTokenEnds(events, expiresAt) {
  const iterator = events[Symbol.asyncIterator]();
  let ended = false;
  let endPending = () => {};
  const end = () => {
    ended = true;
    clearTimeout(timer);
    endPending({ done: true });
    return iterator.return?.();
  };
  const timer = setTimeout(end, Math.min(Math.max(expiresAt - Date.now(), 0), NO_TIMER_BEYOND));
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    // Not an async generator: its return() would wait for the next event before the subgraph hears of it.
    async next() {
      if (ended) return { done: true };
      const step = await new Promise((resolve, reject) => {
        endPending = resolve;
        Promise.resolve(iterator.next()).then(resolve, reject);
      });
      if (step.done) clearTimeout(timer);
      return step;
    },
    async return(value) {
      await end();
      return { done: true, value };
    },
  };
}
