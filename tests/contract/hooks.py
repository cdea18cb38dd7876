"""What the fuzzer holds answers to beyond what it knows by itself: nothing goes unsaid in docs/openapi.json."""

import json
import os
import random

import schemathesis
from schemathesis.core.failures import Failure

# Headers of HTTP itself and of CORS, which are on every answer alike.
UNIVERSAL = {"connection", "content-length", "content-type", "date", "keep-alive", "transfer-encoding", "vary", "allow", "cache-control"}

# The document, once it is loaded.
DOCUMENT = {}

# The ids of what is there by path, and keys with their products under `applications`.
KNOWN = json.loads(os.environ.get("LICENTIA_KNOWN", "{}"))


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Forbids fields of answers that the document does not name. In the document itself it would forbid us to add any."""
    DOCUMENT.update(raw_schema)
    for path in raw_schema["paths"].values():
        for operation in path.values():
            operation["parameters"] = thinned(operation.get("parameters", []))
    for path in raw_schema["paths"].values():
        for operation in path.values():
            for response in operation["responses"].values():
                close(response, raw_schema, set())
    for response in raw_schema["components"]["responses"].values():
        close(response, raw_schema, set())


def thinned(parameters):
    """Keeps one filter of each kind: the others of its kind are read by the same lines, and take minutes.

    No digest is sent either. Where calls follow one another, none is sent twice under one key: its answer may be of what was deleted since.
    """
    kinds = set()
    # Of digests that are drawn at random none fits: each would be refused for that alone.
    parameters = [parameter for parameter in parameters if not parameter.get("$ref", "").endswith("/Content-Digest")]
    if os.environ.get("LICENTIA_PHASES") == "stateful":
        parameters = [parameter for parameter in parameters if not parameter.get("$ref", "").endswith("/Idempotency-Key")]

    def first(parameter):
        kind = parameter.get("style") == "deepObject" and parameter["schema"]["$ref"]
        new = kind not in kinds
        kinds.add(kind or None)
        return not kind or new

    return [parameter for parameter in parameters if first(parameter)]


def close(node, document, seen):
    """Closes every object that a node describes, with those that it refers to."""
    if isinstance(node, list):
        for item in node:
            close(item, document, seen)
    if not isinstance(node, dict):
        return
    reference = node.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/") and reference not in seen:
        seen.add(reference)
        target = document
        for step in reference[2:].split("/"):
            target = target[step]
        close(target, document, seen)
    if "properties" in node and node.get("type") == "object":
        node.setdefault("additionalProperties", False)
    for name, value in node.items():
        if name not in ("example", "examples", "links", "headers"):
            close(value, document, seen)


@schemathesis.check
def described_headers(ctx, response, case):
    """An answer has no header that its description lacks."""
    described = case.operation.responses.find_by_status_code(response.status_code)
    if described is None:
        return
    known = {name.lower() for name, _ in described.headers.items()} | UNIVERSAL
    unknown = [name for name in response.headers if name not in known and not name.startswith("access-control-")]
    if unknown:
        raise Failure(operation=case.operation.label, title="Undescribed header", message=", ".join(unknown))


@schemathesis.serializer("application/x-ndjson")
def ndjson(ctx, value):
    """Sends lines as they are."""
    return value.encode() if isinstance(value, str) else str(value).encode()


@schemathesis.hook
def map_body(ctx, body):
    """Makes some bodies plain: of fifty fields drawn at random one is always refused, and nothing would ever be created."""
    content = DOCUMENT["paths"][ctx.operation.path][ctx.operation.method]["requestBody"]["content"]
    if "application/json" not in content or not isinstance(body, dict):
        return body
    drawn = random.Random(repr(sorted(body.items(), key=repr)))
    if drawn.random() < 0.25:
        return body
    needed, example = said_of(content["application/json"]["schema"])
    kept = {name: value for name, value in body.items() if name in needed or drawn.random() < 0.05}
    if drawn.random() < 0.75:
        there = drawn.choice(KNOWN["applications"])
        plain = {name: varied(example[name], drawn) for name in needed if name in example}
        kept |= plain | {name: there[name] for name in plain if name in there}
    return kept


@schemathesis.hook
def map_path_parameters(ctx, path_parameters):
    """Names things that are there in half of the paths."""
    start = "/".join(ctx.operation.path.split("/")[:3])
    drawn = random.Random(repr(path_parameters))
    if not path_parameters or start not in KNOWN or f"{start}/{{id}}" not in ctx.operation.path or drawn.random() < 0.5:
        return path_parameters
    return {**path_parameters, "id": drawn.choice(KNOWN[start])}


@schemathesis.hook
def map_query(ctx, query):
    """Holds no request for more than a second: twenty of them, each held for as long as may be, take minutes."""
    if query and isinstance(query.get("wait"), int):
        return {**query, "wait": min(query["wait"], 1)}
    return query


def said_of(schema):
    """Returns the fields that a body cannot do without, and an example of it."""
    needed, example = set(schema.get("required", [])), {}
    for part in [schema, *schema.get("allOf", [])]:
        if "$ref" in part:
            shape = DOCUMENT["components"]["schemas"][part["$ref"].rsplit("/", 1)[1]]
            needed |= set(shape.get("required", []))
            example = shape["examples"][0]
    return needed, example


def varied(value, drawn):
    """Makes a name or an address one that nobody else has; an id and a word of a fixed set stay as they are."""
    known = not isinstance(value, str) or value.islower() and "@" not in value or len(value) == 36
    return value if known else f"{drawn.randrange(10**6)}{value}"
