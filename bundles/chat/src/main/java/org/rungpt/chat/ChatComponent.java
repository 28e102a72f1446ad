package org.rungpt.chat;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.rungpt.api.action.ActionRegistry;
import org.rungpt.api.artifact.ArtifactStore;
import org.rungpt.api.chat.Budgets;
import org.rungpt.api.chat.ChatException;
import org.rungpt.api.chat.Conversation;
import org.rungpt.api.chat.ConversationListener;
import org.rungpt.api.chat.Conversations;
import org.rungpt.api.chat.Decision;
import org.rungpt.api.chat.GrantSet;
import org.rungpt.api.chat.Library;
import org.rungpt.api.chat.Opening;
import org.rungpt.api.chat.Permissions;
import org.rungpt.api.chat.Policy;
import org.rungpt.api.chat.Spending;
import org.rungpt.api.model.ModelConnection;
import org.rungpt.api.model.Sampling;
import org.rungpt.api.protocol.CallProtocol;
import org.rungpt.api.runner.ActionRunner;
import org.rungpt.api.runner.HostTasks;
import org.rungpt.api.runner.ShareGuard;
import org.rungpt.api.runner.WorkspaceJournal;
import org.rungpt.api.secret.SecretStore;
import org.rungpt.api.status.Readiness;
import org.rungpt.api.status.StatusSource;
import org.rungpt.api.store.ConversationArchive;
import org.rungpt.api.store.ConversationStore;
import org.rungpt.api.store.Settings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Conversations as a service: the shell around {@link Chat}. Whatever it needs may come and go. */
@Component(
        service = {Conversations.class, Permissions.class, Spending.class, Library.class, StatusSource.class},
        immediate = true,
        configurationPid = "org.rungpt.chat")
@Designate(ocd = ChatComponent.Config.class)
public final class ChatComponent implements Conversations, Permissions, Spending, Library, StatusSource {
    private static final Logger LOG = LoggerFactory.getLogger(ChatComponent.class);

    /** What was left under way waits no longer than that for the platform to have started. */
    private static final Duration START_PATIENCE = Duration.ofSeconds(10);

    /** How conversations are bounded. */
    @ObjectClassDefinition(name = "RunGPT conversations")
    public @interface Config {
        @AttributeDefinition(description = "How often the model is asked in one turn", min = "1")
        int steps() default 10;

        @AttributeDefinition(description = "How many calls the model may make in one turn", min = "1")
        int calls() default 50;

        @AttributeDefinition(description = "How much of a call's output the model is told, in characters", min = "1024")
        int resultCharacters() default 16384;

        @AttributeDefinition(description = "How much a call may write before it is ended, in MiB", min = "1")
        int outputMiB() default 64;

        @AttributeDefinition(description = "How much of a call's output can be read later, in MiB", min = "1")
        int keptOutputMiB() default 16;

        @AttributeDefinition(
                description = "How much the model is told of actions at first, in characters",
                min = "2000")
        int instructionCharacters() default 48000;

        @AttributeDefinition(
                description =
                        "How long the model is kept waiting for a call before it gets an interim result, in milliseconds",
                min = "1")
        long foregroundMillis() default 20_000;

        @AttributeDefinition(description = "How many tokens a turn may use, requests and answers; 0: any", min = "0")
        long turnTokens() default 4_000_000;

        @AttributeDefinition(description = "What a turn may cost, in US dollars, where prices are known; 0: anything")
        double turnDollars() default 0;

        @AttributeDefinition(
                description = "How long model and calls may work in a turn, in minutes; 0: any time",
                min = "0")
        long turnMinutes() default 120;

        @AttributeDefinition(
                description = "How many calls a conversation may make until the user continues; 0: any",
                min = "0")
        int conversationCalls() default 2000;

        @AttributeDefinition(
                description = "How many tokens a conversation may use until the user continues; 0: any",
                min = "0")
        long conversationTokens() default 40_000_000;

        @AttributeDefinition(
                description = "What a conversation may cost until the user continues, in US dollars; 0: anything")
        double conversationDollars() default 0;

        @AttributeDefinition(
                description =
                        "How long model and calls may work in a conversation until the user continues, in minutes; 0: any",
                min = "0")
        long conversationMinutes() default 1440;

        @AttributeDefinition(description = "How long a step waits for a part that is away, in seconds", min = "1")
        int patienceSeconds() default 30;

