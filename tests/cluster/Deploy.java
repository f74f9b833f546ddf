import org.apache.flink.client.deployment.application.ApplicationConfiguration;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.GlobalConfiguration;
import org.apache.flink.kubernetes.KubernetesClusterClientFactory;
import org.apache.flink.kubernetes.KubernetesClusterDescriptor;

/** Deploys an application as the operator does: {@code Deploy CONF_DIR ENTRY_CLASS ARGUMENTS...}. */
public final class Deploy {
    public static void main(String[] arguments) throws Exception {
        Configuration configuration = GlobalConfiguration.loadConfiguration(arguments[0]);
        String[] given = java.util.Arrays.copyOfRange(arguments, 2, arguments.length);
        KubernetesClusterClientFactory factory = new KubernetesClusterClientFactory();
        try (KubernetesClusterDescriptor cluster = factory.createClusterDescriptor(configuration)) {
            cluster.deployApplicationCluster(
                    factory.getClusterSpecification(configuration),
                    new ApplicationConfiguration(given, arguments[1]));
        }
    }
}
