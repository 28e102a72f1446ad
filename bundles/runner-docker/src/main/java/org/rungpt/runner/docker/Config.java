package org.rungpt.runner.docker;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Settings of the Docker runner, {@code etc/org.rungpt.runner.docker.cfg}. */
@ObjectClassDefinition(name = "RunGPT: Docker runner")
@interface Config {
    @AttributeDefinition(
            name = "Engine",
            description =
                    "Address of the engine; empty: DOCKER_HOST of the environment, else the first that answers of Docker, Docker Desktop, Colima, Rancher Desktop and Podman")
    String dockerHost() default "";

    @AttributeDefinition(
            name = "Base image",
            description = "Empty: the system property rungpt.baseImage, else the newest local rungpt/base")
    String baseImage() default "";

    @AttributeDefinition(name = "Memory of a sandbox in MiB", description = "64 to 1048576; no swap comes on top")
    int memoryMiB() default 512;

    @AttributeDefinition(name = "CPUs of a sandbox", description = "0.1 to 256")
    double cpus() default 2.0;

    @AttributeDefinition(name = "Processes of a sandbox", description = "16 to 1024")
    int pids() default 160;

    @AttributeDefinition(
            name = "Pool",
            description = "How many workspace sandboxes wait ready for new conversations; 0 to 16")
    int pool() default 1;

    @AttributeDefinition(
            name = "Idle minutes",
            description = "A sandbox without a call for so long is removed, its workspace stays; 1 to 1440")
    int idleMinutes() default 60;

    @AttributeDefinition(
            name = "Lease in seconds",
            description = "A sandbox ends by itself so long after RunGPT ended; 30 to 86400")
    int leaseSeconds() default 300;

    @AttributeDefinition(
            name = "Disk of a sandbox in MiB",
            description = "What it may write to its file system and its workspace together; 16 to 1048576")
    int diskMiB() default 1024;

    @AttributeDefinition(
            name = "Reserve of the engine's disk in MiB",
            description =
                    "What runs in sandboxes ends when it leaves less; -1: 2048, at most 5 % of the disk; 0: none;"
                            + " to 16777216. Unless 0, also when less than 5 % of the files are left that the disk has room for")
    int diskReserveMiB() default -1;

    @AttributeDefinition(
            name = "Most memory of an action in MiB",
            description = "What an action gets at most that asks for more than the default; 64 to 1048576")
    int actionMemoryMiB() default 4096;

    @AttributeDefinition(
            name = "Most CPUs of an action",
            description = "What an action gets at most that asks for more than the default; 0.1 to 256")
    double actionCpus() default 4.0;

    @AttributeDefinition(
            name = "Most processes of an action",
            description = "What an action gets at most that asks for more than the default; 16 to 1024")
    int actionPids() default 1024;

    @AttributeDefinition(
            name = "Most disk of an action in MiB",
            description = "What an action gets at most that asks for more than the default; 16 to 1048576")
    int actionDiskMiB() default 8192;

    @AttributeDefinition(
            name = "Undo of all workspaces in MiB",
            description = "What is kept on this machine of files that calls changed; beyond it the oldest gives way;"
                    + " 16 to 16777216")
    int journalMiB() default 4096;

    @AttributeDefinition(
            name = "Memory of all sandboxes in MiB",
            description = "What their limits may add up to; 0: three quarters of what the engine has")
    int maxMemoryMiB() default 0;

    @AttributeDefinition(
            name = "Runtime",
            description = "OCI runtime of the engine, for example runsc (gVisor); empty: the engine's default")
    String runtime() default "";

    @AttributeDefinition(name = "Sandboxes", description = "At most so many at a time; 1 to 1000")
    int maxSandboxes() default 40;

    @AttributeDefinition(
            name = "Network of the way out",
            description = "The engine's network in which the proxies of sandboxes are; sandboxes themselves have none")
    String egressNetwork() default "bridge";

    @AttributeDefinition(
            name = "Name servers of the way out",
            description = "Addresses; empty: those that the engine gives to containers")
    String egressDns() default "";

    @AttributeDefinition(
            name = "Proxy of this machine",
            description = "Address of an HTTP proxy that sandboxes' connections go through; environment: what"
                    + " https_proxy, http_proxy and no_proxy say; empty: none")
    String egressProxy() default "";

    @AttributeDefinition(
            name = "Private addresses",
            description = "Addresses and networks (10.1.2.3, 10.1.0.0/16) that granted hosts may have although they are"
                    + " not public, for mirrors of your own")
    String egressPrivate() default "";

    @AttributeDefinition(
            name = "MiB over the network",
            description = "What one call may transfer, both ways together; 1 to 1073741824")
    int egressMiB() default 2048;

    @AttributeDefinition(
            name = "Mirror of Debian",
            description = "Address below which debian and debian-security lie; host: what apt of this machine uses;"
                    + " empty: Debian's own")
    String mirrorApt() default "";

    @AttributeDefinition(
            name = "Index of Python packages",
            description = "Address for pip; host: what pip of this machine uses; empty: pypi.org")
    String mirrorPip() default "";

    @AttributeDefinition(
            name = "Registry of npm packages",
            description = "Address for npm; host: what npm of this machine uses; empty: registry.npmjs.org")
    String mirrorNpm() default "";
}
