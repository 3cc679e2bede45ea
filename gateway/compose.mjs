// Writes supergraph.graphql and the public schema.graphql from the services' printed schemas; a broken one changes nothing.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { composeFrom, readFolders } from './composition.mjs';

const { services, to } = readFolders();
for (const [file, sdl] of Object.entries(composeFrom(services))) {
  const whole = join(to, file);
  writeFileSync(`${whole}.new`, sdl);
  renameSync(`${whole}.new`, whole); // a gateway that reads meanwhile sees the old file or the new one
}
