// The process: reads its settings, serves HTTP and WebSockets, and on SIGTERM finishes what it has begun.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { gatewayConfig, log } from './gateway.config.mjs';
import { createVerifier } from './identity.mjs';
import { readSettings, refuse } from './settings.mjs';
import { serveSockets } from './sockets.mjs';

const DRAIN = 8000; // milliseconds for requests in flight; the process is gone within 10 s
const PLAIN_ID = /^[\w.-]{1,64}$/; // what the services take over too

// Libraries report to the console; every line of our log is JSON.
console.error = console.warn = (message, fault) =>
  log.warn({ action: 'library.reported', reason: fault?.message }, String(message));

const settings = readSettings();
const verify = createVerifier(settings);
const traces = settings.collector && (await import('./traces.mjs')).startTraces(settings, log);
const runtime = createGatewayRuntime(gatewayConfig(settings, verify, traces));
try {
  await runtime.getSchema();
} catch (fault) {
  refuse(fault.message);
}

const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) => {
  // Logs, answers and subgraphs name a request by this; an id of any other form is not taken over.
  const id = request.headers['x-request-id'];
  if (!PLAIN_ID.test(id ?? '')) request.headers['x-request-id'] = randomUUID();
  // Who signs a letter is told apart by where they came from: the last entry is what we saw ourselves.
  const passed = request.headers['x-forwarded-for'];
  request.headers['x-forwarded-for'] = passed ? `${passed}, ${request.socket.remoteAddress}` : request.socket.remoteAddress;
  return runtime(request, response);
});
const sockets = serveSockets(runtime, server, { verify, origins: settings.origins, log });

server.once('error', (fault) => refuse(`Cannot listen on ${settings.host}:${settings.listenPort} (${fault.code}).`));
server.listen(settings.listenPort, settings.host, () => {
  log.info({ action: 'gateway.started', host: settings.host, listen_port: settings.listenPort }, 'the gateway is ready');
});

// On SIGTERM the runtime disposes of itself, last deferred first: so this runs before the subgraphs' connections go.
runtime.disposableStack.defer(async () => {
  log.info({ action: 'gateway.stopped' }, 'closing sockets, finishing requests');
  setTimeout(() => process.exit(0), DRAIN).unref();
  const closed = new Promise((resolve) => server.close(resolve));
  const closing = setInterval(() => server.closeIdleConnections(), 50); // a connection idles when its answer is out
  await sockets.dispose();
  await closed;
  clearInterval(closing);
  await traces?.stop();
});
