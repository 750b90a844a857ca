-- The formats of hosts, addresses, times and durations: what is of each, and what
-- is not.

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS integration_schemas;

SELECT no_plan();

INSERT INTO integration_schemas (id, name, category, description, fields)
SELECT 'formats', 'Formats', 'test', '', jsonb_agg(jsonb_build_object('name', format, 'format', format))
FROM unnest(ARRAY['host', 'host-port', 'ipv4', 'ipv6', 'cidr', 'time', 'duration']) AS format;

SELECT is(integration_schema_is_valid(jsonb_build_object('integrations', jsonb_build_object('formats', jsonb_build_object('config',
		  jsonb_build_object(format, value))))), matches, format || CASE WHEN matches THEN ': ' ELSE ', not: ' END || value)
FROM (VALUES
	('host-port', true, ARRAY['a:1', 'db.internal:5432', 'kafka_1.:9092', '10.0.0.1:65535', '[::1]:80', '[2001:db8::1]:443']),
	('host-port', false, ARRAY['a', 'a:', 'a:0', 'a:65536', 'a:x', ':80', '::1:80', '[::1]', '[::1:80', 'a:1:2', 'http://a:1', 'a:1/', '256.1.1.1:80', 'a b:1']),
	('ipv4', true, ARRAY['0.0.0.0', '255.255.255.255', '10.1.2.3']),
	('ipv4', false, ARRAY['1.2.3', '1.2.3.4.5', '256.1.1.1', '01.2.3.4', '1.2.3.4 ', '::1', '1.2.3.x', '1.2.3.4/8']),
	('ipv6', true, ARRAY['::', '::1', '2001:db8::1', '1:2:3:4:5:6:7:8', '::ffff:10.0.0.1', 'fe80::1:2:3:4']),
	('ipv6', false, ARRAY['1:2:3:4:5:6:7', ':::', '1::2::3', '12345::', '::1%eth0', '[::1]', '10.0.0.1', 'g::']),
	('cidr', true, ARRAY['10.0.0.0/8', '0.0.0.0/0', '10.1.2.3/32', '2001:db8::/32', '::/0', '::1/128']),
	('cidr', false, ARRAY['10.0.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/08', '::/129', '10.0.0/8', '10.0.0.0/8/8', '::1/-1', 'a/8']),
	('time', true, ARRAY['00:00:00Z', '23:59:59.123+02:00', '23:59:60Z', '12:00:00z']),
	('time', false, ARRAY['24:00:00Z', '12:00Z', '12:00:00', '12:60:00Z', '2020-01-01T12:00:00Z']),
	('duration', true, ARRAY['P1Y', 'P1Y2M3D', 'PT15M', 'P3DT12H', 'P2W', 'PT1H2M3S', 'P1M2DT1S']),
	('duration', false, ARRAY['P', 'PT', '1D', 'P1', 'P1H', 'PT1D', 'P1Y2D', 'P1W2D', 'P1DT', 'PT1.5S', 'p1d', 'P-1D', 'P1D2M']),
	('host', true, ARRAY['localhost', 'a_b.c.', '::1', '1.2.3.4']),
	('host', false, ARRAY['1.2.3', '-a', 'a..b', 'a:1', '[::1]'])
) AS v (format, matches, list), unnest(list) AS value;

SELECT * FROM finish();
ROLLBACK;
