#!/usr/bin/env python3
"""Holds messages to the published contract.

Without arguments: checks the schemas themselves, every reference, the examples and asyncapi.yaml.
With --events: checks CloudEvents, one JSON object a line, each by its `type`.
With --schema NAME: checks bare documents against one schema: the data of an event (`--schema result.final`), a
model folder's description (`--schema model`) or an envelope (`--schema envelope`). A file named *.jsonl or *.ndjson
is read line by line, any other as one document; `-` is the standard input, read line by line.

Needs jsonschema (4.10 or newer) and, for asyncapi.yaml, PyYAML. Uses no network.
Exit status: 0 everything holds, 1 something does not, 2 wrong use or a missing package.
Messages name file, line and field; they never repeat a value, since values may be patient data.
"""

import argparse
import contextlib
import datetime
import json
import math
import pathlib
import re
import sys

try:
    import jsonschema
except ImportError:
    print("validate.py: needs the Python package jsonschema (Debian: python3-jsonschema)", file=sys.stderr)
    sys.exit(2)

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
EVENT_TYPE = re.compile(r"^org\.oncorelay\.([a-z.]+)\.v1$")
URN = "urn:oncorelay:schema:"
SUM_TOLERANCE = 1e-3


class Contract:
    """The schemas of the contract, by their `$id`."""

    def __init__(self, folder):
        self.files = {}
        self.schemas = {}
        for path in sorted(folder.glob("*.schema.json")):
            schema = json.loads(path.read_text(encoding="utf-8"))
            self.files[schema.get("$id", path.name)] = path
            self.schemas[schema.get("$id", path.name)] = schema
        self.formats = jsonschema.FormatChecker(formats=())
        self.formats.checks("date-time", raises=ValueError)(is_date_time)
        self.formats.checks("uuid", raises=ValueError)(is_uuid)
        self.validators = {}

    def identifier(self, name):
        """`result.final`, `org.oncorelay.result.final.v1` or `urn:oncorelay:schema:result.final:v1` as `$id`."""
        match = EVENT_TYPE.match(name)
        identifier = name if name.startswith(URN) else f"{URN}{match.group(1) if match else name}:v1"
        return identifier if identifier in self.schemas else None

    def validator(self, identifier):
        if identifier not in self.validators:
            schema = self.schemas[identifier]
            self.validators[identifier] = make_validator(schema, self.schemas, self.formats)
        return self.validators[identifier]

    def problems(self, identifier, instance):
        """What is wrong with an instance, as texts that name the field."""
        errors = sorted(self.validator(identifier).iter_errors(instance), key=lambda error: list(map(str, error.path)))
        found = [explain(leaf) for error in errors for leaf in leaves(error)]
        return list(dict.fromkeys(found))


def make_validator(schema, schemas, formats):
    try:
        import referencing
        import referencing.jsonschema

        draft = referencing.jsonschema.DRAFT202012
        registry = referencing.Registry().with_resources(
            (identifier, referencing.Resource(contents=one, specification=draft)) for identifier, one in schemas.items()
        )
        return jsonschema.Draft202012Validator(schema, registry=registry, format_checker=formats)
    except ImportError:  # jsonschema before 4.18, as in Debian 12
        resolver = jsonschema.RefResolver.from_schema(schema, store=dict(schemas))
        return jsonschema.Draft202012Validator(schema, resolver=resolver, format_checker=formats)


def is_date_time(value):
    if isinstance(value, str):
        if not re.match(r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)\Z", value):
            raise ValueError("not RFC 3339")
        datetime.datetime.strptime(value[:10] + value[11:19], "%Y-%m-%d%H:%M:%S")
    return True


