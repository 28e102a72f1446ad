package org.rungpt.gate;

import jakarta.servlet.Servlet;
import java.io.File;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Dictionary;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceRegistration;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.service.servlet.runtime.HttpServiceRuntime;
import org.osgi.service.servlet.whiteboard.Preprocessor;
import org.osgi.util.tracker.ServiceTracker;

/** The HTTP whiteboard of the distribution with the gate in front, in this process. */
final class HttpServer implements AutoCloseable {
    private static final List<String> SHARED = List.of(
            "jakarta.servlet;version=6.1",
            "jakarta.servlet.http;version=6.1",
            "jakarta.servlet.annotation;version=6.1",
            "jakarta.servlet.descriptor;version=6.1",
            "javax.servlet;version=3.1",
            "javax.servlet.http;version=3.1",
            "javax.servlet.annotation;version=3.1",
            "javax.servlet.descriptor;version=3.1",
            "org.osgi.service.servlet.context;version=2.0",
            "org.osgi.service.servlet.runtime;version=2.0",
            "org.osgi.service.servlet.runtime.dto;version=2.0",
            "org.osgi.service.servlet.whiteboard;version=2.0",
            "org.slf4j;version=2.0.17",
            "org.slf4j.spi;version=2.0.17",
            "org.slf4j.helpers;version=2.0.17",
            "org.slf4j.event;version=2.0.17");

    private final Framework framework;
    private final BundleContext context;
    final int port;
    final Gate gate;

    HttpServer(Path directory, Presence presence) throws Exception {
        this(directory, presence, Clock.systemUTC());
    }

    HttpServer(Path directory, Presence presence, Clock clock) throws Exception {
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Map<String, String> properties = new HashMap<>();
        properties.put(Constants.FRAMEWORK_STORAGE, directory.resolve("cache").toString());
        properties.put(Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, String.join(",", SHARED));
        properties.put(
                Constants.FRAMEWORK_SYSTEMCAPABILITIES_EXTRA,
                "osgi.contract;osgi.contract=JavaServlet;version:Version=4.0,"
                        + "osgi.contract;osgi.contract=JakartaServlet;version:Version=6.0");
        properties.put("org.osgi.service.http.port", Integer.toString(port));
        properties.put("org.apache.felix.http.host", "127.0.0.1");
        properties.put("org.apache.felix.http.jetty.sendServerHeader", "false");
        properties.put(
                "org.apache.felix.http.jetty.errorPageCustomHeaders",
                "Content-Security-Policy=default-src 'none'##X-Content-Type-Options=nosniff");
        properties.put("felix.log.level", "1");
        framework = ServiceLoader.load(FrameworkFactory.class)
                .findFirst()
                .orElseThrow()
                .newFramework(properties);
        framework.init();
        context = framework.getBundleContext();
        framework.start();
        gate = new Gate(directory, 1 << 20, presence, clock);
        Dictionary<String, Object> ranking = new Hashtable<>();
        ranking.put(Constants.SERVICE_RANKING, Integer.MAX_VALUE);
        context.registerService(Preprocessor.class, gate, ranking);
        for (String name : List.of("commons-io-", "commons-fileupload-", "org.apache.felix.http.jetty12-")) {
            Bundle bundle = context.installBundle(jar(name).toURI().toString());
            bundle.start();
        }
        ServiceTracker<HttpServiceRuntime, HttpServiceRuntime> tracker =
                new ServiceTracker<>(context, HttpServiceRuntime.class, null);
        tracker.open();
        gate.runtime = Objects.requireNonNull(tracker.waitForService(60_000), "no runtime");
    }

    private static File jar(String name) {
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (new File(entry).getName().startsWith(name)) {
                return new File(entry);
            }
        }
        throw new IllegalStateException(name + " is not on the class path");
    }

    ServiceRegistration<Servlet> register(String pattern, Servlet servlet) {
        Dictionary<String, Object> properties = new Hashtable<>();
        properties.put("osgi.http.whiteboard.servlet.pattern", pattern);
        properties.put("osgi.http.whiteboard.servlet.asyncSupported", true);
        return context.registerService(Servlet.class, servlet, properties);
    }

    @Override
    public void close() throws Exception {
        framework.stop();
        framework.waitForStop(TimeUnit.SECONDS.toMillis(10));
    }
}
