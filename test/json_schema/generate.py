"""Random field definitions and random configs for them, from a seeded source.

Definitions use the whole vocabulary; values come in every kind that a rule
could care about. Left out is what the two vocabularies do not share (see
doc/json_schema.md): line breaks, and characters beyond ASCII in a string that
has a pattern.
"""

TYPES = ["string", "secret", "integer", "number", "boolean", "array", "object"]

# format: (strings that have it, strings that do not)
FORMATS = {
    "uri": (["https://example.com/a?b=c#d", "mailto:a@example.com", "urn:isbn:0451450523"],
            ["", "example", "/a/b", "http://a b", "https://example.com/<x>"]),
    "hostname": (["example.com", "a", "x1-y.example", "localhost"],
                 ["", "-a.com", "a..b", "a_b.com", "x" * 64 + ".com"]),
    "email": (["a@example.com", "first.last+tag@mail.example"], ["", "nobody", "@example.com", "a@"]),
    "uuid": (["123e4567-e89b-12d3-a456-426614174000", "123E4567-E89B-12D3-A456-426614174000"],
             ["", "123e4567e89b12d3a456426614174000", "123e4567-e89b-12d3-a456-42661417400", "no"]),
    # JSON Schema has no such format, or only a wider one: bad ones are bad for that, too
    "http-url": (["https://example.com/a", "HTTP://a_b:8080"], ["", "example", "http://a b"]),
    "host": (["example.com.", "a_b", "::1", "10.0.0.1"], [""]),
    "date": (["2024-02-29", "1999-12-31"], ["", "2023-02-29", "2024-13-01", "20240101", "2024-1-1"]),
    "date-time": (["2024-02-29T12:00:00Z", "1999-12-31t23:59:59.5+01:00"],
                  ["", "2024-02-29", "2024-02-29T12:00Z", "2024-02-30T12:00:00Z", "2024-02-29 12:00:00Z"]),
}

# What of PostgreSQL's dialect one pattern is put together from: things that
# may be repeated, and places that may not.
ATOMS = ["a", "b", "c", "0", "1", "-", "_", " ", ".", "{", "}", "]", "\\.", "\\-", "\\@", "\\/", "\\{",
         "\\d", "\\w", "\\s", "\\D", "\\W", "\\S", "[ab]", "[^a-c]", "[]a]", "[^]b-]", "[-a]", "[a-]",
         "[[:digit:]]", "[^[:alpha:]]", "[[:alnum:]_-]", "[[:space:]]", "[[:upper:]x]", "[a[.]", "[\\]\\-a]",
         "[\\d_]", "[[:punct:]]", "[[:xdigit:]]", "[[:blank:]]", "[[:graph:]]", "[[:lower:]]",
         "\\x61", "\\u0062", "\\B"]
PLACES = ["\\m", "\\M", "\\y", "\\Y", "\\A", "\\Z", "^", "$", "[[:<:]]", "[[:>:]]", "(?#note)"]
REPEATS = ["*", "+", "?", "{2}", "{1,}", "{0,2}", "*?", "+?", "??"]
UNSHARED = ["(?i)abc", "***=a.c", "(a)\\1", "[[.a.]b]", "[[=a=]]", "\\U0001F600"]
ALPHABET = "aabbcc0011--__  AX.@/{}[]\\#"


def pattern(random, depth=0):
    parts = []
    for _ in range(random.randint(1, 3)):
        kind = random.random()
        if kind < 0.15:
            parts.append(random.choice(PLACES))
            continue
        if kind < 0.7 or depth == 2:
            part = random.choice(ATOMS)
        else:
            part = random.choice(["(%s)", "(?:%s)", "(%s|b)", "(?:a|%s)"]) % pattern(random, depth + 1)
        if random.random() < 0.3:
            # a brace that stands for itself must not be followed by a digit
            part += random.choice(REPEATS)
        parts.append(part)
    if depth == 0 and random.random() < 0.15:
        parts.append(random.choice(["(?=%s)", "(?!%s)"]) % random.choice(ATOMS))
    if depth == 0 and random.random() < 0.3:
        parts = ["^"] + parts + ["$"]
    return "".join(parts)


