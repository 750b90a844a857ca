#!/usr/bin/python3
"""Is what the import accepts what an INSERT takes, and does it mean the same?

For random JSON Schemas, right and wrong ones: whatever row
integration_schema_from_json_schema returns is inserted. For random patterns of
ECMA-262's: what is imported matches what Python's re does, in which the
patterns are written alongside; where the pattern is right, it is imported.

Talks to the server as agrees.py does. The arguments, all optional: seed,
number of schemas, number of patterns.
"""
import json
import random as randomness
import re
import subprocess
import sys
import warnings

warnings.simplefilter("ignore")

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 20201228
nschemas = int(sys.argv[2]) if len(sys.argv) > 2 else 4000
npatterns = int(sys.argv[3]) if len(sys.argv) > 3 else 3000
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
    run = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-f", "-"], input=script,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
    if run.returncode != 0:
        sys.exit("psql: " + run.stderr)
    return run.stdout.splitlines()


def literal(value):
    return "'" + json.dumps(value).replace("'", "''") + "'"


#
# Patterns: each is put together twice, as ECMA-262 and as Python write it.
#
CHARACTERS = "abcXYZ019 _-.:/@#,;=~%&!'\"<>`"
SINGLES = [(c, re.escape(c)) for c in CHARACTERS] + [
    ("\\.", "\\."), ("\\-", "\\-"), ("\\/", "/"), ("\\]", "\\]"), ("\\[", "\\["), ("\\\\", "\\\\"), ("\\t", "\\t"),
    ("\\x41", "A"), ("\\u0062", "b"), ("\\u{63}", "c"), ("\\cJ", "\\n"), ("^", "\\^"), ("$", "\\$"), ("*", "\\*"),
    ("+", "\\+"), ("(", "\\("), (")", "\\)"), ("{", "\\{"), ("}", "\\}"), ("|", "\\|"), ("?", "\\?"), ("[", "\\["),
    ("\\b", "\\x08"), ("é", "é"), ("ü", "ü")]
SETS = [(s, s) for s in ("\\d", "\\D", "\\w", "\\W", "\\s", "\\S")]
OUTSIDE = [(c, re.escape(c)) for c in CHARACTERS if c != "."] + [
    (".", "."), ("\\.", "\\."), ("\\/", "/"), ("\\-", "\\-"), ("\\$", "\\$"), ("\\x41", "A"), ("\\u0062", "b"),
    ("\\u{63}", "c"), ("\\t", "\\t"), ("é", "é"), ("]", "\\]"), ("}", "\\}")] + SETS
PLACES = [("^", "^"), ("$", "\\Z"), ("\\b", "\\b"), ("\\B", "\\B"), ("(?=a)", "(?=a)"), ("(?!b)", "(?!b)"),
          ("(?<=a)", "(?<=a)"), ("(?<!b)", "(?<!b)")]


def character_class():
    """A class; its hyphens are read as ECMA-262 has it, from the left."""
    negated = random.random() < 0.25
    items = []
    for _ in range(random.randint(1, 5)):
        kind = random.random()
        if kind < 0.3:
            low, high = random.choice(["az", "AZ", "09", "ac", "+/", "!~", "xa", "aé"])
            items += [(low, re.escape(low)), "-", (high, re.escape(high))]
        elif kind < 0.55:
            items.append("-")
        elif kind < 0.7:
            items.append(random.choice(SETS))
        else:
            items.append(random.choice(SINGLES))
    if not negated and items[0] != "-" and items[0][0] == "^":
        items = items[1:] or ["-"]
    ecma = "".join(item if item == "-" else item[0] for item in items)
    atoms = [("-", "\\-") if item == "-" else item for item in items]
    python, wrong, i = "", False, 0
    while i < len(atoms):
        here = atoms[i]
        if (i + 2 < len(atoms) and atoms[i + 1][0] == "-" and here not in SETS and atoms[i + 2] not in SETS):
            low, high = (re.sub(r"^\\x08$", "\b", a[1]) for a in (here, atoms[i + 2]))
            low, high = ({"\\t": "\t", "\\n": "\n"}.get(c, c[-1]) for c in (low, high))
            wrong |= low > high
            python += here[1] + "-" + atoms[i + 2][1]
            i += 3
        else:
            python += here[1]
            i += 1
    return ("[" + ("^" if negated else "") + ecma + "]", "[" + ("^" if negated else "") + python + "]", wrong)


