#!/usr/bin/python3
"""Does our validation agree with an independent JSON Schema validator?

For random field definitions and random configs: a config passes our
validation (level "effective", the integration being required, so in use)
exactly when python3-jsonschema passes it against the schema that
integration_schema_json_schema gives. And the import gives the definitions
back; without the export's annotations, what passes the one passes the other.

Talks to the server through psql, by its usual environment. Prints a line "ok
..." or "not ok ..." for each promise, and "# ..." for the rest. The arguments,
all optional: seed, number of integrations, number of configs for each.
"""
import copy
import datetime
import json
import os
import random as randomness
import re
import subprocess
import sys
import warnings

from jsonschema import Draft202012Validator, FormatChecker

import generate

warnings.simplefilter("ignore", FutureWarning)

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 20201228
nintegrations = int(sys.argv[2]) if len(sys.argv) > 2 else 150
nconfigs = int(sys.argv[3]) if len(sys.argv) > 3 else 30
random = randomness.Random(seed)
failures = 0


def ok(passed, promise, *notes):
    global failures
    print(("ok " if passed else "not ok ") + promise)
    if not passed:
        failures += 1
        for note in notes[:5]:
            print("# " + str(note))


def psql(script):
    """What the script prints, as a list of lines."""
    run = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-f", "-"], input=script,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
                         env=dict(os.environ, PGOPTIONS="-c client_min_messages=warning"))
    if run.returncode != 0:
        sys.exit("psql: " + run.stderr)
    return run.stdout.splitlines()


def literal(value):
    return "'" + json.dumps(value, ensure_ascii=False).replace("'", "''") + "'"


# The formats, as the documents that the standard names for them have them.
# jsonschema's own checkers depend on what else is installed.
checker = FormatChecker(formats=[])
FORMATS = {
    "uri": r"[A-Za-z][A-Za-z0-9+.-]*:([A-Za-z0-9._~:/?#@!$&'()*+,;=\[\]-]|%[0-9A-Fa-f]{2})*",
    "hostname": r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
                r"(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*",
    "email": r"[A-Za-z0-9._+-]+@[A-Za-z0-9]+(\.[A-Za-z0-9]+)*",
    "uuid": r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
    "date": r"\d{4}-\d\d-\d\d",
    "date-time": r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)",
}


def has_format(name, value):
    if not isinstance(value, str):
        return True
    if re.fullmatch(FORMATS[name], value, re.ASCII) is None:
        return False
    if name.startswith("date"):
        try:
            datetime.date.fromisoformat(value[:10])
        except ValueError:
            return False
    return True


for name in FORMATS:
    checker.checks(name)(lambda value, name=name: has_format(name, value))


def install(rows):
    """Insert integrations, of which the server may refuse some (a default
    that breaks its own rules, say); returns the ids of those it took."""
    script = ["SET client_min_messages = error;",
              "CREATE FUNCTION pg_temp.install(id text, fields jsonb) RETURNS text LANGUAGE plpgsql AS $$",
              "BEGIN INSERT INTO integration_schemas (id, name, category, description, required, fields)",
              "VALUES (id, 'Name of ' || id, 'test', '', true, fields); RETURN id;",
              "EXCEPTION WHEN OTHERS THEN RETURN '- ' || id || ': ' || sqlerrm; END $$;"]
    script += ["SELECT pg_temp.install('%s', %s);" % (id, literal(fields)) for id, fields in rows.items()]
    return [line for line in psql("\n".join(script)) if not line.startswith("- ")]


def violations(document):
    """The codes of the errors that our validation has for each integration's config."""
    codes = {}
    for line in psql("SELECT pg_catalog.json_build_array(integration, code) FROM integration_schema_validate("
                     + literal(document) + ", 'effective') WHERE severity = 'error';"):
        integration, code = json.loads(line)
        codes.setdefault(integration, set()).add(code)
    return codes


def normal(definitions):
    """Definitions without what says only the default."""
    result = copy.deepcopy(definitions)
    for definition in result:
        for key, default in (("type", "string"), ("required", False), ("level", "org"), ("multiline", False)):
            if definition.get(key) == default:
                del definition[key]
    return result


