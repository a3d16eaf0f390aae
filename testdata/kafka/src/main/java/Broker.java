import java.io.BufferedReader;
import java.io.FileWriter;
import java.io.InputStreamReader;
import java.io.Writer;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import kafka.Kafka;
import kafka.tools.StorageTool;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * One Kafka broker for a test, on a port of 127.0.0.1. It sends each line of its standard input to the topic "flows", and ends
 * when that does, so that it cannot outlive the test that started it, not even one that was killed. The consumers of the group
 * "siphunt" have read nothing of the topic so far, but know it: what is sent before they are there is not lost to them.
 */
public final class Broker {
  private static final String TOPIC = "flows";

  public static void main(String[] arguments) throws Exception {
    if (arguments.length != 2) {
      System.err.println("usage: Broker FOLDER PORT");
      System.exit(2);
    }
    Path folder = Files.createDirectories(Path.of(arguments[0]));
    String address = "127.0.0.1:" + arguments[1];
    Properties settings = settings(folder, address);
    Path file = folder.resolve("server.properties");
    try (Writer out = new FileWriter(file.toFile(), StandardCharsets.UTF_8)) {
      settings.store(out, null);
    }
    String[] format = {"format", "-t", Uuid.randomUuid().toString(), "-c", file.toString(), "--standalone"};
    if (StorageTool.execute(format, System.err) != 0) {
      System.exit(1);
    }
    Thread server = new Thread(() -> Kafka.main(new String[] {file.toString()}));
    server.setDaemon(true);
    server.start();
    Map<String, Object> client = Map.of("bootstrap.servers", address);
    try (Admin admin = Admin.create(client)) {
      admin.createTopics(List.of(new NewTopic(TOPIC, 1, (short) 1))).all().get();
      admin.alterConsumerGroupOffsets("siphunt", Map.of(new TopicPartition(TOPIC, 0), new OffsetAndMetadata(0))).all().get();
    }
    System.out.println("ready");
    try (KafkaProducer<String, String> producer = new KafkaProducer<>(client, new StringSerializer(), new StringSerializer());
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        producer.send(new ProducerRecord<>(TOPIC, line)).get();
      }
    }
    System.exit(0); // which shuts the broker down
  }

  /** A broker that is its own controller. */
  private static Properties settings(Path folder, String address) throws Exception {
    int controller;
    try (ServerSocket free = new ServerSocket(0)) {
      controller = free.getLocalPort();
    }
    Properties p = new Properties();
    p.putAll(Map.of(
        "process.roles", "broker,controller",
        "node.id", "1",
        "listeners", "PLAINTEXT://" + address + ",CONTROLLER://127.0.0.1:" + controller,
        "advertised.listeners", "PLAINTEXT://" + address + ",CONTROLLER://127.0.0.1:" + controller,
        "controller.listener.names", "CONTROLLER",
        "controller.quorum.bootstrap.servers", "127.0.0.1:" + controller,
        "listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs", folder.resolve("log").toString(),
        "offsets.topic.num.partitions", "1"));
    p.putAll(Map.of(
        "offsets.topic.replication.factor", "1",
        "transaction.state.log.replication.factor", "1",
        "group.initial.rebalance.delay.ms", "0"));
    return p;
  }
}