def is_uuid(value):
    if isinstance(value, str) and not re.match(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z", value):
        raise ValueError("not a UUID")
    return True


def leaves(error):
    """The errors that say most: of alternatives, those of the one that came nearest."""
    if not error.context:
        return [error]
    branches = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    if all(inner.validator == "required" for inner in error.context):
        return [error]
    nearest = max(branches.values(), key=lambda group: (max(len(inner.path) for inner in group), -len(group)))
    return [leaf for inner in nearest for leaf in leaves(inner)]


def field_of(path):
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else ("." if text else "") + str(part)
    return text or "the whole document"


def explain(error):
    """What was expected of a field. The value that came is not repeated: it may be patient data."""
    field = field_of(error.absolute_path)
    word, wanted = error.validator, error.validator_value
    if word == "required":
        missing = [name for name in wanted if name not in error.instance]
        return f"{field}: lacks {', '.join(missing)}"
    if word == "additionalProperties":
        unknown = sorted(set(error.instance) - set(error.schema.get("properties", {})))
        return f"{field}: has properties that the contract does not know: {', '.join(unknown)}"
    if word in ("enum", "const"):
        allowed = wanted if word == "enum" else [wanted]
        return f"{field}: expected {' or '.join(json.dumps(one) for one in allowed)}"
    if word in ("anyOf", "oneOf"):
        choices = [" and ".join(choice["required"]) for choice in wanted if "required" in choice]
        amount = "exactly one" if word == "oneOf" else "at least one"
        return f"{field}: expected {amount} of: {'; '.join(choices) or 'the alternatives in the schema'}"
    phrases = {
        "type": f"expected {' or '.join([wanted] if isinstance(wanted, str) else wanted)}" if word == "type" else "",
        "pattern": f"does not match {wanted}",
        "format": f"is not a {wanted}",
        "minimum": f"expected at least {wanted}",
        "maximum": f"expected at most {wanted}",
        "exclusiveMinimum": f"expected more than {wanted}",
        "minItems": f"expected at least {wanted} items",
        "maxItems": f"expected at most {wanted} items",
        "minLength": f"expected at least {wanted} characters",
        "maxLength": f"expected at most {wanted} characters",
        "not": "is not allowed here",
    }
    return f"{field}: {phrases.get(word, f'breaks the rule {word!r}')}"


def strict_loads(text):
    """JSON as the contract takes it: no NaN or Infinity, no key twice."""

    def refuse(word):
        raise ValueError(f"{word} is not JSON")

    def pairs(items):
        keys = [key for key, _ in items]
        if len(set(keys)) != len(keys):
            raise ValueError("a key stands twice in one object")
        return dict(items)

    if isinstance(text, bytes):
        text = text.decode("utf-8")
    return json.loads(text, parse_constant=refuse, object_pairs_hook=pairs)


def sums(value, path=()):
    """`probabilities` that do not sum to one: more than a schema can say."""
    if isinstance(value, dict):
        leaves_of = value.get("probabilities")
        if isinstance(leaves_of, dict) and leaves_of:
            numbers = [one for one in leaves_of.values() if isinstance(one, (int, float))]
            if abs(math.fsum(numbers) - 1) > SUM_TOLERANCE:
                yield f"{field_of(path + ('probabilities',))}: sums to {math.fsum(numbers):.6f}, expected 1"
        for key, inner in value.items():
            yield from sums(inner, path + (key,))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from sums(inner, path + (index,))


def event_problems(contract, event):
    """What is wrong with one CloudEvent: its envelope, its data by its type, and what schemas cannot say."""
    found = contract.problems(f"{URN}envelope:v1", event)
    if isinstance(event, dict) and isinstance(event.get("data"), dict):
        data = event["data"]
        found += sums(data, ("data",))
        inner = data.get("study") if isinstance(data.get("study"), dict) else data
        run = inner.get("runID")
        if run and event.get("correlationid") and event["correlationid"] != run:
            found.append("correlationid: expected the run's id, as data.runID has it")
    return found


def lines_of(name):
    """Pairs of place and bytes: the lines of a file, or of the standard input for `-`; empty ones left out."""
    with open(name, "rb") if name != "-" else contextlib.nullcontext(sys.stdin.buffer) as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield f"line {number}" if name == "-" else f"{name}:{number}", line


def documents(name):
    """Pairs of place and bytes: a file's lines, or the whole file."""
    if name == "-" or pathlib.Path(name).suffix in (".jsonl", ".ndjson"):
        return lines_of(name)
    return [(name, pathlib.Path(name).read_bytes())]


def unreadable(error):
    """Why a text is not JSON as the contract takes it."""
    strict = isinstance(error, ValueError) and not isinstance(error, (json.JSONDecodeError, UnicodeDecodeError))
    return str(error) if strict else "cannot be read as JSON"


def check_documents(contract, names, examine):
    """Examines every document; returns how many there were and what is wrong with them."""
    count, found = 0, []
    for name in names:
        for place, text in documents(name):
            count += 1
            try:
                found += [f"{place}: {problem}" for problem in examine(strict_loads(text))]
            except (ValueError, RecursionError) as error:
                found.append(f"{place}: {unreadable(error)}")
    return count, found


def check_event_lines(contract, name):
    """Like `check_documents`, always line by line; an id must always stand for the same type."""
    types, count, found = {}, 0, []
    for place, line in lines_of(name):
        count += 1
        try:
            event = strict_loads(line)
        except (ValueError, RecursionError) as error:
            found.append(f"{place}: {unreadable(error)}")
            continue
        kind = event.get("type") if isinstance(event, dict) else None
        shown = kind if isinstance(kind, str) and EVENT_TYPE.match(kind) else "unknown type"
        found += [f"{place}: {shown}: {problem}" for problem in event_problems(contract, event)]
        identifier = event.get("id") if isinstance(event, dict) else None
        if isinstance(kind, str) and isinstance(identifier, str) and types.setdefault(identifier, kind) != kind:
            found.append(f"{place}: {shown}: id: another event of another type has the same id")
    return count, found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", metavar="FILE", help="CloudEvents as JSON lines; - for the standard input")
    parser.add_argument("--schema", metavar="NAME", help="schema for FILE..., for example result.final or model")
    parser.add_argument("--folder", metavar="DIR", type=pathlib.Path, default=HERE, help="where the contract lies")
    parser.add_argument("--quiet", action="store_true", help="say nothing when everything holds")
    parser.add_argument("files", metavar="FILE", nargs="*", help="documents for --schema")
    options = parser.parse_args()
    contract = Contract(options.folder / "schemas")
    if bool(options.files) != bool(options.schema):
        parser.error("--schema NAME and FILE... go together")
    if options.events and options.schema:
        parser.error("--events and --schema exclude each other")
    try:
        if options.events:
            count, found = check_event_lines(contract, options.events)
            what = "events"
        elif options.schema:
            identifier = contract.identifier(options.schema)
            if identifier is None:
                parser.error(f"no such schema; known: {', '.join(one[len(URN):-3] for one in contract.schemas)}")
            examine = lambda value: contract.problems(identifier, value) + list(sums(value))
            count, found = check_documents(contract, options.files, examine)
            what = "documents"
        else:
            try:
                from contract_checks import check_contract
            except ImportError as error:
                print(f"validate.py: needs the Python package PyYAML ({error})", file=sys.stderr)
                return 2
            count, found = check_contract(contract, options.folder)
            what = "parts of the contract"
    except OSError as error:
        print(f"validate.py: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    for problem in found:
        print(problem, file=sys.stderr)
    if found:
        print(f"validate.py: {len(found)} problems in {count} {what}", file=sys.stderr)
        return 1
    if not options.quiet:
        print(f"validate.py: {count} {what} hold")
    return 0


if __name__ == "__main__":
    sys.exit(main())
