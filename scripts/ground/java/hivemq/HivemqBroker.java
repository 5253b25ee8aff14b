import com.hivemq.configuration.service.InternalConfigurations;
import com.hivemq.embedded.EmbeddedHiveMQ;
import java.nio.file.Path;

/** HiveMQ CE in one process. Argument: a folder with conf/config.xml, data/ and extensions/. Stops on SIGTERM. */
public final class HivemqBroker {
  public static void main(String[] args) throws Exception {
    // Devices publish to and read from topics that begin with $emqx; off by default.
    InternalConfigurations.MQTT_ALLOW_DOLLAR_TOPICS.set(true);
    Path home = Path.of(args[0]);
    EmbeddedHiveMQ broker = EmbeddedHiveMQ.builder()
        .withConfigurationFolder(home.resolve("conf"))
        .withDataFolder(home.resolve("data"))
        .withExtensionsFolder(home.resolve("extensions"))
        .build();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> broker.stop().join()));
    broker.start().join();
    System.out.println("ready");
    Thread.currentThread().join();
  }
}
