"""Checks of the contract's own files: schemas, references, examples, asyncapi.yaml. Used by validate.py."""

import json
import pathlib
import re

import jsonschema
import yaml

from validate import EVENT_TYPE, URN, event_problems, strict_loads, sums

EXCHANGES = {"oncorelay.studies", "oncorelay.pipeline", "oncorelay.results"}
DISCLAIMER = "Research use only. Not for diagnosis."


def check_contract(contract, folder):
    """Returns how many files were looked at, and what is wrong with them."""
    found = list(check_schemas(contract))
    count = len(contract.schemas)
    names = sorted((folder / "examples").glob("*.json"))
    found += [problem for path in names for problem in check_example(contract, path)]
    invalid = sorted((folder / "examples" / "invalid").glob("*.json"))
    found += [problem for path in invalid for problem in check_invalid(contract, path)]
    shown = {path.name.removesuffix(".json") for path in names}
    for identifier in contract.schemas:
        event = identifier[len(URN) : -len(":v1")]
        if event not in ("common", "envelope", "model") and event not in shown:
            found.append(f"examples: no example of {event}")
    found += check_asyncapi(contract, folder / "asyncapi.yaml")
    return count + len(names) + len(invalid) + 1, found


def check_schemas(contract):
    for identifier, schema in contract.schemas.items():
        name = contract.files[identifier].name
        stem = name.removesuffix(".schema.json")
        stem = stem.removesuffix(".v1")
        if identifier != f"{URN}{stem}:v1":
            yield f"{name}: $id: expected {URN}{stem}:v1"
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as error:
            yield f"{name}: not a JSON Schema of 2020-12: {error.message}"
        for where, reference in references(schema):
            target, _, pointer = reference.partition("#")
            document = contract.schemas.get(target or identifier)
            if document is None or not resolves(document, pointer):
                yield f"{name}: {where}: {reference} leads nowhere"
        for where in undescribed(schema):
            yield f"{name}: {where}: has no description"


def references(value, path=""):
    """Every `$ref`, with the place where it stands."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield path or "/", value["$ref"]
        for key, inner in value.items():
            yield from references(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from references(inner, f"{path}/{index}")


def undescribed(schema, path=""):
    """Properties that say nothing of themselves. Refinements in `then` and `else` need no words of their own."""
    if isinstance(schema, dict):
        for name, inner in (schema.get("properties") or {}).items():
            if isinstance(inner, dict) and "description" not in inner:
                yield f"{path}/properties/{name}"
        for key, inner in schema.items():
            if key not in ("if", "then", "else", "not", "allOf"):
                yield from undescribed(inner, f"{path}/{key}")
    elif isinstance(schema, list):
        for index, inner in enumerate(schema):
            yield from undescribed(inner, f"{path}/{index}")


def lookup(document, pointer):
    """The value at a JSON pointer; raises LookupError."""
    value = document
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def resolves(document, pointer):
    try:
        lookup(document, pointer)
        return True
    except (LookupError, ValueError, TypeError):
        return False


def check_example(contract, path):
    """A complete event; `*.bare.json` is the data alone, `model.*.json` a model folder's description."""
    value = strict_loads(path.read_text(encoding="utf-8"))
    bare = path.name.endswith(".bare.json")
    if bare or path.name.startswith("model."):
        identifier = contract.identifier("study.submitted" if bare else "model")
        problems = contract.problems(identifier, value) + list(sums(value))
    else:
        problems = event_problems(contract, value)
        match = EVENT_TYPE.match(str(value.get("type")))
        if not match or not path.name.startswith(match.group(1) + "."):
            problems.append("type: is not the event that the file is named after")
    return [f"examples/{path.name}: {problem}" for problem in problems]


def check_invalid(contract, path):
    """What the services refuse, the schemas refuse too, where `schema` says that a schema can see it."""
    case = json.loads(path.read_text(encoding="utf-8"))
    lacking = [key for key in ("description", "expected", "schema") if key not in case]
    if lacking or ("body" in case) == ("text" in case):
        return [f"examples/invalid/{path.name}: expected description, expected, schema, and either body or text"]
    if "text" in case:
        return []
    body = case["body"]
    if isinstance(body, dict) and "specversion" in body:
        problems = event_problems(contract, body)
    else:
        problems = contract.problems(contract.identifier("study.submitted"), body)
    if case["schema"] == "rejects" and not problems:
        return [f"examples/invalid/{path.name}: the schemas accept what the services refuse"]
    if case["schema"] == "accepts" and problems:
        return [f"examples/invalid/{path.name}: {problem}" for problem in problems]
    field = case["expected"].get("field", "")
    if case["schema"] == "rejects" and not any(names(problem, field) for problem in problems):
        return [f"examples/invalid/{path.name}: the schemas' complaint does not name {field}: {'; '.join(problems)}"]
    return []


