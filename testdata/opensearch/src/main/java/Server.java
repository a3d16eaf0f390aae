import java.nio.file.Path;
import org.codelibs.opensearch.runner.OpenSearchRunner;

/**
 * One OpenSearch node for the tests, on a port of 127.0.0.1. It ends when its standard input does, so that it cannot
 * outlive the test that started it, not even one that was killed.
 */
public final class Server {
  public static void main(String[] arguments) throws Exception {
    if (arguments.length != 2) {
      System.err.println("usage: Server FOLDER PORT");
      System.exit(2);
    }
    Path folder = Path.of(arguments[0]);
    String port = arguments[1];
    OpenSearchRunner runner = new OpenSearchRunner();
    runner.onBuild((number, settings) -> {
      settings.put("http.host", "127.0.0.1");
      settings.put("http.port", port);
      settings.put("transport.host", "127.0.0.1");
      settings.put("transport.port", "0");
      settings.put("discovery.type", "single-node");
      settings.putList("node.roles", "cluster_manager", "data", "ingest");
      // Disks of test machines are often fuller than a cluster likes.
      settings.put("cluster.routing.allocation.disk.threshold_enabled", false);
    });
    runner.build(OpenSearchRunner.newConfigs().basePath(folder.toString()).numOfNode(1).clusterName("siphunt-test"));
    System.out.println("ready");
    while (System.in.read() >= 0) {
      // wait for the end
    }
    runner.close();
    System.exit(0);
  }
}
