"""What schemathesis cannot know of Weir by itself; see schemathesis.toml."""

import json
import os
import re
import uuid

import schemathesis

TOKEN = re.compile(r'"?[A-Za-z0-9][A-Za-z0-9._:~-]{0,127}"?')


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    if isinstance(value, list):
        return "\n".join(json.dumps(line) for line in value).encode()
    return value if isinstance(value, bytes) else json.dumps(value).encode()


@schemathesis.deserializer("application/x-ndjson")
def answers(context, response):
    return [json.loads(line) for line in response.content.splitlines()]


@schemathesis.hook
def before_load_schema(context, raw_schema):
    # Where credentials are not what is tried, the contract does not ask for them.
    if os.environ.get("WEIR_FUZZ_OPEN"):
        raw_schema.pop("security", None)
        for path in raw_schema["paths"].values():
            for operation in path.values():
                if isinstance(operation, dict):
                    operation.pop("security", None)


@schemathesis.hook
def before_call(context, case, kwargs):
    # A known key with another payload is refused, rightly: so every good key is made a new one.
    key = (case.headers or {}).get("Idempotency-Key")
    if key and TOKEN.fullmatch(key):
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    case.body = in_digits(case.body)
    for line in case.body if isinstance(case.body, list) else []:
        token = line.get("token") if isinstance(line, dict) else None
        if isinstance(token, str) and TOKEN.fullmatch(token):
            line["token"] = str(uuid.uuid4())


def in_digits(value):
    """A whole number as Weir wants it: to a schema 3.0 is one as well."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [in_digits(element) for element in value]
    if isinstance(value, dict):
        return {name: in_digits(element) for name, element in value.items()}
    return value
