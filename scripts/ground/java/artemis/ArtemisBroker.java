import java.io.File;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;

/** Artemis as an MQTT broker in one process. Argument: the path of its broker.xml. Stops on SIGTERM. */
public final class ArtemisBroker {
  public static void main(String[] args) throws Exception {
    EmbeddedActiveMQ broker = new EmbeddedActiveMQ();
    broker.setConfigResourcePath(new File(args[0]).toURI().toString());
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      try {
        broker.stop();
      } catch (Exception failed) {
        System.err.println("stop failed: " + failed);
      }
    }));
    broker.start();
    System.out.println("ready");
    Thread.currentThread().join();
  }
}
