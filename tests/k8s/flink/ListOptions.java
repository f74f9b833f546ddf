import java.io.File;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.util.Arrays;
import java.util.Enumeration;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import org.apache.flink.configuration.ConfigOption;

/** Prints every option that a class of the given jars declares: key, type, values of an enum. */
public final class ListOptions {
    public static void main(String[] jars) throws Exception {
        TreeMap<String, String> found = new TreeMap<>();
        for (String jar : jars) {
            try (JarFile file = new JarFile(new File(jar))) {
                Enumeration<JarEntry> entries = file.entries();
                while (entries.hasMoreElements()) {
                    String name = entries.nextElement().getName();
                    if (name.startsWith("org/apache/flink/") && name.endsWith(".class")
                            && name.contains("Option") || name.contains("Prometheus")) {
                        list(name.replace('/', '.').replaceAll("\\.class$", ""), found);
                    }
                }
            }
        }
        found.forEach((key, type) -> System.out.println(key + "\t" + type));
    }

    private static void list(String name, TreeMap<String, String> found) {
        try {
            Class<?> type = Class.forName(name);
            for (Field field : type.getDeclaredFields()) {
                if (field.getType() == ConfigOption.class && Modifier.isStatic(field.getModifiers())) {
                    field.setAccessible(true);
                    ConfigOption<?> option = (ConfigOption<?>) field.get(null);
                    found.put(option.key(), describe(option));
                }
            }
        } catch (Throwable unloadable) {
            // A class that needs what is not on the class path has no option that we could set.
        }
    }

    private static String describe(ConfigOption<?> option) throws Exception {
        Method clazz = ConfigOption.class.getDeclaredMethod("getClazz");
        Method isList = ConfigOption.class.getDeclaredMethod("isList");
        clazz.setAccessible(true);
        isList.setAccessible(true);
        Class<?> type = (Class<?>) clazz.invoke(option);
        String text = type.isEnum()
                ? "Enum " + Arrays.stream(type.getEnumConstants())
                        .map(each -> ((Enum<?>) each).name()).collect(Collectors.joining(","))
                : type.getSimpleName();
        return (boolean) isList.invoke(option) ? "List of " + text : text;
    }
}