def names(problem, field):
    """Whether a complaint names a field: by its path, or as a missing property of the object that lacks it."""
    where, _, rest = problem.partition(": ")
    where = "" if where in ("data", "the whole document") else where.removeprefix("data.")
    if field == "body":
        return not where
    parent, _, last = field.rpartition(".")
    lacking = rest.removeprefix("lacks ").split(", ") if rest.startswith("lacks ") else []
    return where.startswith(field) or (where == parent and last in lacking)


def check_asyncapi(contract, path):
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    for problem in asyncapi_problems(contract, document, path.parent):
        yield f"{path.name}: {problem}"


def asyncapi_problems(contract, document, folder):
    if document.get("asyncapi") != "3.0.0":
        yield "asyncapi: expected 3.0.0"
    info = document.get("info", {})
    for key in ("title", "version", "description", "license"):
        if key not in info:
            yield f"info: lacks {key}"
    if DISCLAIMER not in info.get("description", ""):
        yield "info.description: lacks the disclaimer"
    for where, reference in references(document):
        target, _, pointer = reference.partition("#")
        if target.startswith("./"):
            file = folder / target
            if not file.is_file():
                yield f"{where}: {reference}: no such file"
            elif not resolves(json.loads(file.read_text(encoding="utf-8")), pointer):
                yield f"{where}: {reference} leads nowhere"
        elif target or not resolves(document, pointer):
            yield f"{where}: {reference} leads nowhere"
    for name, server in document.get("servers", {}).items():
        if server.get("protocol") not in ("amqp", "amqps") or server.get("protocolVersion") != "0.9.1":
            yield f"servers.{name}: expected protocol amqp or amqps, version 0.9.1"
        if not server.get("security"):
            yield f"servers.{name}: lacks security"
    yield from channel_problems(document)
    yield from operation_problems(document)
    yield from message_problems(contract, document)


def channel_problems(document):
    for name, channel in document["channels"].items():
        wanted = set(re.findall(r"\{(\w+)\}", channel.get("address") or ""))
        if wanted != set(channel.get("parameters", {})):
            yield f"channels.{name}: address and parameters do not name the same: {sorted(wanted)}"
        binding = channel.get("bindings", {}).get("amqp", {})
        if "$ref" in channel.get("bindings", {}):
            binding = lookup(document, channel["bindings"]["$ref"][1:])["amqp"]
        kind = binding.get("is")
        if kind == "routingKey" and binding.get("exchange", {}).get("name") not in EXCHANGES:
            yield f"channels.{name}.bindings: expected one of the exchanges {sorted(EXCHANGES)}"
        if kind == "queue" and not binding.get("queue", {}).get("name"):
            yield f"channels.{name}.bindings: expected a queue's name"
        if kind not in ("routingKey", "queue"):
            yield f"channels.{name}.bindings: lacks the AMQP binding"
        if not channel.get("messages"):
            yield f"channels.{name}: has no messages"


def operation_problems(document):
    used = set()
    for name, operation in document["operations"].items():
        if operation.get("action") not in ("send", "receive"):
            yield f"operations.{name}.action: expected send or receive"
        pointer = operation["channel"]["$ref"]
        used.add(pointer)
        for message in operation.get("messages", []):
            if not message["$ref"].startswith(pointer + "/messages/"):
                yield f"operations.{name}.messages: {message['$ref']} is not of the operation's channel"
    for name in document["channels"]:
        if f"#/channels/{name}" not in used:
            yield f"channels.{name}: no operation uses it"


def message_problems(contract, document):
    seen = set()
    for name, message in document["components"]["messages"].items():
        match = EVENT_TYPE.match(message.get("name", ""))
        if not match:
            yield f"components.messages.{name}.name: expected the event's type"
            continue
        event = match.group(1)
        seen.add(event)
        targets = [reference for _, reference in references(message.get("payload", {}))]
        expected = pathlib.PurePosixPath("schemas", f"{event}.v1.schema.json")
        if f"./{expected}" not in targets:
            yield f"components.messages.{name}.payload: does not refer to {expected}"
    for identifier in contract.schemas:
        event = identifier[len(URN) : -len(":v1")]
        if event not in ("common", "envelope", "model") and event not in seen:
            yield f"components.messages: no message for {event}"
