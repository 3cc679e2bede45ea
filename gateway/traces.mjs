// Spans of what the gateway does, sent by OTLP to the collector that a setting names; loaded only where one is named.
import { context, defaultTextMapGetter, defaultTextMapSetter, diag, DiagLogLevel } from '@opentelemetry/api';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { getOperationAST } from 'graphql';

const SLOWEST_GOODBYE = 2000; // milliseconds
const COMPLAIN_EVERY = 60_000;
const LONGEST_NAME = 100; // characters of an operation's name, which a client may make as long as a document
const BEGAN = Symbol('began'); // in an operation's context: the span that a subscription began with
const w3c = new W3CTraceContextPropagator();

/** @returns {{plugin: object, current: () => string | undefined, stop: () => Promise<void>}} current() is the `traceparent`
 *  of the step that runs now. Nothing that a client sent becomes part of a span but an operation's type and name. */
export function startTraces({ collector, tellEvery, share }, log) {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  diag.setLogger(complaints(log), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const exporter = new OTLPTraceExporter({ url: `${collector.replace(/\/$/, '')}/v1/traces` });
  const named = { 'service.namespace': 'portline', 'service.name': 'gateway' };
  const provider = new TracerProvider({
    resource: defaultResource().merge(resourceFromAttributes(named)),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(share) }),
    spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: tellEvery, maxQueueSize: 8192 })],
  });
  const stop = () => Promise.race([provider.shutdown(), new Promise((resolve) => setTimeout(resolve, SLOWEST_GOODBYE).unref())]);
  return { plugin: tracePlugin(provider.getTracer('portline')), current, stop };
}

function current() {
  const told = {};
  w3c.inject(context.active(), told, defaultTextMapSetter);
  return told.traceparent;
}

function tracePlugin(tracer) {
  return {
    instrumentation: {
      request({ request }, serve) {
        if (!request.url.endsWith('/graphql')) return serve(); // health checks come every second
        const headers = { traceparent: request.headers.get('traceparent') ?? undefined };
        const parent = w3c.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
        const attributes = { 'http.request.method': request.method, 'http.route': '/graphql' };
        const span = tracer.startSpan(`${request.method} /graphql`, { kind: SpanKind.SERVER, attributes }, parent);
        return inside(span, parent, serve);
      },
      subgraphExecute({ subgraphName, executionRequest }, execute) {
        // What each event of a subscription asks of others is a trace of its own: together they would have no end.
        const began = trace.getSpan(context.active()) ? undefined : executionRequest.context?.[BEGAN];
        const links = began && [{ context: began }];
        const options = { kind: SpanKind.CLIENT, attributes: { 'peer.service': subgraphName }, links };
        return inside(tracer.startSpan(`ask ${subgraphName}`, options), context.active(), execute);
      },
    },
    onResponse({ response }) {
      const span = trace.getSpan(context.active());
      span?.setAttribute('http.response.status_code', response.status);
      if (response.status >= 500 && span) markFailed(span, String(response.status));
    },
    onExecute({ executeFn, setExecuteFn }) {
      setExecuteFn((args) => operate(tracer, executeFn, args));
    },
    // Only how it begins: it may last for days.
    onSubscribe({ subscribeFn, setSubscribeFn }) {
      setSubscribeFn((args) =>
        operate(tracer, (given) => {
          given.contextValue[BEGAN] = trace.getSpanContext(context.active());
          return subscribeFn(given);
        }, args),
      );
    },
  };
}

function operate(tracer, execute, args) {
  const { operation, name } = getOperationAST(args.document, args.operationName) ?? {};
  const attributes = { 'graphql.operation.type': operation, 'graphql.operation.name': name?.value.slice(0, LONGEST_NAME) };
  const span = tracer.startSpan(operation ?? 'graphql', { attributes });
  return inside(span, context.active(), async () => {
    const result = await execute(args);
    if (result?.errors?.length > 0) markFailed(span, codeOf(result.errors[0]));
    return result;
  });
}

async function inside(span, around, work) {
  try {
    return await context.with(trace.setSpan(around, span), work);
  } catch (fault) {
    markFailed(span, codeOf(fault));
    throw fault;
  } finally {
    span.end();
  }
}

// A code or a class, and nothing else: the text of an error may quote what broke it.
function codeOf(fault) {
  const code = fault?.extensions?.code ?? fault?.code;
  return /^[A-Z][A-Z_]{1,60}$/.test(code) ? code : (fault?.constructor?.name ?? 'Error');
}

function markFailed(span, code) {
  span.setAttribute('error.type', code);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

// A collector that is away is told of once a minute, without the words of the fault.
function complaints(log) {
  let told = -Infinity;
  const complain = () => {
    if (performance.now() - told < COMPLAIN_EVERY) return;
    told = performance.now();
    log.warn({ action: 'traces.not_sent' }, 'the collector does not take the spans');
  };
  return { error: complain, warn: complain, info() {}, debug() {}, verbose() {} };
}
