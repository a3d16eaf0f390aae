"""Validates JSON lines from standard input against a public schema: validate.py ocsf|idea.

Prints what is wrong, a line each, and exits with 1 if anything is.
"""
import json
import sys


def ocsf():
    """Detection Findings of OCSF, by the version that they name and by the newest one there is."""
    from jsonschema import Draft202012Validator
    from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

    validators = [
        Draft202012Validator(OcsfJsonSchemaEmbedded(get_ocsf_schema(version=v)).get_class_schema("detection_finding"))
        for v in ("1.5.0", "1.8.0")
    ]

    def errors(event):
        if event["metadata"]["version"] != "1.5.0":
            yield "metadata.version: not 1.5.0"
        for validator in validators:
            for e in validator.iter_errors(event):
                yield "/".join(map(str, e.absolute_path)) + ": " + e.message[:300]

    return errors


def idea():
    """IDEA0 messages, by CESNET's own implementation."""
    from idea import valid

    def errors(event):
        try:
            valid.Idea(event)
        except Exception as e:  # it raises whatever fits
            yield repr(e)

    return errors


errors = {"ocsf": ocsf, "idea": idea}[sys.argv[1]]()
bad = False
for number, line in enumerate(sys.stdin, 1):
    for error in errors(json.loads(line)):
        bad = True
        print(f"record {number}: {error}")
sys.exit(bad)
