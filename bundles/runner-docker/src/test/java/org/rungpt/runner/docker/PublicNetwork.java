package org.rungpt.runner.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.Network.Ipam;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A network of containers with addresses that are nobody's and count as public, and in it one that stands for the servers of the
 * world. Proxies of sandboxes that are put into it reach what they would reach outside, and nothing really outside.
 */
final class PublicNetwork implements AutoCloseable {
    private static final Map<String, String> TEST = Map.of("org.rungpt.test", "egress");

    final String name = "rungpt-test-" + Instance.newName();
    final String address;
    private final Engine engine = new Engine(Bench.HOST, 2);
    private final DockerClient docker = engine.control();
    private final String network;
    private final String server;

    PublicNetwork(String image) throws Exception {
        String subnet = freeSubnet();
        network = docker.createNetworkCmd()
                .withName(name)
                .withLabels(TEST)
                .withInternal(true)
                .withIpam(new Ipam().withConfig(new Ipam.Config().withSubnet(subnet)))
                .exec()
                .getId();
        server = docker.createContainerCmd(image)
                .withLabels(TEST)
                .withEntrypoint("/usr/bin/python3", "-ISc", script())
                .withHostConfig(HostConfig.newHostConfig().withNetworkMode(name).withInit(true))
                .exec()
                .getId();
        try {
            docker.startContainerCmd(server).exec();
            awaitReady();
            address = docker.inspectContainerCmd(server)
                    .exec()
                    .getNetworkSettings()
                    .getNetworks()
                    .get(name)
                    .getIpAddress();
        } catch (RuntimeException | InterruptedException | IOException e) {
            close();
            throw e;
        }
    }

    private static String script() throws IOException {
        try (var script = PublicNetwork.class.getResourceAsStream("/egress-fixture.py")) {
            return new String(script.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** One of the small networks in the range for documentation that no other test has right now. */
    private String freeSubnet() {
        List<String> taken = docker.listNetworksCmd().exec().stream()
                .filter(each -> each.getIpam() != null && each.getIpam().getConfig() != null)
                .flatMap(each -> each.getIpam().getConfig().stream())
                .map(Ipam.Config::getSubnet)
                .toList();
        for (int i = 0; i < 256; i += 16) {
            String subnet = "198.51.100." + i + "/28";
            if (!taken.contains(subnet)) {
                return subnet;
            }
        }
        throw new IllegalStateException("no free network; remove those that docker network ls shows as rungpt-test-*");
    }

    private void awaitReady() throws InterruptedException, IOException {
        CountDownLatch ready = new CountDownLatch(1);
        try (ResultCallback.Adapter<Frame> lines = new ResultCallback.Adapter<>() {
            @Override
            public void onNext(Frame frame) {
                ready.countDown();
            }
        }) {
            engine.streams()
                    .logContainerCmd(server)
                    .withStdOut(true)
                    .withStdErr(true)
                    .withFollowStream(true)
                    .exec(lines);
            if (!ready.await(Bench.PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new IOException("the servers of the test did not start");
            }
        }
    }

    EgressSettings settings() {
        return settings(Mirrors.PUBLIC);
    }

    EgressSettings settings(Mirrors mirrors) {
        return new EgressSettings(name, List.of(address), null, List.of(), 64L << 20, mirrors);
    }

    @Override
    public void close() {
        try {
            docker.removeContainerCmd(server).withForce(true).exec();
        } finally {
            try {
                docker.removeNetworkCmd(network).exec();
            } catch (DockerException e) {
                throw new IllegalStateException("the network " + name + " is still in use", e);
            } finally {
                engine.close();
            }
        }
    }
}
