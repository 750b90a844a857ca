-- Random documents of two times: what a rollback makes of them is what a plain model says, whichever way it treats secrets.
-- It looks at documents in the table, where secrets are in clear: not for a store that seals them.

BEGIN;
SET LOCAL client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT plan(4);
SELECT setseed(0.42);

INSERT INTO integration_schemas (id, name, category, description, instances, fields) VALUES
	('vault', 'Vault', 'ai', 'd', true, '[
		{"name": "token", "type": "secret"},
		{"name": "note", "type": "string"},
		{"name": "keys", "type": "array", "items": {"type": "secret"}},
		{"name": "named", "type": "object", "values": {"type": "secret"}},
		{"name": "free", "type": "object"},
		{"name": "regions", "type": "object", "values": {"type": "object", "fields": [{"name": "note", "type": "string"}, {"name": "token", "type": "secret"}]}},
		{"name": "login", "type": "object",
		 "fields": [{"name": "user", "type": "string"}, {"name": "pin", "type": "secret"}],
		 "variants": {"by": "kind", "choices": [
			{"value": "basic", "fields": [{"name": "password", "type": "secret"}]},
			{"value": "oauth", "fields": [{"name": "password", "type": "secret"}, {"name": "scope", "type": "string"}]}]}},
		{"name": "accounts", "type": "array", "items": {"type": "object", "fields": [
			{"name": "name", "type": "string"}, {"name": "password", "type": "secret"},
			{"name": "tokens", "type": "array", "items": {"type": "object", "fields": [
				{"name": "scope", "type": "string"}, {"name": "value", "type": "secret"}]}}]}}]');