        @AttributeDefinition(description = "How new conversations write calls: tags or native")
        String protocol() default "tags";

        @AttributeDefinition(description = "How many threads all conversations share", min = "2")
        int threads() default 24;
    }

    private final Services services = new Services();
    private final Chat chat;
    private final ChatPermissions permissions;
    private final ChatSpending spending;
    private final ChatLibrary library;

    @Activate
    public ChatComponent(BundleContext context, Config config) {
        ChatLimits usual = ChatLimits.DEFAULT;
        var limits = new ChatLimits(
                Math.max(1, config.steps()),
                Math.max(1, config.calls()),
                usual.malformed(),
                usual.repeats(),
                usual.messageCharacters(),
                usual.answerCharacters(),
                Math.max(1024, config.resultCharacters()),
                Math.max(1L, config.outputMiB()) << 20,
                Math.max(2000, config.instructionCharacters()),
                usual.automaticTurns(),
                Duration.ofMillis(Math.max(1, config.foregroundMillis())),
                new Spent.Budget(
                        0,
                        Math.max(0, config.turnTokens()),
                        Math.max(0, config.turnDollars()),
                        Duration.ofMinutes(Math.max(0, config.turnMinutes()))),
                new Spent.Budget(
                        Math.max(0, config.conversationCalls()),
                        Math.max(0, config.conversationTokens()),
                        Math.max(0, config.conversationDollars()),
                        Duration.ofMinutes(Math.max(0, config.conversationMinutes()))),
                Duration.ofSeconds(Math.max(1, config.patienceSeconds())),
                usual.cancelPatience());
        var engine = new Engine(services, limits, Math.max(2, config.threads()));
        engine.keptOutput = Math.max(1L, config.keptOutputMiB()) << 20;
        services.hosts.add(new CallTasks(engine), Map.of());
        var models = new Models(services, () -> Optional.ofNullable(context.getProperty("rungpt.model")));
        chat = new Chat(engine, models, config.protocol());
        permissions = chat.permissions();
        spending = chat.spending();
        library = chat.library();
        // Turns that go on compete with a platform that starts, and whoever opens the page waits for the platform.
        PlatformStart.after(context, chat::takeUp);
        engine.later(START_PATIENCE, chat::takeUp);
        LOG.info("conversations are ready");
    }

