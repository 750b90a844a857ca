-- The table, in Markdown.

SELECT format('%s, %s processors, load %s; %s s in all. Documents: catalogue %s bytes as jsonb, organisation %s, team %s, answer %s.',
              split_part(version(), ' on ', 1), :'processors', :'load', :elapsed,
              octets.catalogue, octets.organisation, octets.team, octets.answer)
  FROM (SELECT pg_column_size(catalogue || '{}') AS catalogue, pg_column_size(organisation || '{}') AS organisation,
               pg_column_size(team || '{}') AS team, pg_column_size(integration_schema_config(organisation, team)) AS answer
          FROM bench.input) AS octets;
\echo
\echo '| call | target | figure | ratio | lowest–highest | |'
\echo '| --- | --- | --- | --- | --- | --- |'
SELECT format('| %s | %s | %s | %s | %s | %s |', call, target, figure, ratio, spread,
              CASE WHEN ok THEN 'met' WHEN NOT ok THEN '**missed**' ELSE '' END)
  FROM bench.figure
 ORDER BY number;
\echo
SELECT CASE count(*) FILTER (WHERE NOT ok)
            WHEN 0 THEN format('All %s targets measured are met.', count(ok))
            ELSE format('%s of %s targets MISSED: %s.', count(*) FILTER (WHERE NOT ok), count(ok),
                        string_agg(call, '; ' ORDER BY number) FILTER (WHERE NOT ok)) END
       || coalesce(format(' Not there to be measured: %s.', string_agg(call, '; ' ORDER BY number) FILTER (WHERE figure = 'not there')), '')
  FROM bench.figure;