-- A random value of a definition; few different ones, so that some are the same.
CREATE FUNCTION pg_temp.random_value(definition jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	result jsonb;
	inner_one jsonb;
BEGIN
	CASE definition ->> 'type'
		WHEN 'secret' THEN
			RETURN CASE WHEN random() < 0.1 THEN 'null' ELSE to_jsonb('s' || floor(random() * 1000)) END;
		WHEN 'string' THEN
			RETURN to_jsonb((ARRAY['a', 'b'])[ceil(random() * 2)]);
		WHEN 'array' THEN
			result := '[]';
			FOR i IN 1 .. floor(random() * 4) LOOP
				inner_one := pg_temp.random_value(definition -> 'items');
				result := result || jsonb_build_array(coalesce(nullif(inner_one, 'null'), '"s0"'));
			END LOOP;
			RETURN result;
		ELSE
			result := '{}';
			IF definition ? 'values' THEN
				FOR i IN 1 .. floor(random() * 3) LOOP
					result := result || jsonb_build_object((ARRAY['eu', 'us', 'asia'])[ceil(random() * 3)], pg_temp.random_value(definition -> 'values'));
				END LOOP;
			ELSIF definition ? 'fields' THEN
				result := pg_temp.random_members(definition -> 'fields');
				IF definition ? 'variants' THEN
					inner_one := definition #> ARRAY['variants', 'choices', floor(random() * 2)::text];
					result := result || jsonb_build_object('kind', inner_one -> 'value') || pg_temp.random_members(inner_one -> 'fields');
				END IF;
			ELSE
				result := jsonb_build_object('x', 's' || floor(random() * 1000));
			END IF;
			RETURN result;
	END CASE;
END $$;
CREATE FUNCTION pg_temp.random_members(definitions jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT coalesce(jsonb_object_agg(d ->> 'name', pg_temp.random_value(d)), '{}') FROM jsonb_array_elements(definitions) AS d WHERE random() < 0.6
$$;
CREATE FUNCTION pg_temp.random_document() RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('integrations', coalesce(jsonb_object_agg(id,
		CASE WHEN random() < 0.15 THEN jsonb_build_object('enabled', random() < 0.5)
			 ELSE jsonb_build_object('config', pg_temp.random_members((SELECT fields FROM integration_schemas WHERE integration_schemas.id = 'vault'))) END), '{}'))
	  FROM unnest(ARRAY['vault', 'vault:eu', 'vault:us']) AS id WHERE random() < 0.8
$$;

-- The model.
CREATE FUNCTION pg_temp.all_secret(definition jsonb) RETURNS boolean LANGUAGE sql AS $$
	SELECT CASE WHEN definition ->> 'type' = 'secret' THEN true
				WHEN definition ? 'items' THEN pg_temp.all_secret(definition -> 'items')
				WHEN definition ? 'values' THEN pg_temp.all_secret(definition -> 'values')
				ELSE false END
$$;
CREATE FUNCTION pg_temp.model_members(definitions jsonb, shared jsonb, same_choice boolean, old jsonb, now jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	result jsonb := old;
	definition jsonb;
	name text;
	today jsonb;
BEGIN
	FOR definition IN SELECT * FROM jsonb_array_elements(definitions) LOOP
		name := definition ->> 'name';
		today := CASE WHEN same_choice OR shared @> jsonb_build_array(jsonb_build_object('name', name)) THEN now -> name END;
		IF pg_temp.all_secret(definition) THEN
			result := CASE WHEN today IS NULL THEN result - name ELSE result || jsonb_build_object(name, today) END;
		ELSIF old ? name THEN
			result := result || jsonb_build_object(name, pg_temp.model_value(definition, old -> name, today));
		END IF;
	END LOOP;
	RETURN result;
END $$;
CREATE FUNCTION pg_temp.model_value(definition jsonb, old jsonb, now jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	result jsonb;
	element jsonb;
	same jsonb;
	taken integer[] := '{}';
	place integer;
	choice jsonb;
BEGIN
	IF definition ? 'items' THEN
		result := '[]';
		FOR element IN SELECT * FROM jsonb_array_elements(old) LOOP
			SELECT e, i INTO same, place FROM jsonb_array_elements(coalesce(now, '[]')) WITH ORDINALITY AS a (e, i)
			 WHERE i <> ALL (taken)
			   AND pg_temp.model_value(definition -> 'items', e, NULL) = pg_temp.model_value(definition -> 'items', element, NULL)
			 ORDER BY i LIMIT 1;
			IF FOUND THEN
				taken := taken || place;
			ELSE
				same := NULL;
			END IF;
			result := result || jsonb_build_array(pg_temp.model_value(definition -> 'items', element, same));
		END LOOP;
		RETURN result;
	ELSIF definition ? 'values' THEN
		RETURN (SELECT coalesce(jsonb_object_agg(key, pg_temp.model_value(definition -> 'values', value, now -> key)), '{}') FROM jsonb_each(old));
	ELSIF definition ? 'fields' THEN
		choice := (SELECT c FROM jsonb_array_elements(definition #> '{variants,choices}') AS c WHERE c -> 'value' = old -> 'kind');
		RETURN pg_temp.model_members(definition -> 'fields' || coalesce(choice -> 'fields', '[]'), definition -> 'fields',
									 old -> 'kind' IS NOT DISTINCT FROM now -> 'kind', old, now);
	END IF;
	RETURN old;
END $$;
CREATE FUNCTION pg_temp.model(old jsonb, now jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('integrations', coalesce(jsonb_object_agg(key,
		CASE WHEN kept = '{}' AND NOT value ? 'config' THEN value ELSE value || jsonb_build_object('config', kept) END), '{}'))
	  FROM (SELECT key, value, pg_temp.model_members(fields, '[]', true, coalesce(value -> 'config', '{}'), now #> ARRAY['integrations', key, 'config']) AS kept
			  FROM jsonb_each(old -> 'integrations'), integration_schemas WHERE id = 'vault') AS e
$$;

INSERT INTO node_configurations (org_id, node_id, parent_id, node_type) VALUES ('o', 'o', NULL, 'org');
CREATE TEMP TABLE run AS
	SELECT i, pg_temp.random_document() AS old, pg_temp.random_document() AS now FROM generate_series(1, 1500) AS i;
INSERT INTO node_configurations (org_id, node_id, parent_id, node_type, config_json) SELECT 'o', 'n' || i, 'o', 'team', old FROM run;
UPDATE node_configurations AS n SET config_json = now FROM run WHERE n.org_id = 'o' AND n.node_id = 'n' || i;
SELECT count(integration_config_rollback('o', 'n' || i, 1, secrets => CASE WHEN i % 3 = 0 THEN 'restore' ELSE 'keep' END)) FROM run \gset

SELECT is_empty($$SELECT i, old, now, config_json, pg_temp.model(old, now) FROM run JOIN node_configurations AS n ON n.node_id = 'n' || i
	 WHERE i % 3 <> 0 AND config_json <> pg_temp.model(old, now)$$, 'today''s secrets are kept as the model keeps them');
SELECT is_empty($$SELECT i, old, config_json FROM run JOIN node_configurations AS n ON n.node_id = 'n' || i WHERE i % 3 = 0 AND config_json <> old$$,
	'or all is as it was');
SELECT cmp_ok((SELECT count(*) FROM run WHERE pg_temp.model(old, now) NOT IN (old, now)), '>', 1000::bigint, 'that is neither the one nor the other');
-- the secrets that a rollback leaves, of those that nobody else says are none
SELECT is_empty($$SELECT i, secret FROM run JOIN node_configurations AS n ON n.node_id = 'n' || i,
	 LATERAL jsonb_path_query(config_json, 'strict $.**.*.** ? (@.type() == "string")') AS secret
	 WHERE i % 3 <> 0 AND secret #>> '{}' LIKE 's_%' AND strpos(now::text, secret::text) = 0
	   AND NOT jsonb_path_exists(old, '$.integrations.*.config.free.x ? (@ == $s)', jsonb_build_object('s', secret))$$,
	'and no secret is there that the node had not');

SELECT * FROM finish();
ROLLBACK;