def text(random, plain=False):
    kind = random.random()
    if kind < 0.08:
        return ""
    if kind < 0.2 and not plain:
        return random.choice(["é", "naïve", "日本", "😀", "e\u0301", "😀😀😀"])
    return "".join(random.choice(ALPHABET) for _ in range(random.randint(1, 7)))


def number(random, integer=False):
    value = random.choice([0, 1, -1, 2, 3, 5, 7, 10, -10, 100, 10 ** 20, 1.0, 5.0])
    if not integer and random.random() < 0.4:
        value = random.choice([0.5, -2.5, 0.1, 3.25, 1e-7, 1e22])
    return value


def inner(random, depth):
    """A definition of something in a value: of scalars, whose blanks are no matter, and of more in them."""
    kind = random.choice(["integer", "boolean", "string", "secret"] + (["object", "variants", "array", "map"] if depth < 3 else []))
    if kind == "object":
        return {"type": "object", "fields": inner_fields(random, depth + 1)}
    if kind == "variants":
        return {"type": "object", "fields": inner_fields(random, depth + 1, "c"), "variants": {"by": "by", "choices": [
            {"value": "one", "fields": inner_fields(random, depth + 1)}, {"value": "two", "fields": inner_fields(random, depth + 1)}]}}
    if kind == "array":
        result = {"type": "array", "items": inner(random, depth + 1)}
        if result["items"]["type"] in ("integer", "boolean", "string") and random.random() < 0.3:
            result["unique_items"] = True
        return result
    if kind == "map":
        return {"type": "object", "values": inner(random, depth + 1), "keys": "^k"}
    if kind == "integer":
        return {"type": "integer", "exclusive_min": random.choice([-5, 0]), "multiple_of": random.choice([1, 2])}
    return {"type": kind, **({"allowed_values": ["u", "v"]} if kind == "string" else {})}


def inner_fields(random, depth, prefix=""):
    result = []
    for name in random.sample(["x", "y", "z-1"], random.randint(1, 3)):
        definition = {"name": prefix + name, **inner(random, depth)}
        if random.random() < 0.4:
            definition["required"] = True
        if definition["type"] in ("integer", "boolean", "string") and random.random() < 0.3:
            definition["default_value"] = {"integer": 2, "boolean": False, "string": "u"}[definition["type"]]
        strings = [other["name"] for other in result if other["type"] == "string"]
        # of what does not apply a schema still says what is required in it
        if strings and definition["type"] in ("integer", "boolean", "string", "secret") and random.random() < 0.5:
            definition["applies_when"] = {random.choice(strings): random.choice([["u"], ["v"], ["u", "v"]])}
        result.append(definition)
    return result


def inner_value(random, definition, careless):
    """A value for such a definition."""
    if careless and random.random() < 0.06:
        return random.choice([None, 7.5, "w", [], {}, [None], True, {"x": 1}, -4])
    if "items" in definition:
        return [inner_value(random, definition["items"], careless) for _ in range(random.randint(0, 2))]
    if "values" in definition:
        return {random.choice(["k1", "k2", "k2"] + (["j"] if careless else [])): inner_value(random, definition["values"], careless)
                for _ in range(random.randint(0, 2))}
    if definition["type"] == "object":
        members = list(definition["fields"])
        result = {}
        if "variants" in definition and random.random() < 0.9:
            choice = random.choice(definition["variants"]["choices"])
            members += choice["fields"]
            result["by"] = choice["value"]
        for member in members:
            if random.random() < 0.8:
                result[member["name"]] = inner_value(random, member, careless)
        if careless and random.random() < 0.05:
            result["other"] = 1
        return result
    return {"integer": random.choice([2, 4, 6] + ([3, 0, -6] if careless else [])), "boolean": random.random() < 0.5,
            "string": random.choice(["u", "v"]), "secret": random.choice(["s-1", "s-2"])}[definition["type"]]