    @Deactivate
    void deactivate() {
        chat.close();
        LOG.info("conversations are handed over");
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindStore(ConversationStore store, Map<String, Object> properties) {
        services.stores.add(store, properties);
    }

    void unbindStore(ConversationStore store) {
        services.stores.remove(store);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindArchive(ConversationArchive archive, Map<String, Object> properties) {
        services.archives.add(archive, properties);
    }

    void unbindArchive(ConversationArchive archive) {
        services.archives.remove(archive);
    }

    @Override
    public Conversation branch(String conversation, @Nullable String message, @Nullable Long seq) throws ChatException {
        return library.branch(conversation, message, seq);
    }

    @Override
    public String export(String conversation, Format format) throws ChatException {
        return library.export(conversation, format);
    }

    @Override
    public Imported importAll(InputStream json) throws ChatException, IOException {
        return library.importAll(json);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindSettings(Settings settings, Map<String, Object> properties) {
        services.settings.add(settings, properties);
    }

    void unbindSettings(Settings settings) {
        services.settings.remove(settings);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindRegistry(ActionRegistry registry, Map<String, Object> properties) {
        services.registries.add(registry, properties);
    }

    void unbindRegistry(ActionRegistry registry) {
        services.registries.remove(registry);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindProtocol(CallProtocol protocol, Map<String, Object> properties) {
        services.protocols.add(protocol, properties);
    }

    void unbindProtocol(CallProtocol protocol) {
        services.protocols.remove(protocol);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindConnection(ModelConnection connection, Map<String, Object> properties) {
        services.connections.add(connection, properties);
    }

    void unbindConnection(ModelConnection connection) {
        services.connections.remove(connection);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindRunner(ActionRunner runner, Map<String, Object> properties) {
        services.runners.add(runner, properties);
    }

    void unbindRunner(ActionRunner runner) {
        services.runners.remove(runner);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindSecrets(SecretStore store, Map<String, Object> properties) {
        services.secrets.add(store, properties);
    }

    void unbindSecrets(SecretStore store) {
        services.secrets.remove(store);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindShareGuard(ShareGuard guard, Map<String, Object> properties) {
        services.shareGuards.add(guard, properties);
    }

    void unbindShareGuard(ShareGuard guard) {
        services.shareGuards.remove(guard);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindHost(HostTasks host, Map<String, Object> properties) {
        services.hosts.add(host, properties);
    }

    void unbindHost(HostTasks host) {
        services.hosts.remove(host);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindArtifacts(ArtifactStore store, Map<String, Object> properties) {
        services.artifacts.add(store, properties);
    }

    void unbindArtifacts(ArtifactStore store) {
        services.artifacts.remove(store);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindJournal(WorkspaceJournal journal, Map<String, Object> properties) {
        services.journals.add(journal, properties);
    }

    void unbindJournal(WorkspaceJournal journal) {
        services.journals.remove(journal);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindListener(ConversationListener listener, Map<String, Object> properties) {
        services.listeners.add(listener, properties);
    }

    void unbindListener(ConversationListener listener) {
        services.listeners.remove(listener);
    }

    @Override
    public Conversation open(Opening opening) throws ChatException {
        return chat.open(opening);
    }

    @Override
    public String post(String conversation, @Nullable String id, String text, List<String> artifacts)
            throws ChatException {
        return chat.post(conversation, id, text, artifacts);
    }

    @Override
    public String postText(
            String conversation, @Nullable String id, String text, List<String> artifacts, Sampling sampling)
            throws ChatException {
        return chat.postText(conversation, id, text, artifacts, sampling);
    }

    @Override
    public void stop(String conversation) throws ChatException {
        chat.stop(conversation);
    }

    @Override
    public void resume(String conversation) throws ChatException {
        chat.resume(conversation);
    }

    @Override
    public void decide(String conversation, String call, Decision decision) throws ChatException {
        chat.decide(conversation, call, decision);
    }

    @Override
    public void cancel(String conversation, String call) throws ChatException {
        chat.cancel(conversation, call);
    }

    @Override
    public WorkspaceJournal.Revert revert(String conversation, String call) throws ChatException {
        return chat.revert(conversation, call);
    }

    @Override
    public Conversation change(
            String conversation, @Nullable String title, @Nullable String model, @Nullable String protocol)
            throws ChatException {
        return chat.change(conversation, title, model, protocol);
    }

    @Override
    public void delete(String conversation) throws ChatException {
        chat.delete(conversation);
    }

    @Override
    public Optional<String> defaultModel() {
        return chat.defaultModel();
    }

    @Override
    public void setDefaultModel(@Nullable String model) throws ChatException {
        chat.setDefaultModel(model);
    }

    @Override
    public GrantSet grants(@Nullable String conversation) throws ChatException {
        return permissions.grants(conversation);
    }

    @Override
    public void setGrants(@Nullable String conversation, GrantSet grants) throws ChatException {
        permissions.setGrants(conversation, grants);
    }

    @Override
    public Policy policy(@Nullable String conversation) throws ChatException {
        return permissions.policy(conversation);
    }

    @Override
    public void setPolicy(@Nullable String conversation, Policy policy) throws ChatException {
        permissions.setPolicy(conversation, policy);
    }

    @Override
    public Budgets budgets(@Nullable String conversation) throws ChatException {
        return spending.budgets(conversation);
    }

    @Override
    public void setBudgets(@Nullable String conversation, Budgets budgets) throws ChatException {
        spending.setBudgets(conversation, budgets);
    }

    @Override
    public Budgets effective(@Nullable String conversation) throws ChatException {
        return spending.effective(conversation);
    }

    @Override
    public String id() {
        return "conversations";
    }

    @Override
    public String title() {
        return "Conversations";
    }

    @Override
    public Readiness readiness() {
        if (services.stores.first().isEmpty()) {
            return missing("no store for conversations is there", "org.rungpt.store.sqlite");
        }
        if (services.registries.first().isEmpty()) {
            return missing("no registry of actions is there", "org.rungpt.registry");
        }
        if (services.protocols.first().isEmpty()) {
            return missing("no protocol for calls is there", "org.rungpt.protocol.tags");
        }
        if (services.connections.first().isEmpty()) {
            return Readiness.unready("No connection to a model is there.", "Set up a connection in the settings.");
        }
        return Readiness.ready("Everything that conversations need is there.");
    }

    private static Readiness missing(String what, String bundle) {
        return Readiness.unready("Conversations cannot go on: " + what + ".", "Start the bundle " + bundle + ".");
    }
}
