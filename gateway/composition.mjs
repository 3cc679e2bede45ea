// How the three printed schemas become one graph: the supergraph that the gateway serves and the public API schema.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { composeServices, compositionHasErrors, transformSupergraphToPublicSchema } from '@theguild/federation-composition';
import { lexicographicSortSchema, parse, print, printSchema, buildASTSchema } from 'graphql';

// Where the gateway finds a service unless PORTING_URL and its kin say otherwise: the names of docker-compose.yml.
export const ROUTING_URLS = {
  porting: 'http://porting:8000/graphql',
  numbers: 'http://numbers:8000/graphql',
  notifications: 'http://notifications:8000/graphql',
};

/** The folders on the command line: --services (each service's schema.graphql) and --to (what is written or compared). */
export function readFolders() {
  const { values } = parseArgs({
    options: {
      services: { type: 'string', default: join(import.meta.dirname, '..', 'services') },
      to: { type: 'string', default: import.meta.dirname },
      release: { type: 'boolean', default: false },
    },
  });
  return values;
}

/** {'supergraph.graphql': sdl, 'schema.graphql': sdl}; where they do not compose, one line per error and exit code 1. */
export function composeFrom(services) {
  const read = (name) => parse(readFileSync(join(services, name, 'schema.graphql'), 'utf8'));
  const parts = Object.entries(ROUTING_URLS).map(([name, url]) => ({ name, url, typeDefs: parsed(name, read) }));
  const composed = composeServices(parts);
  if (compositionHasErrors(composed))
    giveUp(composed.errors.map(({ message, extensions }) => `${extensions?.code ?? 'INVALID_GRAPHQL'}: ${message}`));
  const publicSchema = buildASTSchema(transformSupergraphToPublicSchema(parse(composed.supergraphSdl)));
  return {
    'supergraph.graphql': `${print(parse(composed.supergraphSdl))}\n`,
    'schema.graphql': `${printSchema(lexicographicSortSchema(publicSchema))}\n`,
  };
}

/** Prints one line each and ends with code 1. */
export function giveUp(lines) {
  for (const line of lines) process.stderr.write(`${line.replaceAll('\n', ' ')}\n`);
  process.exit(1);
}

function parsed(name, read) {
  try {
    return read(name);
  } catch (fault) {
    return giveUp([`${fault.code ?? 'INVALID_GRAPHQL'}: services/${name}/schema.graphql: ${fault.message}`]);
  }
}