def value(random, definition):
    """A value of the field's type, which may keep its rules or not."""
    kind = definition["type"]
    if any(key in definition for key in ("fields", "items", "values")):
        return inner_value(random, definition, random.random() < 0.4)
    if "allowed_values" in definition and random.random() < 0.8:
        return random.choice(definition["allowed_values"])
    if kind in ("string", "secret"):
        if "format" in definition and random.random() < 0.9:
            good, bad = FORMATS[definition["format"]]
            return random.choice(good * 3 + bad)
        return text(random, plain="pattern" in definition)
    if kind in ("integer", "number"):
        return number(random, kind == "integer")
    if kind == "boolean":
        return random.random() < 0.5
    if kind == "array":
        return [random.choice([1, "a", None, {"b": []}]) for _ in range(random.randint(0, 5))]
    return random.choice([{}, {"a": 1}, {"b": {"c": None}}])


def any_value(random, definition):
    """A value of any type at all, also of none."""
    kind = random.random()
    if kind < 0.12:
        return None
    if kind < 0.2:
        return ""
    if kind < 0.26:
        return random.choice([1.5, 7, "x", True, False, [], {}, [None], {"a": ""}])
    return value(random, definition)


def rules(random, definition):
    kind = definition["type"]
    if kind in ("string", "secret"):
        if random.random() < 0.25:
            definition["pattern"] = pattern(random)
        elif random.random() < 0.03:
            definition["pattern"] = random.choice(UNSHARED)
        if random.random() < 0.25:
            definition["format"] = random.choice(list(FORMATS))
            if definition["format"] in ("http-url", "host"):
                # as far as the two agree
                definition["allowed_values"] = FORMATS[definition["format"]][0]
        if random.random() < 0.1:
            definition["multiline"] = random.random() < 0.9
    if kind in ("integer", "number"):
        bounds = sorted([number(random), number(random)])
        if random.random() < 0.4:
            definition["min"] = bounds[0]
        if random.random() < 0.4:
            definition["max"] = bounds[1]
    if kind in ("string", "secret", "array"):
        if random.random() < 0.3:
            definition["min_length"] = random.choice([0, 1, 1, 2, 3])
        if random.random() < 0.3:
            definition["max_length"] = random.choice([3, 5, 8])
    if "allowed_values" not in definition and kind not in ("array", "object") and random.random() < 0.15:
        found = []
        for _ in range(random.randint(1, 4)):
            one = value(random, definition)
            if not any(one == other for other in found):
                found.append(one)
        definition["allowed_values"] = found


def fields(random):
    """The definitions of one integration."""
    names = random.sample(["a", "b", "c", "d", "Key", "_x", "url_2", "type", "required", "z" * 64],
                          random.randint(1, 7))
    result = []
    for name in names:
        definition = {"name": name, "type": random.choice(TYPES + ["string", "secret"])}
        others = [other for other in names if other != name] or [name]
        if random.random() < 0.25:
            while definition["type"] in TYPES and not any(key in definition for key in ("fields", "items", "values")):
                definition = {"name": name, **inner(random, 1)}
        else:
            rules(random, definition)
        if random.random() < 0.3:
            definition["required"] = random.random() < 0.9
        if random.random() < 0.25:
            definition["required_with"] = random.sample(others, random.randint(1, min(3, len(others))))
        if random.random() < 0.2:
            definition["required_unless"] = random.sample(others, random.randint(1, min(3, len(others))))
        nested = any(key in definition for key in ("fields", "items", "values"))
        if definition["type"] != "secret" and not nested and random.random() < 0.25:
            definition["default_value"] = value(random, definition)
        if random.random() < 0.3:
            definition["level"] = random.choice(["team", "org"])
        for key in ("display_name", "description", "placeholder", "x-hint"):
            if random.random() < 0.2:
                definition[key] = text(random)
        if random.random() < 0.1:
            definition["x-order"] = {"deep": [1, None]}
        result.append(definition)
    return result


def config(random, definitions):
    """A config for these definitions; about every second one keeps them all."""
    if random.random() < 0.02:
        return random.choice([None, [], "config", 5, True])
    result = {}
    careless = random.random() < 0.4
    for definition in definitions:
        if random.random() < (0.3 if careless else 0.1):
            continue
        result[definition["name"]] = (any_value if careless else value)(random, definition)
    if random.random() < 0.03:
        result["unknown"] = 1
    return result
