// The example for node-postgres at work; prints TAP.

import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import pg from 'pg';
import { Refused, effective, onChange, resolve, setConfig, updateConfig } from './integration_config.js';

const TOKEN = 'xoxb-Yp5Right';
const BAD_TOKEN = 'Yp5Wrong';

let tests = 0;

function check(name, got, expected = true) {
  tests++;
  try {
    assert.deepEqual(got, expected);
    console.log(`ok ${tests} - ${name}`);
  } catch {
    console.log(`not ok ${tests} - ${name}`);
    console.log(`# got:      ${JSON.stringify(got)}`);
    console.log(`# expected: ${JSON.stringify(expected)}`);
  }
}

// refusal PROMISE: the error that it ends with
const refusal = (promise) => promise.then(() => undefined, (error) => error);

const slack = (config) => ({ integrations: { slack: { config } } });

// all that the server says, other than results
const received = [];

// changes are announced where this is on
process.env.PGOPTIONS = '-c integration_schemas.notify=on';
// libpq's environment variables say where; node-postgres reads them too
const [writer, listener, rival] = [new pg.Client(), new pg.Client(), new pg.Client()];
for (const client of [writer, listener, rival]) {
  client.on('notice', (notice) => received.push(inspect(notice, { depth: null })));
  await client.connect();
  await client.query('SET client_min_messages = debug5');
}

// hear(): the next announcement
const announced = [];
let arrived = () => {};
await onChange(listener, (message) => {
  received.push(JSON.stringify(message));
  announced.push(message);
  arrived();
});
async function hear() {
  const deadline = setTimeout(() => { console.log('Bail out! no announcement'); process.exit(1); }, 60000);
  while (announced.length === 0) await new Promise((done) => { arrived = done; });
  clearTimeout(deadline);
  return announced.shift();
}

await writer.query(`INSERT INTO node_configurations (org_id, node_id, parent_id, node_type)
                    VALUES ('acme', 'root', NULL, 'org'), ('acme', 'sre', 'root', 'team')`);
check('new nodes are announced', [await hear(), await hear()],
  ['root', 'sre'].map((node) => ({ kind: 'nodes', operation: 'insert', org_id: 'acme', nodes: [node] })));

check('a document is set', await setConfig(writer, 'acme', 'root', slack({ bot_token: TOKEN })), 2);
check('which is announced', await hear(),
  { kind: 'nodes', operation: 'update', org_id: 'acme', nodes: ['root'] });

let refused = await refusal(setConfig(writer, 'acme', 'root', {
  integrations: {
    slack: { config: { bot_token: BAD_TOKEN, chanel: '#sre' } },
    datadog: { config: { api_key: [BAD_TOKEN] } },
  },
}));
received.push(inspect(refused, { depth: null }));
check('a bad document is refused', [refused instanceof Refused, refused.code], [true, '23514']);
check('the error names schema, table, column and constraint',
  [refused.schema, refused.table, refused.column, refused.constraint],
  ['public', 'node_configurations', 'config_json', 'node_configurations_check']);
check("the error has each violation's path", refused.violations.map(({ path }) => path).sort(),
  ['/integrations/datadog/config/api_key', '/integrations/slack/config/bot_token',
    '/integrations/slack/config/chanel']);
check('and what is wrong there', refused.violations.every(({ path, message }) => {
  const [, , integration, , field] = path.split('/');
  return message.includes(`"${integration}"`) && message.includes(`"${field}"`);
}));

refused = await refusal(setConfig(writer, 'acme', 'root', { integrations: { slack: { bot_token: BAD_TOKEN } } }));
received.push(inspect(refused, { depth: null }));
check('a field beside config is refused', refused.violations.map(({ path }) => path),
  ['/integrations/slack/bot_token']);

const error = await refusal(writer.query("SELECT integration_config_set('acme', 'root', $1)",
  [slack({ bot_token: BAD_TOKEN })]));
received.push(inspect(error, { depth: null, showHidden: true }));
check('the refused secret is in nothing that the client got',
  [error.code, received.filter((text) => text.includes(BAD_TOKEN))], ['23514', []]);

const old = await refusal(setConfig(writer, 'acme', 'root', slack({ signing_secret: 'x' }), { expectedVersion: 1 }));
check('an old version is refused', old.code, '40001');

let attempts = 0;
const version = await updateConfig(writer, 'acme', 'root', async (document) => {
  // somebody else is faster
  if (++attempts === 1) await setConfig(rival, 'acme', 'root', slack({ default_channel: '#ops' }));
  return slack({ signing_secret: String(Object.keys(document.integrations.slack.config).length) });
}, { author: 'deploy' });
check("a change after somebody else's is made again", [version, attempts], [4, 2]);
check('from what is there then',
  (await resolve(writer, 'acme', 'root', 'slack')).config.signing_secret, '2');

const config = await effective(writer, 'acme', 'sre');
const one = await resolve(writer, 'acme', 'sre', 'slack');
check('the effective configuration of the team', config.integrations.slack.config, one.config);
check('one integration of it', [one.configured, one.config.bot_token, one.config.default_channel],
  [true, TOKEN, '#ops']);
const { rows } = await writer.query('SELECT name FROM pg_prepared_statements ORDER BY name');
check('through prepared statements', rows.map(({ name }) => name),
  ['integration_config_effective', 'integration_config_resolve']);

const unknown = await refusal(resolve(writer, 'acme', 'nobody', 'slack'));
check('an unknown node is told', unknown.code, '42704');

await writer.query(`NOTIFY integration_schemas, '"end"'`);
const operations = [];
for (let message = await hear(); message !== 'end'; message = await hear()) operations.push(message.operation);
check('what was refused was not announced', operations, ['update', 'update']);

for (const client of [writer, listener, rival]) await client.end();
console.log(`1..${tests}`);
