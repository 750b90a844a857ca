-- The catalogue: a row an integration, what of it is built in, and the version
-- by which a backend knows whether its compiled copy is current.

-- A restore with the triggers off would bring rows without what goes with them.
CREATE FUNCTION integration_schemas_internal.triggers_are_on(of regclass) RETURNS boolean
	LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION integration_schemas_internal.triggers_are_on(regclass) IS
	'check: refuses rows while the triggers of their table are disabled';

CREATE TABLE @extschema@.integration_schemas (
	id text PRIMARY KEY
		CONSTRAINT integration_schemas_id_check
		CHECK (id ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
	name text NOT NULL
		CONSTRAINT integration_schemas_name_check
		CHECK (char_length(name) BETWEEN 1 AND 128),
	category text NOT NULL
		CONSTRAINT integration_schemas_category_check
		CHECK (category ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND char_length(category) <= 64),
	description text NOT NULL,
	docs_url text
		CONSTRAINT integration_schemas_docs_url_check
		CHECK (docs_url ~ '^https?://[^[:space:]]+$' AND char_length(docs_url) <= 512),
	icon_url text
		CONSTRAINT integration_schemas_icon_url_check
		CHECK (icon_url ~ '^https?://[^[:space:]]+$' AND char_length(icon_url) <= 512),
	display_order integer NOT NULL DEFAULT 999,
	featured boolean NOT NULL DEFAULT false,
	required boolean NOT NULL DEFAULT false,
	locked boolean NOT NULL DEFAULT false,
	instances boolean NOT NULL DEFAULT true,
	fields jsonb NOT NULL DEFAULT '[]',
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	-- No default: the trigger tells a plain INSERT, which leaves it out, from a
	-- restored row, which carries it.
	origin text NOT NULL
		CONSTRAINT integration_schemas_origin_check
		CHECK (origin IN ('builtin', 'edited', 'added'))
);

CREATE INDEX integration_schemas_category_idx ON @extschema@.integration_schemas (category);
CREATE INDEX integration_schemas_featured_idx ON @extschema@.integration_schemas (featured);

COMMENT ON TABLE @extschema@.integration_schemas IS
	'the catalogue: a row an integration, with the fields that it needs; built-in rows may be edited or deleted, and rows added';
COMMENT ON COLUMN @extschema@.integration_schemas.id IS 'the integration''s name in documents: slack';
COMMENT ON COLUMN @extschema@.integration_schemas.name IS 'its name for people: Slack';
COMMENT ON COLUMN @extschema@.integration_schemas.category IS 'what it is, lower case with hyphens: data-warehouse';
COMMENT ON COLUMN @extschema@.integration_schemas.description IS 'what it is used for';
COMMENT ON COLUMN @extschema@.integration_schemas.docs_url IS 'the vendor''s documentation';
COMMENT ON COLUMN @extschema@.integration_schemas.icon_url IS 'a picture of it';
COMMENT ON COLUMN @extschema@.integration_schemas.display_order IS 'sort order in a user interface; ties by name';
COMMENT ON COLUMN @extschema@.integration_schemas.featured IS 'shown first';
COMMENT ON COLUMN @extschema@.integration_schemas.required IS 'every organisation must configure it';
COMMENT ON COLUMN @extschema@.integration_schemas.locked IS 'nodes below the organisation may not set it';
COMMENT ON COLUMN @extschema@.integration_schemas.instances IS
	'documents may have instances of it beside it, several accounts: grafana:eu';
COMMENT ON COLUMN @extschema@.integration_schemas.fields IS 'array of field definitions, checked on write';
COMMENT ON COLUMN @extschema@.integration_schemas.created_at IS 'when the row was made';
COMMENT ON COLUMN @extschema@.integration_schemas.updated_at IS 'when the row last changed';
COMMENT ON COLUMN @extschema@.integration_schemas.origin IS
	'builtin: as the extension brought it; edited: a built-in row that was changed; added: a row of this database''s own';
COMMENT ON CONSTRAINT integration_schemas_pkey ON @extschema@.integration_schemas IS
	'an id is one integration';
COMMENT ON CONSTRAINT integration_schemas_id_check ON @extschema@.integration_schemas IS
	'lower case letters, digits, hyphens and underscores, 1 to 64 of them';
COMMENT ON CONSTRAINT integration_schemas_name_check ON @extschema@.integration_schemas IS
	'1 to 128 characters';
COMMENT ON CONSTRAINT integration_schemas_category_check ON @extschema@.integration_schemas IS
	'lower case with hyphens, 1 to 64 characters';
COMMENT ON CONSTRAINT integration_schemas_docs_url_check ON @extschema@.integration_schemas IS
	'an http or https URL of at most 512 characters';
COMMENT ON CONSTRAINT integration_schemas_icon_url_check ON @extschema@.integration_schemas IS
	'an http or https URL of at most 512 characters';
COMMENT ON CONSTRAINT integration_schemas_origin_check ON @extschema@.integration_schemas IS
	'whose a row can be';
COMMENT ON INDEX @extschema@.integration_schemas_category_idx IS 'integrations of a category';
COMMENT ON INDEX @extschema@.integration_schemas_featured_idx IS 'integrations that are shown first';

-- A built-in row that was deleted stays deleted: its id is kept here, goes into
-- a dump, and neither an update nor a restore brings the row back.

CREATE TABLE @extschema@.integration_schema_removed (
	id text PRIMARY KEY,
	removed_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE @extschema@.integration_schema_removed IS
	'built-in integrations that were deleted from the catalogue, which an update does not bring back';
COMMENT ON COLUMN @extschema@.integration_schema_removed.id IS 'id of the built-in row';
COMMENT ON COLUMN @extschema@.integration_schema_removed.removed_at IS 'when it was deleted';
COMMENT ON CONSTRAINT integration_schema_removed_pkey ON @extschema@.integration_schema_removed IS
	'an id is removed once';

-- Every version of every row: src/catalogue/history.c.

CREATE TABLE @extschema@.integration_schema_history (
	id text NOT NULL,
	version integer NOT NULL,
	operation text NOT NULL
		CONSTRAINT integration_schema_history_operation_check
		CHECK (operation IN ('insert', 'update', 'delete')),
	entry jsonb
		CONSTRAINT integration_schema_history_entry_check
		CHECK ((entry IS NULL) = (operation = 'delete')),
	author text NOT NULL,
	reason text,
	role text NOT NULL,
	changed_at timestamptz NOT NULL,
	sequence bigint NOT NULL,
	transaction xid8 NOT NULL,
	PRIMARY KEY (id, version)
);

CREATE INDEX integration_schema_history_sequence_idx ON @extschema@.integration_schema_history (sequence);

COMMENT ON TABLE @extschema@.integration_schema_history IS
	'every version of every row of the catalogue: who, when and why; written by triggers, never changed';
COMMENT ON COLUMN @extschema@.integration_schema_history.id IS 'the integration';
COMMENT ON COLUMN @extschema@.integration_schema_history.version IS
	'from 1 without gaps, on through a deletion and a new row of the same id';
COMMENT ON COLUMN @extschema@.integration_schema_history.operation IS 'insert, update or delete';
COMMENT ON COLUMN @extschema@.integration_schema_history.entry IS
	'the row from this version on, times in UTC; null for a deletion';
COMMENT ON COLUMN @extschema@.integration_schema_history.author IS
	'who changed it: integration_schemas.author, or else the role';
COMMENT ON COLUMN @extschema@.integration_schema_history.reason IS 'why: integration_schemas.reason';
COMMENT ON COLUMN @extschema@.integration_schema_history.role IS
	'the role that changed it, whatever author it gave';
COMMENT ON COLUMN @extschema@.integration_schema_history.changed_at IS
	'when it was changed: one time for a transaction';
COMMENT ON COLUMN @extschema@.integration_schema_history.sequence IS
	'grows with every version of any integration, in the order of the changes';
COMMENT ON COLUMN @extschema@.integration_schema_history.transaction IS
	'the transaction that changed it, of the server that it was changed on';
COMMENT ON CONSTRAINT integration_schema_history_pkey ON @extschema@.integration_schema_history IS
	'a version is there once';
COMMENT ON CONSTRAINT integration_schema_history_operation_check ON @extschema@.integration_schema_history IS
	'what can happen to a row';
COMMENT ON CONSTRAINT integration_schema_history_entry_check ON @extschema@.integration_schema_history IS
	'only a deletion has no row';
COMMENT ON INDEX @extschema@.integration_schema_history_sequence_idx IS 'versions in the order of the changes';

-- One row, given a new version before each change of the catalogue and read
-- under the caller's own snapshot: src/catalogue/cache.c says why that is
-- enough. A UUID is new on every server that the row may be replicated to; the
-- key lets a publication of all tables have it.

CREATE TABLE @extschema@.integration_schema_version (
	singleton boolean PRIMARY KEY DEFAULT true
		CONSTRAINT integration_schema_version_singleton_check CHECK (singleton),
	version uuid NOT NULL
) WITH (fillfactor = 10);

INSERT INTO @extschema@.integration_schema_version (version) VALUES (gen_random_uuid());

COMMENT ON TABLE @extschema@.integration_schema_version IS 'one row: the version of the catalogue that a snapshot sees';
COMMENT ON COLUMN @extschema@.integration_schema_version.singleton IS 'keeps it one row';
COMMENT ON COLUMN @extschema@.integration_schema_version.version IS 'a new one before each change of the catalogue';
COMMENT ON CONSTRAINT integration_schema_version_pkey ON @extschema@.integration_schema_version IS
	'keeps it one row; and a publication of all tables needs a key';
COMMENT ON CONSTRAINT integration_schema_version_singleton_check ON @extschema@.integration_schema_version IS
	'keeps it one row';

ALTER TABLE @extschema@.integration_schemas ADD CONSTRAINT integration_schemas_triggers_check
	CHECK (integration_schemas_internal.triggers_are_on('@extschema@.integration_schemas'));
COMMENT ON CONSTRAINT integration_schemas_triggers_check ON @extschema@.integration_schemas IS
	'no row without the triggers';
ALTER TABLE @extschema@.integration_schema_removed ADD CONSTRAINT integration_schema_removed_triggers_check
	CHECK (integration_schemas_internal.triggers_are_on('@extschema@.integration_schema_removed'));
COMMENT ON CONSTRAINT integration_schema_removed_triggers_check ON @extschema@.integration_schema_removed IS
	'no row without the triggers';
ALTER TABLE @extschema@.integration_schema_history ADD CONSTRAINT integration_schema_history_triggers_check
	CHECK (integration_schemas_internal.triggers_are_on('@extschema@.integration_schema_history'));
COMMENT ON CONSTRAINT integration_schema_history_triggers_check ON @extschema@.integration_schema_history IS
	'no row without the triggers';

ALTER TABLE @extschema@.integration_schemas OWNER TO @extowner@;
ALTER TABLE @extschema@.integration_schema_removed OWNER TO @extowner@;
ALTER TABLE @extschema@.integration_schema_history OWNER TO @extowner@;
ALTER TABLE @extschema@.integration_schema_version OWNER TO @extowner@;

CREATE FUNCTION integration_schemas_internal.is_dumped(of oid, at tid) RETURNS boolean
	LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION integration_schemas_internal.is_dumped(oid, tid) IS
	'does the row of the catalogue in that place go into a dump? built-in ones do not';

SELECT pg_catalog.pg_extension_config_dump('@extschema@.integration_schemas',
	'WHERE integration_schemas_internal.is_dumped(tableoid, ctid)');
SELECT pg_catalog.pg_extension_config_dump('@extschema@.integration_schema_removed', '');
-- in this order a restore takes them (src/catalogue/history.c)
SELECT pg_catalog.pg_extension_config_dump('@extschema@.integration_schema_history', 'ORDER BY id, version');

-- Triggers. All of them fire ALWAYS, for replicated and restored rows too.

CREATE FUNCTION integration_schemas_internal.integration_schemas_row() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION integration_schemas_internal.integration_schemas_row() IS
	'trigger: checks the field definitions, keeps origin and updated_at, writes the versions';

CREATE FUNCTION integration_schemas_internal.integration_schemas_touch() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION integration_schemas_internal.integration_schemas_touch() IS
	'trigger: moves the version of the catalogue before a change';

CREATE FUNCTION integration_schemas_internal.integration_schema_removed_row() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION integration_schemas_internal.integration_schema_removed_row() IS
	'trigger: a restored removal takes the untouched built-in row away';

CREATE FUNCTION integration_schemas_internal.integration_schema_history_row() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION integration_schemas_internal.integration_schema_history_row() IS
	'trigger: versions are not changed; a restored one takes the place of the one that CREATE EXTENSION wrote';

CREATE TRIGGER integration_schemas_touch
	BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON @extschema@.integration_schemas
	FOR EACH STATEMENT EXECUTE FUNCTION integration_schemas_internal.integration_schemas_touch();
-- A statement on a table that this one inherits from fires no statement triggers
-- here, nor does the apply worker of logical replication.
CREATE TRIGGER integration_schemas_touch_row
	BEFORE INSERT OR UPDATE OR DELETE ON @extschema@.integration_schemas
	FOR EACH ROW EXECUTE FUNCTION integration_schemas_internal.integration_schemas_touch();
CREATE TRIGGER integration_schemas_row
	BEFORE INSERT OR UPDATE ON @extschema@.integration_schemas
	FOR EACH ROW EXECUTE FUNCTION integration_schemas_internal.integration_schemas_row();
CREATE TRIGGER integration_schemas_changed
	AFTER INSERT OR UPDATE OR DELETE ON @extschema@.integration_schemas
	FOR EACH ROW EXECUTE FUNCTION integration_schemas_internal.integration_schemas_row();
CREATE TRIGGER integration_schemas_truncated
	BEFORE TRUNCATE ON @extschema@.integration_schemas
	FOR EACH STATEMENT EXECUTE FUNCTION integration_schemas_internal.integration_schemas_row();
CREATE TRIGGER integration_schema_history_row
	BEFORE INSERT OR UPDATE OR DELETE ON @extschema@.integration_schema_history
	FOR EACH ROW EXECUTE FUNCTION integration_schemas_internal.integration_schema_history_row();
CREATE TRIGGER integration_schema_history_truncated
	BEFORE TRUNCATE ON @extschema@.integration_schema_history
	FOR EACH STATEMENT EXECUTE FUNCTION integration_schemas_internal.integration_schema_history_row();
CREATE TRIGGER integration_schema_removed_row
	AFTER INSERT ON @extschema@.integration_schema_removed
	FOR EACH ROW EXECUTE FUNCTION integration_schemas_internal.integration_schema_removed_row();

ALTER TABLE @extschema@.integration_schemas
	ENABLE ALWAYS TRIGGER integration_schemas_touch,
	ENABLE ALWAYS TRIGGER integration_schemas_touch_row,
	ENABLE ALWAYS TRIGGER integration_schemas_row,
	ENABLE ALWAYS TRIGGER integration_schemas_changed,
	ENABLE ALWAYS TRIGGER integration_schemas_truncated;
ALTER TABLE @extschema@.integration_schema_history
	ENABLE ALWAYS TRIGGER integration_schema_history_row,
	ENABLE ALWAYS TRIGGER integration_schema_history_truncated;
ALTER TABLE @extschema@.integration_schema_removed
	ENABLE ALWAYS TRIGGER integration_schema_removed_row;

COMMENT ON TRIGGER integration_schemas_touch ON @extschema@.integration_schemas IS
	'moves the catalogue''s version before a statement, so that writers wait for each other in one order';
COMMENT ON TRIGGER integration_schemas_touch_row ON @extschema@.integration_schemas IS
	'moves the catalogue''s version where no statement trigger fires';
COMMENT ON TRIGGER integration_schemas_row ON @extschema@.integration_schemas IS
	'checks the field definitions, keeps origin and updated_at';
COMMENT ON TRIGGER integration_schemas_changed ON @extschema@.integration_schemas IS
	'writes the row''s version, and keeps the ids of deleted built-in rows';
COMMENT ON TRIGGER integration_schemas_truncated ON @extschema@.integration_schemas IS
	'writes the last versions, and keeps the ids of built-in rows';
COMMENT ON TRIGGER integration_schema_history_row ON @extschema@.integration_schema_history IS
	'keeps versions as they are';
COMMENT ON TRIGGER integration_schema_history_truncated ON @extschema@.integration_schema_history IS
	'keeps versions as they are';
COMMENT ON TRIGGER integration_schema_removed_row ON @extschema@.integration_schema_removed IS
	'a restored removal takes the untouched built-in row away';

-- What the script itself writes into the tables, which are somebody else's, it
-- writes as their owner: src/catalogue/script.c.
CREATE FUNCTION integration_schemas_internal.script_execute(command text) RETURNS void
	LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION integration_schemas_internal.script_execute(text) IS
	'runs a statement of the extension''s own script as the owner of its tables';

CREATE FUNCTION @extschema@.integration_schema_changes(since timestamptz)
	RETURNS TABLE (at timestamptz, integration text, version integer, operation text, author text,
		role text, reason text, field text, key text, before jsonb, after jsonb)
	LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION @extschema@.integration_schema_changes(timestamptz) IS
	'what changed in the catalogue since then, field by field: who, when, why, before and after';

CREATE FUNCTION integration_schemas_internal.secret_paths(fields jsonb) RETURNS text[]
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION integration_schemas_internal.secret_paths(jsonb) IS
	'the paths of the secrets in an integration''s definitions, at every depth: "*" is any element or key, "?by=value" a choice';

CREATE FUNCTION integration_schemas_internal.field_paths(fields jsonb) RETURNS text[]
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION integration_schemas_internal.field_paths(jsonb) IS
	'the paths of all fields in an integration''s definitions, at every depth: "*" is any element or key';

CREATE FUNCTION integration_schemas_internal.renamed_path(path text, "from" text, "to" text)
	RETURNS text
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION integration_schemas_internal.renamed_path(text, text, text) IS
	'the path of a secret once a field in it has another name; null where none has the old one';

CREATE FUNCTION integration_schemas_internal.ever_secret() RETURNS jsonb
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION integration_schemas_internal.ever_secret() IS
	'the places that are or ever were secrets, by the catalogue''s history: {"id": ["path", ...]}';
