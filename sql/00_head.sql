-- integration_schemas: what CREATE EXTENSION runs. Built from the parts in sql/.
\echo Use "CREATE EXTENSION integration_schemas" to load this file. \quit
