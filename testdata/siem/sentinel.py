"""Runs a KQL parser on alerts, with DuckDB in place of Microsoft Sentinel: sentinel.py PARSER.kql <alerts.jsonl >rows.jsonl"""

import json
import sys

import duckdb_kql

OBJECTS = ["event", "rule", "threat", "source", "destination", "user", "network", "observer", "siphunt"]

connection = duckdb_kql.connect()
columns = ", ".join(f'"{name}" JSON' for name in OBJECTS)
connection.sql(f'CREATE TABLE siphunt_CL ("TimeGenerated" TIMESTAMP, "message" VARCHAR, {columns})')
for line in sys.stdin:
    alert = json.loads(line)
    values = [alert["event"]["created"], alert["message"]]
    values += [json.dumps(alert[name]) if name in alert else None for name in OBJECTS]
    marks = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO siphunt_CL VALUES ({marks})", values)
with open(sys.argv[1], encoding="utf-8") as file:
    rows = duckdb_kql.kql(connection, file.read())
names = rows.columns
for row in rows.fetchall():
    print(json.dumps(dict(zip(names, row)), default=str))
