// Fails where the committed graph is stale or breaks what was released; with --release today's schema becomes the released one.
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, findBreakingChanges } from 'graphql';
import { composeFrom, giveUp, readFolders } from './composition.mjs';

const { services, to, release } = readFolders();
const read = (file) => (existsSync(join(to, file)) ? readFileSync(join(to, file), 'utf8') : '');
const composed = composeFrom(services);

const stale = Object.keys(composed).filter((file) => read(file) !== composed[file]);
if (stale.length > 0) giveUp(stale.map((file) => `STALE: gateway/${file} is not what the services print: run make snapshots.`));

if (release) copyFileSync(join(to, 'schema.graphql'), join(to, 'schema.released.graphql'));

const released = read('schema.released.graphql');
if (released !== '') {
  const changes = findBreakingChanges(buildSchema(released), buildSchema(composed['schema.graphql']));
  if (changes.length > 0) giveUp(changes.map(({ type, description }) => `${type}: ${description}`));
}
