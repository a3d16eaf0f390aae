import java.nio.file.Path;
import org.codelibs.opensearch.runner.OpenSearchRunner;
import org.opensearch.common.settings.Settings;

/**
 * One OpenSearch node for the tests, on a port of 127.0.0.1. It ends when its standard input does, so that it cannot
 * outlive the test that started it, not even one that was killed. With a third argument it has OpenSearch's security, and
 * the folder of its own configuration holds what run.sh has put there; admin's password is "admin".
 */
public final class Server {
  public static void main(String[] arguments) throws Exception {
    if (arguments.length < 2 || arguments.length > 3) {
      System.err.println("usage: Server FOLDER PORT [secure]");
      System.exit(2);
    }
    Path folder = Path.of(arguments[0]);
    boolean secure = arguments.length == 3;
    OpenSearchRunner runner = new OpenSearchRunner();
    runner.onBuild((number, settings) -> {
      settings.put("http.host", "127.0.0.1");
      settings.put("http.port", arguments[1]);
      settings.put("transport.host", "127.0.0.1");
      settings.put("transport.port", "0");
      settings.put("discovery.type", "single-node");
      settings.putList("node.roles", "cluster_manager", "data", "ingest");
      // Disks of test machines are often fuller than a cluster likes.
      settings.put("cluster.routing.allocation.disk.threshold_enabled", false);
      if (secure) {
        secure(settings);
      }
    });
    OpenSearchRunner.Configs configs =
        OpenSearchRunner.newConfigs().basePath(folder.toString()).numOfNode(1).clusterName("siphunt-test");
    runner.build(secure ? configs.pluginTypes("org.opensearch.security.OpenSearchSecurityPlugin") : configs);
    System.out.println("ready");
    while (System.in.read() >= 0) {
      // wait for the end
    }
    runner.close();
    System.exit(0);
  }

  /** Users and roles over plain HTTP; between nodes, of which there is one, the plugin insists on TLS. */
  private static void secure(Settings.Builder settings) {
    settings.put("plugins.security.ssl.http.enabled", false);
    for (String store : new String[] {"keystore", "truststore"}) {
      settings.put("plugins.security.ssl.transport." + store + "_type", "PKCS12");
      settings.put("plugins.security.ssl.transport." + store + "_filepath", store + ".p12");
      settings.put("plugins.security.ssl.transport." + store + "_password", "changeit");
    }
    settings.put("plugins.security.ssl.transport.enforce_hostname_verification", false);
    settings.put("plugins.security.nodes_dn", "CN=node");
    settings.put("plugins.security.allow_default_init_securityindex", true);
    settings.put("plugins.security.audit.type", "noop");
    settings.put("plugins.security.restapi.roles_enabled", "all_access");
  }
}
