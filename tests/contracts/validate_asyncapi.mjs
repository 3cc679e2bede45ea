// Has the official parser judge AsyncAPI documents, and each example by the schema of its message; prints a line for each fault.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../gateway/package.json', import.meta.url));
const { Parser } = require('@asyncapi/parser');
const { default: Ajv } = require('ajv');
const { default: addFormats } = require('ajv-formats');

const NEWER_VERSION = 'asyncapi-latest-version'; // 3.0.0 is what generators read today
const parser = new Parser();
const ajv = addFormats(new Ajv({ strict: false }));

for (const file of process.argv.slice(2)) {
  const { document, diagnostics } = await parser.parse(readFileSync(file, 'utf8'));
  for (const { code, message, path } of diagnostics)
    if (code !== NEWER_VERSION) console.log(`${file}: ${path.join('.')}: ${message}`);
  const messages = document?.allMessages().all() ?? [];
  for (const each of messages) {
    const isValid = ajv.compile(each.payload().json());
    for (const example of each.examples().all())
      if (!isValid(example.payload())) console.log(`${file}: ${each.name()}: ${ajv.errorsText(isValid.errors)}`);
  }
  console.log(`${file}: ${messages.length} messages judged`);
}
