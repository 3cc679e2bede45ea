// The supergraph that is served: read from its file again and again, the last good one kept when the file is broken.
import { readFile } from 'node:fs/promises';
import { getStitchedSchemaFromSupergraphSdl } from '@graphql-tools/federation';
import { parse, print, visit } from 'graphql';

/** A function for the runtime to poll: given a path instead, Hive ends the process on a half-written file. */
export function keepLastGood({ supergraph, routingUrls }, log) {
  let seen;
  let good;
  return async function loadSupergraph() {
    try {
      const sdl = await readFile(supergraph, 'utf8');
      if (sdl !== seen) {
        seen = sdl;
        good = routed(sdl, routingUrls);
        log.info({ action: 'supergraph.loaded' }, 'serving a new supergraph');
      }
    } catch (fault) {
      if (good === undefined) throw new Error(`${supergraph} is no supergraph: ${fault.message}`, { cause: fault });
      log.error({ action: 'supergraph.refused', reason: fault.message }, 'the supergraph file is broken, the last good one stays');
    }
    return good;
  };
}

function routed(sdl, routingUrls) {
  const supergraph = parse(sdl, { noLocation: true });
  if (!supergraph.definitions.some(({ name }) => name?.value === 'join__Graph')) throw new Error('it names no subgraphs');
  const document = visit(supergraph, {
    Directive(directive) {
      if (directive.name.value !== 'join__graph') return undefined;
      const [name, url] = ['name', 'url'].map((key) => directive.arguments.find((argument) => argument.name.value === key));
      const override = routingUrls[name.value.value];
      if (!override) return false;
      const replaced = { ...url, value: { ...url.value, value: override } };
      return { ...directive, arguments: directive.arguments.map((argument) => (argument === url ? replaced : argument)) };
    },
  });
  const text = print(document);
  getStitchedSchemaFromSupergraphSdl({ supergraphSdl: text });
  return text;
}