def quantifier(many):
    low = random.choice([0, 1, 2, 3])
    high = random.choice([3, 4, 7] + ([255, 256] if many else [])) if random.random() < 0.3 else low + 2
    text = random.choice(["*", "+", "?", "{%d}" % low, "{%d,}" % low, "{%d,%d}" % (low, high)])
    return text, text + ("?" if random.random() < 0.1 else ""), "256" in text


def pattern(depth=0):
    """A pattern of ECMA-262, what Python writes for it, and whether it is wrong."""
    ecma = python = ""
    wrong = False
    for _ in range(random.randint(1, 3)):
        kind = random.random()
        if kind < 0.12:
            e, p = random.choice(PLACES)
        else:
            w = False
            many = kind < 0.8        # of a group it could be too complex for the engine
            if kind < 0.45:
                e, p, w = character_class()
            elif kind < 0.8 or depth == 2:
                e, p = random.choice(OUTSIDE)
            else:
                e, p, w = pattern(depth + 1)
                form = random.choice(["(%s)", "(?:%s)", "(%s|b)", "(?:a|%s)", "(?<n" + str(random.randrange(10 ** 9)) + ">%s)"])
                e, p = form % e, re.sub(r"^\(\?<n", "(?P<n", form) % p
            wrong |= w
            if random.random() < 0.3:
                plain, text, w = quantifier(many)
                e, p = e + text, "(?:" + p + ")" + plain
                wrong |= w
            elif random.random() < 0.03:
                e, p = e + "{,2}", p + "\\{,2\\}"
        ecma, python = ecma + e, python + p
    if depth == 0 and random.random() < 0.3:
        ecma, python = "^" + ecma + "$", "^" + python + "\\Z"
    return ecma, python, wrong


def subject():
    return "".join(random.choice("aabbcXYZ0019  __--..:/@[]{}^$*+?|~\téü") for _ in range(random.randint(1, 6)))


print("# seed %d" % seed)
patterns = []
while len(patterns) < npatterns:
    ecma, python, wrong = pattern()
    if not wrong:
        try:
            python = re.compile(python, re.ASCII)
        except re.error:
            continue
    patterns.append((ecma, python, wrong, [subject() for _ in range(12)]))

script = ["""SET client_min_messages = error;
CREATE FUNCTION pg_temp.matches(ecma text, subjects text[]) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
	answer boolean[];
	translated text;
BEGIN
	translated := fields #>> '{0,pattern}' FROM integration_schema_from_json_schema('p', 'P', 'p',
		jsonb_build_object('properties', jsonb_build_object('a', jsonb_build_object('type', 'string', 'pattern', ecma))));
	SELECT array_agg(s ~ translated ORDER BY n) INTO answer FROM unnest(subjects) WITH ORDINALITY AS u (s, n);
	RETURN json_build_array(translated, answer);
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN json_build_array(NULL, NULL);
END $$;"""]
for ecma, _, _, subjects in patterns:
    script.append("SELECT pg_temp.matches(%s::jsonb #>> '{}', ARRAY(SELECT pg_catalog.jsonb_array_elements_text(%s)));"
                  % (literal(ecma), literal(subjects)))
imported, refused, accepted, different = 0, [], [], []
for (ecma, python, wrong, subjects), line in zip(patterns, psql("\n".join(script))):
    translated, answers = json.loads(line)
    if wrong:
        if translated is not None:
            accepted.append("%s as %s" % (ecma, translated))
        continue
    if translated is None:
        refused.append(ecma)
        continue
    imported += 1
    for text, answer in zip(subjects, answers):
        if answer != (python.search(text) is not None):
            different.append("%s as %s, %s: %s" % (ecma, translated, json.dumps(text), answer))
print("# %d patterns imported" % imported)
ok(imported > npatterns / 2, "most of the random patterns are imported", imported)
ok(not refused, "a pattern that is right is imported", len(refused), *refused)
ok(not accepted, "one that is wrong is refused", len(accepted), *accepted)
ok(not different, "an imported pattern means the same", len(different), *different)

#
# Schemas, right and wrong.
#
NAMES = ["a", "b", "c", "url", "Key_2"]


def scalar():
    return random.choice(["", "a", "abc", "  ", "é", 0, 1, -1, 5, 2.5, 1e30, True, False, None, [], {}, [1], {"a": 1}])


