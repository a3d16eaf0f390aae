#!/bin/sh
# Writes the flow records of recorded attacks to build/demo/flows.jsonl, for demo.sh and look.sh.
set -eu
cd "$(dirname "$0")/.."
scenarios="svwar-404 svcrack-success distributed-success password-spray good-phones tcp-mixed ipv6"
rm -rf build/demo
mkdir -p build/demo
# An exporter gives records away up to minutes late. That is more than the shortened waits allow, so they are put in order.
for s in $scenarios; do
	gzip -dc "testdata/scenarios/$s/flows.jsonl.gz"
done | sed 's/.*"iana:flowEndMicroseconds":"\([^"]*\)".*/\1 &/' | sort -s -k 1,1 | cut -d ' ' -f 2- >build/demo/flows.jsonl
