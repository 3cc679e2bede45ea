// What the environment says, read once; a missing or wrong setting ends the process with one sentence.

// Its key lies on the machine that made it, for demo and tests: whoever starts one could sign for anybody.
const DEVELOPMENT_ISSUER = 'urn:portline:development-issuer';
const SHORTEST_SECRET = 32; // characters
const SERVICES = { porting: 'PORTING_URL', numbers: 'NUMBERS_URL', notifications: 'NOTIFICATIONS_URL' };

/** @returns {{host: string, listenPort: number, supergraph: string, pollSeconds: number, jwksUrl: URL, issuer: string,
 *  audience: string, production: boolean, routingUrls: Record<string, string>, origins: string[], secret?: string,
 *  collector?: string, tellEvery: number, share: number}} share: of the traces that begin here, how many are told */
export function readSettings(env = process.env) {
  const required = (name) => env[name] || refuse(`${name} is missing: set it in the gateway's environment.`);
  const profile = required('PROFILE');
  if (!['development', 'production'].includes(profile)) refuse('PROFILE must be development or production.');
  const production = profile === 'production';
  if (production) required('GATEWAY_SECRET');
  if (production && env.JWT_ISSUER === DEVELOPMENT_ISSUER) refuse('JWT_ISSUER: the development issuer is refused in production.');
  if (env.GATEWAY_SECRET && env.GATEWAY_SECRET.length < SHORTEST_SECRET)
    refuse(`GATEWAY_SECRET must have at least ${SHORTEST_SECRET} characters.`);
  const settings = {
    host: env.GATEWAY_HOST || '127.0.0.1',
    listenPort: count(env, 'GATEWAY_LISTEN_PORT', 4000),
    supergraph: env.SUPERGRAPH || new URL('supergraph.graphql', import.meta.url).pathname,
    pollSeconds: count(env, 'SUPERGRAPH_POLL_SECONDS', 10),
    jwksUrl: url('JWKS_URL', required('JWKS_URL')),
    issuer: required('JWT_ISSUER'),
    audience: required('JWT_AUDIENCE'),
    production,
    routingUrls: {},
    origins: (env.CORS_ORIGINS || '').split(',').map((origin) => origin.trim()).filter(Boolean),
    secret: env.GATEWAY_SECRET || undefined,
    collector: env.OTEL_EXPORTER_OTLP_ENDPOINT && url('OTEL_EXPORTER_OTLP_ENDPOINT', env.OTEL_EXPORTER_OTLP_ENDPOINT).href,
    tellEvery: count(env, 'OTEL_BSP_SCHEDULE_DELAY', 5000), // milliseconds
    share: env.OTEL_TRACES_SAMPLER === 'parentbased_traceidratio' ? share(env.OTEL_TRACES_SAMPLER_ARG) : 1,
  };
  for (const [service, name] of Object.entries(SERVICES))
    if (env[name]) settings.routingUrls[service] = url(name, env[name]).href;
  return settings;
}

/** Says on stderr, in the form of every log line, why the gateway cannot start; does not return. */
export function refuse(sentence) {
  process.stderr.write(`${JSON.stringify({ level: 'error', action: 'start.refused', msg: sentence })}\n`);
  process.exit(1);
}

function count(env, name, fallback) {
  const value = Number(env[name] || fallback);
  return Number.isInteger(value) && value > 0 ? value : refuse(`${name} must be a whole number above 0.`);
}

function share(value) {
  const part = Number(value || 1);
  return part >= 0 && part <= 1 ? part : refuse('OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1.');
}

function url(name, value) {
  const parsed = URL.parse(value);
  return parsed && /^https?:$/.test(parsed.protocol) ? parsed : refuse(`${name} must be an http or https URL.`);
}
