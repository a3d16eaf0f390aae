#!/usr/bin/env bash
# Runs a Kafka broker on PORT of 127.0.0.1 that sends the lines of standard input to the topic "flows", and ends with it:
# run.sh FOLDER PORT. It needs JDK 17 or later and Maven; all else comes from Maven Central, and what is built stays below
# build/kafka.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$here/../../build/kafka

maven() { mvn -q -B -f "$here/pom.xml" "$@" </dev/null >&2; }

mkdir -p "$build"
if [[ ! $build/classes/Broker.class -nt $here/src/main/java/Broker.java ]]; then
  maven compile
fi
if [[ ! -s $build/classpath ]]; then
  maven dependency:build-classpath -Dmdep.outputFile="$build/classpath.new"
  mv "$build/classpath.new" "$build/classpath"
fi
exec java -Xmx256m -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp "$build/classes:$(cat "$build/classpath")" Broker "$1" "$2"
