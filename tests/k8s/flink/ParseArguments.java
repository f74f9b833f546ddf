import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.util.List;
import org.apache.flink.runtime.entrypoint.parser.CommandLineParser;
import org.apache.flink.runtime.entrypoint.parser.ParserResultFactory;

/** Prints what Flink's PythonDriver reads from its arguments: the module, then the program's own. */
public final class ParseArguments {
    @SuppressWarnings("unchecked")
    public static void main(String[] arguments) throws Exception {
        Constructor<?> made = Class
                .forName("org.apache.flink.client.python.PythonDriverOptionsParserFactory")
                .getDeclaredConstructor();
        made.setAccessible(true);
        Object found = new CommandLineParser<>((ParserResultFactory<Object>) made.newInstance())
                .parse(arguments);
        System.out.println(get(found, "getEntryPointModule"));
        for (String each : (List<String>) get(found, "getProgramArgs")) {
            System.out.println(each);
        }
    }

    private static Object get(Object found, String name) throws Exception {
        Method method = found.getClass().getDeclaredMethod(name);
        method.setAccessible(true);
        return method.invoke(found);
    }
}