def one_property(depth=0):
    result = {}
    if random.random() < 0.9:
        result["type"] = random.choice(["string", "string", "string", "integer", "number", "boolean", "array", "object",
                                        ["string", "null"], ["null", "integer"], "null", "secret", 5])
    for keyword, values in (
            ("minLength", [0, 1, 3, -1, 2.5, 10 ** 12, "1"]), ("maxLength", [0, 2, 3, 1e3]), ("minItems", [0, 1, 2]),
            ("maxItems", [1, 2, 10 ** 11]), ("minimum", [0, 1, -2.5, "0"]), ("maximum", [0, 5, 10 ** 40]),
            ("format", ["uri", "email", "date", "password", "int64", 5]), ("title", ["T", 5]), ("examples", [["e"], [5], [None], [], "e"]),
            ("writeOnly", [True, False, "yes"]), ("secret", [True, 0]), ("order", [1, 2, "1"]), ("uniqueItems", [True, False]),
            ("additionalProperties", [True, False, {}]), ("items", [{}, True, {"type": "string"}]), ("multipleOf", [2]),
            ("x-a", [None, 1, {"b": [1]}]), ("x-order", [5]), ("default", None), ("const", None), ("required", [[], True, False])):
        if random.random() < 0.04:
            result[keyword] = random.choice(values) if values is not None else scalar()
    if random.random() < 0.12:
        result["enum"] = [scalar() if random.random() < 0.3 else random.choice(["a", "abc", "b"]) for _ in range(random.randint(0, 4))]
    if random.random() < 0.15:
        result["pattern"] = pattern()[0]
    if depth < 2 and random.random() < 0.15:
        keyword = random.choice(["allOf", "anyOf", "oneOf"])
        result[keyword] = [one_property(depth + 1) for _ in range(random.choice([1, 1, 1, 2]))]
        if random.random() < 0.5:
            result[keyword].append({"type": "null"})
        if random.random() < 0.5:
            result.pop("type", None)
    if random.random() < 0.08:
        result["$ref"] = random.choice(["#/$defs/one", "#/properties/a", "#/$defs/none", "other.json"])
    return result


def condition():
    result = {"if": random.choice([{"required": [random.choice(NAMES)]},
                                   {"anyOf": [{"required": [random.choice(NAMES)]} for _ in range(random.randint(1, 3))]}])}
    for branch in random.choice([["then"], ["else"], ["then", "else"], []]):
        result[branch] = {"required": [random.choice(NAMES)]}
    return result


def whole():
    names = random.sample(NAMES + (["1x", "a-b", "", "x" * 65] if random.random() < 0.05 else []), random.randint(1, 4))
    result = {"properties": {name: one_property() for name in names}, "$defs": {"one": one_property(1)}}
    if random.random() < 0.3:
        result["required"] = random.sample(names, 1)
    if random.random() < 0.2:
        result[random.choice(["dependentRequired", "dependencies"])] = {
            random.choice(names): [random.choice(names) for _ in range(random.randint(0, 3))] for _ in range(2)}
    if random.random() < 0.2:
        result["allOf"] = [condition() for _ in range(random.randint(1, 3))]
    if random.random() < 0.2:
        result["x-definition"] = {name: {"required": random.random() < 0.5, "required_with": [random.choice(NAMES)],
                                         "min_length": random.choice([0, 1, -1, "a"]), "pattern": random.choice(["a", "(", 5])}
                                  for name in names}
    if random.random() < 0.1:
        result["x-level"] = {name: random.choice(["team", "org", 5]) for name in names}
    return result


script = ["""SET client_min_messages = error;
CREATE FUNCTION pg_temp.fate(given jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	BEGIN
		PERFORM integration_schema_from_json_schema('fate', 'F', 'fate', given);
	EXCEPTION WHEN invalid_parameter_value THEN
		RETURN 'refused';
	END;
	INSERT INTO integration_schemas SELECT * FROM integration_schema_from_json_schema('fate', 'F', 'fate', given);
	PERFORM integration_schema_json_schema('fate');
	DELETE FROM integration_schemas WHERE id = 'fate';
	RETURN 'inserted';
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate || ' ' || sqlerrm;
END $$;
BEGIN;"""]
schemas = [whole() for _ in range(nschemas)]
script += ["SELECT pg_temp.fate(%s);" % literal(schema) for schema in schemas]
fates = psql("\n".join(script + ["ROLLBACK;"]))
wrong = ["%s: %s" % (fate, literal(schema)) for schema, fate in zip(schemas, fates) if fate not in ("inserted", "refused")]
print("# %d schemas inserted, %d refused" % (fates.count("inserted"), fates.count("refused")))
ok(not wrong, "what the import returns an INSERT takes", len(wrong), *wrong)
ok(nschemas / 10 < fates.count("inserted") < nschemas * 0.9, "the schemas are neither all right nor all wrong")

sys.exit(1 if failures else 0)
