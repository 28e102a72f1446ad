package org.rungpt.source.git;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import org.eclipse.jgit.attributes.AttributesNodeProvider;
import org.eclipse.jgit.lib.ObjectDatabase;
import org.eclipse.jgit.lib.ObjectInserter;
import org.eclipse.jgit.lib.RefDatabase;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.lib.StoredConfig;
import org.eclipse.jgit.storage.file.FileRepositoryBuilder;
import org.eclipse.jgit.transport.PackParser;

/** A bare repository for one fetch that takes no object larger than allowed, packed or unpacked. */
final class BoundedRepository extends Repository {
    private final Repository files;
    private final long objectBytes;

    BoundedRepository(Path directory, long objectBytes) throws IOException {
        super(builder(directory));
        this.objectBytes = objectBytes;
        files = builder(directory).build();
        files.create(true);
        StoredConfig config = files.getConfig();
        config.setString("http", null, "followRedirects", "false");
        config.setBoolean("http", null, "sslVerify", true);
        config.setInt("gc", null, "auto", 0);
    }

    private static FileRepositoryBuilder builder(Path directory) throws IOException {
        return new FileRepositoryBuilder()
                .setGitDir(directory.toFile())
                .setBare()
                .setup();
    }

    @Override
    public ObjectInserter newObjectInserter() {
        ObjectInserter inserter = files.newObjectInserter();
        return new ObjectInserter.Filter() {
            @Override
            protected ObjectInserter delegate() {
                return inserter;
            }

            @Override
            public PackParser newPackParser(InputStream in) throws IOException {
                PackParser parser = super.newPackParser(in);
                parser.setMaxObjectSizeLimit(objectBytes);
                return parser;
            }
        };
    }

    @Override
    public void create(boolean bare) throws IOException {
        files.create(bare);
    }

    @Override
    public String getIdentifier() {
        return files.getIdentifier();
    }

    @Override
    public ObjectDatabase getObjectDatabase() {
        return files.getObjectDatabase();
    }

    @Override
    public RefDatabase getRefDatabase() {
        return files.getRefDatabase();
    }

    @Override
    public StoredConfig getConfig() {
        return files.getConfig();
    }

    @Override
    public AttributesNodeProvider createAttributesNodeProvider() {
        return files.createAttributesNodeProvider();
    }

    @Override
    public void scanForRepoChanges() throws IOException {
        files.scanForRepoChanges();
    }

    @Override
    public void notifyIndexChanged(boolean internal) {}

    @Override
    protected void doClose() {
        files.close();
    }
}
