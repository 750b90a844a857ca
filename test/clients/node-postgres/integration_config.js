// A service's configuration, from the PostgreSQL extension integration_schemas.
//
// An example to copy, for node-postgres. "db" is a pg.Client or a pg.Pool.

// A document that breaks rules of the catalogue. violations has an object for
// each: the JSON Pointer to it, and a message that may be shown to anyone, as
// it never has a secret in it.
export class Refused extends Error {
  constructor({ message, code, schema, table, column, constraint, detail }) {
    super(message);
    this.name = 'Refused';
    Object.assign(this, { code, schema, table, column, constraint });
    // each line: the path as a JSON string, the code, the message
    this.violations = (detail ?? '').split('\n')
      .map((line) => line.match(/^("(?:[^"\\]|\\.)*")(?:\.\.\.)? [a-z_]+: (.*)$/))
      .filter((match) => match)
      .map(([, path, message]) => ({ path: JSON.parse(path), message }));
  }
}

const CHECK_VIOLATION = '23514';
const SERIALIZATION_FAILURE = '40001';

// Change a node's document by a JSON Merge Patch; gives its new version.
export async function setConfig(db, org, node, patch, { expectedVersion, reason, author } = {}) {
  try {
    const { rows } = await db.query(
      'SELECT integration_config_set($1, $2, $3, $4, $5, $6) AS version',
      [org, node, JSON.stringify(patch), expectedVersion, reason, author],
    );
    return rows[0].version;
  } catch (error) {
    throw error.code === CHECK_VIOLATION ? new Refused(error) : error;
  }
}

// Change a node's document by what it holds now: makePatch(document).
//
// Where somebody else was faster, the database refuses the patch, and it is made
// again from what is there then.
export async function updateConfig(db, org, node, makePatch, { attempts = 5, ...options } = {}) {
  for (let attempt = 1; ; attempt++) {
    const { rows } = await db.query(
      'SELECT version, config_json FROM node_configurations WHERE (org_id, node_id) = ($1, $2)',
      [org, node],
    );
    const { version, config_json: document } = rows[0];
    try {
      const patch = await makePatch(document);
      return await setConfig(db, org, node, patch, { ...options, expectedVersion: version });
    } catch (error) {
      if (error.code !== SERIALIZATION_FAILURE || attempt >= attempts) throw error;
    }
  }
}

// The whole configuration of a node: all integrations, with their forms.
// (A query with a name is a prepared statement.)
export async function effective(db, org, node) {
  const { rows } = await db.query({
    name: 'integration_config_effective',
    text: 'SELECT integration_config_effective($1, $2) AS config',
    values: [org, node],
  });
  return rows[0].config;
}

// One integration of a node: enabled, configured, missing and config.
export async function resolve(db, org, node, integration) {
  const { rows } = await db.query({
    name: 'integration_config_resolve',
    text: 'SELECT integration_config_resolve($1, $2, $3) AS resolved',
    values: [org, node, integration],
  });
  return rows[0].resolved;
}

// Call listener with what has changed, as it does: drop what you hold of it, and
// ask again. Nothing is announced unless integration_schemas.notify is on where it
// is written. Needs a pg.Client of its own: a pool's come and go.
export async function onChange(client, listener) {
  client.on('notification', ({ channel, payload }) => {
    if (channel === 'integration_schemas') listener(JSON.parse(payload));
  });
  await client.query('LISTEN integration_schemas');
}