print("# seed %d" % seed)
psql("DELETE FROM integration_schemas WHERE category = 'test';")
generated = {"i%03d" % i: generate.fields(random) for i in range(nintegrations)}
taken = install(generated)
integrations = {id: generated[id] for id in taken}
ok(len(taken) >= nintegrations * 0.6, "the server takes most of the random definitions",
   "%d of %d" % (len(taken), nintegrations))

# The schemas, and the import of each: with our annotation, and without.
schemas, plain = {}, []
lost, changed = [], []
plains = set()
for line in psql("""
        SELECT pg_catalog.json_build_array(s.id, e.schema, i.fields)
          FROM integration_schemas AS s,
               LATERAL (SELECT integration_schema_json_schema(s.id, formats => true)) AS e (schema),
               LATERAL integration_schema_from_json_schema(s.id, s.name, s.category,
                                                           integration_schema_json_schema(s.id, 'effective', true, true)) AS i
         WHERE s.category = 'test';
        INSERT INTO integration_schemas
        SELECT i.* FROM integration_schemas AS s,
               LATERAL integration_schema_from_json_schema('again_' || s.id, s.name, s.category,
                                                           integration_schema_json_schema(s.id, annotations => true)) AS i
         WHERE s.category = 'test';
        SELECT pg_catalog.json_build_array(substr(id, 7)) FROM integration_schemas
         WHERE id LIKE 'again\\_%'
           AND integration_schema_json_schema(id) <> integration_schema_json_schema(substr(id, 7));
        DELETE FROM integration_schemas WHERE id LIKE 'again\\_%';
        INSERT INTO integration_schemas
        SELECT i.* FROM integration_schemas AS s,
               LATERAL integration_schema_from_json_schema('plain_' || s.id, s.name, s.category,
                           integration_schema_json_schema(s.id, formats => true)) AS i
         WHERE s.category = 'test' AND NOT EXISTS (SELECT FROM integration_schema_import_problems(integration_schema_json_schema(s.id, formats => true)));
        UPDATE integration_schemas SET required = true WHERE id LIKE 'plain\\_%';
        SELECT pg_catalog.json_build_array(id, 'plain') FROM integration_schemas WHERE id LIKE 'plain\\_%';"""):
    row = json.loads(line)
    if len(row) == 1:
        changed.append(row[0])
        continue
    if len(row) == 2:
        plains.add(row[0])
        continue
    id, schemas[id], fields = row
    if normal(fields) != normal(integrations[id]):
        lost.append("%s: %s" % (literal(integrations[id]), literal(fields)))
ok(len(schemas) == len(taken) and not lost, "the import gives the exported definitions back", *lost)
ok(len(plains) > len(taken) * 0.9, "nearly all are imported from the standard keywords alone", "%d of %d" % (len(plains), len(taken)))
ok(not changed, "the export of what was imported is the same schema", *changed)

invalid = []
for id, schema in schemas.items():
    try:
        Draft202012Validator.check_schema(schema)
    except Exception as error:
        invalid.append("%s: %s" % (literal(schema), error.message))
ok(not invalid, "what is exported is a schema of draft 2020-12", *invalid)


def left_out(id):
    """Has the integration a pattern that ECMA-262 cannot say?"""
    return any("pattern" in definition and "pattern" not in json.dumps(schemas[id]["properties"][definition["name"]])
               for definition in integrations[id])


ok(any(map(left_out, taken)), "patterns that ECMA-262 does not know are left out")
compared = [id for id in taken if not left_out(id)]
validators = {id: Draft202012Validator(schemas[id], format_checker=checker) for id in compared}

def is_text(definition):
    return definition["type"] in ("string", "secret")


def is_blank(value):
    return isinstance(value, str) and not value.strip()


def lacks_its_default(definitions, config):
    """Is a field that must have a value, and has a default, given a blank one? A schema does not say that it must
    have one, since the default stands where nothing is given."""
    if not isinstance(config, dict):
        return False
    defaults = {definition["name"] for definition in definitions if definition.get("default_value") is not None}

    def has_value(name):
        value = config.get(name)
        return name in defaults if value is None else not is_blank(value)

    return any(
        definition["name"] in defaults and is_blank(config.get(definition["name"])) and
        (definition.get("required", False) or any(map(has_value, definition.get("required_with", [])))
         or (definition.get("required_unless") and not any(map(has_value, definition["required_unless"]))))
        for definition in definitions)


def passes(validator, demands, definitions, config):
    """What the validator says of a config. An empty string is no value here, and a blank one none for what is
    required; a schema says neither, so whoever asks it leaves them out."""
    if not isinstance(config, dict):
        return validator.is_valid(config)
    texts = {definition["name"] for definition in definitions if is_text(definition)}
    given = {name: value for name, value in config.items() if not (name in texts and value == "")}
    present = {name: value for name, value in given.items()
               if not (name in texts and isinstance(value, str) and not value.strip())}
    return validator.is_valid(given) and demands.is_valid(present)


def has_outer_space(definitions, config):
    """Has a secret white space around it? A schema does not say that it must not."""
    return isinstance(config, dict) and any(
        definition["type"] == "secret" and isinstance(config.get(definition["name"]), str)
        and config[definition["name"]] != config[definition["name"]].strip() for definition in definitions)


demands = {id: Draft202012Validator({key: value for key, value in schemas[id].items() if key in ("required", "allOf")})
           for id in compared}

# One document has a config for every integration, so the server reads few.
cases, disagreements, plainly, spaces = [], [], [], []
for _ in range(nconfigs):
    configs = {id: generate.config(random, integrations[id]) for id in compared}
    entries = {id: {"config": config} for id, config in configs.items()}
    entries.update({"plain_" + id: {"config": config} for id, config in configs.items() if "plain_" + id in plains})
    found = violations({"integrations": entries})
    for id, config in configs.items():
        codes = found.get(id, set())
        cases.append((id, config, codes))
        keywords = passes(validators[id], demands[id], integrations[id], config)
        theirs = keywords and not lacks_its_default(integrations[id], config)
        plain = found.get("plain_" + id, set())
        for some in (codes, plain) if "plain_" + id in plains else (codes,):
            if ("characters" in some) != has_outer_space(integrations[id], config):
                spaces.append("%s\n# config %s\n# ours %s" % (id, literal(config), sorted(some)))
        if theirs != (not codes - {"characters"}):
            errors = [error.message for error in validators[id].iter_errors(config)]
            disagreements.append("%s\n# fields %s\n# config %s\n# ours %s, theirs %s" % (
                id, literal(integrations[id]), literal(config), sorted(codes), errors))
        if not codes - {"characters"} and plain - {"characters"}:
            plainly.append("%s\n# fields %s\n# config %s\n# ours %s" % (
                id, literal(integrations[id]), literal(config), sorted(found.get("plain_" + id, set()))))

passed = sum(not codes for _, _, codes in cases)
print("# %d configs, of which %d pass" % (len(cases), passed))
ok(not disagreements, "a config passes here exactly when it passes the independent validator",
   "%d of %d" % (len(disagreements), len(cases)), *disagreements)
ok(not spaces, "white space around a secret is refused", "%d of %d" % (len(spaces), len(cases)), *spaces)
ok(not plainly, "what passes is right by definitions imported from the standard keywords alone, too",
   "%d of %d" % (len(plainly), len(cases)), *plainly)
ok(0.2 < passed / len(cases) < 0.8, "the configs are neither all right nor all wrong")

# Would the comparison notice? With each rule taken out on either side, some
# config must be judged differently.
for code in ("type", "allowed_values", "pattern", "format", "range", "length", "required",
             "unknown_field", "structure"):
    ok(any(codes == {code} for _, _, codes in cases), "some config breaks the rule %s and no other" % code)


def without(schema, keyword):
    """The schema less a keyword, at its root and in its properties."""
    result = copy.deepcopy(schema)
    for place in [result] + list(result["properties"].values()):
        if keyword == "null" and isinstance(place.get("type"), list):
            place["type"] = place["type"][0]
        place.pop(keyword, None)
    return result


for keyword in ("type", "null", "enum", "pattern", "format", "minimum", "maximum", "minLength", "maxLength",
                "minItems", "maxItems", "required", "allOf", "additionalProperties"):
    broken = {id: Draft202012Validator(without(schemas[id], keyword), format_checker=checker)
              for id in compared if without(schemas[id], keyword) != schemas[id]}
    ok(any(id in broken and passes(broken[id], broken[id] if keyword in ("required", "allOf") else demands[id],
                                   integrations[id], config) != (not codes - {"characters"})
           for id, config, codes in cases),
       "a schema without %s would be noticed" % keyword)

psql("DELETE FROM integration_schemas WHERE category = 'test';")
sys.exit(1 if failures else 0)
